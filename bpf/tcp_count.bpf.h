/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of the frames. A driver that refuses some of a bulk refuses its last ones
 * (kernel/bpf/devmap.c, bq_xmit_all), and bulks come in the order in which the worker handed the
 * frames out: so it is known at once, without a round trip, which segments have to go again. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "errnos.bpf.h"
#include "tcp_maps.bpf.h"
#include "tcp_tx.bpf.h"
#include "xtg/abi/tcp_output.h"

struct refusal {
  struct xtg_tcp_worker* worker;
  __u32 from;
};

static long refuse_frame(__u32 turn, struct refusal* r) {
  struct xtg_tcp_worker* worker = r->worker;
  __u32 slot = worker->number * XTG_TCP_LOG + ((r->from + turn) & (XTG_TCP_LOG - 1)), number;
  struct xtg_tcp_flow* f;
  __u64 entry;

  asm volatile("" : "+r"(slot));
  if (slot >= XTG_MAX_WORKERS * XTG_TCP_LOG) return 1;
  entry = (&tcp_log[0][0])[slot];
  number = entry >> 32;
  f = bpf_map_lookup_elem(&tcp_flows, &number);
  if (!f) return 0;
  xtg_tcp_refused(f, f->una_seg + (__s32)((__u32)entry - (__u32)f->una_seg));
  xtg_tcp_cc_refused(xtg_tcp_c(), f);
  xtg_tcp_wake(f);
  return 0;
}

#define HOLD_FIRST_NS 1000000
#define HOLD_MOST_NS 20000000

/* An error, unlike a full ring, is the next frame's as well: the worker waits, each time for
 * longer, until the driver takes a frame. Once per wait, for a burst has many frames. */
static __always_inline void hold(struct xtg_tcp_worker* worker) {
  __u64 now = bpf_ktime_get_ns(), step = 2 * worker->hold_step_ns;

  if (now < worker->hold_ns) return;
  if (step < HOLD_FIRST_NS) step = HOLD_FIRST_NS;
  if (step > HOLD_MOST_NS) step = HOLD_MOST_NS;
  worker->hold_step_ns = step;
  worker->hold_ns = now + step;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(xtg_tcp_xmit, const struct net_device* from, const struct net_device* to, int sent,
             int drops, int err) {
  struct xtg_tcp_worker* worker = worker_of(from->ifindex);

  if (!worker || to->ifindex != tcp_config.to_ifindex) return 0;
  worker->accepted += sent;
  if (sent > 0) worker->hold_step_ns = 0;
  if (drops > 0) {
    struct refusal r = {.worker = worker, .from = worker->settled + sent};
    worker->driver_drops += drops;
    worker->holdoff = 1;
    if (err) hold(worker);
    add_errno(&tcp_errnos, err, drops);
    bpf_loop(drops, refuse_frame, &r, 0);
  }
  worker->settled += sent + drops;
  return 0;
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(xtg_tcp_err, const struct net_device* from, const struct bpf_prog* prog,
             const void* target, int err) {
  struct xtg_tcp_worker* worker = worker_of(from->ifindex);
  struct refusal r;

  if (!worker) return 0;
  worker->redirect_errors++;
  worker->logged--; /* it was the last one, and is in no bulk */
  worker->holdoff = 1;
  hold(worker);
  r.worker = worker;
  r.from = worker->logged;
  bpf_loop(1, refuse_frame, &r, 0);
  add_errno(&tcp_errnos, err, 1);
  return 0;
}
