/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SipHash-2-4 (Aumasson, Bernstein 2012) over whole 8-byte words: the sum of an announcement
 * (signature.h). It needs only 64-bit additions and rotations, so the kernel program can compute
 * it. */
#pragma once

#include "base.h"

struct xtg_sip_key {
  __u64 k0, k1; /* its 16 bytes, as two little-endian numbers */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sip_key) == 16, "config ABI");

struct xtg_sip {
  __u64 v0, v1, v2, v3;
};

/* Adds a word of the message, as loaded from its 8 bytes. */
static inline __u64 xtg_sip_word(__u64 loaded) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return loaded;
#else
  return __builtin_bswap64(loaded);
#endif
}

static inline __u64 xtg_sip_rotate(__u64 value, __u32 bits) {
  return value << bits | value >> (64 - bits);
}

static inline void xtg_sip_round(struct xtg_sip* s) {
  s->v0 += s->v1;
  s->v2 += s->v3;
  s->v1 = xtg_sip_rotate(s->v1, 13) ^ s->v0;
  s->v3 = xtg_sip_rotate(s->v3, 16) ^ s->v2;
  s->v0 = xtg_sip_rotate(s->v0, 32) + s->v3;
  s->v2 += s->v1;
  s->v1 = xtg_sip_rotate(s->v1, 17) ^ s->v2;
  s->v3 = xtg_sip_rotate(s->v3, 21) ^ s->v0;
  s->v2 = xtg_sip_rotate(s->v2, 32);
}

static inline void xtg_sip_begin(struct xtg_sip* s, const struct xtg_sip_key* key) {
  s->v0 = key->k0 ^ 0x736f6d6570736575ULL;
  s->v1 = key->k1 ^ 0x646f72616e646f6dULL;
  s->v2 = key->k0 ^ 0x6c7967656e657261ULL;
  s->v3 = key->k1 ^ 0x7465646279746573ULL;
}

static inline void xtg_sip_add(struct xtg_sip* s, __u64 loaded) {
  __u64 word = xtg_sip_word(loaded);
  s->v3 ^= word;
  xtg_sip_round(s);
  xtg_sip_round(s);
  s->v0 ^= word;
}

/* The hash of a message of `words` added words. */
static inline __u64 xtg_sip_end(struct xtg_sip* s, __u32 words) {
  __u64 last = (__u64)(words * 8 & 0xff) << 56;
  s->v3 ^= last;
  xtg_sip_round(s);
  xtg_sip_round(s);
  s->v0 ^= last;
  s->v2 ^= 0xff;
  xtg_sip_round(s);
  xtg_sip_round(s);
  xtg_sip_round(s);
  xtg_sip_round(s);
  return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}
