/* SPDX-License-Identifier: GPL-2.0-only */
/* A path whose MTU is smaller than the segments of the grid, as was learnt during the run. */
#pragma once

/* A burst of segments that the path does not take whole: as many frames as it fills, without
 * regard to where segments begin. What is left over is a burst of its own, and with a payload from
 * the map every frame is, for its sum is made of the bytes. */
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

/* Takes up what is left of a burst that was cut, if its flow is still there. */
static __always_inline void tx_take_rest(struct xtg_tcp_worker* worker, struct tx_pick* p) {
  __u32 number = worker->rest_flow;
  struct xtg_tcp_flow* f = bpf_map_lookup_elem(&tcp_flows, &number);

  if (f && f->phase == XTG_TCP_OPEN) {
    p->burst = worker->rest;
    p->f = f;
  }
  worker->rest.count = 0;
}
