/* SPDX-License-Identifier: GPL-2.0-only */
/* The reflector at tc ingress: frames return through the interface's egress and its queueing
 * discipline. What that or the driver drops is counted as the senders' skbs are, by a tag in
 * tc_index (skb.bpf.h). */
#pragma once

#define XTG_BY_TC

#include "access_tc.bpf.h"
#include "reflect.bpf.h"
#include "reflect_count.bpf.h"
#include "skb.bpf.h"

SEC("tc")
int xtg_reflect(struct __sk_buff* ctx) {
  int verdict;

  /* Of a sender on this host: what the stack drops later is no frame of ours. */
  if (ctx->tc_index & XTG_TAG) ctx->tc_index = 0;
  if (!reflect_control.started || !reach_headers(ctx)) return TC_ACT_UNSPEC;
  look_at_all(ctx);
  verdict = xtg_reflect_frame_of(ctx);
  if (verdict != XDP_TX) return tc_verdict(verdict);
  ctx->tc_index = XTG_TAG;
  return bpf_redirect(ctx->ifindex, 0);
}

static __always_inline bool returns(const struct sk_buff* skb, const struct net_device* dev) {
  return skb->tc_index == XTG_TAG && (__u32)skb->skb_iif == reflect_c()->ifindex && is_ours(dev);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(xtg_reflect_offer, const struct sk_buff* skb, const struct net_device* dev) {
  if (returns(skb, dev)) begin_xmit(skb, dev, 0, reflect_c()->ifindex);
  return 0;
}

SEC("tp_btf/net_dev_xmit")
int BPF_PROG(xtg_reflect_offered, const struct sk_buff* skb, int rc, const struct net_device* dev) {
  bool taken;

  if (end_xmit(skb, rc, dev, reflect_c()->ifindex, &taken) && !taken)
    count_drops(rc < 0 ? rc : 0, 1);
  return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(xtg_reflect_free, const struct sk_buff* skb) {
  if (skb->dev && returns(skb, skb->dev) && !dropped_by_driver(skb)) count_drops(0, 1);
  return 0;
}
