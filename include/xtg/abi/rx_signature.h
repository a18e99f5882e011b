/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads a signature from the last bytes of the payload. */
#pragma once

#include "rx.h"
#include "signature.h"
#include "tx.h"

/* A signature's fields in host order. In the compact form seq, tx_ns, session and stream are only
 * the low bits, until xtg_rx_extend(). */
struct xtg_rx_signature {
  __u64 seq;
  __u64 tx_ns;
  __u32 run_id;
  __u16 stream;
  __u8 worker;
  __u8 flags;
  __u8 form; /* XTG_SIG_NONE: not a signature of ours */
  __u8 type;
  __u8 version;
  __u8 pad[5]; /* not set */
};

/* Eight wire bytes, loaded as one __u64. */
static inline __u64 xtg_from_be64(__u64 word) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return __builtin_bswap64(word);
#else
  return word;
#endif
}

/* Looks for a signature in the last 32 bytes of a payload, loaded as four __u64. */
static inline void xtg_rx_read_tail(struct xtg_rx_signature* m, const __u64* words) {
  __u64 w2 = xtg_from_be64(words[2]), w3 = xtg_from_be64(words[3]);
  m->form = XTG_SIG_NONE;
  if ((__u32)w3 == XTG_SIG_MAGIC) {
    m->form = XTG_SIG_FULL;
    m->seq = xtg_from_be64(words[0]);
    m->tx_ns = xtg_from_be64(words[1]);
    m->run_id = (__u32)(w2 >> 32);
    m->stream = (__u16)(w2 >> 16);
    m->worker = (__u8)(w2 >> 8);
    m->flags = (__u8)w2;
    m->type = (__u8)(w3 >> 40);
    m->version = (__u8)(w3 >> 32);
  } else if ((w3 & 0xfff0U) == XTG_SIG_COMPACT_MAGIC) {
    m->form = XTG_SIG_COMPACT;
    m->seq = w2 >> 32;
    m->tx_ns = (w2 & 0xffffffffULL) << 16 | w3 >> 48;
    m->run_id = (__u16)(w3 >> 32);
    m->stream = (__u8)(w3 >> 24);
    m->worker = (__u8)(w3 >> 16);
    m->flags = w3 & XTG_SIG_COMPACT_REFLECTED ? XTG_SIG_F_REFLECTED : 0;
    m->type = XTG_SIG_DATA;
    m->version = w3 & 7;
  }
}

/* The same in the last 32 bytes in memory order; `length` of them belong to the frame (16 to 32),
 * and those before are ignored. */
static inline void xtg_rx_read(struct xtg_rx_signature* m, const __u8* tail, __u32 length) {
  __u64 words[4];
  __builtin_memcpy(words, tail, sizeof words);
  xtg_rx_read_tail(m, words);
  if (m->form == XTG_SIG_FULL && length < XTG_SIG_FULL_LEN) m->form = XTG_SIG_NONE;
}

/* The value closest to `near_value` whose low `bits` bits are `low`. */
static inline __u64 xtg_rx_nearest(__u64 near_value, __u64 low, __u32 bits) {
  __u64 span = 1ULL << bits, half = span >> 1;
  __u64 value = (near_value & ~(span - 1)) | low;
  if (value + half < near_value) return value + span; /* far below */
  if (value >= span && value > near_value + half) return value - span;
  return value;
}

/* Completes a compact signature: `next` is the slot's next sequence number, `now` the arrival. */
static inline void xtg_rx_extend(struct xtg_rx_signature* m, __u64 next, __u64 now) {
  if (m->form != XTG_SIG_COMPACT) return;
  m->seq = m->seq == (__u32)next ? next : xtg_rx_nearest(next, m->seq, 32); /* usually the former */
  m->tx_ns = xtg_rx_nearest(now, m->tx_ns & 0xffffffffffffULL, 48);
}

#define XTG_RX_QUIET_NS 1000000000ULL

/* Whether the extended number may be off by multiples of 2^32: it is far from all that this record
 * has seen, or the record has been idle so long that 2^32 packets may have arrived through others.
 */
static inline int xtg_rx_may_be_off(const struct xtg_rx_signature* m, const struct xtg_rx_slot* s,
                                    __u64 window, __u64 now) {
  if (m->form != XTG_SIG_COMPACT || m->seq == s->next) return 0;
  return m->seq - s->next + window > 2 * window || now - s->last_ns > XTG_RX_QUIET_NS;
}

/* Then use the value closest to the stream's position (rx_seq.h), if known. */
static inline void xtg_rx_place(struct xtg_rx_signature* m, __u64 position) {
  if (position) m->seq = xtg_rx_nearest(position, m->seq & 0xffffffffULL, 32);
}

/* Two frames of one stream are accepted if the second one can follow the first: the difference of
 * send times fits that of arrivals; in the compact form, which has less information, the sequence
 * number must also be within the window. */
static inline int xtg_rx_agree(const struct xtg_rx_candidate* c, const struct xtg_rx_signature* m,
                               __u64 now, __u32 window) {
  int full = m->form == XTG_SIG_FULL;
  __u32 apart = (__u32)m->seq - (__u32)c->seq;
  __u64 sent = m->tx_ns - c->tx_ns, passed = now - c->arrival_ns;
  __u64 slack = passed / 8 + 1000000000ULL;
  if (c->form != m->form) return 0;
  if ((c->run_id ^ m->run_id) & (full ? ~0U : 0xffffU)) return 0;
  if ((c->stream ^ m->stream) & (full ? 0xffff : 0xff)) return 0;
  if (!full && apart > window && 0U - apart > window) return 0;
  if (!full) sent = sent << 16 >> 16;
  if (sent >> (full ? 63 : 47)) sent = 0; /* overtaken */
  return sent <= passed + slack && passed <= sent + slack + 10000000000ULL;
}

/* Stores the first one of two. */
static inline void xtg_rx_remember(struct xtg_rx_candidate* c, const struct xtg_rx_signature* m,
                                   __u64 now, __u32 length) {
  c->arrival_ns = now;
  c->tx_ns = m->tx_ns;
  c->seq = m->seq;
  c->length = length;
  c->run_id = m->run_id;
  c->stream = m->stream;
  c->worker = m->worker;
  c->form = m->form;
  c->state = XTG_RX_CANDIDATE_WAITS;
}
