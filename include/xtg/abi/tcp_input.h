/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A segment from the far end: RFC 9293, 3.10.7.4, with RFC 7323 (timestamps), 2018 and 2883 (SACK),
 * 5961 (blind attacks), 3168 (ECN). */
#pragma once

#include "tcp_loss.h"

/* How often an unacceptable segment without data is answered: two ends that do so must not keep
 * each other busy (Linux: tcp_invalid_ratelimit). */
#define XTG_TCP_CHALLENGE_US 500000U
/* How much older than the latest the time stamp of an overtaken acknowledgment may be. A tick is 1
 * ms to 1 s (RFC 7323, 5.4), mostly 1 ms. */
#define XTG_TCP_OVERTAKEN_TICKS 1200U
/* Recoveries for which DSACK widens the reordering window (RFC 8985, 6.2, step 4). */
#define XTG_TCP_REORDER_PERSIST 16

static inline void xtg_tcp_want(struct xtg_tcp_flow* f, __u32 what) {
  f->want |= what;
  xtg_tcp_wake(f);
}

static inline void xtg_tcp_challenge(struct xtg_tcp_flow* f, __u32 now_us) {
  f->bad_segments++;
  if (f->challenged_us && now_us - f->challenged_us < XTG_TCP_CHALLENGE_US) return;
  f->challenged_us = now_us | 1;
  xtg_tcp_want(f, XTG_TCP_WANT_ACK);
}

/* Whether later acknowledgments have overtaken this one, as they do where the far end or the path
 * spreads a flow over several queues: all it says is said already. Linux passes over it in the same
 * way (tcp_disordered_ack_check, since 6.14), for stamps that are not much older than an RTO. */
static inline int xtg_tcp_overtaken(const struct xtg_tcp_flow* f, const struct xtg_tcp_event* e) {
  return !e->len && !(e->flags & (XTG_TCP_SYN | XTG_TCP_FIN)) && e->seq == f->rcv_nxt &&
         f->ts_recent - e->tsval <= XTG_TCP_OVERTAKEN_TICKS;
}

/* Whether the segment's acknowledgment, window and data are to be looked at. */
static inline int xtg_tcp_acceptable(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                     const struct xtg_tcp_event* e) {
  __u32 end = e->seq + e->len + (e->flags & XTG_TCP_FIN ? 1 : 0);
  __u32 window = f->own_window << (f->own_wscale & 15);
  if (e->flags & XTG_TCP_RST) {
    if (e->seq == f->rcv_nxt) {
      f->phase = XTG_TCP_RESET;
      f->timer = XTG_TCP_TIMER_NONE;
    } else if (e->seq - f->rcv_nxt < window) {
      xtg_tcp_challenge(f, e->at_us); /* RFC 5961, 3.2 */
    } else {
      f->bad_segments++;
    }
    return 0;
  }
  /* PAWS, RFC 7323, 5.3. A segment without a time stamp is accepted as Linux accepts it, against
   * 3.2: middleboxes strip them, and the sequence number has to be right all the same. */
  if (c->timestamps && e->flags & XTG_TCP_HAS_TS && f->ts_recent &&
      xtg_before(e->tsval, f->ts_recent)) {
    if (!xtg_tcp_overtaken(f, e)) xtg_tcp_challenge(f, e->at_us);
    return 0;
  }
  if (e->flags & XTG_TCP_SYN) { /* RFC 5961, 4.2 */
    xtg_tcp_challenge(f, e->at_us);
    return 0;
  }
  if (xtg_before(e->seq, f->rcv_nxt) && !xtg_before(f->rcv_nxt, end)) {
    /* Nothing new in it. A keepalive, or data that we have: the far end waits for an answer. */
    if (e->len || e->flags & XTG_TCP_FIN || e->seq == f->rcv_nxt - 1)
      xtg_tcp_want(f, XTG_TCP_WANT_ACK);
    else
      xtg_tcp_challenge(f, e->at_us);
    return 0;
  }
  if (!xtg_before(e->seq, f->rcv_nxt) && e->seq - f->rcv_nxt > window) {
    xtg_tcp_challenge(f, e->at_us);
    return 0;
  }
  return (e->flags & XTG_TCP_ACK) != 0;
}

/* RFC 9293, 3.10.7.4, window update, with the care Linux takes: at the same acknowledgment only a
 * larger window, or a closed one, replaces the last. */
static inline int xtg_tcp_take_window(struct xtg_tcp_flow* f, const struct xtg_tcp_event* e,
                                      __u64 ack) {
  __u32 window = (__u32)e->window << (f->wscale & 15);
  __u64 edge = ack + window;
  __u64 before = f->edge;
  if (ack > f->una || xtg_before(f->wl1, e->seq) ||
      (e->seq == f->wl1 && ack == f->una && (edge > f->edge || window == 0))) {
    f->edge = edge;
    f->wl1 = e->seq;
    if (window > f->max_window) f->max_window = window;
  }
  return f->edge != before;
}

/* A segment without outstanding bytes is not lost. */
static inline void xtg_tcp_not_lost(struct xtg_tcp_flow* f, __u64 seg) {
  struct xtg_tcp_word* b = xtg_tcp_word_at(f, seg / XTG_TCP_WORD);
  __u64 bit = 1ULL << (seg % XTG_TCP_WORD);
  if (!b || seg >= f->nxt_seg || !(b->lost & bit)) return;
  b->lost &= ~bit;
  b->local &= ~bit;
  f->lost_out--;
}

/* SND.UNA moves on to `ack`. */
XTG_TCP_FN int xtg_tcp_advance(struct xtg_tcp_flow* f, __u64 ack, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_walk w;
  if (!f) return 0;
  w = xtg_tcp_over(f, f->una_seg, f->una_seg, 0);
  w.to = ack >= f->nxt ? f->nxt_seg : xtg_tcp_seg(c, ack);
  if (w.to > w.from) {
    xtg_loop(xtg_tcp_words(w.from, w.to), xtg_tcp_acked_word, &w);
    f->delivered += (__u32)(w.to - w.from) - w.count;
    f->sacked_out -= w.count;
    if (w.found && w.found <= f->high_sacked) f->reorder_seen = 1;
    if (w.found) xtg_tcp_rack_update(f, w.found, 0, now_us);
    if (w.found_retransmitted) xtg_tcp_rack_update(f, w.found_retransmitted, 1, now_us);
    f->una_seg = w.to;
    if (f->high_sacked < w.to) f->high_sacked = w.to;
  } else {
    f->backoff = 0; /* within a segment: no time to tell by */
  }
  f->una = ack;
  f->acked_us = now_us;
  if (!xtg_tcp_outstanding(f)) {
    f->rack_valid = 0;               /* its time would grow old */
    xtg_tcp_not_lost(f, f->una_seg); /* of a segment that the window had cut */
  }
  /* In recovery one acknowledgment fills a hole, and what follows the hole had been told of by
   * duplicates (RFC 6582, 3.2, step 3). */
  if (f->recovery != XTG_TCP_FAST)
    f->dupacks = 0;
  else if (w.to > w.from)
    f->dupacks -= (__u32)xtg_min64(f->dupacks, w.to - w.from - 1);
  f->want &= ~(XTG_TCP_WANT_HEAD | XTG_TCP_STUCK);
  return 1;
}

/* RFC 2883, 4: the first block reports a duplicate when it lies below the acknowledgment, or
 * within the second block. */
static inline int xtg_tcp_is_dsack(const struct xtg_tcp_event* e) {
  __u32 left = e->sack[0][0], right = e->sack[0][1];
  if (!xtg_before(e->ack, right)) return 1;
  return e->n_sack > 1 && !xtg_before(left, e->sack[1][0]) && !xtg_before(e->sack[1][1], right);
}

/* 0: it acknowledges what was never sent, or what can no longer be in flight. */
static inline int xtg_tcp_dsack(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                const struct xtg_tcp_event* e) {
  __s64 from = xtg_tcp_offset(f->isn, f->una, e->sack[0][0]);
  __s64 to = xtg_tcp_offset(f->isn, f->una, e->sack[0][1]);
  if (from < 0 || to <= from || to > (__s64)f->sent_end) return 0;
  if (from < (__s64)f->una && (__u64)((__s64)f->una - from) > f->max_window) return 0;
  f->spurious += (__u32)(to - from + c->mss - 1) / c->mss;
  /* The reordering window widens once per round trip (RFC 8985, 6.2 step 4). */
  if (f->una_seg >= f->reorder_end && f->reorder_steps < 64) {
    f->reorder_steps++;
    f->reorder_seen = 1;
    f->reorder_end = f->nxt_seg;
    f->reorder_persist = XTG_TCP_REORDER_PERSIST;
  }
  return 1;
}

static inline void xtg_tcp_sack_block(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                      __u32 left, __u32 right, struct xtg_tcp_walk* w) {
  __s64 from = xtg_tcp_offset(f->isn, f->una, left);
  __s64 to = xtg_tcp_offset(f->isn, f->una, right);
  __u64 to_seg;
  if (from < (__s64)f->una || to <= from || (__u64)to > f->sent_end) return;
  w->from = xtg_tcp_seg(c, (__u64)from);
  if (xtg_tcp_start(c, w->from) < (__u64)from) w->from++;
  to_seg = (__u64)to >= f->nxt ? f->nxt_seg : xtg_tcp_seg(c, (__u64)to);
  if (w->from < f->una_seg || to_seg <= w->from) return;
  w->to = to_seg;
  xtg_loop(xtg_tcp_words(w->from, w->to), xtg_tcp_sacked_word, w);
}

/* How many segments the blocks newly report. */
XTG_TCP_FN __u32 xtg_tcp_take_sack(struct xtg_tcp_flow* f, const struct xtg_tcp_event* e,
                                   int dsack) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_walk w;
  __u64 high;
  int i;
  if (!f || !e) return 0;
  w = xtg_tcp_over(f, 0, 0, 0);
  high = f->high_sacked;
  XTG_UNROLL
  for (i = 0; i < 4; i++) {
    if ((__u32)i < e->n_sack && !(i == 0 && dsack))
      xtg_tcp_sack_block(c, f, e->sack[i][0], e->sack[i][1], &w);
    if (w.to > high) high = w.to;
  }
  f->high_sacked = high; /* now only: the blocks are in no order, and all arrived before this */
  f->sacked_out += w.count;
  f->delivered += w.count;
  if (w.wait_us) f->reorder_seen = 1;
  if (w.found) xtg_tcp_rack_update(f, w.found, 0, e->at_us);
  if (w.found_retransmitted) xtg_tcp_rack_update(f, w.found_retransmitted, 1, e->at_us);
  return w.count;
}

/* The round trip of the segment that is being timed, if it has arrived. */
XTG_TCP_FN int xtg_tcp_take_rtt(struct xtg_tcp_flow* f, __u32 now_us) {
  struct xtg_tcp_word* b;
  if (!f) return 0;
  if (f->timed_seg >= f->una_seg) {
    b = xtg_tcp_word_at(f, f->timed_seg / XTG_TCP_WORD);
    if (!b || !(b->sacked >> (f->timed_seg % XTG_TCP_WORD) & 1)) return 0;
  }
  f->timed = 0;
  xtg_tcp_rtt_update(f, now_us - f->timed_us);
  xtg_tcp_rtt_low_update(f, now_us - f->timed_us, now_us);
  xtg_tcp_rtt_sample(f, now_us - f->timed_us);
  return 1;
}

/* Marks the first segment outstanding lost, if it is not already, and has it sent at once. */
static inline void xtg_tcp_head_lost(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f) {
  struct xtg_tcp_word* b = xtg_tcp_word_at(f, f->una_seg / XTG_TCP_WORD);
  __u64 bit = 1ULL << (f->una_seg % XTG_TCP_WORD);
  if (!b || f->una_seg >= f->nxt_seg || (b->lost | b->sacked) & bit) return;
  f->want |= XTG_TCP_WANT_HEAD;
  b->lost |= bit;
  b->local &= ~bit;
  f->lost_out++;
  xtg_tcp_cc_lost(c, f, 1);
}

/* Without SACK: RFC 5681, 3.2 and RFC 6582, 3.2. */
static inline void xtg_tcp_newreno(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                   int advanced, int dup) {
  if (dup && f->dupacks < f->nxt_seg - f->una_seg) {
    f->dupacks++;
    /* After an earlier recovery: duplicates of what was sent again then (RFC 6582, 3.2, step 2). */
    if (f->dupacks == XTG_TCP_DUP_THRESH && f->recovery == XTG_TCP_SMOOTH &&
        (!f->recovery_end || f->una_seg > f->recovery_end)) {
      xtg_tcp_cc_loss(c, f, xtg_tcp_flight_size(f));
      xtg_tcp_head_lost(c, f);
    }
  }
  if (advanced && f->recovery == XTG_TCP_FAST && f->una_seg < f->recovery_end)
    xtg_tcp_head_lost(c, f); /* a partial acknowledgment */
}

static inline void xtg_tcp_take_ece(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                    __u32 delivered) {
  /* Until something sent after the last reduction, and its CWR, is acknowledged. */
  if ((f->ecn_end && f->una_seg <= f->ecn_end) || f->nxt_seg == 0) return;
  f->ecn_end = f->nxt_seg;
  f->want |= XTG_TCP_WANT_CWR;
  f->ecn_reductions++;
  if (f->recovery != XTG_TCP_SMOOTH) return; /* it is less already */
  xtg_tcp_cc_marked(c, f, xtg_tcp_in_flight(f) + delivered);
}

/* Recovery is over, or the tail-loss probe answered. `twice`: the far end reports that it got
 * something twice. */
static inline void xtg_tcp_settle(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                  int twice) {
  if (f->recovery != XTG_TCP_SMOOTH && f->una_seg >= f->recovery_end) {
    f->recovery = XTG_TCP_SMOOTH;
    f->dupacks = 0;
    if (f->reorder_persist && !--f->reorder_persist) f->reorder_steps = 1;
  }
  if (!f->tail_out || f->una_seg < f->tail_end) return;
  if (f->tail_out == 2 && !twice) {
    /* RFC 8985, 7.4.2: if the original was only late, then its duplicate will be told of before
     * anything later is acknowledged; otherwise the probe has repaired a loss. */
    if (f->una_seg == f->tail_end) return;
    if (f->recovery == XTG_TCP_SMOOTH && c->congestion != XTG_TCP_CC_NONE) {
      xtg_tcp_cc_reduce(c, f, f->cwnd);
      f->cwnd = f->ssthresh;
    }
  }
  f->tail_out = 0;
}

static inline void xtg_tcp_take_data(struct xtg_tcp_flow* f, const struct xtg_tcp_event* e) {
  __u32 end = e->seq + e->len;
  if (!e->len && !(e->flags & XTG_TCP_FIN)) return;
  if (e->flags & XTG_TCP_CWR) f->ece = 0; /* RFC 3168, 6.1.3 */
  if (e->flags & XTG_TCP_HAS_CE && xtg_tcp_c()->ecn) f->ece = 1;
  xtg_tcp_want(f, XTG_TCP_WANT_ACK);
  if (xtg_before(f->rcv_nxt, e->seq) || f->peer_fin)
    return; /* a hole before it: it will be sent again */
  if (xtg_before(f->rcv_nxt, end)) {
    f->bytes_received += end - f->rcv_nxt;
    f->rcv_nxt = end;
  }
  if (e->flags & XTG_TCP_FIN && f->rcv_nxt == end) {
    f->rcv_nxt++;
    f->peer_fin = 1;
  }
}

/* `now_us` may be long after the segment's arrival: timers run from there, or what is sent before
 * the rest is read would be timed from before it left. */
XTG_TCP_FN int xtg_tcp_ack(struct xtg_tcp_flow* f, struct xtg_tcp_event* e, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __s64 ack;
  __u32 delivered, backoff, fresh = 0, wait = 0;
  __u64 edge;
  int advanced, opened, moved, is_dsack, dsack, dup, twice;
  if (!f || !e) return 0;
  ack = xtg_tcp_offset(f->isn, f->una, e->ack);
  if (f->fin_sent && ack == (__s64)f->nxt + 1) {
    f->phase = XTG_TCP_CLOSED;
    ack--;
  }
  if (ack > (__s64)f->sent_end) { /* RFC 9293: answer, and drop the segment */
    xtg_tcp_challenge(f, e->at_us);
    return 0;
  }
  if (ack < (__s64)f->una && (__u64)((__s64)f->una - ack) > f->max_window) { /* RFC 5961, 5.2 */
    xtg_tcp_challenge(f, e->at_us);
    return 0;
  }
  f->acks++;
  if (ack < (__s64)f->una) return 1; /* old: overtaken on the path */

  delivered = f->delivered;
  edge = f->edge;
  advanced = (__u64)ack > f->una;
  moved = xtg_tcp_take_window(f, e, (__u64)ack);
  /* Time-outs since the window was closed, or taken back, say nothing about the path. */
  opened = f->edge > edge && edge <= f->sent_end && (edge < f->sent_end || !xtg_tcp_outstanding(f));
  if (opened) f->backoff = 0;
  backoff = f->backoff;
  if (advanced && f->undo) xtg_tcp_undo(f, e->tsecr);
  if (advanced) xtg_tcp_advance(f, (__u64)ack, e->at_us);
  is_dsack = c->sack && e->n_sack && xtg_tcp_is_dsack(e);
  dsack = is_dsack && xtg_tcp_dsack(c, f, e);
  if (c->sack && e->n_sack) fresh = xtg_tcp_take_sack(f, e, is_dsack);
  if (dsack) f->backoff = backoff;
  /* RFC 5681, 2 and RFC 6675, 2 */
  dup = !advanced && !e->len && !(e->flags & XTG_TCP_FIN) && (fresh || !moved);
  twice = dsack || (dup && !e->n_sack);
  dup = dup && xtg_tcp_outstanding(f);
  if (dup) f->dup_acks++;
  if (f->timed) xtg_tcp_take_rtt(f, e->at_us);
  xtg_tcp_settle(c, f, twice);
  if (!c->sack)
    xtg_tcp_newreno(c, f, advanced, dup);
  else if (f->sacked_out || f->recovery != XTG_TCP_SMOOTH)
    wait = xtg_tcp_detect(f, e->at_us);
  if (c->ecn && e->flags & XTG_TCP_ECE)
    xtg_tcp_take_ece(c, f, f->delivered - delivered); /* and no growth: RFC 3168, 6.1.2 */
  else
    xtg_tcp_cc_acked(c, f, f->delivered - delivered, e->at_us);
  if (wait) wait = xtg_before(now_us, e->at_us + wait) ? e->at_us + wait - now_us : 1;
  if (f->phase == XTG_TCP_OPEN) xtg_tcp_arm(c, f, now_us, wait, advanced || opened);
  return 1;
}

/* A segment of the flow, from the queue of events, which is read at `now_us`. */
XTG_TCP_FN int xtg_tcp_input(struct xtg_tcp_flow* f, struct xtg_tcp_event* e, __u32 now_us) {
  if (!f || !e) return 0;
  if (f->phase < XTG_TCP_OPEN || f->phase > XTG_TCP_CLOSED) return 0;
  f->heard_us = e->at_us;
  f->want &= ~XTG_TCP_ASKED;
  if (!xtg_tcp_acceptable(xtg_tcp_c(), f, e)) return 0;
  if (e->flags & XTG_TCP_HAS_TS && !xtg_before(f->rcv_nxt, e->seq))
    f->ts_recent = e->tsval; /* RFC 7323, 4.3 */
  if (xtg_tcp_ack(f, e, now_us)) xtg_tcp_take_data(f, e);
  xtg_tcp_wake(f);
  return 1;
}
