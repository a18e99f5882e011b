/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Recoveries that were for nothing: the Eifel detection (RFC 3522) by time stamps, and its response
 * (RFC 4015). What was only late tells so by the time stamp it brings back, which is older than
 * that of the first segment sent again. */
#pragma once

#include "tcp_board.h"

/* xtg_tcp_flow.undo */
#define XTG_TCP_UNDO_NONE 0
#define XTG_TCP_UNDO_READY 1 /* in recovery, and nothing has been sent again yet */
#define XTG_TCP_UNDO_SENT 2  /* the first one outstanding was, with undo_tsval */

/* Recovery begins. If the first one outstanding was sent twice before, its answer says nothing. */
static inline void xtg_tcp_undo_save(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f) {
  struct xtg_tcp_word* head = xtg_tcp_word_at(f, f->una_seg / XTG_TCP_WORD);
  f->undo = XTG_TCP_UNDO_NONE;
  if (!c->timestamps || !head || head->retransmits >> (f->una_seg % XTG_TCP_WORD) & 1) return;
  f->undo = XTG_TCP_UNDO_READY;
  f->undo_cwnd = f->cwnd;
  f->undo_ssthresh = f->ssthresh;
  f->undo_cubic_max = f->cubic_max;
  f->undo_cubic_running = f->cubic_running;
}

/* A burst leaves with this time stamp. */
static inline void xtg_tcp_undo_sent(struct xtg_tcp_flow* f, const struct xtg_tcp_burst* b,
                                     __u32 tsval) {
  if (f->undo != XTG_TCP_UNDO_READY || b->kind != XTG_TCP_SEND_RETRANSMIT) return;
  f->undo = b->seg == f->una_seg ? XTG_TCP_UNDO_SENT : XTG_TCP_UNDO_NONE;
  f->undo_tsval = tsval;
}

/* What was taken for lost is under way; but not what this host's driver refused. What comes for a
 * segment that was sent twice is for the first time it was. */
static inline long xtg_tcp_found_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number, found;
  int g;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  if (!b) return 1;
  found = b->lost & ~b->local & mask;
  b->lost &= ~found;
  w->f->lost_out -= xtg_bits(found);
  XTG_UNROLL
  for (g = 0; g < XTG_TCP_STAMPS; g++)
    b->retransmitted_us[g] = b->sent_us[g];
  return 0;
}

/* SND.UNA is about to move on, for the first time in this recovery. */
XTG_TCP_FN int xtg_tcp_undo(struct xtg_tcp_flow* f, __u32 tsecr) {
  struct xtg_tcp_walk w;
  int late;
  if (!f) return 0;
  w = xtg_tcp_over(f, f->una_seg, f->nxt_seg, 0);
  late = f->undo == XTG_TCP_UNDO_READY || (tsecr && xtg_before(tsecr, f->undo_tsval));
  f->undo = XTG_TCP_UNDO_NONE;
  if (!late || f->recovery == XTG_TCP_SMOOTH) return 0;
  xtg_loop(xtg_tcp_words(w.from, w.to), xtg_tcp_found_word, &w);
  if (f->recovery == XTG_TCP_FAST) f->reorder_seen = 1;
  if (f->cwnd < f->undo_cwnd) f->cwnd = f->undo_cwnd;
  if (f->ssthresh < f->undo_ssthresh) f->ssthresh = f->undo_ssthresh;
  f->cubic_max = f->undo_cubic_max;
  f->cubic_running = f->undo_cubic_running;
  f->recovery = XTG_TCP_SMOOTH;
  f->dupacks = 0;
  f->undone++;
  return 1;
}
