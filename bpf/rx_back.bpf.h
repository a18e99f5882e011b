/* SPDX-License-Identifier: GPL-2.0-only */
/* Reflected frames (include/xtg/abi/rx_back.h). They branch off early, so other frames pay nothing.
 */
#pragma once

#include "rx_streams.bpf.h"

/* The reflector timestamps before the signature; 0: none. */
static __always_inline int load_reflector(struct xtg_ctx* ctx, struct xtg_rx_reflector_stamp* w) {
  __u32 end = payload_end(ctx);

  if (end < XTG_SIG_FULL_LEN + XTG_SIG_REFLECTOR_LEN) return 0;
  if (load_bytes(ctx, end - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN, w, XTG_SIG_REFLECTOR_LEN))
    return 0;
  return xtg_rx_read_reflector(w);
}

/* Changes `key` to the reflected stream's, and subtracts the time in the reflector from the delay
 * by increasing m->tx_ns. True: the reflector numbered the frame. */
static __always_inline bool look_back(struct xtg_ctx* ctx, struct xtg_rx_signature* m,
                                      struct xtg_rx_key* key, struct xtg_rx_reflector_stamp* w) {
  struct xtg_rx_record* record;
  __u32 number;

  key->form |= XTG_RX_REFLECTED;
  if (m->form != XTG_SIG_FULL || !(m->flags & XTG_SIG_F_REFLECTOR)) return false;
  if (!load_reflector(ctx, w)) return false;
  number = xtg_rx_find_slot(key, 1, m->flags);
  record = bpf_map_lookup_elem(&rx_records, &number);
  if (!record) return false;
  /* Hours mean a damaged or bogus frame. */
  if (w->tx_ns - w->rx_ns <= XTG_RX_PLAUSIBLE_NS) {
    xtg_rx_residence(&record->slot, w->tx_ns - w->rx_ns);
    m->tx_ns += w->tx_ns - w->rx_ns;
  }
  return w->seq != XTG_RX_UNNUMBERED;
}

/* Accounts a reflected frame by the reflector's number, as the frame that the reflector sent; then
 * restores it and its key, to be accounted by the sender's number. The caller's copies change
 * meanwhile. */
static __noinline int account_return(struct xtg_ctx* ctx, struct xtg_rx_signature* m,
                                     struct arrival* a, struct xtg_rx_key* key) {
  struct xtg_rx_reflector_stamp w;

  if (!look_back(ctx, m, key, &w)) return 0;
  __u64 seq = m->seq, tx_ns = m->tx_ns;
  __u8 worker = m->worker;
  xtg_rx_by_reflector(m, &w);
  key->form |= XTG_RX_BACK;
  /* The reflector's times are never CLOCK_TAI. Without a free slot, only the round trip is
   * accounted. */
  account_at(xtg_rx_find_slot(key, 1, m->flags & ~XTG_SIG_F_TAI), m, a);
  key->form &= ~XTG_RX_BACK;
  m->seq = seq;
  m->tx_ns = tx_ns;
  m->worker = worker;
  return 0;
}
