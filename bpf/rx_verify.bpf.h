/* SPDX-License-Identifier: GPL-2.0-only */
/* Verifies the checksums of a test frame, as its outermost headers have them: the IPv4 header's and
 * UDP's. Whoever calls this asks rx_s()->verify first. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "rx_scratch.bpf.h"
#include "xtg/abi/csum.h"

enum verdict { SOUND, CORRUPT, UNVERIFIED };

/* The UDP datagram that an outermost IP packet carries. */
struct datagram {
  __u64 acc;    /* sum of its pseudo-header, but for the length */
  __u32 offset; /* in the frame */
  __u32 room;   /* bytes that the IP packet has for it */
};

/* The next 64 bytes of the scratch. */
struct summing {
  struct xtg_rx_scratch* of;
  __u64 acc;
};

static long sum_step(__u32 i, void* ctx) {
  struct summing* s = ctx;
  __u32 at = i * XTG_RX_SUM_STEP;
  const __u64* words;

  asm volatile("" : "+r"(at)); /* Verifier: clang would check another copy. */
  if (at > XTG_RX_SAMPLE_MOST) return 1;
  words = (const void*)(s->of->bytes + at);
#pragma unroll
  for (__u32 k = 0; k < XTG_RX_SUM_STEP / 8; k++)
    s->acc = xtg_csum_add64(s->acc, words[k]);
  return 0;
}

/* The ones-complement sum of `length` bytes of the frame and what is in `acc`; -1: too many. */
static __noinline int sum_of(struct xdp_md* ctx, __u32 offset, __u64 length, __u64 acc) {
  struct summing s = {.of = scratch(), .acc = acc};

  if (!s.of) return -1;
  asm volatile("" : "+r"(length));
  if (length == 0 || length > XTG_RX_SAMPLE_MOST) return -1;
  if (bpf_xdp_load_bytes(ctx, offset, s.of->bytes, length)) return -1;
  __builtin_memset(s.of->bytes + length, 0, XTG_RX_SUM_STEP);
  bpf_loop((length + XTG_RX_SUM_STEP - 1) / XTG_RX_SUM_STEP, sum_step, &s, 0);
  return xtg_csum_fold(s.acc);
}

static __noinline int verify_v4(struct xdp_md* ctx, __u32 offset, struct datagram* out) {
  struct iphdr ip;
  __u32 header, total;

  if (bpf_xdp_load_bytes(ctx, offset, &ip, sizeof(ip))) return CORRUPT;
  header = ip.ihl * 4;
  total = bpf_ntohs(ip.tot_len);
  if (ip.version != 4 || header < sizeof(ip) || total < header) return CORRUPT;
  /* -1: the header goes beyond the frame's end */
  if (sum_of(ctx, offset, header, 0) != 0xffff) return CORRUPT;
  if (ip.protocol != IPPROTO_UDP || ip.frag_off & bpf_htons(0x3fff)) return UNVERIFIED;
  out->acc = (__u64)ip.saddr + ip.daddr;
  out->offset = offset + header;
  out->room = total - header;
  return SOUND;
}

static __noinline int verify_v6(struct xdp_md* ctx, __u32 offset, struct datagram* out) {
  struct ipv6hdr ip;

  if (bpf_xdp_load_bytes(ctx, offset, &ip, sizeof(ip)) || ip.version != 6) return CORRUPT;
  if (ip.nexthdr != IPPROTO_UDP) return UNVERIFIED;
  out->acc = 0;
#pragma unroll
  for (int i = 0; i < 4; i++)
    out->acc += (__u64)ip.saddr.s6_addr32[i] + ip.daddr.s6_addr32[i];
  out->offset = offset + sizeof(ip);
  out->room = bpf_ntohs(ip.payload_len);
  return SOUND;
}

static __noinline int verify_udp(struct xdp_md* ctx, const struct datagram* d) {
  struct udphdr udp;
  __u32 length;
  int sum;

  if (d->offset + d->room > bpf_xdp_get_buff_len(ctx) || d->room < sizeof(udp)) return CORRUPT;
  if (bpf_xdp_load_bytes(ctx, d->offset, &udp, sizeof(udp))) return CORRUPT;
  length = bpf_ntohs(udp.len);
  if (length < sizeof(udp) || length > d->room) return CORRUPT;
  if (!udp.check) return UNVERIFIED; /* nothing was promised */
  sum = sum_of(ctx, d->offset, length, d->acc + udp.len + bpf_htons(IPPROTO_UDP));
  if (sum < 0) return UNVERIFIED;
  return sum == 0xffff ? SOUND : CORRUPT;
}

/* Offset of the outermost IP packet, and its EtherType in `proto`; 0 where there is none. */
static __noinline int find_ip(struct xdp_md* ctx, __be16* proto) {
  __u32 offset = sizeof(struct ethhdr);

#pragma unroll
  for (int i = 0; i <= XTG_RX_TAGS_BEHIND; i++) {
    if (bpf_xdp_load_bytes(ctx, offset - 2, proto, sizeof(*proto))) return 0;
    if (*proto == bpf_htons(ETH_P_IP) || *proto == bpf_htons(ETH_P_IPV6)) return (int)offset;
    if (!is_tag(*proto)) return 0;
    offset += sizeof(struct vlan_tag);
  }
  return 0;
}

static __always_inline int verify(struct xdp_md* ctx, const struct xtg_rx_signature* m) {
  struct datagram d;
  __be16 proto = 0;
  int offset, verdict;

  if (m->worker >= XTG_MAX_WORKERS) return CORRUPT; /* cannot be, whatever the checksum says */
  offset = find_ip(ctx, &proto);
  if (!offset) return UNVERIFIED;
  if (proto == bpf_htons(ETH_P_IP))
    verdict = verify_v4(ctx, (__u32)offset, &d);
  else
    verdict = verify_v6(ctx, (__u32)offset, &d);
  return verdict == SOUND ? verify_udp(ctx, &d) : verdict;
}

/* Whether a frame that has our signature is not as it was sent. What cannot be verified is noted in
 * the scratch: there it is one case less for the verifier. */
static __noinline int is_corrupt(struct xdp_md* ctx, const struct xtg_rx_signature* m) {
  int verdict = verify(ctx, m);
  struct xtg_rx_scratch* to = scratch();

  if (to) to->unverified = verdict == UNVERIFIED;
  return verdict == CORRUPT;
}
