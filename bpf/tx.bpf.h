/* SPDX-License-Identifier: GPL-2.0-only */
/* The sending program: one run of it is one frame. It runs in the sending thread's BPF_PROG_RUN
 * call with live frames, never on received packets. Every header byte is written from the template
 * on every frame, because pages come back from receivers with rewritten headers; checksums are
 * added up from known parts and never patched.
 *
 * Its cost is what the tool's speed hangs on, so: what a batch's frames share is computed once per
 * batch, and all per-stream constants are reached through one pointer into .rodata, where the
 * verifier knows their values and removes the branches not taken. */
#pragma once

#define XTG_SKIP XDP_DROP /* send nothing: the page goes straight back to the pool */

static __always_inline struct xtg_tx_worker* worker_of(__u32 ingress_ifindex) {
  __u32 lane = ingress_ifindex - config.ingress_base;

  if (lane >= XTG_MAX_WORKERS) return NULL;
  /* Verifier: clang would compute the address first and compare another copy of the index. */
  asm volatile("" : "+r"(lane));
  return &workers[lane & (XTG_MAX_WORKERS - 1)];
}

/* The stream's constants, as plain reads of memory the compiler knows nothing about. */
static __always_inline const struct xtg_stream* stream_at(__u32 number) {
  const struct xtg_stream* s = (const struct xtg_stream*)&streams[number & (XTG_MAX_STREAMS - 1)];

  asm volatile("" : "+r"(s));
  return s;
}

/* Puts the fields to what they are in packet w->seq. */
static __always_inline void seek_fields(struct xtg_tx_worker* w, const struct xtg_stream* s) {
  __u64 rest = w->seq;

#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++) {
    if (i < s->n_fields) {
      __u64 count = s->fields[i].count;
      w->value[i] = s->fields[i].first + rest % count; /* BPF defines x % 0 */
      if (s->vary == XTG_VARY_PRODUCT) rest /= count;
    }
  }
  w->value_seq = w->seq;
}

/* What the signatures of one batch share, or with stamp_each those of one frame. */
static __always_inline void set_stamp(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                      __u64 now) {
  __u64 sum;

  if (s->sig_form == XTG_SIG_NONE) {
    w->l4_sum = s->l4_csum_base;
    return;
  }
  if (s->sig_form == XTG_SIG_FULL) {
    w->sig_word[0] = bpf_cpu_to_be64(now);
    w->sig_word[1] = s->sig_const[0] | w->lane_word;
    sum = xtg_csum_add64(0, w->sig_word[0]);
  } else {
    __u64 time = bpf_cpu_to_be64(now << 16); /* six bytes, in the first six of the word */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    w->sig_word[0] = time << 32;
    w->sig_word[1] = s->sig_const[0] | w->lane_word | (time >> 32);
#else
    w->sig_word[0] = time >> 32;
    w->sig_word[1] = s->sig_const[0] | w->lane_word | (time << 32);
#endif
    sum = xtg_csum_add64(0, time);
  }
  w->l4_sum = s->l4_csum_base + (xtg_csum_add64(sum, w->lane_word) << s->sig_shift);
}

struct spin_state {
  __u64 until;
  __u64 now;
};

static long spin_turn(__u32 turn, struct spin_state* state) {
  state->now = bpf_ktime_get_ns();
  return state->now >= state->until;
}

#define XTG_SPIN_TURNS (1 << 14)

/* Waits for the slot that is due next. True: release it now. False: too far off, or the run is
 * over. */
static __always_inline bool slot_is_due(struct xtg_tx_worker* w, __u64* now) {
  __u64 due = w->deadline_ns;

  if (due >= control.end_ns) {
    w->done = 1;
    return false;
  }
  if (due > *now) {
    struct spin_state state = {.until = due, .now = *now};
    if (due - *now > w->spin_ns) return false;
    bpf_loop(XTG_SPIN_TURNS, spin_turn, &state, 0);
    *now = state.now;
    if (*now < due) return false;
  }
  __u64 late = *now - due;
  __u32 cell = xtg_hist_cell(late);
  __u32 lane = w->lane;
  if (lane < XTG_MAX_WORKERS && cell < XTG_HIST_CELLS) slip[lane][cell]++;

  /* Bounded catch-up: what is later than that is given up and counted, never sent late in silence.
   */
  __u64 slots = w->batch_slots;
  if (late > w->catch_up_ns) {
    __u64 lost = (late - w->catch_up_ns) / (w->interval_ns + 1);
    w->skipped_slots += lost;
    slots += lost;
  }
  /* slots * 2^32 fits: a clock's lateness is far below 2^32 slots. */
  __u64 frac = w->deadline_frac + slots * w->interval_frac;
  w->deadline_frac = (__u32)frac;
  w->deadline_ns = due + slots * w->interval_ns + (frac >> 32);
  return true;
}

/* First run of a kernel batch: decides whether and what this batch sends: [seq, send_end). */
static __always_inline bool begin_batch(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                        __u32 stream) {
  struct xtg_stream_progress* p = &progress[stream & (XTG_MAX_STREAMS - 1)];
  __u64 now = bpf_ktime_get_ns();
  __u32 batch = w->batch;
  __u64 want = batch;

  w->idle_left = batch - 1; /* as it stands when nothing is sent: this run was the first */
  if (control.stop || now >= control.end_ns) w->done = 1;
  if (w->done) return false;
  if (s->paced) {
    if (!slot_is_due(w, &now)) return false;
    want = (__u64)w->slot_frames * w->batch_slots;
  }
  __u64 first = __sync_fetch_and_add(&p->next, want);
  if (first >= p->total) {
    w->done = 1;
    return false;
  }
  if (want > p->total - first) want = p->total - first;
  w->seq = first;
  w->send_end = first + want;
  w->claimed += want;
  w->idle_left = batch - want;
  set_stamp(w, s, now);
  if (s->n_fields && w->value_seq != first) seek_fields(w, s);
  return true;
}

struct sums {
  __u64 ip;
  __u64 l4;
};

/* Verifier: with a single stream all offsets are known constants and the one check of the whole
 * frame covers them; with several, every access is checked by itself. */
#define XTG_NEED(at, bytes)                                                                        \
  do {                                                                                             \
    if (multi && (void*)(at) + (bytes) > end) return false;                                        \
  } while (0)

static __always_inline bool write_header(void* data, void* end, const struct xtg_stream* s,
                                         const bool multi) {
  __u64* to = data;

#pragma unroll
  for (int i = 0; i < XTG_MAX_HEADER / 8; i++) {
    if (i < s->copy_words) {
      XTG_NEED(to + i, 8);
      to[i] = s->header[i];
    }
  }
  if (s->copy_tail) {
    __u32 words = s->copy_words & (XTG_MAX_HEADER / 8 - 1);
    const __u16* from = (const __u16*)&s->header[words];
    __u16* at = (__u16*)(to + words);
#pragma unroll
    for (int i = 0; i < 3; i++) {
      if (2 * i < s->copy_tail) {
        XTG_NEED(at + i, 2);
        at[i] = from[i];
      }
    }
  }
  return true;
}

/* Writes one varying field and moves it on; *turn tells whether it is its turn, and then the next
 * one's. */
static __always_inline bool write_field(void* data, void* end, struct xtg_tx_worker* w,
                                        const struct xtg_stream* s, int i, bool* turn,
                                        struct sums* sums, const bool multi) {
  const struct xtg_field* f = &s->fields[i];
  void* at = data + (f->offset & (XTG_MAX_HEADER - 1));
  __u64 value, part = 0;

  if (s->vary == XTG_VARY_RANDOM)
    value = f->first + xtg_sweep_random(s->seed, i, w->seq, f->count);
  else
    value = w->value[i];

  if (f->width == 2) {
    XTG_NEED(at, 2);
    part = bpf_htons((__u16)value);
    *(__u16*)at = (__u16)part;
  } else if (f->width == 4) {
    XTG_NEED(at, 4);
    part = bpf_htonl((__u32)value);
    *(__u32*)at = (__u32)part;
  } else if (f->width == 6) {
    XTG_NEED(at, 6);
    *(__u16*)at = bpf_htons((__u16)(value >> 32));
    *(__u32*)(at + 2) = bpf_htonl((__u32)value);
  } else {
    __u64 word = bpf_cpu_to_be64(value);
    XTG_NEED(at, 8);
    *(__u64*)at = word;
    part = xtg_csum_add64(0, word);
  }
  if (f->in_ip) sums->ip += part;
  if (f->in_l4) sums->l4 += part;

  if (s->vary != XTG_VARY_RANDOM && *turn) {
    bool wraps = value - f->first + 1 >= f->count;
    w->value[i] = wraps ? f->first : value + 1;
    if (s->vary == XTG_VARY_PRODUCT) *turn = wraps;
  }
  return true;
}

/* Writes the whole signature; what is in the page may have been changed by a reflector. */
static __always_inline bool write_signature(void* data, void* end, struct xtg_tx_worker* w,
                                            const struct xtg_stream* s, struct sums* sums,
                                            const bool multi) {
  __u64* at = data + (s->sig_off & 0xfff);

  if (s->sig_form == XTG_SIG_FULL) {
    __u64 seq = bpf_cpu_to_be64(w->seq);
    XTG_NEED(at, XTG_SIG_FULL_LEN);
    at[0] = seq;
    at[1] = w->sig_word[0];
    at[2] = w->sig_word[1];
    at[3] = s->sig_const[1];
    sums->l4 += xtg_csum_add64(0, seq) << s->sig_shift;
  } else {
    __u64 seq = bpf_htonl((__u32)w->seq);
    XTG_NEED(at, XTG_SIG_COMPACT_LEN);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    at[0] = w->sig_word[0] | seq;
#else
    at[0] = w->sig_word[0] | (seq << 32);
#endif
    at[1] = w->sig_word[1];
    sums->l4 += seq << s->sig_shift;
  }
  return true;
}

static __always_inline bool write_frame(void* data, void* end, struct xtg_tx_worker* w,
                                        const struct xtg_stream* s, const bool multi) {
  struct sums sums = {.ip = s->ip_csum_base, .l4 = w->l4_sum};
  bool turn = true;

  if (data + s->frame_len > end) return false;
  if (!write_header(data, end, s, multi)) return false;
#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++) {
    if (i < s->n_fields && !write_field(data, end, w, s, i, &turn, &sums, multi)) return false;
  }
  if (s->sig_form && !write_signature(data, end, w, s, &sums, multi)) return false;
  if (s->ip_csum_off) {
    __u16* at = data + (s->ip_csum_off & (XTG_MAX_HEADER - 1));
    XTG_NEED(at, 2);
    *at = xtg_csum_ip(sums.ip);
  }
  if (s->l4_csum_off) {
    __u16* at = data + (s->l4_csum_off & (XTG_MAX_HEADER - 1));
    XTG_NEED(at, 2);
    *at = xtg_csum_udp(sums.l4);
  }
  return true;
}

static __always_inline int tx(struct xdp_md* ctx, const bool multi) {
  struct xtg_tx_worker* w = &workers[0];
  __u32 stream = 0;

  if (config.n_workers > 1) w = worker_of(ctx->ingress_ifindex);
  if (!w) return XTG_SKIP;
  if (multi) stream = w->stream;
  const struct xtg_stream* s = stream_at(stream);

  if (w->seq == w->send_end) {
    if (w->idle_left) {
      w->idle_left--;
      return XTG_SKIP;
    }
    if (!begin_batch(w, s, stream)) return XTG_SKIP;
  }
  if (s->stamp_each) set_stamp(w, s, bpf_ktime_get_ns());
  if (!write_frame((void*)(long)ctx->data, (void*)(long)ctx->data_end, w, s, multi))
    return XTG_SKIP;

  w->seq++;
  if (s->n_fields) w->value_seq = w->seq;
  long action = bpf_redirect_map(&targets, 0, XDP_DROP);
  if (action != XDP_REDIRECT) w->gone++;
  return action;
}

/* One stream: every offset and branch is decided at load time. */
SEC("xdp")
int xtg_tx(struct xdp_md* ctx) {
  return tx(ctx, false);
}

/* Any number of streams; each thread's record names the one it sends. */
SEC("xdp")
int xtg_tx_multi(struct xdp_md* ctx) {
  return tx(ctx, true);
}
