/* SPDX-License-Identifier: GPL-2.0-only */
/* A path whose MTU, learnt during the run, is smaller than the segments of the grid. */
#pragma once

/* Cuts a burst of segments that do not fit the path into as many frames as it fills, regardless of
 * segment boundaries. The remainder is a burst of its own; with a payload from the map every frame
 * is, because its sum is computed from the bytes. */
static __noinline int tx_cut(struct xtg_tcp_worker* worker, struct tx_pick* p) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 most = tcp_control.cut, all, full;

  if (!p || !p->f || !most || p->burst.len <= most) return 0;
  worker->cut = 1;
  all = p->burst.count * p->burst.len;
  full = c->payload ? 1 : all / most;
  worker->cut_at = p->burst.from;
  if (full * most < all) {
    worker->rest = p->burst;
    worker->rest.from += full * most;
    worker->rest.seg = xtg_tcp_seg(c, worker->rest.from);
    worker->rest.count = 1;
    worker->rest.len = all - full * most;
    worker->rest.cwr = 0;
    worker->rest_flow = p->f->number;
    p->burst.push = 0;
  }
  p->burst.count = full;
  p->burst.len = most;
  return 0;
}

/* Resumes the remainder of a cut burst, if its flow still exists. */
static __always_inline void tx_take_rest(struct xtg_tcp_worker* worker, struct tx_pick* p) {
  __u32 number = worker->rest_flow;
  struct xtg_tcp_flow* f = bpf_map_lookup_elem(&tcp_flows, &number);

  if (f && f->phase == XTG_TCP_OPEN) {
    p->burst = worker->rest;
    p->f = f;
  }
  worker->rest.count = 0;
}
