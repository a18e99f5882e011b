/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which delays are plausible, and sums of them that do not wrap. */
#pragma once

#include "base.h"

/* Limit of a plausible delay, positive or negative: beyond it the send time is damaged, or the
 * clocks are unrelated. An hour: no network holds a packet that long, and no clock that was set is
 * off by that much. */
#define XTG_RX_PLAUSIBLE_NS 3600000000000LL

/* Whether a difference of times can come from related clocks. */
static inline int xtg_rx_plausible(__s64 ns) {
  return (__u64)ns + XTG_RX_PLAUSIBLE_NS <= 2 * (__u64)XTG_RX_PLAUSIBLE_NS;
}

/* Adds to a 128-bit sum. It cannot wrap for any possible number of packets: each adds less than
 * 2^42. */
static inline void xtg_rx_add(__u64* low, __u64* high, __u64 ns) {
  *low += ns;
  if (*low < ns) ++*high;
}
