/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which delays are believed, and sums of them that do not wrap. */
#pragma once

#include "base.h"

/* A delay that is longer, or so far below zero, is a damaged send time, or the sender's clock has
 * nothing to do with this one: an hour, which no network keeps a packet, and by which no clock is
 * off that anybody set. */
#define XTG_RX_PLAUSIBLE_NS 3600000000000LL

/* Whether a difference of times can be one of clocks that have to do with each other. */
static inline int xtg_rx_plausible(__s64 ns) {
  return (__u64)ns + XTG_RX_PLAUSIBLE_NS <= 2 * (__u64)XTG_RX_PLAUSIBLE_NS;
}

/* Adds to a sum of 128 bits. As many packets as anybody can send do not make it wrap: each adds
 * less than 2^42. */
static inline void xtg_rx_add(__u64* low, __u64* high, __u64 ns) {
  *low += ns;
  if (*low < ns) ++*high;
}
