/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the signature, for the receiving programs: at the frame's end, so that tunnels and NAT on
 * the path do not hide it; if it is not there, at the end of the outermost IP packet, because a
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

#include "access.bpf.h"
#include "xtg/abi/rx_signature.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/signature.h"

#define XTG_RX_MOST 0xff00U /* the verifier tracks no larger packet offset */

struct vlan_tag {
  __be16 tci;
  __be16 proto;
};

/* 802.1Q, 802.1ad, and its pre-standard type. */
static __always_inline bool is_tag(__be16 proto) {
  return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD) ||
         proto == bpf_htons(ETH_P_QINQ1);
}

/* The 32 bytes before `end` in the frame's first fragment; NULL: not all of them are there. */
static __always_inline const __u64* near_tail(struct xtg_ctx* ctx, __u32 end) {
  __u32 at = end - XTG_SIG_FULL_LEN;
  const __u64* from;

  asm volatile("" : "+r"(at)); /* Verifier: clang would check another copy. */
  if (at > XTG_RX_MOST) return NULL;
  from = (void*)(long)ctx->data + at;
  return (const void*)(from + 4) <= (void*)(long)ctx->data_end ? from : NULL;
}

/* Verifier: up to Linux 6.12, uninitialised stack and stack written by a helper look like a stored
 * `u64`. Where two such paths join and the value read becomes an index, the verifier searches for
 * the store and fails for lack of one ("BUG backtracking"). So callers' stack buffers that are read
 * are stored to on every path: zeroed before a call that may leave them unchanged, and stored again
 * after a helper. */
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

/* Likewise, wherever in the frame they are; `end` is at least 32. */
static __always_inline bool load_tail(struct xtg_ctx* ctx, __u32 end, __u64* words) {
  const __u64* from = near_tail(ctx, end);

  if (!from) {
    long error = load_bytes(ctx, end - XTG_SIG_FULL_LEN, words, XTG_SIG_FULL_LEN);
    store_words(words);
    return error == 0;
  }
  words[0] = from[0];
  words[1] = from[1];
  words[2] = from[2];
  words[3] = from[3];
  return true;
}

/* VLAN tags skipped before the IP header; filters skip XTG_RX_TAGS. */
#define XTG_RX_TAGS_BEHIND 4

/* What follows an Ethernet header and its VLAN tags. */
struct behind_tags {
  void* at;
  __be16 proto;            /* a tag's type if there are more, or if the frame ends in one */
  __u16 count;             /* of tags */
  __u16 vlan[XTG_RX_TAGS]; /* identifiers, outermost first */
};

static __always_inline void skip_tags(struct xtg_ctx* ctx, struct ethhdr* eth, void* end,
                                      struct behind_tags* out, int most) {
  out->proto = has_link_header() ? eth->h_proto : link_protocol(ctx);
  out->at = has_link_header() ? (void*)(eth + 1) : (void*)eth + frame_start(ctx);
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

/* The outermost IP packet, and its UDP header if that is complete. */
struct packet {
  struct iphdr* v4;   /* at most one of the two is set */
  struct ipv6hdr* v6; /* likewise */
  struct udphdr* udp; /* NULL: no UDP, or a fragment other than the first */
  __u32 end;          /* offset in the frame; 0: no IP */
  __u16 whole;        /* not a fragment */
  __u16 protocol;     /* from the IP header */
};

static __always_inline void outermost(struct xtg_ctx* ctx, void* data, void* end,
                                      struct packet* out) {
  struct ethhdr* eth = data;
  struct udphdr* udp = NULL;
  struct behind_tags tags;

  __builtin_memset(out, 0, sizeof(*out));
  if (has_link_header() && (void*)(eth + 1) > end) return;
  skip_tags(ctx, eth, end, &tags, XTG_RX_TAGS_BEHIND);
  __be16 proto = tags.proto;
  __u64 offset = tags.at - data;
  /* Verifier: a difference of pointers is an unknown number, so it checks the rest once instead of
   * once for every number of tags. */
  asm volatile("" : "+r"(offset));
  offset &= OFFSET_MOST;
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

/* Offset in the frame where the outermost IP packet ends; 0: none. A global function, which the
 * verifier checks once instead of on every path that leads to it. */
__noinline int xtg_rx_outer_end(struct xtg_ctx* ctx) {
  struct packet packet;

  outermost(ctx, (void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  return (int)packet.end;
}

/* Whether these can be a signature's last bytes. */
static __always_inline bool may_be_ours(const __u64* words) {
  __u64 last = xtg_from_be64(words[3]);

  return (__u32)last == XTG_SIG_MAGIC || (last & 0xfff0U) == XTG_SIG_COMPACT_MAGIC;
}

/* Looks for a signature before the padding: where the payload ends; 0: no signature of ours. */
static __noinline int load_before_padding(struct xtg_ctx* ctx, __u32 length, __u64* words) {
  __u32 end = xtg_rx_outer_end(ctx);

  if (end < XTG_SIG_FULL_LEN || end >= length) return 0;
  return load_tail(ctx, end, words) && may_be_ours(words) ? (int)end : 0;
}

/* Where the payload of a frame of this length ends (it may be padded or have several fragments),
 * and its last 32 bytes, for which the caller has called no_words(); 0: no signature of ours. */
static __noinline int find_tail(struct xtg_ctx* ctx, __u32 length, __u64* words) {
  if (!words || length < XTG_SIG_FULL_LEN || !load_tail(ctx, length, words)) return 0;
  return may_be_ours(words) ? (int)length : load_before_padding(ctx, length, words);
}
