/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reflected frames. Their records have forms of their own, so that they are never
 * mixed with one-way frames: one by the sender's numbers, for the round trip, and
 * if the reflector numbers the frames, one by its numbers, for the return path alone. */
#pragma once

#include "rx.h"
#include "rx_signature.h"
#include "signature.h"

/* In xtg_rx_key.form, beside XTG_SIG_COMPACT or XTG_SIG_FULL. */
#define XTG_RX_REFLECTED 0x100U
#define XTG_RX_BACK 0x200U /* with XTG_RX_REFLECTED: by the reflector's numbers */

#define XTG_RX_UNNUMBERED                                                                          \
  (~0ULL) /* xtg_rx_reflector_stamp.seq of a reflector that does not number the stream             \
           */

/* Reflector timestamps in host order. */
struct xtg_rx_reflector_stamp {
  __u64 seq; /* and the CPU that gave it, see xtg_rx_by_reflector() */
  __u64 rx_ns;
  __u64 tx_ns;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_reflector_stamp) == XTG_SIG_REFLECTOR_LEN, "as on the wire");

/* Converts a struct xtg_sig_reflector that was loaded to `w`, in place. 0: no reflector wrote into
 * it.
 */
static inline int xtg_rx_read_reflector(struct xtg_rx_reflector_stamp* w) {
  w->seq = xtg_from_be64(w->seq);
  w->rx_ns = xtg_from_be64(w->rx_ns);
  w->tx_ns = xtg_from_be64(w->tx_ns);
  return w->tx_ns && w->tx_ns >= w->rx_ns;
}

/* Makes `m` the frame as the reflector sent it: each of its CPUs counts as a worker, because none
 * waits for another before it sends. */
static inline void xtg_rx_by_reflector(struct xtg_rx_signature* m,
                                       const struct xtg_rx_reflector_stamp* w) {
  m->seq = w->seq & ((1ULL << XTG_SIG_REFLECTOR_CPU) - 1);
  m->worker = (__u8)(w->seq >> XTG_SIG_REFLECTOR_CPU);
  m->tx_ns = w->tx_ns;
}

/* Accounts the time of a frame in the reflector. */
static inline void xtg_rx_residence(struct xtg_rx_slot* s, __u64 ns) {
  if (!s->stamped || ns < s->residence_min) s->residence_min = ns;
  if (ns > s->residence_max) s->residence_max = ns;
  xtg_rx_add(&s->residence_sum, &s->residence_high, ns);
  s->stamped++;
}
