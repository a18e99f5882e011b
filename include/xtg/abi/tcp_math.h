/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sequence numbers, the segment grid, and bit operations on words. The grid: segment k starts at k
 * * mss; if the payload repeats after `period` bytes, the grid restarts there, so every repetition
 * is cut alike and its checksums are known in advance. */
#pragma once

#include "bits.h"
#include "tcp.h"

/* XTG_TCP_PART: a function that releases its stack when it returns; all calls together have 512
 * bytes. */
#ifdef __bpf__
#define XTG_UNROLL _Pragma("unroll")
#define XTG_TCP_PART static __attribute__((noinline))
#else
#define XTG_UNROLL
#define XTG_TCP_PART static inline
#endif

/* a before b modulo 2^32 (RFC 9293, 3.4). Holds for times as well. */
static inline int xtg_before(__u32 a, __u32 b) {
  return (__s32)(a - b) < 0;
}

static inline __u64 xtg_min64(__u64 a, __u64 b) {
  return a < b ? a : b;
}
static inline __u64 xtg_max64(__u64 a, __u64 b) {
  return a > b ? a : b;
}

static inline __u64 xtg_tcp_start(const struct xtg_tcp_config* c, __u64 seg) {
  if (!c->period) return seg * c->mss;
  return seg / c->period_segs * c->period + seg % c->period_segs * c->mss;
}

/* The segment that contains the byte at `off`. */
static inline __u64 xtg_tcp_seg(const struct xtg_tcp_config* c, __u64 off) {
  if (!c->period) return off / c->mss;
  return off / c->period * c->period_segs + off % c->period / c->mss;
}

/* Length of a segment, not cut by the end of the data. */
static inline __u32 xtg_tcp_len(const struct xtg_tcp_config* c, __u64 seg) {
  if (c->period) {
    __u64 at = seg % c->period_segs;
    if (at == c->period_segs - 1) return (__u32)(c->period - at * c->mss);
  }
  return c->mss;
}

/* The 64-bit offset of a sequence number close to `near_off`; may be negative. */
static inline __s64 xtg_tcp_offset(__u32 isn, __u64 near_off, __u32 seq) {
  return (__s64)near_off + (__s32)(seq - (isn + (__u32)near_off));
}

/* Bits [from, to) of a word, 0 <= from, to <= 64. */
static inline __u64 xtg_mask(__u32 from, __u32 to) {
  __u64 upto = to >= 64 ? ~0ULL : (1ULL << to) - 1;
  return from >= 64 ? 0 : upto & (~0ULL << from);
}

/* The bits of word number `word` whose segments are in [from, to). */
static inline __u64 xtg_word_mask(__u64 word, __u64 from, __u64 to) {
  __u64 first = word * XTG_TCP_WORD;
  __u32 a, b;
  if (to <= first || from >= first + XTG_TCP_WORD) return 0;
  a = from > first ? (__u32)(from - first) : 0;
  b = to < first + XTG_TCP_WORD ? (__u32)(to - first) : XTG_TCP_WORD;
  return xtg_mask(a, b);
}

/* Functions that the includer of the tcp_*.h headers, the kernel program or a test, provides:
 *   const struct xtg_tcp_config* xtg_tcp_c(void);
 *   struct xtg_tcp_word* xtg_tcp_word_at(const struct xtg_tcp_flow* f, __u64 word);  or NULL
 *   void xtg_tcp_rtt_sample(struct xtg_tcp_flow* f, __u32 rtt_us);                   for the record
 *   void xtg_tcp_wake(struct xtg_tcp_flow* f);               has the flow looked at for sending
 *   long xtg_loop(__u32 n, long (*fn)(__u32 i, void* ctx), void* ctx);               bpf_loop
 *   XTG_TCP_FN: definition of a function that the verifier checks separately */
