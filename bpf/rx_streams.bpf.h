/* SPDX-License-Identifier: GPL-2.0-only */
/* Enters packets into the record of their stream, which is found or made here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "rx_count.bpf.h"
#include "rx_maps.bpf.h"
#include "rx_sample.bpf.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/rx_seq.h"

static __always_inline bool same_key(const struct xtg_rx_key* a, const struct xtg_rx_key* b) {
  return *(const __u64*)a == *(const __u64*)b && a->unit == b->unit;
}

/* `form`: the key's bits about a reflector; 0 where it is known to be none. */
static __always_inline __u32* cached(const struct xtg_rx_key* key, __u32 form) {
  __u32 queue = key->unit, place = key->stream ^ key->run_id << 5 ^ form;

  asm volatile("" : "+r"(queue), "+r"(place));
  return &rx_cache[queue & (XTG_RX_QUEUES - 1)][place & (XTG_RX_CACHE - 1)];
}

#define XTG_RX_NO_SLOT (~0U)

/* A free slot. */
static __noinline __u32 free_slot(void) {
  __u32 number = XTG_RX_NO_SLOT;

  if (rx_control.slots < rx_c()->n_slots) {
    number = (__u32)__sync_fetch_and_add(&rx_control.slots, 1);
    if (number < rx_c()->n_slots) return number;
    __sync_fetch_and_sub(&rx_control.slots, 1);
  }
  return bpf_map_pop_elem(&rx_free, &number) ? XTG_RX_NO_SLOT : number;
}

/* From now on the stream is known, also to other queues. */
static __always_inline void mark_stream_known(const struct xtg_rx_slot* s) {
  struct xtg_rx_stream_key key;
  __u64 none = 0;

  stream_of(s, &key);
  bpf_map_update_elem(&rx_positions, &key, &none, BPF_NOEXIST);
  if ((key.form & 0xff) == XTG_SIG_FULL) mark_run_known(key.run_id, 0);
}

/* Number of the stream's slot: as entered, or with `create` a new one for packets with these flags.
 * A global function, which the verifier looks at once, and not for every way that leads to it. */
__noinline __u32 xtg_rx_find_slot(const struct xtg_rx_key* key, int create, __u32 flags) {
  if (!key) return XTG_RX_NO_SLOT;
  __u32 form = key->form & (XTG_RX_REFLECTED | XTG_RX_BACK), number = *cached(key, form) - 1;
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);
  struct xtg_rx_key own; /* Linux 6.1 looks up no key that an argument points to */
  __u32* at;

  if (record && same_key(&record->slot.key, key)) return number;
  own = *key;
  at = bpf_map_lookup_elem(&rx_places, &own);
  if (at) {
    *cached(key, form) = *at + 1;
    return *at;
  }
  if (!create) return XTG_RX_NO_SLOT;
  number = free_slot();
  record = bpf_map_lookup_elem(&rx_records, &number);
  if (!record) return XTG_RX_NO_SLOT;
  if (bpf_map_update_elem(&rx_places, &own, &number, BPF_NOEXIST)) {
    bpf_map_push_elem(&rx_free, &number, 0);
    return XTG_RX_NO_SLOT;
  }
  record->slot.key = own;
  record->slot.flags = flags;
  *cached(key, form) = number + 1;
  if (key->form != XTG_SIG_NONE) mark_stream_known(&record->slot);
  return number;
}

/* `number`: the record's. */
static __always_inline void account(struct xtg_rx_record* record, __u32 number,
                                    struct xtg_rx_signature* m, const struct arrival* a) {
  struct xtg_rx_state w = {
      .slot = &record->slot, .order = &record->order, .bitmap = record->bitmap, .number = number};

  asm volatile("" : "+r"(w.bitmap)); /* Clang: there are more than the struct says. */
  xtg_rx_extend(m, w.slot->next, a->now);
  if (xtg_rx_may_be_off(m, w.slot, rx_c()->window, a->now)) xtg_rx_place(m, position_of(w.slot));
  xtg_rx_packet(&w, &record->hist, m->seq, m->worker, a->length, (__s64)(a->now - m->tx_ns),
                a->now);
}

/* As above. */
__noinline int xtg_rx_account_at(__u32 number, struct xtg_rx_signature* m,
                                 const struct arrival* a) {
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);

  if (!record || !m || !a) return 0;
  if (rx_s()->why) snapshot_slot(&record->slot);
  account(record, number, m, a);
  if (rx_s()->why) sample_reasons(number);
  return 0;
}

/* Whether a stream is one without a second frame that says so: it was asked for, is expected, or
 * another queue has it. That a frame was sent back one damaged bit says as well, and is believed
 * where the reflector timestamps are there, too: then it has its record by now. */
static __always_inline bool is_sure(const struct xtg_rx_signature* m,
                                    const struct xtg_rx_key* key) {
  struct xtg_rx_stream_key stream = {key->run_id, key->stream, key->form};

  if (rx_c()->by_run_id) return true;
  /* Frames that are shown or verified are so one by one, and a first one cannot be later on. */
  if (rx_s()->watch && m->form == XTG_SIG_FULL) return true;
  if (key->form & XTG_RX_REFLECTED) return false;
  return is_expected(m) || bpf_map_lookup_elem(&rx_positions, &stream);
}

static __always_inline int account_at(__u32 number, struct xtg_rx_signature* m, struct arrival* a) {
  __builtin_memset(m->pad, 0, sizeof(m->pad)); /* the verifier wants all that is handed over */
  a->pad = 0;
  return xtg_rx_account_at(number, m, a);
}

/* One of the two places (`which`: 0, 1) where a stream's first frame may wait. A one-way frame
 * and a reflected one do not agree. */
static __always_inline struct xtg_rx_candidate*
candidate(const struct xtg_rx_signature* m, const struct xtg_rx_key* key, __u32 which) {
  __u32 at = (m->run_id * 31 + m->stream + (key->form >> 8)) * 0x9e3779b1U >> 12 ^ which;

  return &rx_candidates[at & (XTG_RX_CANDIDATES - 1)];
}

static __always_inline bool waits_for(const struct xtg_rx_candidate* c,
                                      const struct xtg_rx_signature* m) {
  return c->state && c->run_id == m->run_id && c->stream == m->stream && c->form == m->form;
}

/* Where the stream's first frame waits; else where that waits which did for longest. */
static __always_inline struct xtg_rx_candidate* waiting(const struct xtg_rx_signature* m,
                                                        const struct xtg_rx_key* key) {
  struct xtg_rx_candidate *a = candidate(m, key, 0), *b = candidate(m, key, 1);

  if (waits_for(a, m)) return a;
  if (waits_for(b, m)) return b;
  return b->arrival_ns < a->arrival_ns ? b : a;
}

/* A frame of a stream that this queue does not have: 1 when it is believed, and with it the one
 * before it, which was not counted; 2 when it is believed alone, as it is `sure`, or as that one
 * was counted by a filter. */
static __noinline int confirm(const struct xtg_rx_signature* m, const struct arrival* a,
                              const struct xtg_rx_key* key, int sure) {
  struct xtg_rx_candidate* c = waiting(m, key);
  struct xtg_rx_scratch* to = scratch();

  if (to && c->state && xtg_rx_agree(c, m, a->now, rx_c()->window)) {
    bool counted = c->state == XTG_RX_CANDIDATE_COUNTED;
    copy_signature(&to->earlier.m, m);
    to->earlier.m.seq = c->seq;
    to->earlier.m.tx_ns = c->tx_ns;
    to->earlier.m.worker = c->worker;
    to->earlier.a.now = c->arrival_ns;
    to->earlier.a.length = c->length;
    c->state = XTG_RX_CANDIDATE_FREE;
    if (counted) return 2; /* by a filter */
    __sync_fetch_and_sub(&rx_control.candidates, 1);
    return 1;
  }
  if (sure) return 2;
  xtg_rx_remember(c, m, a->now, a->length);
  __sync_fetch_and_add(&rx_control.candidates, 1);
  if (rx_c()->limit != ~0ULL) __sync_fetch_and_sub(&rx_control.taken, 1);
  return 0;
}

/* Enters the frame that confirm() found to be a test frame after all. */
static __always_inline int account_earlier(__u32 number, struct xtg_rx_queue* q, int shared) {
  struct xtg_rx_scratch* s = scratch();

  if (!s) return 0;
  if (number == XTG_RX_NO_SLOT)
    add(shared, &q->no_slot, 1);
  else
    account_at(number, &s->earlier.m, &s->earlier.a);
  count(shared, q, s->earlier.a.length);
  return 0;
}

/* A stream that this queue did not have just before. 0: the frame is not believed so far. */
static __noinline int account_other(struct xtg_rx_signature* m, struct arrival* a,
                                    const struct xtg_rx_key* key, struct xtg_rx_queue* q,
                                    int shared) {
  __u32 number = xtg_rx_find_slot(key, 0, m->flags);

  if (number == XTG_RX_NO_SLOT) {
    int believed = confirm(m, a, key, is_sure(m, key));
    if (!believed) return 0;
    number = xtg_rx_find_slot(key, 1, m->flags);
    /* The limit may have room for one of the two only. */
    if (believed == 1 && within_limit(rx_c())) account_earlier(number, q, shared);
  }
  if (number == XTG_RX_NO_SLOT)
    add(shared, &q->no_slot, 1);
  else
    account_at(number, m, a);
  return 1;
}
