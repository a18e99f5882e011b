/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding the signature, for the programs that receive: at the frame's end, so that tunnels and NAT
 * on the way do not hide it; where there is none, at the end of the outermost IP packet, for a
 * frame may have been padded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/rx_signature.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/signature.h"

#define XTG_RX_MOST 0xff00U /* beyond that the verifier follows no packet offset */

struct vlan_tag {
  __be16 tci;
  __be16 proto;
};

/* 802.1Q, 802.1ad, and what stood for it before. */
static __always_inline bool is_tag(__be16 proto) {
  return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD) ||
         proto == bpf_htons(ETH_P_QINQ1);
}

/* The 32 bytes before `end` in the frame's first piece; NULL: they are not all there. */
static __always_inline const __u64* near_tail(struct xdp_md* ctx, __u32 end) {
  __u32 at = end - XTG_SIG_FULL_LEN;
  const __u64* from;

  asm volatile("" : "+r"(at)); /* Verifier: clang would check another copy. */
  if (at > XTG_RX_MOST) return NULL;
  from = (void*)(long)ctx->data + at;
  return (const void*)(from + 4) <= (void*)(long)ctx->data_end ? from : NULL;
}

/* Verifier: to Linux 6.12, stack that nobody wrote or that a helper wrote is as good as a word that
 * was stored there. Where it joins two such paths, and what is read becomes an index, it looks for
 * the store and gives up for want of one ("BUG backtracking"). So words on a stack that callers
 * read are stored on every path: zero before a call that may leave them alone, and once more after
 * a helper. */
static __always_inline void no_words(__u64* words) {
#pragma unroll
  for (int i = 0; i < 4; i++)
    *(volatile __u64*)&words[i] = 0;
}
static __always_inline void store_words(__u64* words) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    __u64 word = words[i];
    asm volatile("" : "+r"(word));
    words[i] = word;
  }
}

/* Likewise, wherever they lie; `end` is at least 32. */
static __always_inline bool load_tail(struct xdp_md* ctx, __u32 end, __u64* words) {
  const __u64* from = near_tail(ctx, end);

  if (!from) {
    long error = bpf_xdp_load_bytes(ctx, end - XTG_SIG_FULL_LEN, words, XTG_SIG_FULL_LEN);
    store_words(words);
    return error == 0;
  }
  words[0] = from[0];
  words[1] = from[1];
  words[2] = from[2];
  words[3] = from[3];
  return true;
}

/* VLAN tags after which a packet is looked for; for filters it is XTG_RX_TAGS. */
#define XTG_RX_TAGS_BEHIND 4
#define XTG_RX_BEHIND_MOST 31 /* bytes of them and the Ethernet header */

/* What follows an Ethernet header and its VLAN tags. */
struct behind_tags {
  void* at;
  __be16 proto;            /* a tag's, where there are more or the frame ends in one */
  __u16 count;             /* of tags */
  __u16 vlan[XTG_RX_TAGS]; /* identifiers, the outer one first */
};

static __always_inline void skip_tags(struct ethhdr* eth, void* end, struct behind_tags* out,
                                      int most) {
  out->proto = eth->h_proto;
  out->at = eth + 1;
  out->count = 0;
#pragma unroll
  for (int i = 0; i < most; i++) {
    struct vlan_tag* tag = out->at;
    if (!is_tag(out->proto)) break;
    if ((void*)(tag + 1) > end) break;
    if (i < XTG_RX_TAGS) out->vlan[i] = bpf_ntohs(tag->tci) & 0xfff;
    out->count = i + 1;
    out->proto = tag->proto;
    out->at = tag + 1;
  }
}

/* The outermost IP packet, and where it carries one whole UDP header. */
struct packet {
  struct iphdr* v4;   /* one of the two, or none */
  struct ipv6hdr* v6; /* likewise */
  struct udphdr* udp; /* NULL: no UDP, or a fragment but the first */
  __u32 end;          /* offset in the frame; 0: no IP */
  __u16 whole;        /* no fragment at all */
  __u16 protocol;     /* as the IP header has it */
};

static __always_inline void outermost(void* data, void* end, struct packet* out) {
  struct ethhdr* eth = data;
  struct udphdr* udp = NULL;
  struct behind_tags tags;

  __builtin_memset(out, 0, sizeof(*out));
  if ((void*)(eth + 1) > end) return;
  skip_tags(eth, end, &tags, XTG_RX_TAGS_BEHIND);
  __be16 proto = tags.proto;
  __u64 offset = tags.at - data;
  /* Verifier: a difference of pointers is any number, so that it looks at the rest once, and not
   * for every number of tags. */
  asm volatile("" : "+r"(offset));
  offset &= XTG_RX_BEHIND_MOST;
  void* at = data + offset;
  if (proto == bpf_htons(ETH_P_IP)) {
    struct iphdr* ip = at;
    if ((void*)(ip + 1) > end || ip->ihl < 5) return;
    out->v4 = ip;
    out->end = offset + bpf_ntohs(ip->tot_len);
    out->whole = !(ip->frag_off & bpf_htons(0x3fff));
    out->protocol = ip->protocol;
    if (ip->protocol == IPPROTO_UDP && !(ip->frag_off & bpf_htons(0x1fff)))
      udp = at + (ip->ihl & 15) * 4;
  } else if (proto == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr* ip = at;
    if ((void*)(ip + 1) > end) return;
    out->v6 = ip;
    out->end = offset + sizeof(*ip) + bpf_ntohs(ip->payload_len);
    out->whole = 1;
    out->protocol = ip->nexthdr;
    if (ip->nexthdr == IPPROTO_UDP) udp = (void*)(ip + 1);
  }
  asm volatile("" : "+r"(udp)); /* Verifier: clang would check another copy. */
  if (udp && (void*)(udp + 1) <= end) out->udp = udp;
}

/* Offset in the frame where the outermost IP packet ends; 0: there is none. A global function,
 * which the verifier looks at once, and not for every way that leads to it. */
__noinline int xtg_rx_outer_end(struct xdp_md* ctx) {
  struct packet packet;

  outermost((void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  return (int)packet.end;
}

/* Whether these may be a signature's last bytes. */
static __always_inline bool may_be_ours(const __u64* words) {
  __u64 last = xtg_from_be64(words[3]);

  return (__u32)last == XTG_SIG_MAGIC || (last & 0xfff0U) == XTG_SIG_COMPACT_MAGIC;
}

/* The last bytes of a padded frame's payload: where they end; 0: there are none of ours. */
static __noinline int load_before_padding(struct xdp_md* ctx, __u32 length, __u64* words) {
  __u32 end = xtg_rx_outer_end(ctx);

  if (end < XTG_SIG_FULL_LEN || end >= length) return 0;
  return load_tail(ctx, end, words) && may_be_ours(words) ? (int)end : 0;
}

/* Where the payload ends of a frame of this length, which may be padded or lie in several pieces,
 * and its last 32 bytes, for which there is a no_words() before; 0: they are none of ours. */
static __noinline int find_tail(struct xdp_md* ctx, __u32 length, __u64* words) {
  if (!words || length < XTG_SIG_FULL_LEN || !load_tail(ctx, length, words)) return 0;
  return may_be_ours(words) ? (int)length : load_before_padding(ctx, length, words);
}
