/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scoreboard: which segments between SND.UNA and SND.NXT have arrived, are lost, were sent
 * again. Words of 64 segments in a ring; a bit is cleared when its segment is first sent. */
#pragma once

#include "tcp_math.h"

/* Something was sent that is not acknowledged. Where the window has cut the last segment this
 * differs from una_seg < nxt_seg: all that was sent of it may have been acknowledged. */
static inline int xtg_tcp_outstanding(const struct xtg_tcp_flow* f) {
  return f->una < f->sent_end;
}

/* Segments in flight, as far as is known: "pipe" of RFC 6675. Without SACK every duplicate
 * acknowledgment reports one that has left the network (RFC 5681, 3.2, steps 3 and 4). */
static inline __u32 xtg_tcp_in_flight(const struct xtg_tcp_flow* f) {
  __u64 out = f->nxt_seg - f->una_seg;
  __u64 gone = (__u64)f->sacked_out + f->lost_out + f->dupacks;
  return out > gone ? (__u32)(out - gone) : 0;
}

/* How many words [from, to) touches, and no more than there are. */
static inline __u32 xtg_tcp_words(__u64 from, __u64 to) {
  __u64 words;
  if (to <= from) return 0;
  words = (to - 1) / XTG_TCP_WORD - from / XTG_TCP_WORD + 1;
  return words > XTG_TCP_MAX_WORDS ? XTG_TCP_MAX_WORDS : (__u32)words;
}

struct xtg_tcp_walk {
  struct xtg_tcp_flow* f;
  __u64 from; /* segments [from, to) */
  __u64 to;
  __u64 found; /* what the walk is for ... */
  __u64 found_retransmitted;
  __u32 now_us;
  __u32 window_us; /* of reordering */
  __u32 low_us;    /* lowest round trip */
  __u32 wait_us;
  __u32 count;
};

static inline struct xtg_tcp_walk xtg_tcp_over(struct xtg_tcp_flow* f, __u64 from, __u64 to,
                                               __u32 now_us) {
  struct xtg_tcp_walk w;
  w.f = f;
  w.from = from;
  w.to = to;
  w.found = w.found_retransmitted = 0;
  w.now_us = now_us;
  w.window_us = w.low_us = w.wait_us = w.count = 0;
  return w;
}

static inline struct xtg_tcp_word* xtg_tcp_walk_word(const struct xtg_tcp_walk* w, __u32 i,
                                                     __u64* mask, __u64* number) {
  *number = w->from / XTG_TCP_WORD + i;
  *mask = xtg_word_mask(*number, w->from, w->to);
  return xtg_tcp_word_at(w->f, *number);
}

static inline void xtg_tcp_stamp(__u32 stamps[XTG_TCP_STAMPS], __u64 mask, __u32 now_us) {
  if (mask & 0xffffULL) stamps[0] = now_us;
  if (mask & 0xffff0000ULL) stamps[1] = now_us;
  if (mask & 0xffff00000000ULL) stamps[2] = now_us;
  if (mask & 0xffff000000000000ULL) stamps[3] = now_us;
}

/* First transmission of [from, to): what the ring remembers of earlier segments goes. */
static inline long xtg_tcp_fresh_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  if (!b) return 1;
  b->sacked &= ~mask;
  b->lost &= ~mask;
  b->retransmits &= ~mask;
  b->local &= ~mask;
  xtg_tcp_stamp(b->sent_us, mask, w->now_us);
  return 0;
}

/* [from, to) leave the board, acknowledged: the counts forget them. count: how many of them had
 * been SACKed before; found, found_retransmitted: of those that arrived just now, one past the
 * highest that was sent once, and more often. */
static inline long xtg_tcp_acked_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  __u64 fresh;
  if (!b) return 1;
  w->count += xtg_bits(b->sacked & mask);
  w->f->lost_out -= xtg_bits(b->lost & mask);
  b->lost &= ~mask;
  b->local &= ~mask;
  fresh = mask & ~b->sacked;
  if (fresh & ~b->retransmits)
    w->found = number * XTG_TCP_WORD + xtg_highest(fresh & ~b->retransmits) + 1;
  if (fresh & b->retransmits)
    w->found_retransmitted = number * XTG_TCP_WORD + xtg_highest(fresh & b->retransmits) + 1;
  return 0;
}

/* [from, to) were SACKed. found, found_retransmitted: one past the highest of those new to us that
 * were sent once, and more often; count: how many are new; wait_us: 1 when one of them tells of
 * reordering. */
static inline long xtg_tcp_sacked_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number, fresh, once, first;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  if (!b) return 1;
  fresh = mask & ~b->sacked;
  if (!fresh) return 0;
  b->sacked |= fresh;
  w->count += xtg_bits(fresh);
  w->f->lost_out -= xtg_bits(b->lost & fresh);
  b->lost &= ~fresh;
  b->local &= ~fresh;
  once = fresh & ~b->retransmits;
  first = number * XTG_TCP_WORD;
  if (once) {
    w->found = xtg_max64(w->found, first + xtg_highest(once) + 1); /* over all blocks */
    if (first + xtg_lowest(once) < w->f->high_sacked) w->wait_us = 1;
  }
  if (fresh & b->retransmits)
    w->found_retransmitted =
        xtg_max64(w->found_retransmitted, first + xtg_highest(fresh & b->retransmits) + 1);
  return 0;
}

/* Everything in [from, to) that has not arrived is lost (RFC 6298, (5.4)). */
static inline long xtg_tcp_all_lost_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number, fresh;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  if (!b) return 1;
  fresh = mask & ~b->sacked & ~b->lost;
  b->lost |= fresh;
  b->local &= ~fresh;
  w->f->lost_out += xtg_bits(fresh);
  return 0;
}

/* The far end may take back what it SACKed (RFC 2018, 8). */
static inline long xtg_tcp_renege_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  if (!b) return 1;
  b->sacked &= ~mask;
  return 0;
}

/* The lowest lost segment of [from, to): found = its number plus 1, count = how many follow it
 * within its word that are lost for the same kind of reason, now_us: 1 when that is this host. */
static inline long xtg_tcp_find_lost_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number, lost, run;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  __u32 at;
  if (!b) return 1;
  lost = b->lost & mask;
  if (!lost) return 0;
  at = xtg_lowest(lost) & 63;
  w->found = number * XTG_TCP_WORD + at + 1;
  w->now_us = (b->local >> at) & 1;
  run = (w->now_us ? lost & b->local : lost & ~b->local) >> at;
  w->count = xtg_lowest(~run);
  return 1;
}

/* The highest segment of [from, to) that has not arrived: found = its number plus 1. */
static inline long xtg_tcp_find_last_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number, open;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  if (!b) return 1;
  open = mask & ~b->sacked;
  if (open) w->found = number * XTG_TCP_WORD + xtg_highest(open) + 1;
  return 0;
}

/* One word's part of a retransmission of [from, to). */
static inline void xtg_tcp_mark_retransmitted(struct xtg_tcp_flow* f, __u64 from, __u64 to,
                                              __u32 now_us) {
  struct xtg_tcp_word* b = xtg_tcp_word_at(f, from / XTG_TCP_WORD);
  __u64 mask = xtg_word_mask(from / XTG_TCP_WORD, from, to);
  if (!b) return;
  f->lost_out -= xtg_bits(b->lost & mask);
  b->lost &= ~mask;
  b->local &= ~mask;
  /* Also what never left this host: it goes out of order now, and its neighbours' time is not its
   * own. */
  b->retransmits |= mask;
  xtg_tcp_stamp(b->retransmitted_us, mask, now_us);
}

/* The driver refused the frame with this segment. */
static inline void xtg_tcp_refused(struct xtg_tcp_flow* f, __u64 seg) {
  struct xtg_tcp_word* b;
  __u64 bit = 1ULL << (seg % XTG_TCP_WORD);
  if (seg < f->una_seg || seg >= f->nxt_seg) return;
  /* A duplicate of a piece that the window had cut, and that has arrived by now. */
  if (!xtg_tcp_outstanding(f)) return;
  b = xtg_tcp_word_at(f, seg / XTG_TCP_WORD);
  if (!b || (b->sacked | b->lost) & bit) return;
  b->lost |= bit;
  b->local |= bit;
  f->lost_out++;
}
