/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding the signature, for the programs that receive: at the frame's end, so that tunnels and NAT
 * on the way do not hide it; where there is none, at the end of the outermost IP packet, for a
 * frame may have been padded. */
#pragma once

#define XTG_RX_MOST 0xff00U /* beyond that the verifier follows no packet offset */

struct vlan_tag {
  __be16 tci;
  __be16 proto;
};

/* The 32 bytes before `end`, which is at least 32. */
static __always_inline bool load_tail(struct xdp_md* ctx, __u32 end, __u64* words) {
  void* data = (void*)(long)ctx->data;
  void* data_end = (void*)(long)ctx->data_end;
  __u32 at = end - XTG_SIG_FULL_LEN;

  asm volatile("" : "+r"(at)); /* Verifier: clang would check another copy. */
  if (at <= XTG_RX_MOST) {
    __u64* from = data + at;
    if ((void*)(from + 4) <= data_end) {
      words[0] = from[0];
      words[1] = from[1];
      words[2] = from[2];
      words[3] = from[3];
      return true;
    }
  }
  return bpf_xdp_load_bytes(ctx, end - XTG_SIG_FULL_LEN, words, XTG_SIG_FULL_LEN) == 0;
}

/* Where the outermost IP packet ends, and the destination port of its UDP datagram. */
struct outer {
  __u32 end;  /* offset in the frame; 0: no IP */
  __u32 port; /* 0: no UDP */
};

static __noinline int look_outside(struct xdp_md* ctx, struct outer* out) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  struct ethhdr* eth = data;
  __be16 proto;
  void* at;

  out->end = out->port = 0;
  if ((void*)(eth + 1) > end) return 0;
  proto = eth->h_proto;
  at = eth + 1;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    struct vlan_tag* tag = at;
    if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD)) break;
    if ((void*)(tag + 1) > end) return 0;
    proto = tag->proto;
    at = tag + 1;
  }
  __u32 offset = at - data;
  struct udphdr* udp = NULL;
  if (proto == bpf_htons(ETH_P_IP)) {
    struct iphdr* ip = at;
    if ((void*)(ip + 1) > end || ip->ihl < 5) return 0;
    out->end = offset + bpf_ntohs(ip->tot_len);
    if (ip->protocol == IPPROTO_UDP && !(ip->frag_off & bpf_htons(0x1fff)))
      udp = at + (ip->ihl & 15) * 4;
  } else if (proto == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr* ip = at;
    if ((void*)(ip + 1) > end) return 0;
    out->end = offset + sizeof(*ip) + bpf_ntohs(ip->payload_len);
    if (ip->nexthdr == IPPROTO_UDP) udp = (void*)(ip + 1);
  }
  if (udp && (void*)(udp + 1) <= end) out->port = bpf_ntohs(udp->dest);
  return 0;
}

/* Whether these may be a signature's last bytes. */
static __always_inline bool may_be_ours(const __u64* words) {
  __u64 last = xtg_from_be64(words[3]);

  return (__u32)last == XTG_SIG_MAGIC || (last & 0xfff0U) == XTG_SIG_COMPACT_MAGIC;
}

/* The last bytes of a padded frame's payload; 0: there are none of ours. */
static __noinline int load_before_padding(struct xdp_md* ctx, __u32 length, __u64* words) {
  struct outer out;

  look_outside(ctx, &out);
  if (out.end < XTG_SIG_FULL_LEN || out.end >= length) return 0;
  return load_tail(ctx, out.end, words) && may_be_ours(words);
}
