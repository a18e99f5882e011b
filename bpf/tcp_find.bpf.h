/* SPDX-License-Identifier: GPL-2.0-only */
/* Locates a packet's TCP segment: after tags of VLAN 0, IPv4 options and IPv6 extension headers.
 * The ingress programs parse what the kernel's IP layer would deliver, and count other packets of
 * the far end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tcp_maps.bpf.h"

#define RX_ETH 14
#define RX_V4 20
#define RX_V6 40
#define RX_TCP 20
#define RX_PIECE 512
#define RX_VLAN_ID 0xfff
#define RX_TAGS 2        /* with VLAN 0, consecutive */
#define RX_EXTRAS 4      /* extension headers */
#define RX_NO_NEXT 256   /* no next header */
#define RX_EXTRA_MOST 64 /* bytes of an extension header to check, and of IPv4 options */

/* Per-CPU buffer in which a packet's parts are assembled: the verifier accepts variable offsets in
 * a map. */
struct rx_scratch {
  __u8 head[64];         /* Ethernet, if there is any, and IP, without tags */
  __u8 tcp[RX_TCP + 64]; /* including options, at most 40 bytes */
  __u8 payload[RX_PIECE];
  __u8 extra[RX_EXTRA_MOST];
  struct xtg_tcp_key key;
  struct xtg_tcp_event event;
  __u32 l3;      /* offset of IP ... */
  __u32 l4;      /* ... and of TCP ... */
  __u32 total;   /* ... and the bytes after l3 */
  __u32 refused; /* the kernel's IP layer would not deliver it */
  __u32 at;      /* in TCP's options: offset of the next one ... */
  __u32 end;     /* ... and their length: unknown to the verifier, so it checks once */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct rx_scratch);
} tcp_scratch SEC(".maps");

static __always_inline __u32 rx_u32(const __u8* at) {
  return (__u32)at[0] << 24 | (__u32)at[1] << 16 | (__u32)at[2] << 8 | at[3];
}
static __always_inline __u16 rx_u16(const __u8* at) {
  return (__u16)(at[0] << 8 | at[1]);
}

/* Loads bytes of a packet; XDP and tc programs have different helpers for this. */
static __always_inline long rx_load(void* ctx, const bool tc, __u32 at, void* to, __u32 bytes) {
  return tc ? bpf_skb_load_bytes(ctx, at, to, bytes) : bpf_xdp_load_bytes(ctx, at, to, bytes);
}

#include "tcp_icmp.bpf.h"

/* The EtherType after priority tags (IEEE 802.1Q: VLAN 0); `*at` is moved past them. The first
 * RX_ETH + RX_V4 bytes are in s->head. */
static __always_inline __u16 rx_type(const struct rx_scratch* s, __u32* at) {
  __u16 type = rx_u16(&s->head[12]);
  int i;

#pragma unroll
  for (i = 0; i < RX_TAGS; i++) {
    if (type != 0x8100 && type != 0x88a8) return type;
    if (rx_u16(&s->head[RX_ETH + 4 * i]) & RX_VLAN_ID) return type;
    type = rx_u16(&s->head[RX_ETH + 4 * i + 2]);
    *at = RX_ETH + 4 * (i + 1);
  }
  return type;
}

/* Counts fragments from the far end, whose connection is unknown. */
static __always_inline void rx_fragment(const struct rx_scratch* s) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  const __u8* ours = (const __u8*)c->header;
  __u32 from[4] = {}, far[4] = {};

  if (c->ipv6) {
    __builtin_memcpy(from, &s->head[22], 16);
    __builtin_memcpy(far, ours + 38, 16);
  } else {
    __builtin_memcpy(from, &s->head[26], 4);
    __builtin_memcpy(far, ours + 30, 4);
  }
  if (from[0] == far[0] && from[1] == far[1] && from[2] == far[2] && from[3] == far[3])
    __sync_fetch_and_add(&tcp_untaken.fragments, 1);
}

struct rx_walk {
  struct rx_scratch* s;
  __u32 at;
  __u32 end;
  __u32 refused;
};

/* Checks one IPv4 option (RFC 791, 3.1). The kernel delivers packets with unknown options, but none
 * with a source route. */
static long rx_v4_option(__u32 turn, struct rx_walk* w) {
  __u32 at = w->at, kind, len;

  if (at >= w->end || at >= RX_EXTRA_MOST - 1) return 1;
  kind = w->s->extra[at];
  if (kind == 0) return 1;
  len = kind == 1 ? 1 : w->s->extra[at + 1];
  if (!len || (kind != 1 && len < 2) || at + len > w->end || kind == 131 || kind == 137) {
    w->refused = 1;
    return 1;
  }
  w->at += len;
  return 0;
}

/* Checks one option of an IPv6 extension header (RFC 8200, 4.2): the two highest bits of its type
 * say whether a node that does not know it may continue. */
static long rx_v6_option(__u32 turn, struct rx_walk* w) {
  __u32 at = w->at, kind, len;

  if (at >= w->end || at >= RX_EXTRA_MOST - 1) return 1;
  kind = w->s->extra[at];
  len = kind == 0 ? 1 : 2 + w->s->extra[at + 1];
  if (kind & 0xc0 || at + len > w->end) {
    w->refused = 1;
    return 1;
  }
  w->at += len;
  return 0;
}

/* Checks the options of a header, from `first` on in the `bytes` at `at`. */
static __always_inline bool rx_options_ok(void* ctx, struct rx_scratch* s, const bool tc, __u32 at,
                                          __u32 bytes, __u32 first) {
  struct rx_walk w = {.s = s, .at = first, .end = bytes};
  __u64 load = bytes;

  if (bytes > RX_EXTRA_MOST) return false;
  XTG_OPAQUE(load);
  if (rx_load(ctx, tc, at, s->extra, XTG_LENGTH(load, RX_EXTRA_MOST))) return false;
  bpf_loop(RX_EXTRA_MOST, xtg_tcp_c()->ipv6 ? (void*)rx_v6_option : (void*)rx_v4_option, &w, 0);
  return !w.refused;
}

/* Skips one IPv6 extension header at s->l4: returns the next header, or RX_NO_NEXT if the packet
 * ends here. */
static __always_inline __u32 rx_extra(void* ctx, struct rx_scratch* s, const bool tc, __u32 kind,
                                      bool first) {
  __u8 h[8];
  __u32 len;

  if (kind != 0 && kind != 43 && kind != 44 && kind != 60) return RX_NO_NEXT;
  if (rx_load(ctx, tc, s->l4, h, sizeof(h))) return RX_NO_NEXT;
  len = kind == 44 ? 8 : 8 * (1 + (__u32)h[1]);
  if (kind == 44 && rx_u16(&h[2]) & 0xfff9) { /* all but an atomic fragment (RFC 6946) */
    if (h[0] == 6) rx_fragment(s);
    return RX_NO_NEXT;
  }
  if (kind == 0 && !first) s->refused = 1;
  /* Segments left, or types that need an entry in the kernel's tables. */
  if (kind == 43 && (h[3] || (h[2] >= 2 && h[2] <= 4))) s->refused = 1;
  if ((kind == 0 || kind == 60) && !rx_options_ok(ctx, s, tc, s->l4, len, 2)) s->refused = 1;
  s->l4 += len;
  return h[0];
}

/* Skips the headers between IPv6 and TCP. False: not TCP. */
static __always_inline bool rx_extras(void* ctx, struct rx_scratch* s, const bool tc) {
  __u32 kind = s->head[20];
  int i;

#pragma unroll
  for (i = 0; i < RX_EXTRAS; i++)
    if (kind != 6 && kind != RX_NO_NEXT) kind = rx_extra(ctx, s, tc, kind, i == 0);
  return kind == 6;
}

/* Loads the IP header to &s->head[RX_ETH]. False: not of our connections' family. */
static __always_inline bool rx_load_ip(void* ctx, struct rx_scratch* s, const bool tc) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  const __u32 ip = c->ipv6 ? RX_V6 : RX_V4;
  __u32 l3 = RX_ETH;

  if (c->bare) {
    s->l3 = 0;
    return !rx_load(ctx, tc, 0, &s->head[RX_ETH], ip) && s->head[RX_ETH] >> 4 == (c->ipv6 ? 6 : 4);
  }
  if (rx_load(ctx, tc, 0, s->head, RX_ETH + ip)) return false;
  if (rx_type(s, &l3) != (c->ipv6 ? 0x86dd : 0x0800)) return false;
  s->l3 = l3;
  return l3 == RX_ETH || !rx_load(ctx, tc, l3, &s->head[RX_ETH], ip);
}

/* Fills in the key except the ports, and all offsets. False: no segment, or not one of ours. */
static __always_inline bool rx_find(void* ctx, struct rx_scratch* s, const bool tc) {
  const struct xtg_tcp_config* c = xtg_tcp_c();

  if (!rx_load_ip(ctx, s, tc)) return false;
  const __u32 l3 = s->l3;
  s->refused = 0;
  if (c->ipv6) {
    s->l4 = l3 + RX_V6;
    if (s->head[20] == 58) rx_icmp(ctx, s, tc, s->l4);
    if (s->head[20] != 6 && !rx_extras(ctx, s, tc)) return false;
    s->total = RX_V6 + rx_u16(&s->head[18]);
    __builtin_memcpy(s->key.remote, &s->head[22], 16);
    __builtin_memcpy(s->key.local, &s->head[38], 16);
  } else {
    __u32 len = (s->head[14] & 15) * 4;
    if (s->head[14] >> 4 != 4 || len < RX_V4) return false;
    if (s->head[23] == 1) rx_icmp(ctx, s, tc, l3 + len);
    if (s->head[23] != 6) return false;
    if (rx_u16(&s->head[20]) & 0x3fff) {
      rx_fragment(s);
      return false;
    }
    if (len > RX_V4) s->refused = !rx_options_ok(ctx, s, tc, l3 + RX_V4, len - RX_V4, 0);
    s->l4 = l3 + len;
    s->total = rx_u16(&s->head[16]);
    __builtin_memset(&s->key, 0, sizeof(s->key));
    __builtin_memcpy(s->key.remote, &s->head[26], 4);
    __builtin_memcpy(s->key.local, &s->head[30], 4);
  }
  return true;
}
