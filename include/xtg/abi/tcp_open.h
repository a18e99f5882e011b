/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a flow begins: the part of the sender's rules that user space runs. */
#pragma once

#include "tcp_rtt.h"

#define XTG_TCP_CWND_MAX (XTG_TCP_MAX_WORDS * XTG_TCP_WORD)
#define XTG_TCP_CWND_FIRST 10 /* RFC 6928 */
/* Each of our frames is a page: more of them at once would not fit into an ordinary receiver's
 * first buffer (tcp_rmem: 128 KiB), whatever window it tells before it has seen one. */
#define XTG_TCP_CWND_FIRST_NONE 24

/* Segments of a flow that may be in flight at once, for the scoreboard is a ring of whole words. */
static inline __u64 xtg_tcp_board_segs(const struct xtg_tcp_config* c) {
  return ((__u64)c->board_words - 1) * XTG_TCP_WORD;
}

#define XTG_TCP_OWN_WINDOW 65535U

/* The window that we advertise, as in the header: that of a receiver that reads everything at once.
 * `told`: what the socket advertised last. It is small where data lay unread at take-over; its
 * right edge is never taken back (RFC 9293, 3.8.6). */
static inline __u32 xtg_tcp_own_window(__u32 told, __u32 wscale) {
  __u32 bytes = told > XTG_TCP_OWN_WINDOW ? told : XTG_TCP_OWN_WINDOW;
  __u32 window = (bytes + (1U << wscale) - 1) >> wscale;
  return window > 0xffff ? 0xffff : window;
}

static inline void xtg_tcp_cc_open(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f) {
  f->cwnd = c->congestion == XTG_TCP_CC_NONE ? XTG_TCP_CWND_FIRST_NONE : XTG_TCP_CWND_FIRST;
  f->ssthresh = XTG_TCP_CWND_MAX;
}

/* A connection as it was taken over: what user space has filled in is completed. */
static inline void xtg_tcp_flow_open(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                     __u32 window, __u32 rtt_us, __u32 now_us) {
  f->edge = window;
  f->max_window = window;
  f->heard_us = now_us;
  f->held_us = now_us;
  f->reorder_steps = 1;
  if (rtt_us) xtg_tcp_rtt_update(f, rtt_us);
  xtg_tcp_cc_open(c, f);
}
