/* SPDX-License-Identifier: GPL-2.0-only */
/* The receiving program: takes frames that carry our signature, enters them, and lets everything
 * else pass. Frames without one are held to the filters, if there are any. */
#pragma once

#include "find.bpf.h"

static __always_inline struct xtg_rx_queue* queue_at(__u32 queue) {
  if (queue >= XTG_RX_QUEUES) queue = XTG_RX_QUEUES - 1;
  asm volatile("" : "+r"(queue));
  return &rx_queues[queue & (XTG_RX_QUEUES - 1)];
}

/* Adds to a counter; `shared`: other CPUs do so, too. */
static __always_inline void add(int shared, __u64* to, __u64 value) {
  if (shared)
    __sync_fetch_and_add(to, value);
  else
    *to += value;
}

static __always_inline bool same_key(const struct xtg_rx_key* a, const struct xtg_rx_key* b) {
  return *(const __u64*)a == *(const __u64*)b && a->unit == b->unit;
}

/* `form`: the key's, as far as it is about a mirror; 0 where it is known to be none. */
static __always_inline __u32* cached(const struct xtg_rx_key* key, __u32 form) {
  __u32 queue = key->unit, place = key->stream ^ key->session << 5 ^ form;

  asm volatile("" : "+r"(queue), "+r"(place));
  return &rx_cache[queue & (XTG_RX_QUEUES - 1)][place & (XTG_RX_CACHE - 1)];
}

static __always_inline __u32 unit_of(struct xdp_md* ctx, const struct xtg_rx_config* c) {
  return c->shared ? bpf_get_smp_processor_id() : ctx->rx_queue_index;
}

#define XTG_RX_NO_SLOT (~0U)

/* Number of the stream's slot: as entered, or with `create` a new one for packets with these
 * flags. */
static __noinline __u32 find_slot(const struct xtg_rx_key* key, int create, __u32 flags) {
  __u32 form = key->form & (XTG_RX_REFLECTED | XTG_RX_BACK), number = *cached(key, form) - 1;
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);
  __u32* at;

  if (record && same_key(&record->slot.key, key)) return number;
  at = bpf_map_lookup_elem(&rx_places, key);
  if (at) {
    *cached(key, form) = *at + 1;
    return *at;
  }
  if (!create || rx_control.slots >= rx_c()->n_slots) return XTG_RX_NO_SLOT;
  number = (__u32)__sync_fetch_and_add(&rx_control.slots, 1);
  if (number >= rx_c()->n_slots) {
    __sync_fetch_and_sub(&rx_control.slots, 1);
    return XTG_RX_NO_SLOT;
  }
  record = bpf_map_lookup_elem(&rx_records, &number);
  if (!record) return XTG_RX_NO_SLOT;
  record->slot.key = *key;
  record->slot.flags = flags;
  if (bpf_map_update_elem(&rx_places, key, &number, BPF_NOEXIST)) return XTG_RX_NO_SLOT;
  *cached(key, form) = number + 1;
  return number;
}

/* A frame and when it came. */
struct arrival {
  __u64 now;
  __u32 length;
};

static __always_inline void enter(struct xtg_rx_record* record, struct xtg_rx_mark* m,
                                  const struct arrival* a) {
  struct xtg_rx_state w = {.slot = &record->slot, .order = &record->order, .words = record->words};

  asm volatile("" : "+r"(w.words)); /* Clang: there are more than the struct says. */
  xtg_rx_extend(m, w.slot->next, a->now);
  xtg_rx_packet(&w, &record->hist, m->seq, m->lane, a->length, (__s64)(a->now - m->tx_ns), a->now);
}

static __noinline int enter_at(__u32 number, struct xtg_rx_mark* m, const struct arrival* a) {
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);

  if (!record) return 0;
  if (rx_s()->why) look_before(&record->slot);
  enter(record, m, a);
  if (rx_s()->why) look_after(number);
  return 0;
}

static __always_inline struct xtg_rx_queue* of_cpu(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&rx_cpus, &zero);
}

/* A frame is one of ours. */
static __always_inline void count(int shared, struct xtg_rx_queue* q, __u32 length) {
  struct xtg_rx_queue* cpu = of_cpu();

  add(shared, &q->packets, 1);
  add(shared, &q->bytes, length);
  if (!cpu) return;
  cpu->packets++;
  cpu->bytes += length;
}

/* Whether the amount asked for has room for one more. */
static __always_inline bool within_limit(const struct xtg_rx_config* c) {
  return c->limit == ~0ULL || __sync_fetch_and_add(&rx_control.taken, 1) < c->limit;
}

/* Field by field, for nobody wrote what is between them. */
static __always_inline void copy_mark(struct xtg_rx_mark* to, const struct xtg_rx_mark* from) {
  to->seq = from->seq;
  to->tx_ns = from->tx_ns;
  to->session = from->session;
  to->stream = from->stream;
  to->lane = from->lane;
  to->flags = from->flags;
  to->form = from->form;
  to->type = from->type;
  to->version = from->version;
}

/* The frame that was a stream's first, when a second one confirms it. */
struct earlier {
  struct xtg_rx_mark m;
  struct arrival a;
};

/* Number of the first filter that fits, as xtg_rx_first() has it. A global function, which the
 * verifier looks at once, knowing nothing of the fields. */
__noinline int xtg_rx_filter(const struct xtg_rx_fields* f) {
  return f ? xtg_rx_first(f, rx_f()) : XTG_RX_MATCHES;
}

static __noinline __u32 which_filter(struct xdp_md* ctx) {
  struct xtg_rx_fields f = {.length = bpf_xdp_get_buff_len(ctx)};

  fields_of(ctx, &f);
  return xtg_rx_filter(&f);
}

static __noinline int count_plain(struct xdp_md* ctx, __u32 filter, struct xtg_rx_queue* q,
                                  int shared) {
  struct xtg_rx_key key = {.form = XTG_SIG_NONE, .stream = filter, .unit = unit_of(ctx, rx_c())};
  __u32 length = bpf_xdp_get_buff_len(ctx), number = *cached(&key, 0) - 1;
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);

  if (!record || !same_key(&record->slot.key, &key)) {
    number = find_slot(&key, 1, 0);
    record = bpf_map_lookup_elem(&rx_records, &number);
  }
  if (record)
    xtg_rx_plain(&record->slot, &record->hist, length, bpf_ktime_get_ns());
  else
    add(shared, &q->no_slot, 1);
  count(shared, q, length);
  return 0;
}

/* A frame without a signature: whether a filter fits and it was counted. */
static __always_inline bool by_filter(struct xdp_md* ctx, struct xtg_rx_queue* q, int shared) {
  if (!rx_f()->count) return false;
  __u32 filter = which_filter(ctx);
  if (filter >= rx_f()->count || !within_limit(rx_c())) return false;
  count_plain(ctx, filter, q, shared);
  return true;
}

/* One that came straight and one that a mirror sent back do not agree. */
static __always_inline struct xtg_rx_candidate* candidate(const struct xtg_rx_mark* m,
                                                          const struct xtg_rx_key* key) {
  __u32 at = m->session * 31 + m->stream + (key->form >> 8);

  return &rx_candidates[at & (XTG_RX_CANDIDATES - 1)];
}

/* A short signature of an unknown session: 1 when it is believed now, and with it the frame before
 * it, which was passed; 2 when that one was counted by a filter. */
static __noinline int confirm(const struct xtg_rx_mark* m, const struct arrival* a,
                              const struct xtg_rx_key* key, struct earlier* before) {
  struct xtg_rx_candidate* c = candidate(m, key);

  if (c->state && xtg_rx_agree(c, m, a->now, rx_c()->window)) {
    bool counted = c->state == XTG_RX_CANDIDATE_COUNTED;
    copy_mark(&before->m, m);
    before->m.seq = c->seq;
    before->m.tx_ns = c->tx_ns;
    before->m.lane = c->lane;
    before->a.now = c->arrival_ns;
    before->a.length = c->length;
    c->state = XTG_RX_CANDIDATE_FREE;
    if (counted) return 2;
    __sync_fetch_and_sub(&rx_control.candidates, 1);
    return 1;
  }
  xtg_rx_remember(c, m, a->now, a->length);
  __sync_fetch_and_add(&rx_control.candidates, 1);
  if (rx_c()->limit != ~0ULL) __sync_fetch_and_sub(&rx_control.taken, 1);
  return 0;
}

/* A stream that this queue did not have just before. 0: the frame is to pass. */
static __noinline int enter_other(struct xtg_rx_mark* m, const struct arrival* a,
                                  const struct xtg_rx_key* key, struct xtg_rx_queue* q,
                                  int shared) {
  int sure = m->form == XTG_SIG_FULL || rx_c()->by_session;
  __u32 number = find_slot(key, sure, m->flags);

  if (number == XTG_RX_NO_SLOT && !sure) {
    struct earlier before;
    int believed = confirm(m, a, key, &before);
    if (!believed) return 0;
    number = find_slot(key, 1, m->flags);
    if (believed == 1 && within_limit(rx_c())) { /* else there is room for one of the two */
      if (number == XTG_RX_NO_SLOT)
        add(shared, &q->no_slot, 1);
      else
        enter_at(number, &before.m, &before.a);
      count(shared, q, before.a.length);
    }
  }
  if (number == XTG_RX_NO_SLOT)
    add(shared, &q->no_slot, 1);
  else
    enter_at(number, m, a);
  return 1;
}

/* Whether the frame is meant for us. */
static __always_inline bool wanted(struct xdp_md* ctx, const struct xtg_rx_config* c,
                                   const struct xtg_rx_mark* m) {
  if (c->by_session) {
    __u32 mask = m->form == XTG_SIG_COMPACT ? 0xffff : ~0U;
    if ((m->session ^ c->session) & c->session_mask & mask) return false;
  }
  if (c->by_port) {
    struct outer out;
    look_outside(ctx, &out);
    if (out.port != c->port) return false;
  }
  return true;
}

/* The short signature's stream is not believed so far, but a filter fitted. */
static __always_inline void counted_by_filter(const struct xtg_rx_mark* m,
                                              const struct xtg_rx_key* key) {
  candidate(m, key)->state = XTG_RX_CANDIDATE_COUNTED;
  __sync_fetch_and_sub(&rx_control.candidates, 1);
}

static __always_inline int after_filter(void) {
  return rx_f()->take ? XDP_DROP : XDP_PASS;
}

/* What becomes of a frame whose short signature is not believed so far. */
static __always_inline int not_entered(struct xdp_md* ctx, const struct xtg_rx_mark* m,
                                       const struct xtg_rx_key* key, struct xtg_rx_queue* q,
                                       int shared) {
  if (!by_filter(ctx, q, shared)) return XDP_PASS;
  counted_by_filter(m, key);
  return after_filter();
}

#include "rx_announce.bpf.h"

/* Puts a send time by CLOCK_TAI on the clock of the arrival, which does not step: by what both of
 * them are now. Only the delay then depends on CLOCK_TAI. */
static __noinline int from_tai(struct xtg_rx_mark* m) {
  m->tx_ns -= bpf_ktime_get_tai_ns() - bpf_ktime_get_ns();
  return 0;
}

#include "rx_back.bpf.h"

/* Reads the signature of a frame; false: it has none of ours. */
static __always_inline bool find_mark(struct xdp_md* ctx, __u32 length, struct xtg_rx_mark* m) {
  __u64 words[4];

  if (length < XTG_SIG_FULL_LEN || !load_tail(ctx, length, words)) return false;
  if (!may_be_ours(words) && !load_before_padding(ctx, length, words)) return false;
  xtg_rx_read_words(m, words);
  return true;
}

static __always_inline void name_key(struct xdp_md* ctx, const struct xtg_rx_mark* m,
                                     struct xtg_rx_key* key) {
  key->session = m->session;
  key->stream = m->stream;
  key->form = m->form;
  key->unit = rx_c()->shared ? bpf_get_smp_processor_id() : ctx->rx_queue_index;
}

/* Verifies a frame that has our signature: 0 when its checksum is not known to be wrong. Where it
 * is, the frame counts as corrupt and its numbers nowhere: 1; or 2 for a short signature of a
 * stream that nobody knows, which may not be one. */
static __noinline int check(struct xdp_md* ctx, const struct xtg_rx_mark* m, int shared) {
  const struct xtg_rx_config* c = rx_c();
  struct xtg_rx_key key;

  if (!is_corrupt(ctx, m) || !wanted(ctx, c, m)) return 0; /* the latter is refused */
  name_key(ctx, m, &key);
  if (m->flags & XTG_SIG_F_REFLECTED) key.form |= XTG_RX_REFLECTED;
  if (m->form != XTG_SIG_FULL && !c->by_session && !bpf_map_lookup_elem(&rx_places, &key)) return 2;
  add(shared, &samples_at(ctx->rx_queue_index)->corrupt, 1);
  struct xtg_rx_scratch* to = scratch();
  if (rx_s()->why && to) {
    copy_mark(&to->m, m);
    look(to, XTG_RX_SHOW_CORRUPT);
    show(ctx, to, bpf_ktime_get_ns());
  }
  return 1;
}

static __always_inline bool is_shared(struct xdp_md* ctx) {
  /* Queues beyond those told apart share the last record. */
  return rx_c()->shared || ctx->rx_queue_index >= XTG_RX_QUEUES - 1;
}

/* What becomes of a frame that is watched, after check(): enters it, and shows it where there is a
 * reason. The verifier knows nothing of what lies in the scratch, so that one look at all of this
 * is enough for it. */
static __noinline int take_watched(struct xdp_md* ctx, const struct xtg_rx_mark* m,
                                   const struct arrival* a, const struct xtg_rx_key* key) {
  const struct xtg_rx_config* c = rx_c();
  struct xtg_rx_queue* q = queue_at(ctx->rx_queue_index);
  struct xtg_rx_scratch* s = scratch();

  if (!s) return XDP_PASS;
  copy_mark(&s->m, m);
  s->key = *key;
  look(s, 0);
  if (!enter_other(&s->m, a, &s->key, q, 1))
    return not_entered(ctx, &s->m, &s->key, q, is_shared(ctx));
  count(is_shared(ctx), q, a->length);
  if (rx_s()->verify && s->unverified)
    add(is_shared(ctx), &samples_at(ctx->rx_queue_index)->unverified, 1);
  if (rx_s()->why) show(ctx, s, a->now);
  return c->observe ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int xtg_rx(struct xdp_md* ctx) {
  const struct xtg_rx_config* c = rx_c();
  struct xtg_rx_queue* q = queue_at(ctx->rx_queue_index);
  struct arrival a = {.length = bpf_xdp_get_buff_len(ctx)};
  struct xtg_rx_mark m;
  struct xtg_rx_key key;
  __u32 number;
  int shared = is_shared(ctx);

  if (!rx_control.started) return XDP_PASS;
  if (!find_mark(ctx, a.length, &m)) goto pass;
  if (rx_s()->verify) {
    int wrong = check(ctx, &m, shared);
    if (wrong == 2) goto pass;
    if (wrong) return c->observe ? XDP_PASS : XDP_DROP;
  }
  if (m.version != XTG_SIG_VERSION || m.type != XTG_SIG_DATA) {
    /* The short form's magic says little. */
    if (m.form == XTG_SIG_COMPACT && by_filter(ctx, q, shared)) return after_filter();
    return take_announcement(ctx, &m, q, shared);
  }
  if (!wanted(ctx, c, &m)) {
    add(shared, &q->refused, 1);
    return XDP_PASS;
  }
  if (!within_limit(c)) return XDP_PASS;
  a.now = bpf_ktime_get_ns();
  if (c->has_tai && m.flags & XTG_SIG_F_TAI) from_tai(&m);
  name_key(ctx, &m, &key);

  if (m.flags & XTG_SIG_F_REFLECTED) {
    struct xtg_rx_words told;
    if (look_back(ctx, &m, &key, &told)) enter_back(&m, &a, &key, &told);
    if (!rx_s()->watch) goto other;
  }
  if (rx_s()->watch) return take_watched(ctx, &m, &a, &key);
  number = *cached(&key, 0) - 1;
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);
  if (record && same_key(&record->slot.key, &key)) {
    enter(record, &m, &a);
  } else {
  other:
    if (!enter_other(&m, &a, &key, q, shared)) return not_entered(ctx, &m, &key, q, shared);
  }
  count(shared, q, a.length);
  return c->observe ? XDP_PASS : XDP_DROP;
pass:
  if (by_filter(ctx, q, shared)) return after_filter();
  add(shared, &q->passed, 1);
  struct xtg_rx_queue* cpu = of_cpu();
  if (cpu) cpu->passed++;
  return XDP_PASS;
}
