// SPDX-License-Identifier: GPL-2.0-only
/* Small devices to test through: each a program on both ports of a namespace, port 1 having ifindex
 * 11 and port 2 ifindex 12. They know IPv4 and UDP, and rewrite what is under their hands. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

#define PORT1 11
#define PORT2 12

/* Changed by bpftool while frames pass: where the packets of source address X.X.X.i go, i being its
 * last two bits; 0: nowhere. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} by_source SEC(".maps");

__u64 seen;

struct headers {
  struct ethhdr* eth;
  struct iphdr* ip;
  struct udphdr* udp;
};

/* Whether the frame is one of UDP over IPv4 without options. */
static __always_inline int look(struct xdp_md* ctx, struct headers* h) {
  void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;

  h->eth = data;
  h->ip = (void*)(h->eth + 1);
  h->udp = (void*)(h->ip + 1);
  return (void*)(h->udp + 1) <= end && h->eth->h_proto == bpf_htons(ETH_P_IP) && h->ip->ihl == 5 &&
         h->ip->protocol == IPPROTO_UDP;
}

static __always_inline int out(__u32 port) {
  return port ? bpf_redirect(port, 0) : XDP_DROP;
}

/* Everything comes back where it came from. */
SEC("xdp/reflect")
int reflect(struct xdp_md* ctx) {
  struct headers h;
  __u8 mac[ETH_ALEN];

  if (!look(ctx, &h)) return XDP_PASS;
  __builtin_memcpy(mac, h.eth->h_dest, ETH_ALEN);
  __builtin_memcpy(h.eth->h_dest, h.eth->h_source, ETH_ALEN);
  __builtin_memcpy(h.eth->h_source, mac, ETH_ALEN);
  return XDP_TX;
}

/* One to port 1, one to port 2. */
SEC("xdp/halves")
int halves(struct xdp_md* ctx) {
  struct headers h;

  if (!look(ctx, &h)) return XDP_PASS;
  return out(__sync_fetch_and_add(&seen, 1) & 1 ? PORT2 : PORT1);
}

/* Destination port 1000 to port 2, all others to port 1. */
SEC("xdp/by_port")
int by_port(struct xdp_md* ctx) {
  struct headers h;

  if (!look(ctx, &h)) return XDP_PASS;
  return out(h.udp->dest == bpf_htons(1000) ? PORT2 : PORT1);
}

SEC("xdp/by_rule")
int by_rule(struct xdp_md* ctx) {
  struct headers h;

  if (!look(ctx, &h)) return XDP_PASS;
  __u32 key = bpf_ntohl(h.ip->saddr) & 3, *port = bpf_map_lookup_elem(&by_source, &key);
  return out(port ? *port : 0);
}

/* One to port 1 as it is, one to port 2 in a tunnel: 20 bytes more. */
SEC("xdp/tunnel")
int tunnel(struct xdp_md* ctx) {
  struct headers h;
  struct ethhdr eth;
  struct iphdr ip;
  __u32 sum = 0;

  if (!look(ctx, &h)) return XDP_PASS;
  if (!(__sync_fetch_and_add(&seen, 1) & 1)) return out(PORT1);
  eth = *h.eth;
  ip = *h.ip;
  ip.protocol = IPPROTO_IPIP;
  ip.tot_len = bpf_htons(bpf_ntohs(ip.tot_len) + sizeof(ip));
  ip.check = 0;
  for (int i = 0; i < sizeof(ip) / 2; i++)
    sum += ((__u16*)&ip)[i];
  sum = (sum & 0xffff) + (sum >> 16);
  ip.check = ~((sum & 0xffff) + (sum >> 16));
  if (bpf_xdp_adjust_head(ctx, -(int)sizeof(ip))) return XDP_DROP;
  void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
  if (data + sizeof(eth) + sizeof(ip) > end) return XDP_DROP;
  *(struct ethhdr*)data = eth;
  *(struct iphdr*)(data + sizeof(eth)) = ip;
  return out(PORT2);
}

/* For devices that the kernel makes: a veth takes frames from XDP only where a program runs. */
SEC("xdp/pass")
int pass(struct xdp_md* ctx) {
  return XDP_PASS;
}
