/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts frames to be returned that the driver refused. That happens after the program has ended;
 * the kernel reports it by tracepoints: xdp_exception if a driver refuses one XDP_TX frame,
 * xdp_bulk_tx if a veth has passed on up to 16, xdp_devmap_xmit and xdp_redirect_err for returns by
 * redirect. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "errnos.bpf.h"
#include "reflect_maps.bpf.h"

/* Kernel structures; only the fields that are read. */
struct ns_common {
  unsigned int inum;
} __attribute__((preserve_access_index));
struct net {
  struct ns_common ns;
} __attribute__((preserve_access_index));
typedef struct {
  struct net* net;
} __attribute__((preserve_access_index)) possible_net_t;
struct net_device___placed {
  possible_net_t nd_net;
} __attribute__((preserve_access_index));

/* Interface indexes are per network namespace. */
static __always_inline bool is_ours(const struct net_device* dev) {
  const struct net_device___placed* placed = (const void*)dev;

  if (dev->ifindex != reflect_c()->ifindex) return false;
  if (!bpf_core_field_exists(placed->nd_net.net)) return true; /* kernel without namespaces */
  return placed->nd_net.net->ns.inum == reflect_c()->netns;
}

static __always_inline void count_drops(int err, __u64 frames) {
  if (frames == 0) return;
  __sync_fetch_and_add(&reflect_control.drops, frames);
  add_errno(&errnos, err, frames);
}

#ifndef XTG_BY_TC
SEC("tp_btf/xdp_exception")
int BPF_PROG(xtg_reflect_exc, const struct net_device* dev, const struct bpf_prog* prog,
             __u32 act) {
  if (act == XDP_TX && is_ours(dev)) count_drops(0, 1);
  return 0;
}

SEC("tp_btf/xdp_bulk_tx")
int BPF_PROG(xtg_reflect_bulk, const struct net_device* dev, int sent, int drops, int err) {
  if (drops && is_ours(dev)) count_drops(err, drops);
  return 0;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(xtg_reflect_xmit, const struct net_device* from, const struct net_device* to, int sent,
             int drops, int err) {
  if (drops && is_ours(from) && is_ours(to)) count_drops(err, drops);
  return 0;
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(xtg_reflect_err, const struct net_device* from, const struct bpf_prog* prog,
             const void* target, int err) {
  if (is_ours(from)) count_drops(err, 1);
  return 0;
}
#endif
