/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which value a varying field has in the k-th packet of a stream. The rules are a pure function of
 * k, so that any thread can send any packet and the whole sequence stays exact whatever the thread
 * count. */
#pragma once

#include "base.h"

/* How the fields of a stream move (struct xtg_stream.vary). */
#define XTG_VARY_TOGETHER 0 /* every field takes its next value with every packet */
#define XTG_VARY_PRODUCT 1  /* an odometer: the first field turns fastest */
#define XTG_VARY_RANDOM 2   /* every field independently, drawn from (seed, field, k) */

/* SplitMix64's finaliser (Steele, Lea, Flood 2014): full avalanche, so consecutive k are
 * independent. */
static inline __u64 xtg_mix64(__u64 z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/* Index in [0, count) of field `field` in packet k under XTG_VARY_RANDOM; 1 <= count <= 2^32. */
static inline __u64 xtg_sweep_random(__u64 seed, __u32 field, __u64 k, __u64 count) {
  __u64 z = xtg_mix64(seed + 0x9e3779b97f4a7c15ULL * (k + 1) + ((__u64)field << 56));
  return ((z >> 32) * count) >> 32;
}
