/* SPDX-License-Identifier: GPL-2.0-only */
/* Extracts the fields of a frame's outermost headers, for the filters of xtg/abi/rx_match.h.
 * Truncated headers yield fewer fields. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "find.bpf.h"

struct fragment_header {
  __u8 next;
  __u8 reserved;
  __be16 offset;
  __be32 id;
};

#define IP_FRAGMENT 0x3fff /* offset, and "more fragments" */

/* UDP, TCP and SCTP have their ports in the same place. */
static __always_inline void fields_of_ports(void* at, void* end, struct xtg_rx_fields* f) {
  __be16* ports = at;

  if (f->proto[0] != IPPROTO_UDP && f->proto[0] != IPPROTO_TCP && f->proto[0] != IPPROTO_SCTP)
    return;
  if ((void*)(ports + 2) > end) return;
  f->has |= XTG_RX_HAS_PORTS;
  f->src_port = bpf_ntohs(ports[0]);
  f->dst_port = bpf_ntohs(ports[1]);
}

static __always_inline void fields_of_ip(void* at, void* end, struct xtg_rx_fields* f) {
  struct iphdr* ip = at;

  f->has |= XTG_RX_HAS_IP;
  if ((void*)(ip + 1) > end || ip->version != 4 || ip->ihl < 5) return;
  f->has |= XTG_RX_HAS_HEADER;
  f->src[0] = ip->saddr;
  f->dst[0] = ip->daddr;
  f->proto[0] = f->proto[1] = ip->protocol;
  if (ip->protocol == IPPROTO_ICMP) f->has |= XTG_RX_HAS_ICMP;
  if (!(ip->frag_off & bpf_htons(IP_FRAGMENT))) fields_of_ports(at + (ip->ihl & 15) * 4, end, f);
}

static __always_inline void fields_of_ip6(void* at, void* end, struct xtg_rx_fields* f) {
  struct ipv6hdr* ip = at;
  struct fragment_header* fragment = (void*)(ip + 1);

  f->has |= XTG_RX_HAS_IP6;
  if ((void*)(ip + 1) > end || ip->version != 6) return;
  f->has |= XTG_RX_HAS_HEADER;
  __builtin_memcpy(f->src, &ip->saddr, sizeof f->src);
  __builtin_memcpy(f->dst, &ip->daddr, sizeof f->dst);
  f->proto[0] = f->proto[1] = ip->nexthdr;
  if (ip->nexthdr == IPPROTO_FRAGMENT && (void*)(fragment + 1) <= end) f->proto[1] = fragment->next;
  if (f->proto[1] == IPPROTO_ICMPV6) f->has |= XTG_RX_HAS_ICMP6;
  fields_of_ports(ip + 1, end, f);
}

/* A tag that is not among the frame's bytes precedes those that are. */
static __always_inline void add_outer_tag(struct xtg_ctx* ctx, struct behind_tags* tags) {
  __u32 tci;

  if (!outer_tag(ctx, &tci)) return;
  tags->vlan[1] = tags->vlan[0];
  tags->vlan[0] = tci & 0xfff;
  tags->count++;
}

/* `length` is set already, and everything else 0. */
static __noinline int fields_of(struct xtg_ctx* ctx, struct xtg_rx_fields* f) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  struct ethhdr* eth = data;
  struct behind_tags tags;

  if (has_link_header()) {
    if ((void*)(eth + 1) > end) return 0;
    __builtin_memcpy(f->dst_mac, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(f->src_mac, eth->h_source, ETH_ALEN);
  }
  if (MAY_LACK_TAG) tags.vlan[0] = 0; /* or the verifier sees it read unset */
  skip_tags(ctx, eth, end, &tags, XTG_RX_TAGS);
  add_outer_tag(ctx, &tags);
  if (tags.count > 0) {
    f->has |= XTG_RX_HAS_VLAN;
    f->vlan[0] = tags.vlan[0];
  }
  if (tags.count > 1) {
    f->has |= XTG_RX_HAS_VLAN2;
    f->vlan[1] = tags.vlan[1];
  }
  if (tags.proto == bpf_htons(ETH_P_IP))
    fields_of_ip(tags.at, end, f);
  else if (tags.proto == bpf_htons(ETH_P_IPV6))
    fields_of_ip6(tags.at, end, f);
  else if (tags.proto == bpf_htons(ETH_P_ARP))
    f->has |= XTG_RX_HAS_ARP;
  if (f->proto[1] == IPPROTO_UDP) f->has |= XTG_RX_HAS_UDP;
  if (f->proto[1] == IPPROTO_TCP) f->has |= XTG_RX_HAS_TCP;
  return 0;
}
