/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which segments are lost: RACK (RFC 8985) with its reordering window, and the one timer of a flow:
 * reordering, tail-loss probe, retransmission, persist. */
#pragma once

#include "tcp_cc.h"
#include "tcp_rtt.h"

#define XTG_TCP_DUP_THRESH 3
#define XTG_TCP_DELACK_US                                                                          \
  200000U /* RFC 8985, 7.2: one segment in flight, its ACK may be delayed                          \
           */
#define XTG_TCP_PERSIST_MAX_US 5000000U
/* Linux answers no second probe within half a second (tcp_invalid_ratelimit). */
#define XTG_TCP_PERSIST_NEXT_US 600000U

/* When a segment that was delivered left at the earliest. `sent`, its group's stamp, is the time of
 * the group's last one. */
static inline __u32 xtg_tcp_sent_low(struct xtg_tcp_flow* f, __u64 seg, __u32 sent, int retransmits,
                                     __u32 now_us) {
  __u64 before = (seg | 15) - 16; /* the last one of the group before */
  __u32 usual = f->srtt_us8 >> 3, low;
  struct xtg_tcp_word* b;
  if (!retransmits && (seg % 16 == 15 || seg + 1 == f->nxt_seg)) return sent;
  if (!retransmits && seg >= 16) { /* what is sent once is sent in order */
    b = xtg_tcp_word_at(f, before / XTG_TCP_WORD);
    return b ? b->sent_us[before % XTG_TCP_WORD / 16 & 3] : sent;
  }
  /* Too late for this one if its round trip would have been a short one; where they vary, who
   * knows. */
  if (f->rack_valid && f->rack_rtt_us > usual) usual = f->rack_rtt_us;
  if (now_us - sent >= usual - usual / 8 && f->rttvar_us4 >> 1 <= usual / 8) return sent;
  b = xtg_tcp_word_at(f, seg / XTG_TCP_WORD);
  if (b && retransmits &&
      xtg_bits(b->retransmits & 0xffffULL << (seg % XTG_TCP_WORD / 16 * 16)) == 1)
    return sent; /* its own */
  low = now_us - usual - (f->rttvar_us4 >> 1);
  return xtg_before(low, sent) ? low : sent;
}

/* A segment was delivered: is it the one sent last of those (RFC 8985, 6.2 step 2)? `end` is one
 * past its number. */
XTG_TCP_FN int xtg_tcp_rack_update(struct xtg_tcp_flow* f, __u64 end, int retransmits,
                                   __u32 now_us) {
  struct xtg_tcp_word* b;
  __u32 group, sent, rtt, low;
  if (!f || !end) return 0;
  b = xtg_tcp_word_at(f, (end - 1) / XTG_TCP_WORD);
  if (!b) return 0;
  group = (__u32)((end - 1) % XTG_TCP_WORD) / 16;
  sent = retransmits ? b->retransmitted_us[group & 3] : b->sent_us[group & 3];
  /* Others of the group were sent after this was heard, though read before. */
  if (xtg_before(now_us, sent)) sent = now_us;
  rtt = now_us - sent;
  /* A retransmission answered clearly faster than any round trip: it was the original, and only
   * late. */
  if (retransmits && rtt + rtt / 8 < xtg_tcp_rtt_low(f)) {
    if (f->recovery == XTG_TCP_FAST) f->reorder_seen = 1;
    return 0;
  }
  /* Answered within the time-out without its backoff: that was not too short. Otherwise the backoff
   * stays until a round trip was measured (RFC 6298, (5.7)), or there might never be one. Whether
   * the answer is to the retransmission, DSACK can tell: xtg_tcp_ack(). Without it: not too much
   * backoff, for in a long recovery nothing can be measured. */
  if (rtt >= xtg_tcp_rtt_low(f) && rtt < (f->rto_us ? f->rto_us : XTG_TCP_RTO_FIRST_US)) {
    if (!retransmits || xtg_tcp_c()->sack)
      f->backoff = 0;
    else if (f->backoff > 2)
      f->backoff = 2;
  }
  low = xtg_tcp_sent_low(f, end - 1, sent, retransmits, now_us);
  if (retransmits) sent = low;
  if (!f->rack_valid || xtg_before(f->rack_low_us, low)) f->rack_low_us = low;
  if (f->rack_valid && (xtg_before(sent, f->rack_us) || (sent == f->rack_us && end <= f->rack_seg)))
    return 0;
  rtt = now_us - sent;
  f->rack_us = sent;
  f->rack_seg = end;
  f->rack_rtt_us = rtt;
  f->rack_valid = 1;
  return 1;
}

/* RFC 8985, 6.2 step 4 */
static inline __u32 xtg_tcp_reorder_window(const struct xtg_tcp_flow* f) {
  __u32 window, srtt = f->srtt_us8 >> 3;
  if (!f->reorder_seen && (f->recovery != XTG_TCP_SMOOTH || f->sacked_out >= XTG_TCP_DUP_THRESH))
    return 0;
  window = xtg_tcp_rtt_low(f) / 4 * f->reorder_steps;
  return window > srtt ? srtt : window;
}

/* Of `open` segments in a group sent at `sent`: those sent before the newest one delivered and out
 * for longer than the reordering window; w->wait_us: how long until more will be. */
static inline __u64 xtg_tcp_rack_group(struct xtg_tcp_walk* w, __u64 open, __u32 sent, __u64 below,
                                       int retransmits, int head) {
  const struct xtg_tcp_flow* f = w->f;
  __u32 rtt = f->rack_rtt_us, last = f->rack_us, srtt = f->srtt_us8 >> 3;
  __s32 left;
  /* A group's time is that of its last segment. The one delivered may have been sent before it, so
   * that its round trip was longer. What was sent once left in the order of its numbers all the
   * same; not so what was sent again. */
  if (retransmits) {
    if (last != f->rack_low_us) below = 0;
    last = f->rack_low_us;
    if (rtt < srtt) rtt = srtt;
    /* A far end that reports seldom reports only the newest of much (Linux 6.7 while it empties its
     * backlog): what it got again may show only when everything before it is there. The first hole
     * it always tells. */
    if (!head && f->spurious > f->retransmits[XTG_TCP_RETRANSMIT_SACK] >> 6) rtt += srtt;
  } else if (sent != last && rtt < w->low_us) {
    rtt = w->low_us;
  }
  if (sent == last)
    open &= below;
  else if (!xtg_before(sent, last))
    return 0;
  if (!open) return 0;
  left = (__s32)(sent + rtt + w->window_us - w->now_us);
  if (left <= 0) return open;
  if ((__u32)left > w->wait_us) w->wait_us = (__u32)left;
  return 0;
}

static inline long xtg_tcp_rack_word(__u32 i, void* ctx) {
  struct xtg_tcp_walk* w = (struct xtg_tcp_walk*)ctx;
  __u64 mask, number, open, once, retransmits, below, head, lost = 0;
  struct xtg_tcp_word* b = xtg_tcp_walk_word(w, i, &mask, &number);
  int g;
  if (!b) return 1;
  open = mask & ~b->sacked & ~b->lost;
  if (!open) return 0;
  once = open & ~b->retransmits;
  retransmits = open & b->retransmits;
  below = xtg_word_mask(number, 0, w->f->rack_seg);
  head = xtg_word_mask(number, 0, w->f->una_seg + 1);
  XTG_UNROLL
  for (g = 0; g < XTG_TCP_STAMPS; g++) {
    __u64 group = 0xffffULL << (16 * g);
    if (once & group) lost |= xtg_tcp_rack_group(w, once & group, b->sent_us[g], below, 0, 0);
    if (retransmits & head & group)
      lost |=
          xtg_tcp_rack_group(w, retransmits & head & group, b->retransmitted_us[g], below, 1, 1);
    if (retransmits & ~head & group)
      lost |=
          xtg_tcp_rack_group(w, retransmits & ~head & group, b->retransmitted_us[g], below, 1, 0);
  }
  b->lost |= lost;
  b->local &= ~lost;
  w->f->lost_out += xtg_bits(lost);
  return 0;
}

/* RFC 8985, 6.2 step 5. Returns in how many us to look again; 0: need not. */
XTG_TCP_FN __u32 xtg_tcp_detect(struct xtg_tcp_flow* f, __u32 now_us) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_walk w;
  __u32 lost;
  if (!f) return 0;
  w = xtg_tcp_over(f, f->una_seg, f->nxt_seg, now_us);
  lost = f->lost_out;
  if (!f->rack_valid || w.from >= w.to) return 0;
  w.window_us = xtg_tcp_reorder_window(f);
  w.low_us = xtg_tcp_rtt_low(f);
  xtg_loop(xtg_tcp_words(w.from, w.to), xtg_tcp_rack_word, &w);
  if (f->lost_out == lost) return w.wait_us;
  if (f->recovery == XTG_TCP_SMOOTH) {
    xtg_tcp_cc_loss(c, f, xtg_tcp_flight_size(f));
    f->want |= XTG_TCP_WANT_HEAD; /* the first one at once (RFC 6675, 5, (4.3)) */
  }
  xtg_tcp_cc_lost(c, f, f->lost_out - lost);
  return w.wait_us;
}

/* Whether the window leaves room for all of the next segment, or for the rest of one it had cut. */
static inline int xtg_tcp_window_open(const struct xtg_tcp_config* c,
                                      const struct xtg_tcp_flow* f) {
  __u64 end = f->nxt;
  if (f->sent_end >= f->nxt) end += xtg_min64(xtg_tcp_len(c, f->nxt_seg), f->limit - f->nxt);
  return f->edge >= end;
}

/* Sets the timer by what is outstanding. `wait_us`: segments may be lost by then. `restart`: the
 * far end has made progress, so time-outs restart (RFC 6298, 5.3). */
static inline void xtg_tcp_arm(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f, __u32 now_us,
                               __u32 wait_us, int restart) {
  __u64 out = f->nxt_seg - f->una_seg;
  __u32 kind, in_us = xtg_tcp_rto(f), tail_us;
  if (!xtg_tcp_outstanding(f)) {
    if (f->sent_end >= f->limit || xtg_tcp_window_open(c, f)) {
      f->timer = XTG_TCP_TIMER_NONE;
      return;
    }
    kind = XTG_TCP_TIMER_PERSIST;
    if (f->backoff && in_us < XTG_TCP_PERSIST_NEXT_US) in_us = XTG_TCP_PERSIST_NEXT_US;
    if (in_us > XTG_TCP_PERSIST_MAX_US) in_us = XTG_TCP_PERSIST_MAX_US;
  } else if (wait_us) {
    kind = XTG_TCP_TIMER_REORDER;
    in_us = wait_us;
  } else if (c->sack && f->recovery == XTG_TCP_SMOOTH && !f->tail_out && !f->lost_out &&
             !f->sacked_out && f->srtt_us8) {
    kind = XTG_TCP_TIMER_TAIL;
    tail_us = f->srtt_us8 / 4 + (out == 1 ? XTG_TCP_DELACK_US : c->tail_slack_us);
    if (tail_us < in_us) in_us = tail_us;
  } else {
    kind = XTG_TCP_TIMER_RTO;
  }
  if (kind == f->timer && !restart && kind != XTG_TCP_TIMER_REORDER) return;
  f->timer = kind;
  f->timer_us = now_us + in_us;
}
