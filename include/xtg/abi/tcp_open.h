/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The start of a flow: the part of the sender's rules that runs in user space. */
#pragma once

#include "tcp_rtt.h"

#define XTG_TCP_CWND_MAX (XTG_TCP_MAX_WORDS * XTG_TCP_WORD)
#define XTG_TCP_CWND_FIRST 10 /* RFC 6928 */
/* Each of our frames takes a page: more of them at once would not fit into an ordinary receiver's
 * initial buffer (tcp_rmem: 128 KiB), whatever window it advertises before it has received one. */
#define XTG_TCP_CWND_FIRST_NONE 24

/* Most segments of a flow in flight: the scoreboard is a ring of whole words. */
static inline __u64 xtg_tcp_board_segs(const struct xtg_tcp_config* c) {
  return ((__u64)c->board_words - 1) * XTG_TCP_WORD;
}

#define XTG_TCP_OWN_WINDOW 65535U

/* The window that we advertise, as in the header: that of a receiver that reads everything
 * immediately. `advertised`: last advertised by the socket. It is small if unread data was queued
 * at take-over; its right edge never moves left (RFC 9293, 3.8.6). */
static inline __u32 xtg_tcp_own_window(__u32 advertised, __u32 wscale) {
  __u32 bytes = advertised > XTG_TCP_OWN_WINDOW ? advertised : XTG_TCP_OWN_WINDOW;
  __u32 window = (bytes + (1U << wscale) - 1) >> wscale;
  return window > 0xffff ? 0xffff : window;
}

static inline void xtg_tcp_cc_open(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f) {
  f->cwnd = c->congestion == XTG_TCP_CC_NONE ? XTG_TCP_CWND_FIRST_NONE : XTG_TCP_CWND_FIRST;
  f->ssthresh = XTG_TCP_CWND_MAX;
}

/* Completes a connection that was taken over, after user space has filled in its part. */
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
