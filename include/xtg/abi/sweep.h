/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The value of a varying field in the k-th packet of a stream. The rules are a pure function of k,
 * so any thread can send any packet and the whole sequence is exact for any number of threads. */
#pragma once

#include "base.h"

/* How the fields of a stream advance from position to position (struct xtg_stream.vary). Fields
 * with XTG_FIELD_RANDOM are drawn and are not part of the odometer. The position of all fields is
 * xtg_flow_at(k), except for the one that selects the size: it is not part of an odometer either,
 * and its position is k. */
#define XTG_VARY_TOGETHER 0 /* every field takes its next value with every position */
#define XTG_VARY_PRODUCT 1  /* an odometer: the first field turns fastest */
#define XTG_VARY_RANDOM 2   /* as if every field but the size had XTG_FIELD_RANDOM */

/* SplitMix64's finaliser (Steele, Lea, Flood 2014): full avalanche, so consecutive k are
 * independent. */
static inline __u64 xtg_mix64(__u64 z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/* Index in [0, count) of a drawn field `field` at position k; 1 <= count <= 2^32. */
static inline __u64 xtg_sweep_random(__u64 seed, __u32 field, __u64 k, __u64 count) {
  __u64 z = xtg_mix64(seed + 0x9e3779b97f4a7c15ULL * (k + 1) + ((__u64)field << 56));
  return ((z >> 32) * count) >> 32;
}

/* Position of packet k if `flows` flows are sent in turn and each is replaced by a new one after
 * `packets` packets; 0 packets: never replaced; 0 flows: every packet has a position of its own. */
static inline __u64 xtg_flow_at(__u64 k, __u32 flows, __u32 packets) {
  if (flows == 0) return k;
  return (packets ? k / ((__u64)flows * packets) * flows : 0) + k % flows;
}

/* Value of a field at an index, if it is not listed. */
static inline __u64 xtg_field_value(__u64 first, __u64 step, __u64 index) {
  return first + index * step;
}
