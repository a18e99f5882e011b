/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Congestion control: none, NewReno (RFC 5681, 6582), CUBIC (RFC 9438). "None" is for labs: the far
 * end's window is the limit, but losses hold a flow to what the path has been shown to carry. */
#pragma once

#include "tcp_open.h"
#include "tcp_undo.h"

#define XTG_TCP_NONE_LEAST 64 /* a driver's full ring does not push it below */
#define XTG_TCP_NONE_PART 16  /* XTG_TCP_CC_NONE grows by this part in a round trip */

/* FlightSize of RFC 5681: what is not acknowledged, SACKed or not. One acknowledgment of many
 * segments must not make it small. */
static inline __u32 xtg_tcp_flight_size(const struct xtg_tcp_flow* f) {
  return (__u32)xtg_min64(f->nxt_seg - f->una_seg, f->cwnd);
}

/* floor(cube root) for results below 2^16. */
static inline __u32 xtg_tcp_cbrt(__u64 x) {
  __u64 root = 0;
  int bit;
  XTG_UNROLL
  for (bit = 15; bit >= 0; bit--) {
    __u64 next = root | (1ULL << bit);
    if (next * next * next <= x) root = next;
  }
  return (__u32)root;
}

/* RFC 9438: beta 0.7, C 0.4. In a function of its own for the verifier's sake. */
XTG_TCP_FN int xtg_tcp_cubic_grow(struct xtg_tcp_flow* f, __u32 acked, __u32 now_us) {
  __u64 t_ms, d, cube, target, step;
  __u32 passed;
  if (!f) return 0;
  if (!f->cubic_running) {
    f->cubic_running = 1;
    f->cubic_t_us = 0;
    f->cubic_reno = f->cwnd;
    f->cubic_part = f->cwnd_part = 0;
    if (f->cubic_max < f->cwnd) f->cubic_max = f->cwnd;
    /* K = cbrt((W_max - cwnd) / C) in seconds */
    f->cubic_k_ms = xtg_tcp_cbrt((__u64)(f->cubic_max - f->cwnd) * 2500000000ULL);
  }
  /* Two acknowledgments farther apart than two round trips: in between there was nothing to send,
   * which is no time of the epoch (RFC 9438, 5.8). */
  passed = f->cubic_t_us ? now_us - f->cubic_last_us : 1;
  if (f->srtt_us8 && passed > f->srtt_us8 / 4) passed = f->srtt_us8 / 4;
  f->cubic_t_us += passed;
  f->cubic_last_us = now_us;
  t_ms = (f->cubic_t_us + (f->srtt_us8 >> 3)) / 1000;
  d = t_ms > f->cubic_k_ms ? t_ms - f->cubic_k_ms : f->cubic_k_ms - t_ms;
  if (d > 100000) d = 100000;
  cube = d * d * d * 2 / 5000000000ULL;
  if (t_ms >= f->cubic_k_ms)
    target = f->cubic_max + cube;
  else
    target = f->cubic_max > cube ? f->cubic_max - cube : 0;
  if (target > f->cwnd + f->cwnd / 2) target = f->cwnd + f->cwnd / 2;
  if (target < f->cwnd) target = f->cwnd;
  /* cwnd += (target - cwnd) / cwnd for each segment */
  step = f->cwnd_part + (target - f->cwnd) * acked;
  f->cwnd_part = (__u32)(step % (f->cwnd ? f->cwnd : 1));
  f->cwnd += (__u32)(step / (f->cwnd ? f->cwnd : 1));
  /* W_est += alpha / cwnd, alpha = 3 (1 - beta) / (1 + beta) = 9 / 17; 1 from W_max on */
  step = f->cubic_part + (f->cubic_reno < f->cubic_max ? 9ULL : 17ULL) * acked;
  f->cubic_reno += (__u32)(step / (17ULL * (f->cwnd ? f->cwnd : 1)));
  f->cubic_part = (__u32)(step % (17ULL * (f->cwnd ? f->cwnd : 1)));
  if (f->cwnd < f->cubic_reno) f->cwnd = f->cubic_reno;
  return 1;
}

/* Not limited, but by losses. Below what the path has carried as a slow start; further on by a
 * sixteenth in a round trip: a path that loses less than that at random does not hold the flow, and
 * one that is full loses no more. */
static inline void xtg_tcp_none_grow(struct xtg_tcp_flow* f, __u32 acked) {
  if (f->cwnd < f->ssthresh) {
    f->cwnd += acked;
    return;
  }
  f->cwnd_part += acked;
  f->cwnd += f->cwnd_part / XTG_TCP_NONE_PART;
  f->cwnd_part %= XTG_TCP_NONE_PART;
}

/* `acked` segments were delivered. */
static inline void xtg_tcp_cc_acked(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                    __u32 acked, __u32 now_us) {
  __u32 used = xtg_tcp_in_flight(f) + acked;
  if (!acked) return;
  if (c->congestion == XTG_TCP_CC_NONE) {
    xtg_tcp_none_grow(f, acked);
  } else if (f->recovery == XTG_TCP_FAST) {
    return;
  } else if (used * 2 < f->cwnd) {
    f->cubic_last_us = now_us; /* nor is it time of CUBIC's epoch */
    return;                    /* not what holds the flow back (RFC 9293, 3.8.4; RFC 7661) */
  } else if (f->cwnd < f->ssthresh) {
    f->cwnd += acked;
  } else if (c->congestion == XTG_TCP_CC_CUBIC) {
    xtg_tcp_cubic_grow(f, acked, now_us);
  } else {
    f->cwnd_part += acked;
    if (f->cwnd_part >= f->cwnd) {
      f->cwnd_part -= f->cwnd;
      f->cwnd++;
    }
  }
  if (f->cwnd > XTG_TCP_CWND_MAX) f->cwnd = XTG_TCP_CWND_MAX;
}

/* The multiplicative decrease from `flight` segments. */
static inline void xtg_tcp_cc_reduce(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                     __u32 flight) {
  if (c->congestion == XTG_TCP_CC_CUBIC) {
    /* Fast convergence, RFC 9438, 4.7. */
    f->cubic_max = flight < f->cubic_max ? flight * 17 / 20 : flight;
    f->cubic_running = 0;
    f->ssthresh = flight * 7 / 10;
  } else {
    f->ssthresh = flight / 2;
  }
  if (f->ssthresh < 2) f->ssthresh = 2;
}

/* Losses were found: recovery begins (RFC 6675, 5). `flight`: segments in flight before. */
static inline void xtg_tcp_cc_loss(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                   __u32 flight) {
  xtg_tcp_undo_save(c, f);
  f->recovery = XTG_TCP_FAST;
  f->recovery_end = f->nxt_seg;
  if (c->congestion == XTG_TCP_CC_NONE) {
    f->cwnd = flight;
    return; /* xtg_tcp_cc_lost() follows */
  }
  xtg_tcp_cc_reduce(c, f, flight);
  f->cwnd = f->ssthresh;
  f->cwnd_part = 0;
}

/* `lost` more segments were found lost: so many fewer has the path been shown to carry. */
static inline void xtg_tcp_cc_lost(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                   __u32 lost) {
  if (c->congestion != XTG_TCP_CC_NONE || f->recovery != XTG_TCP_FAST) return;
  f->cwnd = f->cwnd > lost ? f->cwnd - lost : 1;
  if (f->cwnd < c->floor_segs) f->cwnd = c->floor_segs;
  if (f->cwnd > XTG_TCP_CWND_MAX) f->cwnd = XTG_TCP_CWND_MAX;
  f->ssthresh = f->cwnd;
}

/* A router on the path has marked a segment instead of dropping it (RFC 3168). `flight`: segments
 * in flight before. "None" gives back what a round trip adds. */
static inline void xtg_tcp_cc_marked(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                     __u32 flight) {
  if (c->congestion == XTG_TCP_CC_NONE) {
    if (f->cwnd > flight) f->cwnd = flight;
    f->cwnd -= (f->cwnd + XTG_TCP_NONE_PART - 1) / XTG_TCP_NONE_PART;
    if (f->cwnd < c->floor_segs) f->cwnd = c->floor_segs;
    f->ssthresh = f->cwnd;
    f->cwnd_part = 0;
    return;
  }
  xtg_tcp_cc_reduce(c, f, f->cwnd); /* this acknowledgment may have left nothing in flight */
  f->cwnd = f->ssthresh;
}

/* The driver refused a segment: what it took before is all that there is room for. */
static inline void xtg_tcp_cc_refused(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f) {
  __u32 flight = xtg_tcp_in_flight(f);
  if (c->congestion != XTG_TCP_CC_NONE) return;
  if (flight < XTG_TCP_NONE_LEAST) flight = XTG_TCP_NONE_LEAST;
  if (f->cwnd <= flight) return;
  f->cwnd = f->ssthresh = flight;
  f->cwnd_part = 0;
}

/* The retransmission timer went off (RFC 5681, 3.1). */
static inline void xtg_tcp_cc_timeout(const struct xtg_tcp_config* c, struct xtg_tcp_flow* f,
                                      __u32 flight) {
  if (f->recovery == XTG_TCP_SMOOTH) xtg_tcp_undo_save(c, f);
  if (c->congestion == XTG_TCP_CC_NONE) {
    if (f->recovery != XTG_TCP_TIMEOUT) {
      f->ssthresh = flight / 2 > c->floor_segs ? flight / 2 : c->floor_segs;
    }
  } else {
    /* Only the first of several time-outs of the same data (RFC 5681, equation 4). */
    if (f->recovery != XTG_TCP_TIMEOUT) xtg_tcp_cc_reduce(c, f, flight);
  }
  f->cwnd = c->congestion == XTG_TCP_CC_NONE ? XTG_TCP_CWND_FIRST : 1;
  f->cwnd_part = 0;
  f->recovery = XTG_TCP_TIMEOUT;
  f->recovery_end = f->nxt_seg;
}
