/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A schedule's slots and the end of a run. Deadlines are nanoseconds with a 32-bit binary fraction;
 * compared with the end they are rounded to the nearest nanosecond, because the slot at rate times
 * duration, which is the first one that does not belong to the run, may lie a fraction before it.
 */
#pragma once

#include "base.h"

static inline __u64 xtg_slot_ns(__u64 ns, __u32 frac) {
  return ns + (frac >> 31);
}

/* Slots from `due_ns` (rounded) to before `end_ns`, 0 if none. */
static inline __u64 xtg_slots_before(__u64 due_ns, __u64 end_ns, __u64 interval_ns,
                                     __u32 interval_frac) {
  __u64 left = end_ns - due_ns, shift, interval;

  if (due_ns >= end_ns) return 0;
  if (interval_ns >> 32) return (left - 1) / interval_ns + 1;
  /* Of the fraction as many bits as the 64 leave room for: all of it up to 4 seconds. */
  shift = left >> 32 ? 16 : 32;
  interval = ((interval_ns << 32) | interval_frac) >> (32 - shift);
  return ((left << shift) - (1ULL << (shift - 1)) - 1) / interval + 1;
}
