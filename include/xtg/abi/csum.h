/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RFC 1071 ones' complement sums, added up from known parts. An accumulator is a plain 64-bit sum
 * of 16-bit words in memory order: because 2^16 = 1 (mod 0xffff), 32-bit words, and values shifted
 * by multiples of 16 bits, may be added as they are in memory. Byte order does not matter as long
 * as every part is added in wire order and the result is stored the same way (RFC 1071, 2 (B)). */
#pragma once

#include "base.h"

/* Adds eight wire bytes, loaded as one word. An accumulator takes at most 2^31 such words. */
static inline __u64 xtg_csum_add64(__u64 acc, __u64 word) {
  return acc + (word & 0xffffffffULL) + (word >> 32);
}

/* Folds an accumulator to the 16-bit ones' complement sum (not inverted). Adding the halves
 * crosswise leaves their sum with its end-around carry in the upper half. */
static inline __u16 xtg_csum_fold(__u64 acc) {
  __u32 sum;
  acc += (acc >> 32) | (acc << 32);
  sum = (__u32)(acc >> 32);
  sum += (sum >> 16) | (sum << 16);
  return (__u16)(sum >> 16);
}

/* The checksum field of an IPv4 header. */
static inline __u16 xtg_csum_ip(__u64 acc) {
  return (__u16)~xtg_csum_fold(acc);
}

/* The checksum field of UDP: 0 would mean "no checksum" and is sent as 0xffff (RFC 768, RFC
 * 8200 8.1). */
static inline __u16 xtg_csum_udp(__u64 acc) {
  __u16 sum = (__u16)~xtg_csum_fold(acc);
  return sum == 0 ? 0xffff : sum;
}
