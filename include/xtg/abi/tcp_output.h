/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a flow sends next, and what its timer does. */
#pragma once

#include "tcp_loss.h"

#define XTG_TCP_NO_NEW 1  /* no new data: the run is ending */
#define XTG_TCP_NO_DATA 2 /* only segments without payload: by the schedule it is too early */

/* Time accounts: what the flow has been held up by since it was last asked. */
static inline void xtg_tcp_hold(struct xtg_tcp_flow* f, __u32 kind, __u32 now_us) {
  __u32 passed = now_us - f->held_us;
  if (f->held == XTG_TCP_HELD_WINDOW || f->held == XTG_TCP_HELD_ZERO) f->window_us += passed;
  if (f->held == XTG_TCP_HELD_ZERO) f->zero_us += passed;
  if (f->held == XTG_TCP_HELD_IDLE) f->idle_us += passed;
  if (f->held == XTG_TCP_HELD_BOARD) f->board_us += passed;
  f->held = (__u16)kind;
  f->held_us = now_us;
}

/* Cuts a run of segments at the first that is not full: the end of a period, of the data, of what
 * was sent of a segment that the window had cut. 0: the first is not full. */
static inline __u32 xtg_tcp_full(const struct xtg_tcp_config* c, __u64 seg, __u64 end,
                                 __u32 count) {
  __u64 start = xtg_tcp_start(c, seg), most;
  if (c->period) {
    most = c->period_segs - 1 - seg % c->period_segs;
    if (count > most) count = (__u32)most;
  }
  most = end > start ? (end - start) / c->mss : 0;
  return count > most ? (__u32)most : count;
}

/* What is lost, lowest first (RFC 6675, NextSeg (1)). */
XTG_TCP_FN int xtg_tcp_pick_lost(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_walk w;
  __u32 flight, count, full;
  __u64 seg, start;
  int head;
  if (!f || !b) return 0;
  w = xtg_tcp_over(f, f->una_seg, f->nxt_seg, 0);
  head = (f->want & XTG_TCP_WANT_HEAD) != 0;
  flight = xtg_tcp_in_flight(f);
  if (flight >= f->cwnd && !head) return 0;
  xtg_loop(xtg_tcp_words(w.from, w.to), xtg_tcp_find_lost_word, &w);
  if (!w.found) return 0;
  seg = w.found - 1;
  start = xtg_tcp_start(c, seg);
  count = w.count > c->burst ? c->burst : w.count;
  if (flight < f->cwnd && count > f->cwnd - flight) count = f->cwnd - flight;
  if (flight >= f->cwnd) count = 1;

  b->from = xtg_max64(start, f->una);
  full = b->from == start ? xtg_tcp_full(c, seg, f->sent_end, count) : 0;
  if (full) {
    __u64 room = f->edge > start ? (f->edge - start) / c->mss : 0;
    if (full > room) full = room ? (__u32)room : (__u32)head;
    if (!full) return 0;
    b->count = full;
    b->len = c->mss;
  } else {
    __u64 end = xtg_min64(start + xtg_tcp_len(c, seg), f->sent_end);
    if (end <= b->from || (end > f->edge && !head)) return 0;
    b->count = 1;
    b->len = (__u32)(end - b->from);
  }
  b->kind = XTG_TCP_SEND_RETRANSMIT;
  b->seg = seg;
  b->cause = w.now_us                                                  ? XTG_TCP_RETRANSMIT_LOCAL
             : f->recovery == XTG_TCP_TIMEOUT && seg < f->recovery_end ? XTG_TCP_RETRANSMIT_RTO
                                                                       : XTG_TCP_RETRANSMIT_SACK;
  b->push = seg + b->count == f->nxt_seg;
  xtg_tcp_mark_retransmitted(f, seg, seg + b->count, now_us);
  f->want &= ~XTG_TCP_WANT_HEAD;
  return 1;
}

/* The rest of a segment that the window had cut. */
static inline int xtg_tcp_pick_rest(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b, __u64 room,
                                    __u32 now_us) {
  __u64 rest = f->nxt - f->sent_end, seg = f->nxt_seg - 1;
  __u64 len = xtg_min64(rest, room), bit = 1ULL << (seg % XTG_TCP_WORD);
  struct xtg_tcp_word* word = xtg_tcp_word_at(f, seg / XTG_TCP_WORD);
  if (!word || word->lost & bit) return 0; /* the first part goes first, again */
  /* Silly window avoidance: RFC 9293, 3.8.6.2.1 (3). */
  if (!len || (len < rest && len < f->max_window / 2 && !(f->want & XTG_TCP_WANT_PIECE))) return 0;
  b->kind = XTG_TCP_SEND_NEW;
  b->seg = seg;
  b->from = f->sent_end;
  b->count = 1;
  b->len = (__u32)len;
  b->push = 1;
  f->sent_end += len;
  /* The segment's time is that of its last part, which it will be acknowledged with. */
  xtg_tcp_stamp(word->retransmits & bit ? word->retransmitted_us : word->sent_us, bit, now_us);
  if (!f->timed || f->timed_seg == seg) {
    f->timed = 1;
    f->timed_seg = seg;
    f->timed_us = now_us;
  }
  return 1;
}

XTG_TCP_FN int xtg_tcp_pick_new(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 flight, count = c->burst, full, len;
  __u64 room, out, board = xtg_tcp_board_segs(c);
  struct xtg_tcp_walk w;
  if (!f || !b) return 0;
  room = f->edge > f->sent_end ? f->edge - f->sent_end : 0;
  out = f->nxt_seg - f->una_seg;
  flight = xtg_tcp_in_flight(f);
  w = xtg_tcp_over(f, f->nxt_seg, f->nxt_seg, now_us);
  if (f->sent_end < f->nxt) return xtg_tcp_pick_rest(f, b, room, now_us);
  if (f->nxt >= f->limit || out >= board || flight >= f->cwnd) return 0;
  if (c->ecn && f->want & XTG_TCP_WANT_CWR)
    count = 1; /* the first one carries it: RFC 3168, 6.1.2 */
  if (count > board - out) count = (__u32)(board - out);
  if (count > f->cwnd - flight) count = f->cwnd - flight;

  full = xtg_tcp_full(c, f->nxt_seg, xtg_min64(f->limit, f->edge), count);
  len = (__u32)xtg_min64(xtg_tcp_len(c, f->nxt_seg), f->limit - f->nxt);
  b->seg = f->nxt_seg;
  b->from = f->nxt;
  b->len = full ? c->mss : len;
  b->count = full ? full : 1;
  w.to = f->nxt_seg + b->count;
  if (!full && len > room) { /* a piece of it, by the same rule as the rest of one */
    if (!room || (room < f->max_window / 2 && !(f->want & XTG_TCP_WANT_PIECE))) return 0;
    b->len = (__u32)room;
  }
  xtg_loop(xtg_tcp_words(w.from, w.to), xtg_tcp_fresh_word, &w);
  b->kind = XTG_TCP_SEND_NEW;
  f->nxt_seg = w.to;
  f->nxt += full ? (__u64)full * c->mss : len;
  f->sent_end = b->from + (__u64)b->count * b->len;
  b->push = f->nxt >= f->limit || f->edge < f->nxt + c->mss || !full;
  if (!f->timed) {
    f->timed = 1;
    f->timed_seg = w.to - 1;
    f->timed_us = now_us;
  }
  return 1;
}

/* RFC 8985, 7.3: nothing new can be sent, so the last segment goes again. */
XTG_TCP_FN int xtg_tcp_pick_tail(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_walk w;
  __u64 start;
  if (!f || !b || !xtg_tcp_outstanding(f)) return 0;
  w = xtg_tcp_over(f, f->una_seg, f->nxt_seg, 0);
  xtg_loop(xtg_tcp_words(w.from, w.to), xtg_tcp_find_last_word, &w);
  if (!w.found) return 0;
  start = xtg_tcp_start(c, w.found - 1);
  b->seg = w.found - 1;
  b->from = xtg_max64(start, f->una);
  b->len = (__u32)(xtg_min64(start + xtg_tcp_len(c, b->seg), f->sent_end) - b->from);
  b->count = 1;
  b->kind = XTG_TCP_SEND_RETRANSMIT;
  b->cause = XTG_TCP_RETRANSMIT_TAIL;
  b->push = 1;
  xtg_tcp_mark_retransmitted(f, b->seg, b->seg + 1, now_us);
  return b->len > 0;
}

static inline int xtg_tcp_pick_data(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b, __u32 now_us,
                                    __u32 flags) {
  if (f->lost_out && xtg_tcp_pick_lost(f, b, now_us)) return 1;
  if ((!(flags & XTG_TCP_NO_NEW) || f->sent_end < f->nxt) && xtg_tcp_pick_new(f, b, now_us)) {
    if (f->want & XTG_TCP_WANT_TAIL) {
      f->tail_out = 1;
      f->tail_end = f->nxt_seg;
    }
    return 1;
  }
  if (!(f->want & XTG_TCP_WANT_TAIL) || !xtg_tcp_pick_tail(f, b, now_us)) return 0;
  f->tail_out = 2;
  f->tail_end = f->nxt_seg;
  return 1;
}

/* Counts and timer of a burst of data. */
static inline void xtg_tcp_sending(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                   struct xtg_tcp_burst* b, __u32 now_us) {
  __u64 bytes = (__u64)b->count * b->len;
  int head;
  f->segments_sent += b->count;
  f->bytes_sent += bytes;
  if (b->kind == XTG_TCP_SEND_RETRANSMIT) {
    f->retransmits[b->cause & 3] += b->count;
    f->retransmitted_bytes[b->cause & 3] += bytes;
    /* Karn: an answer to it says nothing now; nor, without SACK, does one to a segment after
     * it, which waits for this one. */
    if (b->seg <= f->timed_seg && (!c->sack || f->timed_seg < b->seg + b->count)) f->timed = 0;
  } else if (c->ecn && f->want & XTG_TCP_WANT_CWR) {
    b->cwr = 1;
    f->want &= ~XTG_TCP_WANT_CWR;
  }
  /* The acknowledgment goes with the data. */
  f->want &= ~(XTG_TCP_WANT_ACK | XTG_TCP_WANT_TAIL | XTG_TCP_WANT_PIECE | XTG_TCP_WANT_PROBE);
  xtg_tcp_hold(f, XTG_TCP_HELD_NO, now_us);
  if (f->timer == XTG_TCP_TIMER_REORDER)
    return; /* the acknowledgment that sets another is to come */
  /* The first one outstanding goes again: it may take a round trip from now (RFC 6675 suggests it).
   */
  head = b->kind == XTG_TCP_SEND_RETRANSMIT && b->seg == f->una_seg;
  xtg_tcp_arm(c, f, now_us, 0,
              head || f->timer == XTG_TCP_TIMER_TAIL || f->timer == XTG_TCP_TIMER_NONE ||
                  f->timer == XTG_TCP_TIMER_PERSIST);
}

/* Segments without data. */
static inline int xtg_tcp_pick_control(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b,
                                       __u32 now_us) {
  b->count = 1;
  b->len = 0;
  b->from = f->sent_end;
  if (f->fin && f->phase == XTG_TCP_DRAINED &&
      (!f->fin_sent || now_us - f->fin_us > xtg_tcp_rto(f))) {
    b->kind = XTG_TCP_SEND_FIN;
    if (f->fin_sent) f->backoff++;
    f->fin_sent = 1;
    f->fin_us = now_us;
  } else if (f->want & XTG_TCP_WANT_PROBE) {
    b->kind = XTG_TCP_SEND_PROBE;
    b->from = f->una;
  } else if (f->want & XTG_TCP_WANT_ACK) {
    b->kind = XTG_TCP_SEND_ACK;
    if (f->phase == XTG_TCP_CLOSED || f->fin_sent) b->from++; /* after our FIN */
  } else {
    return 0;
  }
  f->want &= ~(XTG_TCP_WANT_PROBE | XTG_TCP_WANT_ACK);
  return 1;
}

/* Decides what the flow sends next and enters it in the books; b->kind XTG_TCP_SEND_NONE: nothing.
 */
XTG_TCP_FN int xtg_tcp_pick(struct xtg_tcp_flow* f, struct xtg_tcp_burst* b, __u32 now_us,
                            __u32 flags) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 held = XTG_TCP_HELD_NO;
  if (!f || !b) return 0;
  b->kind = XTG_TCP_SEND_NONE;
  b->push = 0;
  b->cwr = 0;
  b->cause = 0;
  if (f->phase < XTG_TCP_OPEN || f->phase > XTG_TCP_CLOSED) return 0;
  if (f->phase == XTG_TCP_OPEN) {
    int ended = f->nxt >= f->limit || flags & XTG_TCP_NO_NEW;
    if (!(flags & XTG_TCP_NO_DATA) && xtg_tcp_pick_data(f, b, now_us, flags)) {
      xtg_tcp_sending(c, f, b, now_us);
      return 1;
    }
    /* The run ends with a segment that the window had cut, and all of that has arrived: it ends
     * there. */
    if (flags & XTG_TCP_NO_NEW && !xtg_tcp_outstanding(f)) f->nxt = f->sent_end;
    if (ended && f->una >= f->nxt) { /* whether or not the schedule would allow more */
      f->phase = XTG_TCP_DRAINED;
      f->timer = XTG_TCP_TIMER_NONE;
      xtg_tcp_hold(f, XTG_TCP_HELD_NO, now_us);
    } else if (!(flags & XTG_TCP_NO_DATA)) {
      if (!ended && !xtg_tcp_window_open(c, f))
        held = f->edge <= f->una ? XTG_TCP_HELD_ZERO : XTG_TCP_HELD_WINDOW;
      else if (!ended && f->una >= f->nxt)
        held = XTG_TCP_HELD_IDLE;
      else if (!ended && f->nxt_seg - f->una_seg >= xtg_tcp_board_segs(c))
        held = XTG_TCP_HELD_BOARD;
      if (held || f->held) xtg_tcp_hold(f, held, now_us);
      if (f->timer == XTG_TCP_TIMER_NONE) xtg_tcp_arm(c, f, now_us, 0, 1);
    }
  }
  return xtg_tcp_pick_control(f, b, now_us);
}

static inline void xtg_tcp_timeout(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f) {
  struct xtg_tcp_walk w = xtg_tcp_over(f, f->una_seg, f->nxt_seg, 0);
  struct xtg_tcp_word* head = xtg_tcp_word_at(f, f->una_seg / XTG_TCP_WORD);
  __u32 flight = xtg_tcp_flight_size(f), words = xtg_tcp_words(w.from, w.to);
  f->rto_fired++;
  /* The first one outstanding is SACKed, and yet not acknowledged: the far end took it back. */
  if (head && head->sacked >> (f->una_seg % XTG_TCP_WORD) & 1) {
    xtg_loop(words, xtg_tcp_renege_word, &w);
    f->sacked_out = 0;
    f->high_sacked = f->una_seg;
  }
  xtg_loop(words, xtg_tcp_all_lost_word, &w);
  xtg_tcp_cc_timeout(c, f, flight);
  f->backoff++;
  f->dupacks = 0;
  f->timed = 0;
  f->tail_out = 0;
  f->want |= XTG_TCP_WANT_HEAD;
}

/* The first one outstanding goes again as soon as the flow is asked, and has not yet: the schedule
 * leaves no slot. Nothing is out that could be answered. */
static inline int xtg_tcp_head_waits(const struct xtg_tcp_flow* f) {
  struct xtg_tcp_word* head = xtg_tcp_word_at(f, f->una_seg / XTG_TCP_WORD);
  return f->want & XTG_TCP_WANT_HEAD && head && head->lost >> (f->una_seg % XTG_TCP_WORD) & 1;
}

/* Nobody is there any more: nothing was heard for silence_us although the far end was asked, or
 * nothing was acknowledged for give_up_us although it was sent again (R2 of RFC 9293, 3.8.3). A
 * closed window may stay closed as long as the far end says so (3.8.6.1). */
static inline int xtg_tcp_gives_up(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                   __u32 kind, __u32 now_us) {
  if (!(f->want & XTG_TCP_ASKED)) {
    f->want |= XTG_TCP_ASKED;
    f->heard_us = now_us;
  } else if (!xtg_before(now_us, f->heard_us) && now_us - f->heard_us > c->silence_us) {
    f->phase = XTG_TCP_SILENT;
    return 1;
  }
  if (kind != XTG_TCP_TIMER_RTO || f->edge <= f->una) {
    f->want &= ~XTG_TCP_STUCK;
  } else if (!(f->want & XTG_TCP_STUCK)) {
    f->want |= XTG_TCP_STUCK;
    f->stuck_us = now_us;
  } else if (now_us - f->stuck_us > c->give_up_us) {
    f->phase = XTG_TCP_NO_PROGRESS;
    return 1;
  }
  return 0;
}

/* The flow's timer has gone off. */
XTG_TCP_FN int xtg_tcp_timer(struct xtg_tcp_flow* f, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 kind, wait;
  if (!f) return 0;
  kind = f->timer;
  f->timer = XTG_TCP_TIMER_NONE;
  if (f->phase != XTG_TCP_OPEN) return 0;
  if (kind == XTG_TCP_TIMER_REORDER) {
    wait = xtg_tcp_detect(f, now_us);
    xtg_tcp_arm(c, f, now_us, wait, 1);
  } else if (kind == XTG_TCP_TIMER_TAIL) {
    f->tail_probes++;
    f->want |= XTG_TCP_WANT_TAIL;
    f->tail_out = 1; /* so that the next one is the retransmission timer */
    f->tail_end = f->nxt_seg;
    xtg_tcp_arm(c, f, now_us, 0, 1);
  } else {
    int waits = kind == XTG_TCP_TIMER_RTO && xtg_tcp_head_waits(f);
    if (!waits && xtg_tcp_gives_up(c, f, kind, now_us)) return 0;
    if (waits) {
      /* and the time-out begins when it has gone */
    } else if (kind == XTG_TCP_TIMER_RTO) {
      xtg_tcp_timeout(c, f);
    } else if (f->edge > f->sent_end) {
      f->want |= XTG_TCP_WANT_PIECE; /* RFC 9293, 3.8.6.2.1 (4) */
    } else {
      f->window_probes++;
      f->backoff++;
      f->want |= XTG_TCP_WANT_PROBE;
    }
    xtg_tcp_arm(c, f, now_us, 0, 1);
  }
  xtg_tcp_wake(f);
  return 1;
}

/* The time by which a worker's timers are judged at the start of a burst. While segments still wait
 * to be read, as after a stall of the thread, the answer that a timer waits for may be among them:
 * then only what was due well before the last one read, `heard_us`. A queue that never becomes
 * empty therefore delays timers, and does not stop them. */
static inline __u32 xtg_tcp_timer_time(__u32 now_us, int waiting, __u32 heard_us) {
  __u32 known = heard_us - XTG_TCP_RTO_MIN_US;
  return waiting && xtg_before(known, now_us) ? known : now_us;
}
