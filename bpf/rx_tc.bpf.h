/* SPDX-License-Identifier: GPL-2.0-only */
/* The receiver at tc ingress. An skb that has several frames is looked at frame by frame. */
#pragma once

#define XTG_BY_TC

#include "access_tc.bpf.h"
#include "rx.bpf.h"

/* A global function, which the verifier checks once. */
__noinline int xtg_rx_frame(struct __sk_buff* ctx) {
  return xtg_rx_frame_of(ctx);
}

/* Length of the headers that merged frames have in common; 0: unknown. */
__noinline int xtg_rx_headers(struct __sk_buff* ctx) {
  struct packet packet;
  __u32 offset;
  __u8 words; /* of TCP's header, in its upper half */

  outermost(ctx, (void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  if (packet.v4)
    offset = (void*)packet.v4 - (void*)(long)ctx->data + (packet.v4->ihl & 15) * 4;
  else if (packet.v6)
    offset = (void*)(packet.v6 + 1) - (void*)(long)ctx->data;
  else
    return 0;
  if (packet.protocol == IPPROTO_UDP) return (int)(offset + sizeof(struct udphdr));
  if (packet.protocol != IPPROTO_TCP) return 0;
  if (bpf_skb_load_bytes(ctx, offset + 12, &words, sizeof(words))) return 0;
  return (int)(offset + (words >> 4) * 4);
}

/* Number of frames that were merged into an skb; what a virtual machine sends does not say. */
static __always_inline __u32 count_merged(struct __sk_buff* ctx, __u32 headers) {
  if (ctx->gso_segs) return ctx->gso_segs;
  return (ctx->len - headers + ctx->gso_size - 1) / ctx->gso_size;
}

/* More frames than are ever merged: the verifier wants to see an end. */
#define MERGED_MOST 512

static __always_inline int take_one(struct __sk_buff* ctx, __u32 end) {
  ctx->cb[FRAME_LENGTH] = ctx->cb[MERGED_HEADERS] + end - ctx->cb[FRAME_END];
  ctx->cb[FRAME_END] = end;
  return xtg_rx_frame(ctx);
}

/* Takes frame by frame; the skb passes if one of them does. What it needs is in the skb: the
 * frames below have nearly all of the stack. Without a branch within the loop it is entered at its
 * top: Linux 6.1 accepts no loop that is closed by falling through to the next instruction. */
static __always_inline int take_merged(struct __sk_buff* ctx, __u32 headers) {
  int verdicts = 0;

  ctx->cb[MERGED_HEADERS] = headers - ctx->cb[FRAME_START] + tag_bytes(ctx);
  ctx->cb[FRAME_END] = headers;
  ctx->cb[MERGED_FRAMES] = count_merged(ctx, headers);
  for (__u32 i = 1; i < MERGED_MOST; i++) {
    if (i >= ctx->cb[MERGED_FRAMES]) break;
    verdicts |= take_one(ctx, ctx->cb[FRAME_END] + ctx->gso_size);
  }
  verdicts |= take_one(ctx, ctx->len);
  return verdicts & XDP_PASS ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int xtg_rx(struct __sk_buff* ctx) {
  __u32 headers = 0;

  if (!rx_control.started || !reach_headers(ctx)) return TC_ACT_UNSPEC;
  look_at_all(ctx);
  if (is_merged(ctx)) headers = (__u32)xtg_rx_headers(ctx);
  if (headers) return tc_verdict(take_merged(ctx, headers));
  return tc_verdict(xtg_rx_frame(ctx));
}
