/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that leave as skbs: which are ours, and what the driver makes of them.
 *
 * The send program passes its frames, so that each becomes an skb that arrives at the ingress
 * device, where a tc program redirects it to the interface. skb_iif keeps that device, which nobody
 * else uses; tc_index keeps a tag through any queueing discipline. The transmit function may have
 * freed the skb when net_dev_xmit fires, so what is needed is read at net_dev_start_xmit.
 *
 * These programs run on any CPU: a queueing discipline may send a frame much later. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "errnos.bpf.h"

/* As the kernel has it; only the fields that are read. */
struct sk_buff {
  struct net_device* dev;
  int skb_iif;
  __u32 hash;
  __u16 tc_index;
} __attribute__((preserve_access_index));

#define XTG_TAG 0x8000U /* in every tag of ours; the other 15 bits say which frame it is */

/* The interface's device, once a frame has been there: other namespaces may have its index, too. */
__u64 target_device;

static __always_inline bool is_target(const struct net_device* dev, __u32 to_ifindex) {
  if ((__u32)dev->ifindex != to_ifindex) return false;
  return target_device == 0 || target_device == (__u64)dev;
}

/* What a CPU's transmit function has in hand. */
struct in_driver {
  __u64 skb;
  __u32 worker;
  __u16 tag;
  __u16 dropped;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct in_driver);
} in_drivers SEC(".maps");

static __always_inline struct in_driver* this_driver(void) {
  __u32 key = 0;
  return bpf_map_lookup_elem(&in_drivers, &key);
}

/* At net_dev_start_xmit, of a worker's frame. */
static __always_inline void begin_xmit(const struct sk_buff* skb, const struct net_device* dev,
                                       __u32 worker, __u32 to_ifindex) {
  struct in_driver* now = this_driver();

  if (!now || !is_target(dev, to_ifindex)) return;
  target_device = (__u64)dev;
  now->skb = (__u64)skb;
  now->worker = worker;
  now->tag = skb->tc_index;
  now->dropped = 0;
}

/* At net_dev_xmit: what is known of the frame, and whether the driver took it; NULL: it is none of
 * ours, or has to be offered again (NETDEV_TX_BUSY). */
static __always_inline const struct in_driver* end_xmit(const struct sk_buff* skb, int rc,
                                                        const struct net_device* dev,
                                                        __u32 to_ifindex, bool* taken) {
  struct in_driver* now;

  if ((__u32)dev->ifindex != to_ifindex) return NULL;
  now = this_driver();
  if (!now || now->skb != (__u64)skb) return NULL;
  now->skb = 0;
  if (rc == 0x10) return NULL; /* the queueing discipline keeps it */
  *taken = !now->dropped && (rc == 0 || rc == 2 /* NET_XMIT_CN */);
  return now;
}

/* At kfree_skb: the driver has the frame in hand, which end_xmit() then knows. */
static __always_inline bool dropped_by_driver(const struct sk_buff* skb) {
  struct in_driver* now = this_driver();

  if (!now || now->skb != (__u64)skb) return false;
  now->dropped = 1;
  return true;
}
