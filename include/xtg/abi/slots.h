/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A schedule's slots and the end of a run. Deadlines are nanoseconds with a 32-bit binary fraction.
 * For comparison with the end they are rounded to the nearest nanosecond, because the slot at rate
 * times duration, the first one after the run, may be a fraction before the end. */
#pragma once

#include "base.h"

static inline __u64 xtg_slot_ns(__u64 ns, __u32 frac) {
  return ns + (frac >> 31);
}

/* Slot `k`, counted from a deadline without a fraction. */
static inline __u64 xtg_slot_at(__u64 k, __u64 interval_ns, __u32 interval_frac) {
  __u64 frac = k * interval_frac;

  return k * interval_ns + xtg_slot_ns(frac >> 32, (__u32)frac);
}

/* Number of slots from `due_ns` (rounded) to before `end_ns`; 0 if none. */
static inline __u64 xtg_slots_before(__u64 due_ns, __u64 end_ns, __u64 interval_ns,
                                     __u32 interval_frac) {
  __u64 left = end_ns - due_ns, slots, last;

  if (due_ns >= end_ns) return 0;
  if (interval_ns >> 32) return (left - 1) / interval_ns + 1;
  /* With 16 bits of the fraction the estimate is never too low; the excess is then corrected
   * exactly. */
  slots = (left << 16) / (((interval_ns << 32) | interval_frac) >> 16) + 1;
  for (int i = 0; i < 3; i++) {
    last = xtg_slot_at(slots - 1, interval_ns, interval_frac);
    if (last >= left) slots -= (last - left) / (interval_ns + 1) + 1;
  }
  return slots;
}
