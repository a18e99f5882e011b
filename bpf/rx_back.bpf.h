/* SPDX-License-Identifier: GPL-2.0-only */
/* Reflected frames (include/xtg/abi/rx_back.h). They branch off early, so that others
 * pay nothing. */
#pragma once

#include "rx_streams.bpf.h"

/* The reflector timestamps, which lie before the signature; 0: there are none. */
static __always_inline int load_reflector(struct xdp_md* ctx, struct xtg_rx_reflector_stamp* w) {
  __u32 end = payload_end(ctx);

  if (end < XTG_SIG_FULL_LEN + XTG_SIG_REFLECTOR_LEN) return 0;
  if (bpf_xdp_load_bytes(ctx, end - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN, w,
                         XTG_SIG_REFLECTOR_LEN))
    return 0;
  return xtg_rx_read_reflector(w);
}

/* Makes `key` the reflected stream's, and subtracts the time in the reflector from
 * the delay: m->tx_ns is so much later. True: the reflector numbered the frame. */
static __always_inline bool look_back(struct xdp_md* ctx, struct xtg_rx_signature* m,
                                      struct xtg_rx_key* key, struct xtg_rx_reflector_stamp* w) {
  struct xtg_rx_record* record;
  __u32 number;

  key->form |= XTG_RX_REFLECTED;
  if (m->form != XTG_SIG_FULL || !(m->flags & XTG_SIG_F_REFLECTOR)) return false;
  if (!load_reflector(ctx, w)) return false;
  number = xtg_rx_find_slot(key, 1, m->flags);
  record = bpf_map_lookup_elem(&rx_records, &number);
  if (!record) return false;
  /* One of hours is damaged, or a joke. */
  if (w->tx_ns - w->rx_ns <= XTG_RX_PLAUSIBLE_NS) {
    xtg_rx_residence(&record->slot, w->tx_ns - w->rx_ns);
    m->tx_ns += w->tx_ns - w->rx_ns;
  }
  return w->seq != XTG_RX_UNNUMBERED;
}

/* Accounts a reflected frame by the reflector's number, as the frame that the reflector sent, and
 * leaves it and its key ready to be accounted by the sender's. What the caller has of it is changed
 * for as long. */
static __noinline int account_return(struct xdp_md* ctx, struct xtg_rx_signature* m,
                                     struct arrival* a, struct xtg_rx_key* key) {
  struct xtg_rx_reflector_stamp w;

  if (!look_back(ctx, m, key, &w)) return 0;
  __u64 seq = m->seq, tx_ns = m->tx_ns;
  __u8 worker = m->worker;
  xtg_rx_by_reflector(m, &w);
  key->form |= XTG_RX_BACK;
  /* The reflector's times are never CLOCK_TAI. Without a free slot only the round trip is kept. */
  account_at(xtg_rx_find_slot(key, 1, m->flags & ~XTG_SIG_F_TAI), m, a);
  key->form &= ~XTG_RX_BACK;
  m->seq = seq;
  m->tx_ns = tx_ns;
  m->worker = worker;
  return 0;
}
