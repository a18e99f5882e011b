/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filters for frames that carry no signature of ours: compares over the fields of the outermost
 * headers. The kernel program and the tests compile these lines; who fills in the fields is the
 * includer's business (bpf/match.bpf.h). */
#pragma once

#include "base.h"

#define XTG_RX_MATCHES 16 /* filters of one run */
#define XTG_RX_TERMS 8    /* compares of one filter, beyond what `has` and the lengths say */
#define XTG_RX_TAGS 2     /* VLAN tags that are looked at */

/* What a frame has. */
#define XTG_RX_HAS_IP 0x001
#define XTG_RX_HAS_IP6 0x002
#define XTG_RX_HAS_ARP 0x004
#define XTG_RX_HAS_HEADER                                                                          \
  0x008                      /* the whole IP header lies in the frame: addresses and protocol      \
                              */
#define XTG_RX_HAS_UDP 0x010 /* said by the IP header, and of a fragment by its own */
#define XTG_RX_HAS_TCP 0x020
#define XTG_RX_HAS_ICMP 0x040
#define XTG_RX_HAS_ICMP6 0x080
#define XTG_RX_HAS_PORTS 0x100 /* no fragment has */
#define XTG_RX_HAS_VLAN 0x200  /* one tag */
#define XTG_RX_HAS_VLAN2 0x400 /* two tags */

/* The fields of a frame; those that it does not have are 0. */
struct xtg_rx_fields {
  __u32 has;    /* XTG_RX_HAS_* */
  __u32 length; /* bytes without FCS */
  /* Addresses as they lie in the frame. IPv4 has the first word, a MAC address six bytes. */
  __u32 src[4], dst[4];
  __u32 src_mac[2], dst_mac[2];
  __u16 src_port, dst_port;
  __u16 vlan[XTG_RX_TAGS]; /* identifiers, the outer one first */
  __u16 proto[2];          /* of the IP header; after an IPv6 fragment header, else the same */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_fields) == 68, "no padding");

enum xtg_rx_field {
  XTG_RX_ADDRESS,    /* masked */
  XTG_RX_MAC,        /* masked */
  XTG_RX_PORT,       /* value[0] to value[1] */
  XTG_RX_PROTO,      /* value[0] */
  XTG_RX_OUTER_VLAN, /* value[0] */
  XTG_RX_INNER_VLAN, /* value[0] */
};
#define XTG_RX_SOURCE 1
#define XTG_RX_DESTINATION 2

struct xtg_rx_term {
  __u16 field; /* enum xtg_rx_field */
  __u16 sides; /* XTG_RX_SOURCE, XTG_RX_DESTINATION; with both, one of them is enough */
  __u32 value[4];
  __u32 mask[4];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_term) == 36, "no padding");

/* A filter. All of it has to fit. */
struct xtg_rx_match {
  __u32 has; /* XTG_RX_HAS_*, all of these */
  __u32 length_min, length_max;
  __u32 n_terms;
  struct xtg_rx_term terms[XTG_RX_TERMS];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_match) == 16 + 36 * XTG_RX_TERMS, "no padding");

/* Constant for the run; in .rodata. */
struct xtg_rx_filters {
  __u32 count;
  __u32 take; /* 1: frames that fit end here; else they go on to the stack */
  struct xtg_rx_match match[XTG_RX_MATCHES];
};

#ifdef __bpf__
/* A call each: inlined, the fields would fill the program's stack. */
#define XTG_RX_COMPARE static __attribute__((noinline))
#else
#define XTG_RX_COMPARE static inline
#endif

static inline int xtg_rx_same(const __u32* words, const struct xtg_rx_term* t, __u32 count) {
  __u32 differ = 0, i;
  for (i = 0; i < count; i++)
    differ |= (words[i] & t->mask[i]) ^ t->value[i];
  return !differ;
}

static inline int xtg_rx_within(__u32 value, const struct xtg_rx_term* t) {
  return value >= t->value[0] && value <= t->value[1];
}

XTG_RX_COMPARE int xtg_rx_fits(const struct xtg_rx_fields* f, const struct xtg_rx_term* t) {
  int source = 0, destination = 0;
  switch (t->field) {
  case XTG_RX_ADDRESS:
    source = xtg_rx_same(f->src, t, 4);
    destination = xtg_rx_same(f->dst, t, 4);
    break;
  case XTG_RX_MAC:
    source = xtg_rx_same(f->src_mac, t, 2);
    destination = xtg_rx_same(f->dst_mac, t, 2);
    break;
  case XTG_RX_PORT:
    source = xtg_rx_within(f->src_port, t);
    destination = xtg_rx_within(f->dst_port, t);
    break;
  case XTG_RX_PROTO:
    return f->proto[0] == t->value[0] || f->proto[1] == t->value[0];
  case XTG_RX_OUTER_VLAN:
    return f->vlan[0] == t->value[0];
  case XTG_RX_INNER_VLAN:
    return f->vlan[1] == t->value[0];
  }
  return (t->sides & XTG_RX_SOURCE && source) || (t->sides & XTG_RX_DESTINATION && destination);
}

static inline int xtg_rx_matches(const struct xtg_rx_fields* f, const struct xtg_rx_match* m) {
  __u32 i;
  if ((f->has & m->has) != m->has) return 0;
  if (f->length < m->length_min || f->length > m->length_max) return 0;
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
  for (i = 0; i < XTG_RX_TERMS; i++) {
    if (i >= m->n_terms) break;
    if (!xtg_rx_fits(f, &m->terms[i])) return 0;
  }
  return 1;
}

/* Number of the first filter that fits; `count` of them where none does, or more. */
static inline __u32 xtg_rx_first(const struct xtg_rx_fields* f, const struct xtg_rx_filters* all) {
  __u32 i;
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
  for (i = 0; i < XTG_RX_MATCHES; i++) {
    if (i >= all->count) break;
    if (xtg_rx_matches(f, &all->match[i])) break;
  }
  return i;
}
