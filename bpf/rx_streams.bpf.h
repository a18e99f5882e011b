/* SPDX-License-Identifier: GPL-2.0-only */
/* Enters packets into the record of their stream, which is found or made here. */
#pragma once

#include "rx_count.bpf.h"
#include "rx_sample.bpf.h"

static __always_inline bool same_key(const struct xtg_rx_key* a, const struct xtg_rx_key* b) {
  return *(const __u64*)a == *(const __u64*)b && a->unit == b->unit;
}

/* `form`: the key's, as far as it is about a mirror; 0 where it is known to be none. */
static __always_inline __u32* cached(const struct xtg_rx_key* key, __u32 form) {
  __u32 queue = key->unit, place = key->stream ^ key->session << 5 ^ form;

  asm volatile("" : "+r"(queue), "+r"(place));
  return &rx_cache[queue & (XTG_RX_QUEUES - 1)][place & (XTG_RX_CACHE - 1)];
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
  if (key->form != XTG_SIG_NONE) know(key->session);
  return number;
}

static __always_inline void enter(struct xtg_rx_record* record, struct xtg_rx_mark* m,
                                  const struct arrival* a) {
  struct xtg_rx_state w = {.slot = &record->slot, .order = &record->order, .words = record->words};

  asm volatile("" : "+r"(w.words)); /* Clang: there are more than the struct says. */
  xtg_rx_extend(m, w.slot->next, a->now);
  if (xtg_rx_may_be_off(m, w.slot, rx_c()->window, a->now)) xtg_rx_place(m, position_of(w.slot));
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

/* One that came straight and one that a mirror sent back do not agree. */
static __always_inline struct xtg_rx_candidate* candidate(const struct xtg_rx_mark* m,
                                                          const struct xtg_rx_key* key) {
  __u32 at = m->session * 31 + m->stream + (key->form >> 8);

  return &rx_candidates[at & (XTG_RX_CANDIDATES - 1)];
}

/* A stream's first short signature, of a session that nobody asked for: 1 when it is believed, and
 * with it the frame before it, which was passed; 2 when it is believed alone. */
static __noinline int confirm(const struct xtg_rx_mark* m, const struct arrival* a,
                              const struct xtg_rx_key* key) {
  struct xtg_rx_candidate* c = candidate(m, key);
  struct xtg_rx_scratch* to = scratch();

  if (to && c->state && xtg_rx_agree(c, m, a->now, rx_c()->window)) {
    bool counted = c->state == XTG_RX_CANDIDATE_COUNTED;
    copy_mark(&to->earlier.m, m);
    to->earlier.m.seq = c->seq;
    to->earlier.m.tx_ns = c->tx_ns;
    to->earlier.m.lane = c->lane;
    to->earlier.a.now = c->arrival_ns;
    to->earlier.a.length = c->length;
    c->state = XTG_RX_CANDIDATE_FREE;
    if (counted) return 2; /* by a filter */
    __sync_fetch_and_sub(&rx_control.candidates, 1);
    return 1;
  }
  if (is_known(m->session)) return 2;
  xtg_rx_remember(c, m, a->now, a->length);
  __sync_fetch_and_add(&rx_control.candidates, 1);
  if (rx_c()->limit != ~0ULL) __sync_fetch_and_sub(&rx_control.taken, 1);
  return 0;
}

/* Enters the frame that confirm() found to be a test frame after all. */
static __always_inline int enter_earlier(__u32 number, struct xtg_rx_queue* q, int shared) {
  struct xtg_rx_scratch* s = scratch();

  if (!s) return 0;
  if (number == XTG_RX_NO_SLOT)
    add(shared, &q->no_slot, 1);
  else
    enter_at(number, &s->earlier.m, &s->earlier.a);
  count(shared, q, s->earlier.a.length);
  return 0;
}

/* A stream that this queue did not have just before. 0: the frame is to pass. */
static __noinline int enter_other(struct xtg_rx_mark* m, const struct arrival* a,
                                  const struct xtg_rx_key* key, struct xtg_rx_queue* q,
                                  int shared) {
  int sure = m->form == XTG_SIG_FULL || rx_c()->by_session;
  __u32 number = find_slot(key, sure, m->flags);

  if (number == XTG_RX_NO_SLOT && !sure) {
    int believed = confirm(m, a, key);
    if (!believed) return 0;
    number = find_slot(key, 1, m->flags);
    /* The limit may have room for one of the two only. */
    if (believed == 1 && within_limit(rx_c())) enter_earlier(number, q, shared);
  }
  if (number == XTG_RX_NO_SLOT)
    add(shared, &q->no_slot, 1);
  else
    enter_at(number, m, a);
  return 1;
}
