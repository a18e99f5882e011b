/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame as an skb at tc ingress. What differs from XDP: the outermost VLAN tag is in the skb's
 * metadata, not among its bytes; some devices have no link layer header; only a part of the bytes
 * may be in reach of packet pointers; and GRO, or a sender with segmentation offload, may have
 * merged several frames. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/csum.h"
#include "xtg/abi/rx_sample.h"

#define xtg_ctx __sk_buff

/* What the XDP program does, for one frame; returns XDP_*. */
#define PROGRAM(name) static __always_inline int name##_frame_of

/* A function of its own where the verifier allows one more: calls may be eight deep, and the
 * program above is one more than by XDP. */
#define SUBPROGRAM __always_inline

/* 1: the interface has no Ethernet framing. User space. */
const volatile __u32 without_link_header = 0;

/* The frame that a program looks at, of those in the skb, in the skb's scratch bytes. */
#define FRAME_END 0      /* offset of its end */
#define FRAME_LENGTH 1   /* as it was on the wire */
#define FRAME_START 2    /* without Ethernet framing: offset of the packet */
#define MERGED_HEADERS 3 /* of each merged frame: their length, with the tag */
#define MERGED_FRAMES 4

#define frame_end(ctx) ((ctx)->cb[FRAME_END])
#define first_end(ctx) ((ctx)->cb[FRAME_END])
#define counted_length(ctx, end) ((ctx)->cb[FRAME_LENGTH])
#define load_bytes bpf_skb_load_bytes
#define store_bytes(...) ((void)0) /* after reach_all() nothing is left to it */
#define queue_of(ctx) ((ctx)->queue_mapping ? (ctx)->queue_mapping - 1 : 0)

#define TAG_BYTES 4
static __always_inline __u32 tag_bytes(struct __sk_buff* ctx) {
  return ctx->vlan_present ? TAG_BYTES : 0;
}

static __always_inline bool has_link_header(void) {
  return !*(volatile const __u32*)&without_link_header;
}
#define link_protocol(ctx) ((__be16)(ctx)->protocol)
#define frame_start(ctx) ((ctx)->cb[FRAME_START] & OFFSET_MOST)
#define OFFSET_MOST 127U /* of an IP packet */

struct sk_buff___link {
  __u16 mac_len;
} __attribute__((preserve_access_index));

/* Most devices without Ethernet framing have no header at all. For GRE it is what carried the
 * packet. */
static __always_inline __u32 link_bytes(struct __sk_buff* ctx) {
  const struct sk_buff___link* skb = (const void*)ctx;
  __u16 bytes = 0;

  if (!has_link_header()) bpf_core_read(&bytes, sizeof(bytes), &skb->mac_len);
  return bytes;
}

/* The VLAN tag that is not among the bytes, if there is one. */
#define MAY_LACK_TAG true
#define outer_tag(ctx, tci) ((ctx)->vlan_present ? (*(tci) = (ctx)->vlan_tci, true) : false)
#define is_merged(ctx) ((ctx)->gso_size != 0)

/* The checksum is left to the NIC, which there is none of on the way from one program of this host
 * to another: the field has the sum of the pseudo-header. */
static __always_inline bool lacks_checksum(__u64 pseudo_header, __u16 check) {
  return xtg_csum_fold(pseudo_header) == check;
}
#define SUM_PIECES 3 /* of a datagram: of 3,584 bytes each, enough for the longest frame */

/* The frame's first bytes, with its outermost tag. Fails for merged frames. */
static __always_inline long load_sample(struct __sk_buff* ctx, __u32 offset, __u8* to,
                                        __u64 bytes) {
  if (is_merged(ctx)) return -1;
  if (!ctx->vlan_present) return bpf_skb_load_bytes(ctx, offset, to, bytes);
  if (bpf_skb_load_bytes(ctx, offset, to, 2 * ETH_ALEN)) return -1;
  *(__be16*)(to + 2 * ETH_ALEN) = (__be16)ctx->vlan_proto;
  *(__be16*)(to + 2 * ETH_ALEN + 2) = bpf_htons(ctx->vlan_tci);
  bytes -= 2 * ETH_ALEN + TAG_BYTES + 1; /* the verifier: see show() */
  asm volatile("" : "+r"(bytes));
  if (bytes >= XTG_RX_SAMPLE_MOST - TAG_BYTES - 2 * ETH_ALEN) return -1;
  bytes++;
  return bpf_skb_load_bytes(ctx, 2 * ETH_ALEN, to + 2 * ETH_ALEN + TAG_BYTES, bytes);
}

/* Puts the headers within reach of packet pointers: some drivers leave them in a fragment. */
#define HEADER_BYTES 192
static __always_inline bool reach_headers(struct __sk_buff* ctx) {
  __u32 bytes = ctx->len < HEADER_BYTES ? ctx->len : HEADER_BYTES;

  if ((__u32)((void*)(long)ctx->data_end - (void*)(long)ctx->data) >= bytes) return true;
  return bpf_skb_pull_data(ctx, bytes) == 0;
}

static __always_inline bool reach_all(struct __sk_buff* ctx) {
  if ((__u32)((void*)(long)ctx->data_end - (void*)(long)ctx->data) == ctx->len) return true;
  return bpf_skb_pull_data(ctx, ctx->len) == 0;
}

/* One frame is all of the skb. */
static __always_inline void look_at_all(struct __sk_buff* ctx) {
  ctx->cb[FRAME_END] = ctx->len;
  ctx->cb[FRAME_START] = link_bytes(ctx);
  ctx->cb[FRAME_LENGTH] = ctx->len - ctx->cb[FRAME_START] + tag_bytes(ctx);
}

static __always_inline int tc_verdict(int verdict) {
  return verdict == XDP_DROP ? TC_ACT_SHOT : TC_ACT_UNSPEC; /* tcx: TCX_DROP, TCX_NEXT */
}
