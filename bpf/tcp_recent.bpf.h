/* SPDX-License-Identifier: GPL-2.0-only */
/* TS.Recent (RFC 7323, 4.3) of the connections being taken over, which no socket option reports:
 * read from the kernel's sockets by an iterator over those of the network namespace. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "tcp_maps.bpf.h"

#define AF_INET 2

struct bpf_iter_meta;

struct in6_addr {
  __be32 words[4];
};
struct sock_common {
  __be32 skc_daddr;
  __be32 skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
} __attribute__((preserve_access_index));

struct tcp_options_received {
  __u32 ts_recent;
} __attribute__((preserve_access_index));
struct tcp_sock {
  struct tcp_options_received rx_opt;
} __attribute__((preserve_access_index));

struct bpf_iter__tcp {
  struct bpf_iter_meta* meta;
  struct sock_common* sk_common;
} __attribute__((preserve_access_index));

SEC("iter/tcp")
int xtg_tcp_recent(struct bpf_iter__tcp* ctx) {
  struct sock_common* common = ctx->sk_common;
  struct xtg_tcp_key key = {};
  struct xtg_tcp_place* place;
  struct xtg_tcp_flow* f;
  struct tcp_sock* sock;
  __u32 number;

  if (!common) return 0;
  if (common->skc_family == AF_INET) {
    key.remote[0] = common->skc_daddr;
    key.local[0] = common->skc_rcv_saddr;
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      key.remote[i] = common->skc_v6_daddr.words[i];
      key.local[i] = common->skc_v6_rcv_saddr.words[i];
    }
  }
  key.remote_port = common->skc_dport;
  key.local_port = bpf_htons(common->skc_num);
  place = bpf_map_lookup_elem(&tcp_places, &key);
  if (!place) return 0;
  sock = bpf_skc_to_tcp_sock(common);
  number = place->flow;
  f = bpf_map_lookup_elem(&tcp_flows, &number);
  if (sock && f && f->phase == XTG_TCP_UNUSED) f->ts_recent = sock->rx_opt.ts_recent;
  return 0;
}
