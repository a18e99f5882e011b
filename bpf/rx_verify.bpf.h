/* SPDX-License-Identifier: GPL-2.0-only */
/* Verifies the checksums of a test frame's outermost headers: IPv4 header and UDP. The caller
 * checks rx_s()->verify first. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "rx_scratch.bpf.h"
#include "xtg/abi/csum.h"

enum verdict { SOUND, CORRUPT, UNVERIFIED };

/* The UDP datagram in the outermost IP packet. */
struct datagram {
  __u64 acc;    /* sum of its pseudo-header, without the length */
  __u32 offset; /* in the frame */
  __u32 room;   /* its bytes in the IP packet */
};

/* Loads the next 64 bytes into the scratch. */
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

/* The ones' complement sum of `length` bytes of the frame, added to `acc`; -1: too many. */
static __noinline int sum_piece(struct xtg_ctx* ctx, __u32 offset, __u64 length, __u64 acc) {
  struct summing s = {.of = scratch(), .acc = acc};

  if (!s.of) return -1;
  length--; /* Linux 6.1 does not see that a length is not 0, but it sees that one more is not. */
  asm volatile("" : "+r"(length));
  if (length >= XTG_RX_SAMPLE_MOST) return -1;
  length++;
  if (load_bytes(ctx, offset, s.of->bytes, length)) return -1;
  __builtin_memset(s.of->bytes + length, 0, XTG_RX_SUM_STEP);
  bpf_loop((length + XTG_RX_SUM_STEP - 1) / XTG_RX_SUM_STEP, sum_step, &s, 0);
  return xtg_csum_fold(s.acc);
}

#if SUM_PIECES == 1
#define sum_of sum_piece
#else
static __noinline int sum_of(struct xtg_ctx* ctx, __u32 offset, __u32 length, __u64 acc) {
  int sum;

  for (int i = 0; i < SUM_PIECES; i++) {
    __u32 bytes = length < XTG_RX_SAMPLE_MOST ? length : XTG_RX_SAMPLE_MOST;
    sum = sum_piece(ctx, offset, bytes, acc);
    if (sum < 0 || bytes == length) return sum;
    acc = (__u32)sum;
    offset += bytes;
    length -= bytes;
  }
  return -1;
}
#endif

static __noinline int verify_v4(struct xtg_ctx* ctx, __u32 offset, struct datagram* out) {
  struct iphdr ip;
  __u32 header, total;

  if (load_bytes(ctx, offset, &ip, sizeof(ip))) return CORRUPT;
  header = ip.ihl * 4;
  total = bpf_ntohs(ip.tot_len);
  if (ip.version != 4 || header < sizeof(ip) || total < header) return CORRUPT;
  /* -1: the header extends beyond the frame's end. */
  if (sum_of(ctx, offset, header, 0) != 0xffff) return CORRUPT;
  if (ip.protocol != IPPROTO_UDP || ip.frag_off & bpf_htons(0x3fff)) return UNVERIFIED;
  out->acc = (__u64)ip.saddr + ip.daddr;
  out->offset = offset + header;
  out->room = total - header;
  return SOUND;
}

static __noinline int verify_v6(struct xtg_ctx* ctx, __u32 offset, struct datagram* out) {
  struct ipv6hdr ip;

  if (load_bytes(ctx, offset, &ip, sizeof(ip)) || ip.version != 6) return CORRUPT;
  if (ip.nexthdr != IPPROTO_UDP) return UNVERIFIED;
  out->acc = 0;
#pragma unroll
  for (int i = 0; i < 4; i++)
    out->acc += (__u64)ip.saddr.s6_addr32[i] + ip.daddr.s6_addr32[i];
  out->offset = offset + sizeof(ip);
  out->room = bpf_ntohs(ip.payload_len);
  return SOUND;
}

static __noinline int verify_udp(struct xtg_ctx* ctx, const struct datagram* d) {
  struct udphdr udp;
  __u32 length;
  int sum;

  if (d->offset + d->room > frame_end(ctx) || d->room < sizeof(udp)) return CORRUPT;
  if (load_bytes(ctx, d->offset, &udp, sizeof(udp))) return CORRUPT;
  length = bpf_ntohs(udp.len);
  if (length < sizeof(udp) || length > d->room) return CORRUPT;
  if (!udp.check) return UNVERIFIED; /* the sender computed none */
  sum = sum_of(ctx, d->offset, length, d->acc + udp.len + bpf_htons(IPPROTO_UDP));
  if (sum < 0) return UNVERIFIED;
  if (sum != 0xffff && lacks_checksum(d->acc + udp.len + bpf_htons(IPPROTO_UDP), udp.check))
    return UNVERIFIED;
  return sum == 0xffff ? SOUND : CORRUPT;
}

static __always_inline bool is_ip(__be16 proto) {
  return proto == bpf_htons(ETH_P_IP) || proto == bpf_htons(ETH_P_IPV6);
}

/* Offset of the outermost IP packet, and its EtherType in `proto`; 0: none. */
static __noinline int find_ip(struct xtg_ctx* ctx, __be16* proto) {
  __u32 offset = sizeof(struct ethhdr);

  if (!has_link_header()) {
    *proto = link_protocol(ctx);
    return frame_start(ctx);
  }
#pragma unroll
  for (int i = 0; i <= XTG_RX_TAGS_BEHIND; i++) {
    if (load_bytes(ctx, offset - 2, proto, sizeof(*proto))) return 0;
    if (is_ip(*proto)) return (int)offset;
    if (!is_tag(*proto)) return 0;
    offset += sizeof(struct vlan_tag);
  }
  return 0;
}

static __always_inline int verify(struct xtg_ctx* ctx, const struct xtg_rx_signature* m) {
  struct datagram d;
  __be16 proto = 0;
  int offset, verdict;

  if (m->worker >= XTG_MAX_WORKERS) return CORRUPT; /* impossible, whatever the checksum says */
  offset = find_ip(ctx, &proto);
  if (is_merged(ctx)) return UNVERIFIED;
  if (has_link_header() ? !offset : !is_ip(proto)) return UNVERIFIED;
  if (proto == bpf_htons(ETH_P_IP))
    verdict = verify_v4(ctx, (__u32)offset, &d);
  else
    verdict = verify_v6(ctx, (__u32)offset, &d);
  return verdict == SOUND ? verify_udp(ctx, &d) : verdict;
}

/* Whether a frame with our signature was changed on the path. Unverifiable frames are noted in the
 * scratch, which saves the verifier a case. */
static __noinline int is_corrupt(struct xtg_ctx* ctx, const struct xtg_rx_signature* m) {
  int verdict = verify(ctx, m);
  struct xtg_rx_scratch* to = scratch();

  if (to) to->unverified = verdict == UNVERIFIED;
  return verdict == CORRUPT;
}
