/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Round-trip times and the retransmission time-out: RFC 6298 with the 200 ms floor and the 120 s
 * ceiling of Linux. */
#pragma once

#include "tcp_math.h"

#define XTG_TCP_RTO_MIN_US 200000U
#define XTG_TCP_RTO_MAX_US 120000000U
#define XTG_TCP_RTO_FIRST_US 1000000U /* RFC 6298, (2.1) */

#define XTG_TCP_RTT_LOW_US 10000000U

/* The lowest round trip of the last ten to twenty seconds (RFC 8985, 6.2, step 1): that of the
 * handshake, of short packets over empty queues, and that of a former route say nothing about
 * reordering. */
static inline void xtg_tcp_rtt_low_update(struct xtg_tcp_flow* f, __u32 rtt_us, __u32 now_us) {
  __u32 passed = now_us - f->rtt_low_since_us;
  if (rtt_us == 0) rtt_us = 1;
  if (!f->rtt_low_us || passed >= XTG_TCP_RTT_LOW_US) {
    f->rtt_low_before_us = passed < 2 * XTG_TCP_RTT_LOW_US ? f->rtt_low_us : 0;
    f->rtt_low_us = rtt_us;
    f->rtt_low_since_us = now_us;
  } else if (rtt_us < f->rtt_low_us) {
    f->rtt_low_us = rtt_us;
  }
}

static inline __u32 xtg_tcp_rtt_low(const struct xtg_tcp_flow* f) {
  if (!f->rtt_low_us) return f->rtt_min_us;
  return f->rtt_low_before_us && f->rtt_low_before_us < f->rtt_low_us ? f->rtt_low_before_us
                                                                      : f->rtt_low_us;
}

/* A sample from a segment that was sent once (Karn). */
static inline void xtg_tcp_rtt_update(struct xtg_tcp_flow* f, __u32 rtt_us) {
  __u32 rto;
  if (rtt_us == 0) rtt_us = 1;
  if (rtt_us > XTG_TCP_RTO_MAX_US) return; /* the clock wrapped, or a bogus value */
  if (f->srtt_us8 == 0) {
    f->srtt_us8 = rtt_us * 8;
    f->rttvar_us4 = rtt_us * 2;
  } else {
    /* RTTVAR <- 3/4 RTTVAR + 1/4 |SRTT - R|, SRTT <- 7/8 SRTT + 1/8 R */
    __s32 error = (__s32)(rtt_us - (f->srtt_us8 >> 3));
    f->srtt_us8 += error;
    if (error < 0) error = -error;
    f->rttvar_us4 += (__u32)error - (f->rttvar_us4 >> 2);
    if (f->srtt_us8 == 0) f->srtt_us8 = 1;
  }
  if (f->rtt_min_us == 0 || rtt_us < f->rtt_min_us) f->rtt_min_us = rtt_us;
  /* RTO <- SRTT + max(G, 4 * RTTVAR), G = 1 us */
  rto = (f->srtt_us8 >> 3) + (f->rttvar_us4 ? f->rttvar_us4 : 1);
  if (rto < XTG_TCP_RTO_MIN_US) rto = XTG_TCP_RTO_MIN_US;
  if (rto > XTG_TCP_RTO_MAX_US) rto = XTG_TCP_RTO_MAX_US;
  f->rto_us = rto;
  f->backoff = 0; /* RFC 6298, (5.7) */
}

/* The time-out with its backoff (RFC 6298, (5.5)). */
static inline __u32 xtg_tcp_rto(const struct xtg_tcp_flow* f) {
  __u64 rto = f->rto_us ? f->rto_us : XTG_TCP_RTO_FIRST_US;
  rto <<= f->backoff > 10 ? 10 : f->backoff;
  return rto > XTG_TCP_RTO_MAX_US ? XTG_TCP_RTO_MAX_US : (__u32)rto;
}
