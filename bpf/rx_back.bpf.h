/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that a mirror sent back (include/xtg/abi/rx_back.h). They branch off early, so that those
 * that come straight pay nothing. In the middle of rx.bpf.h, which has what they need.
 *
 * Verifier: calls may be eight deep and have 512 bytes of stack together, of which the accounting
 * takes the most, so these are called one after the other and keep little. */
#pragma once

/* The mirror's words, which lie before the signature; 0: it tells nothing. */
static __always_inline int load_mirror(struct xdp_md* ctx, struct xtg_rx_words* w) {
  __u32 end = payload_end(ctx);

  if (end < XTG_SIG_FULL_LEN + XTG_SIG_MIRROR_LEN) return 0;
  if (bpf_xdp_load_bytes(ctx, end - XTG_SIG_FULL_LEN - XTG_SIG_MIRROR_LEN, w, XTG_SIG_MIRROR_LEN))
    return 0;
  return xtg_rx_read_mirror(w);
}

/* Makes `key` the reflected stream's, and takes the time for which the mirror kept the frame out of
 * the delay: m->tx_ns is so much later. 1: the mirror numbered the frame. */
static __noinline int look_back(struct xdp_md* ctx, struct xtg_rx_mark* m, struct xtg_rx_key* key,
                                struct xtg_rx_words* w) {
  struct xtg_rx_record* record;
  __u32 number;

  key->form |= XTG_RX_REFLECTED;
  if (m->form != XTG_SIG_FULL || !(m->flags & XTG_SIG_F_MIRROR)) return 0;
  if (!load_mirror(ctx, w)) return 0;
  number = find_slot(key, 1, m->flags);
  record = bpf_map_lookup_elem(&rx_records, &number);
  if (!record) return 0;
  xtg_rx_residence(&record->slot, w->tx_ns - w->rx_ns);
  m->tx_ns += w->tx_ns - w->rx_ns;
  return w->seq != XTG_RX_UNNUMBERED;
}

/* Enters the frame once more, by the mirror's number, as what it is since the mirror sent it. What
 * the caller has of it is changed for as long. */
static __noinline int enter_back(struct xtg_rx_mark* m, const struct arrival* a,
                                 struct xtg_rx_key* key, const struct xtg_rx_words* w) {
  __u64 seq = m->seq, tx_ns = m->tx_ns;
  __u8 lane = m->lane;

  m->seq = w->seq;
  m->tx_ns = w->tx_ns;
  m->lane = 0; /* a mirror has one row of numbers */
  key->form |= XTG_RX_BACK;
  /* The mirror's times are never CLOCK_TAI. Where there is no room, the round trip is all. */
  enter_at(find_slot(key, 1, m->flags & ~XTG_SIG_F_TAI), m, a);
  key->form &= ~XTG_RX_BACK;
  m->seq = seq;
  m->tx_ns = tx_ns;
  m->lane = lane;
  return 0;
}
