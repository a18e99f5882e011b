/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bit operations without instructions that BPF lacks. */
#pragma once

#include "base.h"

/* Number of bits set. */
static inline __u32 xtg_bits(__u64 x) {
  x -= (x >> 1) & 0x5555555555555555ULL;
  x = (x & 0x3333333333333333ULL) + ((x >> 2) & 0x3333333333333333ULL);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
  return (__u32)((x * 0x0101010101010101ULL) >> 56);
}

/* Position of the lowest bit set; 64 if there is none. */
static inline __u32 xtg_lowest(__u64 x) {
  return xtg_bits((x & -x) - 1);
}

/* Position of the highest bit set of a non-zero word. Without branches, which the verifier would
 * follow one by one. */
static inline __u32 xtg_highest(__u64 x) {
  x |= x >> 1;
  x |= x >> 2;
  x |= x >> 4;
  x |= x >> 8;
  x |= x >> 16;
  x |= x >> 32;
  return xtg_bits(x) - 1;
}
