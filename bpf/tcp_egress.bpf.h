/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments through tc instead of XDP transmit, see skb.bpf.h. The tag is the frame's number in its
 * worker's log, less its high bits. What is dropped while the worker hands frames out, by the
 * driver or on the way into a queueing discipline, is known at once and sent again; what a
 * discipline drops later, the far end has to miss. */
#pragma once

#include "skb.bpf.h"
#include "tcp_count.bpf.h"

XTG_STATIC_ASSERT(XTG_TCP_LOG <= XTG_TAG, "a tag has 15 bits");

SEC("tc")
int xtg_tcp_egress(struct __sk_buff* skb) {
  struct xtg_tcp_worker* worker = worker_of(skb->ifindex);

  if (!worker) return TC_ACT_SHOT;
  skb->tc_index = XTG_TAG | worker->settled++;
  return bpf_redirect(tcp_config.to_ifindex, 0);
}

static __always_inline struct xtg_tcp_worker* worker_from(const struct sk_buff* skb) {
  if ((__u32)skb->skb_iif - tcp_config.ingress_base >= tcp_config.n_workers) return NULL;
  return worker_of(skb->skb_iif);
}

static __always_inline void refuse_tagged(struct xtg_tcp_worker* worker, __u32 tag) {
  __u32 last = worker->settled - 1, back = (last - tag) & (XTG_TAG - 1);
  struct refusal r = {.worker = worker, .from = last - back};

  if ((__u32)bpf_get_current_pid_tgid() != worker->thread || back >= XTG_TCP_LOG) return;
  worker->holdoff = 1;
  refuse_frame(0, &r);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(xtg_tcp_offer, const struct sk_buff* skb, const struct net_device* dev) {
  struct xtg_tcp_worker* worker = worker_from(skb);

  if (worker) begin_xmit(skb, dev, worker->number, tcp_config.to_ifindex);
  return 0;
}

SEC("tp_btf/net_dev_xmit")
int BPF_PROG(xtg_tcp_offered, const struct sk_buff* skb, int rc, const struct net_device* dev) {
  bool taken;
  const struct in_driver* now = end_xmit(skb, rc, dev, tcp_config.to_ifindex, &taken);

  if (!now) return 0;
  struct xtg_tcp_worker* worker = worker_of(tcp_config.ingress_base + now->worker);
  if (!worker) return 0;
  if (taken) {
    __sync_fetch_and_add(&worker->accepted, 1);
    worker->hold_step_ns = 0;
    return 0;
  }
  __sync_fetch_and_add(&worker->driver_drops, 1);
  add_errno(&tcp_errnos, rc < 0 ? rc : 0, 1);
  refuse_tagged(worker, now->tag);
  return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(xtg_tcp_free, const struct sk_buff* skb) {
  struct xtg_tcp_worker* worker = worker_from(skb);

  if (!worker || !(skb->tc_index & XTG_TAG) || dropped_by_driver(skb)) return 0;
  if (is_target(skb->dev, tcp_config.to_ifindex)) {
    __sync_fetch_and_add(&worker->queue_drops, 1);
  } else if (skb->dev->ifindex == skb->skb_iif) { /* the interface is gone, or down */
    __sync_fetch_and_add(&worker->redirect_errors, 1);
    add_errno(&tcp_errnos, 19 /* ENODEV */, 1);
    hold(worker);
  } else {
    return 0; /* already sent */
  }
  refuse_tagged(worker, skb->tc_index);
  return 0;
}
