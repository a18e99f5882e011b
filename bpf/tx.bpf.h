/* SPDX-License-Identifier: GPL-2.0-only */
/* The sending program: one run of it is one frame. It runs in the sending thread's BPF_PROG_RUN
 * call with live frames, never on received packets.
 *
 * Its cost limits the tool's speed, so values shared by a batch's frames are computed once per
 * batch, and all per-stream constants are reached through one pointer into .rodata, where the
 * verifier knows their values and removes the branches not taken. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "renew.bpf.h"
#include "tx_batch.bpf.h"
#include "tx_frame.bpf.h"
#include "tx_no_perfmon.bpf.h"
#include "tx_plain.bpf.h"

#define XTG_SKIP XDP_DROP /* send nothing: the page returns to the pool directly */

/* Tracepoints count the outcome of frames; the remainder, which they do not see, are frames whose
 * device has left the map, so that the helper returned XDP_DROP. */
static __always_inline int transmit(void) {
  return bpf_redirect_map(&targets, 0, XDP_DROP);
}

/* For one stream, whose constants are known. */
static __noinline int begin_one(struct xtg_tx_worker* w, struct xtg_tx_cursor* c) {
  const struct xtg_stream* s = stream_at(0);

  if (!begin_batch(w, c, s, 0, false)) return 0;
  if (s->n_fields && c->value_seq != w->seq) seek_one(w->number, w->seq);
  return 1;
}

/* For one of several streams. Global functions, which the verifier checks once. */
__noinline int xtg_begin_batch(__u32 worker, __u32 stream) {
  return begin_batch(&workers[worker & (XTG_MAX_WORKERS - 1)], cursor_at(worker, stream),
                     stream_at(stream), stream, true);
}

__noinline int xtg_begin_any(__u32 worker) {
  struct xtg_tx_worker* w = &workers[worker & (XTG_MAX_WORKERS - 1)];
  __u32 stream = xtg_choose(worker);

  if (stream >= XTG_NO_STREAM) {
    w->idle_left = w->batch - 1;
    return 0;
  }
  const struct xtg_stream* s = stream_at(stream);
  struct xtg_tx_cursor* c = cursor_at(worker, stream);
  w->stream = stream;
  if (!xtg_begin_batch(worker, stream)) return 0;
  charge(w, c, s);
  if (s->n_fields && c->value_seq != w->seq) xtg_seek(worker, stream, w->seq);
  return 1;
}

/* Flows that have all had a packet return to where the round began. */
static __always_inline void turn_flows(struct xtg_tx_worker* w, struct xtg_tx_cursor* c,
                                       const struct xtg_stream* s, const int variant) {
  if (!flows_return(c, s)) return;
  if (variant & XTG_V_MULTI)
    xtg_seek(w->number, w->stream, w->seq);
  else
    seek_fields(c, s, w->seq);
}

static __always_inline int send_frame(struct xdp_md* ctx, struct xtg_tx_worker* w, __u32 worker,
                                      const int variant) {
  if (variant & XTG_V_PLAIN) {
    if (variant & XTG_V_STAMP)
      plain_stamp(w, stream_at(0), stamp_at(stream_at(0), bpf_ktime_get_ns()));
    if (!write_plain(ctx, w, worker, stream_at(0), variant & XTG_V_SIZED)) return XTG_SKIP;
    return transmit();
  }
  __u32 stream = variant & XTG_V_MULTI ? w->stream : 0;
  const struct xtg_stream* s = stream_at(stream);
  struct xtg_tx_cursor* c = cursor_at(worker, stream);

  if (variant & XTG_V_MULTI && s->stamp_each)
    xtg_stamp(worker, stream, bpf_ktime_get_ns());
  else if (s->stamp_each)
    set_stamp(w, s, stamp_at(s, bpf_ktime_get_ns()));
  if (variant & XTG_V_NO_PERFMON) {
    if (!store_frame(ctx, w, s)) return XTG_SKIP;
  } else {
    if (!write_frame(ctx, w, c, s, variant)) return XTG_SKIP;
  }
  w->seq++;
  if (s->n_fields) c->value_seq = w->seq;
  if (s->flows) turn_flows(w, c, s, variant);
  if (variant & XTG_V_RENEW && config.renew) xtg_renew(ctx);
  return variant & XTG_V_SKB ? XDP_PASS : transmit();
}

static __always_inline __u32 this_worker(struct xdp_md* ctx) {
  return config.n_workers > 1 ? ctx->ingress_ifindex - config.ingress_base : 0;
}

static __always_inline int begin(struct xdp_md* ctx, const int variant) {
  __u32 worker = this_worker(ctx) & (XTG_MAX_WORKERS - 1);
  struct xtg_tx_worker* w = &workers[worker];

  if (w->idle_left) {
    w->idle_left--;
    return XTG_SKIP;
  }
  if (variant & XTG_V_MULTI) {
    if (!xtg_begin_any(worker)) return XTG_SKIP;
  } else {
    if (!begin_one(w, cursor_at(worker, 0))) return XTG_SKIP;
  }
  return send_frame(ctx, w, worker, variant);
}

/* A variant is two functions: the beginning of a batch is separate, because values that must
 * survive its helper calls would otherwise cost every frame the saving of callee-saved registers
 * (1.5 %). */
#define XTG_TX_PROGRAM(name, variant)                                                              \
  static __noinline int name##_begin(struct xdp_md* ctx) {                                         \
    return begin(ctx, variant);                                                                    \
  }                                                                                                \
                                                                                                   \
  SEC("xdp")                                                                                       \
  int name(struct xdp_md* ctx) {                                                                   \
    __u32 worker = this_worker(ctx);                                                               \
                                                                                                   \
    if (worker >= XTG_MAX_WORKERS) return XTG_SKIP;                                                \
    /* Verifier: clang would compute the address first and compare another copy of the index. */   \
    asm volatile("" : "+r"(worker));                                                               \
    struct xtg_tx_worker* w = &workers[worker & (XTG_MAX_WORKERS - 1)];                            \
    /* Kept in a register, not computed again. */                                                  \
    asm volatile("" : "+r"(w));                                                                    \
    if (w->seq == w->send_end) return name##_begin(ctx);                                           \
    return send_frame(ctx, w, worker, variant);                                                    \
  }

/* One stream: the common kind (see tx_plain.bpf.h), and any kind. */
XTG_TX_PROGRAM(xtg_tx, XTG_V_PLAIN)
XTG_TX_PROGRAM(xtg_tx_stamp, XTG_V_PLAIN | XTG_V_STAMP)
XTG_TX_PROGRAM(xtg_tx_sized, XTG_V_PLAIN | XTG_V_SIZED)
XTG_TX_PROGRAM(xtg_tx_single, 0)
/* One stream whose frames have to be restored. */
XTG_TX_PROGRAM(xtg_tx_renew, XTG_V_RENEW)
/* Any number of streams. */
XTG_TX_PROGRAM(xtg_tx_multi, XTG_V_MULTI | XTG_V_RENEW)
/* Any number of streams, without CAP_PERFMON. Slower. */
XTG_TX_PROGRAM(xtg_tx_no_perfmon, XTG_V_MULTI | XTG_V_NO_PERFMON | XTG_V_RENEW)
/* The same three where frames become skbs, see egress.bpf.h. */
XTG_TX_PROGRAM(xtg_skb, XTG_V_SKB)
XTG_TX_PROGRAM(xtg_skb_multi, XTG_V_SKB | XTG_V_MULTI)
XTG_TX_PROGRAM(xtg_skb_no_perfmon, XTG_V_SKB | XTG_V_MULTI | XTG_V_NO_PERFMON)
