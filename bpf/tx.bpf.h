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

#include "renew.bpf.h"

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
    if (i < s->n_fields && !(s->fields[i].flags & XTG_FIELD_RANDOM)) {
      __u64 count = s->fields[i].count;
      w->index[i] = rest % count; /* BPF defines x % 0 */
      if (s->vary == XTG_VARY_PRODUCT) rest /= count;
    }
  }
  w->value_seq = w->seq;
}

/* What the signatures of one batch share, or with stamp_each those of one frame. */
static __always_inline void set_stamp(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                      __u64 now) {
  __u64 sum;

  if (s->sig_form == XTG_SIG_NONE) return;
  if (s->sig_form == XTG_SIG_FULL) {
    w->sig_word[0] = bpf_cpu_to_be64(now);
    w->sig_word[1] = s->sig_const[0] | w->lane_now;
    sum = xtg_csum_add64(0, w->sig_word[0]);
  } else {
    __u64 time = bpf_cpu_to_be64(now << 16); /* six bytes, in the first six of the word */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    w->sig_word[0] = time << 32;
    w->sig_word[1] = s->sig_const[0] | w->lane_now | (time >> 32);
#else
    w->sig_word[0] = time >> 32;
    w->sig_word[1] = s->sig_const[0] | w->lane_now | (time << 32);
#endif
    sum = xtg_csum_add64(0, time);
  }
  sum = xtg_csum_add64(sum, w->lane_now);
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++)
    if (s->sig_sums & (1U << i))
      w->sums[i] = s->sums[i].base + (s->sig_odd & (1U << i) ? sum << 8 : sum);
}

/* The send time of a frame that goes at `now`. */
static __always_inline __u64 stamp_at(const struct xtg_stream* s, __u64 now) {
  /* Two conditions: of the first the verifier knows the value in every variant, and a kernel
   * without the helper does not look behind it. */
  return config.tai && s->stamp_tai ? bpf_ktime_get_tai_ns() : now;
}

/* Nothing more will be sent by this thread; last_ns keeps the moment that became so. */
static __always_inline bool finish(struct xtg_tx_worker* w, __u64 now) {
  if (!w->done) w->last_ns = now;
  w->done = 1;
  return false;
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
/* Slots given up at a time: slots * 2^32 must fit 64 bits. What is left is given up at the next
 * slot. */
#define XTG_MAX_LOST (1ULL << 31)

/* Counts a slot that was released so late. A global function, which the verifier looks at once.
 * Without CAP_PERFMON an index must have the same bounds on all paths: it forgets those of what has
 * been in memory, and only masks give new ones, because a compare is taken both ways. */
__noinline int xtg_count_slip(__u32 lane, __u64 late) {
  lane &= XTG_MAX_WORKERS - 1;
  *(volatile __u32*)&workers[lane].slip_cell = xtg_hist_cell(late);
  __u64 cell = *(volatile __u32*)&workers[lane].slip_cell & XTG_HIST_CELLS_MASK;
  cell += (__u64)lane * XTG_HIST_CELLS;
  asm volatile("" : "+r"(cell));
  (&slip[0][0])[cell]++;
  return 0;
}

/* Slots that were due before the end and are not sent any more. */
static __always_inline void give_up_to_end(struct xtg_tx_worker* w) {
  w->skipped_slots += xtg_slots_before(xtg_slot_ns(w->deadline_ns, w->deadline_frac),
                                       control.end_ns, w->interval_ns, w->interval_frac);
}

/* Waits for the slot that is due next and says how many to release now; 0: it is too far off, or
 * the run is over. */
static __always_inline __u64 slots_due(struct xtg_tx_worker* w, __u64* now) {
  __u64 due = xtg_slot_ns(w->deadline_ns, w->deadline_frac);

  if (*now >= control.end_ns) {
    give_up_to_end(w); /* held up across it */
    finish(w, *now);
    return 0;
  }
  if (due >= control.end_ns) return 0;
  if (due > *now) {
    struct spin_state state = {.until = due, .now = *now};
    if (due - *now > w->spin_ns) return 0;
    bpf_loop(XTG_SPIN_TURNS, spin_turn, &state, 0);
    *now = state.now;
    if (*now < due) return 0;
  }
  __u64 late = *now - due;
  xtg_count_slip(w->lane, late);

  /* Bounded catch-up: what is later than that is given up and counted, never sent late in silence.
   */
  __u64 lost = 0, slots = w->batch_slots;
  if (late > w->catch_up_ns) {
    lost = (late - w->catch_up_ns) / (w->interval_ns + 1);
    if (lost > XTG_MAX_LOST) lost = XTG_MAX_LOST;
    w->skipped_slots += lost;
  }
  /* Of slots that are released together, those that lie before the end. */
  if (control.end_ns - due <= (lost + slots) * (w->interval_ns + 1)) {
    __u64 left = xtg_slots_before(due, control.end_ns, w->interval_ns, w->interval_frac);
    if (left < lost + slots) slots = left > lost ? left - lost : 1;
  }
  __u64 release = slots;
  slots += lost;
  __u64 frac = w->deadline_frac + slots * w->interval_frac;
  w->deadline_frac = (__u32)frac;
  w->deadline_ns += slots * w->interval_ns + (frac >> 32);
  return release;
}

static __always_inline bool left_over(const struct xtg_tx_worker* w) {
  return config.again && (w->again_seq != w->again_end || w->rest_seq != w->rest_end);
}

/* Takes up to `batch` frames of what a refusal left over: first the refused ones, then what their
 * batch had not offered. 0: not now, or the run is over. */
static __always_inline __u64 take_left_over(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                            __u64 batch, __u64 now, __u64* first) {
  if (control.stop || now >= control.end_ns) {
    __u64 since = control.stop ? control.stop_ns : control.end_ns;
    if ((__s64)(now - since) >= (__s64)XTG_GRACE_NS) {
      if (s->paced && !control.stop && !w->done) give_up_to_end(w);
      finish(w, now);
    }
  }
  if (w->done || now < w->retry_ns) return 0;
  if (w->again_seq != w->again_end) {
    __u64 n = w->again_end - w->again_seq;
    if (n > batch) n = batch;
    if (n > XTG_BULK) n = XTG_BULK; /* a frame behind a full bulk would overtake it, if refused */
    *first = w->again_seq;
    w->again_seq += n;
    w->resent += n;
    w->lane_now = w->again_word;
    return n;
  }
  __u64 n = w->rest_end - w->rest_seq;
  if (n > batch) n = batch;
  *first = w->rest_seq;
  w->rest_seq += n;
  w->lane_now = w->lane_word;
  return n;
}

/* Claims numbers for a batch. 0: not now, or the run is over. */
static __always_inline __u64 claim(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                   struct xtg_stream_progress* p, __u64 batch, __u64* now,
                                   __u64* first) {
  __u64 want = batch;

  if (control.stop || w->done || p->next >= p->total) return finish(w, *now);
  if (s->paced) {
    want = w->slot_frames * slots_due(w, now);
    if (want == 0) return 0;
  } else if (*now >= control.end_ns) {
    return finish(w, *now);
  }
  *first = __sync_fetch_and_add(&p->next, want);
  if (*first >= p->total) return finish(w, *now);
  if (want > p->total - *first) want = p->total - *first;
  w->claimed += want;
  w->lane_now = w->lane_word;
  w->pause_ns = 0;
  return want;
}

/* First run of a kernel batch: decides whether and what this batch sends: [seq, send_end). */
static __always_inline bool begin_batch(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                        __u32 stream) {
  struct xtg_stream_progress* p = &progress[stream & (XTG_MAX_STREAMS - 1)];
  __u64 now = bpf_ktime_get_ns();
  __u32 batch = w->batch;
  __u64 first = 0, n;

  w->idle_left = batch - 1; /* as it stands when nothing is sent: this run was the first */
  n = left_over(w) ? take_left_over(w, s, batch, now, &first) : claim(w, s, p, batch, &now, &first);
  if (n == 0) return false;
  w->seq = w->bulk_seq = first;
  w->send_end = first + n;
  w->idle_left = batch - n;
  set_stamp(w, s, stamp_at(s, now));
  if (s->n_fields && w->value_seq != first) seek_fields(w, s);
  return true;
}

/* Verifier: with a single stream all offsets are known constants and the one check of the whole
 * frame covers them; with several, every access is checked by itself. */
#define XTG_NEED(at, bytes)                                                                        \
  do {                                                                                             \
    if (multi && (void*)(at) + (bytes) > end) return false;                                        \
  } while (0)

static __always_inline bool write_header(void* data, void* end, const struct xtg_tx_worker* w,
                                         const struct xtg_stream* s, const bool multi) {
  __u64* to = data;

#pragma unroll
  for (int i = 0; i < XTG_MAX_HEADER / 8; i++) {
    if (i < s->copy_words) {
      XTG_NEED(to + i, 8);
      to[i] = i == 0 ? w->first_word : s->header[i];
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

/* Where a field is in the frame that is next. */
static __always_inline __u64 index_now(const struct xtg_tx_worker* w, const struct xtg_stream* s,
                                       int i) {
  const struct xtg_field* f = &s->fields[i];

  if (f->flags & XTG_FIELD_RANDOM) return xtg_sweep_random(s->seed, i, w->seq, f->count);
  return w->index[i];
}

static __always_inline __u64 value_at(const struct xtg_field* f, __u64 index) {
  if (f->list) return listed_values[(f->list - 1 + index) & (XTG_MAX_VALUES - 1)];
  return f->step == 1 ? f->first + index : xtg_field_value(f->first, f->step, index);
}

static __always_inline void add_to(struct sums* sums, __u64 part, __u32 which) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++)
    if (which & (1U << i)) sums->of[i] += part;
}

/* Writes one varying field and moves it on; *turn tells whether it is its turn, and then the next
 * one's. */
static __always_inline bool write_field(void* data, void* end, struct xtg_tx_worker* w,
                                        const struct xtg_stream* s, int i, bool* turn,
                                        struct sums* sums, const bool multi) {
  const struct xtg_field* f = &s->fields[i];
  void* at = data + (f->offset & (XTG_MAX_HEADER - 1));
  __u64 index = index_now(w, s, i), value = value_at(f, index), part;

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
    part = bpf_htons((__u16)(value >> 32)) + (__u64)bpf_htonl((__u32)value);
  } else {
    __u64 word = bpf_cpu_to_be64(value);
    XTG_NEED(at, 8);
    *(__u64*)at = word;
    part = xtg_csum_add64(0, word);
  }
  add_to(sums, part, f->sums);

  if (!(f->flags & XTG_FIELD_RANDOM) && *turn) {
    bool wraps = index + 1 >= f->count;
    w->index[i] = wraps ? 0 : index + 1;
    if (s->vary == XTG_VARY_PRODUCT) *turn = wraps;
  }
  return true;
}

/* Writes the destination MAC that goes with the frame's destination address. Called before the
 * fields are written, which moves them on. */
static __always_inline bool write_next_hop(void* data, void* end, struct xtg_tx_worker* w,
                                           const struct xtg_stream* s, const bool multi) {
  __u32 i = s->hop_field & (XTG_MAX_FIELDS - 1);
  const struct xtg_field* f = &s->fields[i];
  __u64 index = index_now(w, s, i), value = value_at(f, index);

  XTG_NEED(data, 6);
  if (s->hop_law == XTG_HOP_GROUP4) {
    *(__u8*)(data + 3) = (value >> 16) & 0x7f;
    *(__u16*)(data + 4) = bpf_htons((__u16)value);
  } else if (s->hop_law == XTG_HOP_GROUP6) {
    *(__u32*)(data + 2) = bpf_htonl((__u32)value);
  } else {
    __u64 mac = next_hops[(s->hop_base + index) & (XTG_MAX_NEXT_HOPS - 1)];
    *(__u16*)data = bpf_htons((__u16)(mac >> 32));
    *(__u32*)(data + 2) = bpf_htonl((__u32)mac);
  }
  return true;
}

static __always_inline void add_signature(struct sums* sums, const struct xtg_stream* s,
                                          __u64 part) {
  add_to(sums, part << 8, s->sig_sums & s->sig_odd);
  add_to(sums, part, s->sig_sums & ~s->sig_odd);
}

/* Writes the whole signature; what is in the page may have been changed by a reflector. */
static __always_inline bool write_signature(__u64* at, void* end, struct xtg_tx_worker* w,
                                            const struct xtg_stream* s, struct sums* sums,
                                            const bool multi) {
  if (s->sig_form == XTG_SIG_FULL) {
    __u64 seq = bpf_cpu_to_be64(w->seq);
    XTG_NEED(at, XTG_SIG_FULL_LEN);
    at[0] = seq;
    at[1] = w->sig_word[0];
    at[2] = w->sig_word[1];
    at[3] = s->sig_const[1];
    add_signature(sums, s, xtg_csum_add64(0, seq));
  } else {
    __u64 seq = bpf_htonl((__u32)w->seq);
    XTG_NEED(at, XTG_SIG_COMPACT_LEN);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    at[0] = w->sig_word[0] | seq;
#else
    at[0] = w->sig_word[0] | (seq << 32);
#endif
    at[1] = w->sig_word[1];
    add_signature(sums, s, seq);
  }
  return true;
}

/* `header` and `sig` point into the page, or both into memory of our own. */
static __always_inline bool write_sums(void* header, void* end, const struct xtg_stream* s,
                                       const struct sums* sums, const bool multi) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++) {
    if (s->sums[i].off) {
      __u16* at = header + (s->sums[i].off & (XTG_MAX_HEADER - 1));
      __u16 sum = xtg_csum_ip(sums->of[i]);
      XTG_NEED(at, 2);
      *at = s->sums[i].kind == XTG_SUM_UDP && sum == 0 ? 0xffff : sum;
    }
  }
  return true;
}

static __always_inline void begin_sums(struct sums* sums, const struct xtg_tx_worker* w,
                                       const struct xtg_stream* s) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++)
    sums->of[i] = s->sig_form && s->sig_sums & (1U << i) ? w->sums[i] : s->sums[i].base;
}

/* Writes what differs from frame to frame: fields, signature, checksums. */
static __always_inline bool write_parts(void* header, void* sig, void* end, struct xtg_tx_worker* w,
                                        const struct xtg_stream* s, const bool multi) {
  struct sums sums;
  bool turn = true;

  begin_sums(&sums, w, s);

#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++) {
    if (i < s->n_fields && !write_field(header, end, w, s, i, &turn, &sums, multi)) return false;
  }
  if (s->sig_form && !write_signature(sig, end, w, s, &sums, multi)) return false;
  return write_sums(header, end, s, &sums, multi);
}

/* The room for a mirror's words: a page that came back from a mirror has them written in. They are
 * zero, so no checksum knows of them. */
static __always_inline bool clear_words(__u64* at, void* end, const bool multi) {
  XTG_NEED(at, XTG_SIG_MIRROR_LEN);
  at[0] = 0;
  at[1] = 0;
  at[2] = 0;
  return true;
}

/* Straight into the page. */
static __always_inline bool write_frame(struct xdp_md* ctx, struct xtg_tx_worker* w,
                                        const struct xtg_stream* s, const bool multi) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;

  if (data + s->frame_len > end) return false;
  if (!write_header(data, end, w, s, multi)) return false;
  if (s->mirror_off && !clear_words(data + (s->mirror_off & 0xfff), end, multi)) return false;
  /* Not in xtg_tx_modest, which knows no constants: Linux 6.1 would take it for too complex. */
  if (s->hop_law && !write_next_hop(data, end, w, s, multi)) return false;
  return write_parts(data, data + (s->sig_off & 0xfff), end, w, s, multi);
}

/* xtg_tx_modest knows no constants and takes every branch, so its parts are global functions, which
 * the verifier looks at once each: all at once are more than it can take before Linux 6.12. */
__noinline int xtg_modest_field(__u32 lane, __u32 stream, __u32 i) {
  struct parts* to = &parts[lane & (XTG_MAX_WORKERS - 1)];

  i &= XTG_MAX_FIELDS - 1;
  asm volatile("" : "+r"(i));
  write_field(to->header, NULL, &workers[lane & (XTG_MAX_WORKERS - 1)], stream_at(stream), i,
              &to->turn, &to->sums, false);
  return 0;
}

__noinline int xtg_modest_begin(__u32 lane, __u32 stream) {
  return begin_batch(&workers[lane & (XTG_MAX_WORKERS - 1)], stream_at(stream), stream);
}

/* By way of a map value: without CAP_PERFMON the verifier accepts no packet offset that is not
 * written in the instruction, but the helper takes any. */
static __always_inline bool store_frame(struct xdp_md* ctx, struct xtg_tx_worker* w,
                                        const struct xtg_stream* s) {
  struct parts* from = &parts[w->lane & (XTG_MAX_WORKERS - 1)];
  __u64 length = (__u64)s->copy_words * 8 + s->copy_tail;

  if (bpf_xdp_get_buff_len(ctx) < s->frame_len) return false;
#pragma unroll
  for (int i = 0; i < XTG_MAX_HEADER / 8; i++)
    from->header[i] = i == 0 ? w->first_word : s->header[i];
  begin_sums(&from->sums, w, s);
  from->turn = true;
  for (__u32 i = 0; i < XTG_MAX_FIELDS && i < s->n_fields; i++)
    xtg_modest_field(w->lane, w->stream, i);
  if (s->sig_form) write_signature(from->sig, NULL, w, s, &from->sums, false);
  write_sums(from->header, NULL, s, &from->sums, false);
  length--; /* Verifier: before Linux 6.8 it learns nothing from a compare with 0. */
  asm volatile("" : "+r"(length)); /* It is clang that would check another copy. */
  if (length >= XTG_MAX_HEADER) return false;
  length++;
  if (bpf_xdp_store_bytes(ctx, 0, from->header, length)) return false;
  if (s->mirror_off) {
    __u64 none[XTG_SIG_MIRROR_LEN / 8] = {};
    if (bpf_xdp_store_bytes(ctx, s->mirror_off, none, sizeof none)) return false;
  }
  if (s->sig_form == XTG_SIG_FULL)
    return bpf_xdp_store_bytes(ctx, s->sig_off, from->sig, XTG_SIG_FULL_LEN) == 0;
  if (s->sig_form == XTG_SIG_COMPACT)
    return bpf_xdp_store_bytes(ctx, s->sig_off, from->sig, XTG_SIG_COMPACT_LEN) == 0;
  return true;
}

/* What a program variant decides at compile time. */
enum {
  XTG_V_MULTI = 1,  /* several streams; each thread's record names the one it sends */
  XTG_V_EACH = 2,   /* the clock is read for every frame */
  XTG_V_MODEST = 4, /* for who lacks CAP_PERFMON */
  XTG_V_RENEW = 8,  /* looks at config.renew; apart, for what must outlive its helper call */
};

static __always_inline int send_frame(struct xdp_md* ctx, struct xtg_tx_worker* w,
                                      const struct xtg_stream* s, const int variant) {
  if (variant & XTG_V_EACH && s->stamp_each) set_stamp(w, s, stamp_at(s, bpf_ktime_get_ns()));
  if (variant & XTG_V_MODEST) {
    if (!store_frame(ctx, w, s)) return XTG_SKIP;
  } else {
    if (!write_frame(ctx, w, s, variant & XTG_V_MULTI)) return XTG_SKIP;
  }
  w->seq++;
  if (s->n_fields) w->value_seq = w->seq;
  if (variant & XTG_V_RENEW && config.renew) xtg_renew(ctx);
  /* What becomes of the frame is counted by the tracepoints; what they do not see, because the
   * device has left the map and the helper answered XDP_DROP, is the rest. */
  return bpf_redirect_map(&targets, 0, XDP_DROP);
}

static __always_inline struct xtg_tx_worker* this_worker(struct xdp_md* ctx) {
  return config.n_workers > 1 ? worker_of(ctx->ingress_ifindex) : &workers[0];
}

static __always_inline int begin(struct xdp_md* ctx, const int variant) {
  struct xtg_tx_worker* w = this_worker(ctx);

  if (!w) return XTG_SKIP;
  __u32 stream = variant & XTG_V_MULTI ? w->stream : 0;
  const struct xtg_stream* s = stream_at(stream);

  if (w->idle_left) {
    w->idle_left--;
    return XTG_SKIP;
  }
  if (variant & XTG_V_MODEST) {
    if (!xtg_modest_begin(w->lane, stream)) return XTG_SKIP;
  } else {
    if (!begin_batch(w, s, stream)) return XTG_SKIP;
  }
  return send_frame(ctx, w, s, variant);
}

/* A variant is two functions: the beginning of a batch stands apart, because what must outlive its
 * helper calls would otherwise cost every frame the saving of callee-saved registers (1.5 %). */
#define XTG_TX_PROGRAM(name, variant)                                                              \
  static __noinline int name##_begin(struct xdp_md* ctx) {                                         \
    return begin(ctx, variant);                                                                    \
  }                                                                                                \
                                                                                                   \
  SEC("xdp")                                                                                       \
  int name(struct xdp_md* ctx) {                                                                   \
    struct xtg_tx_worker* w = this_worker(ctx);                                                    \
                                                                                                   \
    if (!w) return XTG_SKIP;                                                                       \
    if (w->seq == w->send_end) return name##_begin(ctx);                                           \
    return send_frame(ctx, w, stream_at((variant)&XTG_V_MULTI ? w->stream : 0), variant);          \
  }

/* One stream: every offset and branch is decided at load time. */
XTG_TX_PROGRAM(xtg_tx, 0)
XTG_TX_PROGRAM(xtg_tx_each, XTG_V_EACH)
/* One stream, where frames have to be renewed. */
XTG_TX_PROGRAM(xtg_tx_renew, XTG_V_EACH | XTG_V_RENEW)
/* Any number of streams. */
XTG_TX_PROGRAM(xtg_tx_multi, XTG_V_MULTI | XTG_V_EACH | XTG_V_RENEW)
/* Any number of streams, without CAP_PERFMON. Slower. */
XTG_TX_PROGRAM(xtg_tx_modest, XTG_V_MULTI | XTG_V_EACH | XTG_V_MODEST | XTG_V_RENEW)
