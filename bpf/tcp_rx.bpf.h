/* SPDX-License-Identifier: GPL-2.0-only */
/* The far end's segments: taken off the interface, by an XDP or a tc program, where they belong to
 * one of our connections, and put in the queue of the thread that carries it on. Everything else
 * passes. It may run on any CPU, and on several at once. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tcp_find.bpf.h"
#include "tcp_maps.bpf.h"
#include "xtg/abi/csum.h"

struct rx_options {
  struct rx_scratch* s;
};

/* One TCP option. A segment has at most 40 bytes of them. */
static long rx_option(__u32 turn, struct rx_options* o) {
  struct rx_scratch* s = o->s;
  __u32 at = s->at, kind, len, i;

  if (at >= s->end || at >= 40) return 1;
  kind = s->tcp[RX_TCP + at];
  if (kind == 0) return 1;
  if (kind == 1) {
    s->at++;
    return 0;
  }
  len = s->tcp[RX_TCP + at + 1];
  if (len < 2 || len > 40 || at + len > s->end || at + len > 40) return 1;
  if (kind == 8 && len == 10 && at <= 30) {
    s->event.tsval = rx_u32(&s->tcp[RX_TCP + at + 2]);
    s->event.tsecr = rx_u32(&s->tcp[RX_TCP + at + 6]);
    s->event.flags |= XTG_TCP_HAS_TS;
  } else if (kind == 5 && len >= 10 && (len - 2) % 8 == 0) {
    s->event.n_sack = (len - 2) / 8;
#pragma unroll
    for (i = 0; i < 4; i++) {
      __u32 from = at + 2 + 8 * i;
      if (8 * i + 10 <= len && from <= 32) {
        s->event.sack[i][0] = rx_u32(&s->tcp[RX_TCP + from]);
        s->event.sack[i][1] = rx_u32(&s->tcp[RX_TCP + from + 4]);
      }
    }
  }
  s->at += len;
  return 0;
}

/* The options' `bytes`, read into the scratch. A global function, which the verifier looks at once,
 * as xtg_tcp_enter() is. */
__noinline int xtg_tcp_options(struct rx_scratch* s, __u32 bytes) {
  struct rx_options o = {.s = s};

  if (!s) return 0;
  s->at = 0;
  s->end = bytes;
  bpf_loop(40, rx_option, &o, 0);
  return 0;
}

struct rx_sum {
  struct rx_scratch* s;
  void* ctx;
  __u32 at;
  __u32 left;
  __u32 sum;
};

static __always_inline long rx_sum_piece(struct rx_sum* r, const bool tc) {
  __u64 bytes = r->left < RX_PIECE ? r->left : RX_PIECE;

  if (!bytes) return 1;
  XTG_OPAQUE(bytes);
  bytes = XTG_LENGTH(bytes, RX_PIECE);
  if (bytes < RX_PIECE) __builtin_memset(r->s->payload, 0, RX_PIECE);
  if (rx_load(r->ctx, tc, r->at, r->s->payload, bytes)) return 1;
  r->sum = bpf_csum_diff(0, 0, (__be32*)r->s->payload, (bytes + 3) & ~3U, r->sum);
  r->at += bytes;
  r->left -= bytes;
  return 0;
}
static long rx_sum_xdp(__u32 turn, struct rx_sum* r) {
  return rx_sum_piece(r, false);
}
static long rx_sum_tc(__u32 turn, struct rx_sum* r) {
  return rx_sum_piece(r, true);
}

/* RFC 9293, 3.1: what arrives with a wrong checksum did not arrive. A packet that has seen no wire
 * (veth) or was merged (GRO) carries only the sum of its pseudo-header: CHECKSUM_PARTIAL. */
static __always_inline bool rx_sound(void* ctx, struct rx_scratch* s, const bool tc, __u32 l4,
                                     __u32 offset, __u32 len) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 pseudo = bpf_htons(6) + bpf_htons((__u16)(offset + len)), carried = 0;
  struct rx_sum r = {.s = s, .ctx = ctx, .at = l4 + offset, .left = len};

  if (c->ipv6)
    pseudo = bpf_csum_diff(0, 0, (__be32*)&s->head[22], 32, pseudo);
  else
    pseudo = bpf_csum_diff(0, 0, (__be32*)&s->head[26], 8, pseudo);
  __builtin_memcpy(&carried, &s->tcp[16], 2);
  pseudo = xtg_csum_fold(pseudo);
  if (carried == pseudo) return true;
  XTG_OPAQUE(offset);
  if (offset > 60) return false;
  r.sum = bpf_csum_diff(0, 0, (__be32*)s->tcp, offset & ~3U, pseudo);
  if (len) bpf_loop(0x10000 / RX_PIECE, tc ? (void*)rx_sum_tc : (void*)rx_sum_xdp, &r, 0);
  return !r.left && xtg_csum_fold(r.sum) == 0xffff;
}

/* The queue is nearly full: the event becomes the flow's latest one, unless one of a later
 * acknowledgment is that. 1: the queue has a notice of it already; 0: what now lies in the scratch
 * is to be entered, a notice, or the event itself where another CPU is busy with the flow. */
static __always_inline int rx_keep(struct rx_scratch* s, struct xtg_tcp_kept* k) {
  __u64 was = __sync_val_compare_and_swap(&k->state, XTG_TCP_KEPT_NONE, XTG_TCP_KEPT_BUSY);

  if (was == XTG_TCP_KEPT_FULL)
    was = __sync_val_compare_and_swap(&k->state, XTG_TCP_KEPT_FULL, XTG_TCP_KEPT_BUSY);
  if (was == XTG_TCP_KEPT_BUSY) return 0;
  if (was == XTG_TCP_KEPT_NONE || !xtg_before(s->event.ack, k->event.ack))
    __builtin_memcpy(&k->event, &s->event, sizeof(k->event));
  /* Through an exchange: nothing written before comes after it. */
  __sync_val_compare_and_swap(&k->state, XTG_TCP_KEPT_BUSY, XTG_TCP_KEPT_FULL);
  s->event.flags = XTG_TCP_KEPT;
  return was == XTG_TCP_KEPT_FULL;
}

/* Enters the scratch event in the queue of the flow's thread. Towards the queue's end there is room
 * for one notice per flow, and for what others may be adding at this moment. */
__noinline int xtg_tcp_enter(struct rx_scratch* s, __u32 worker) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_kept* k = NULL;
  struct xtg_tcp_queue* q;
  struct xtg_tcp_event* e;
  __u32 key, flow;
  __u64 turn;

  if (!s) return 0;
  worker &= XTG_MAX_WORKERS - 1;
  flow = s->event.flow;
  q = &tcp_queues[worker];
  turn = q->head - *(volatile __u64*)&tcp_workers[worker].event_tail;
  if (turn > c->events_mask - 256 - c->ready_mask) {
    k = bpf_map_lookup_elem(&tcp_kept, &flow);
    if (k && rx_keep(s, k)) {
      __sync_fetch_and_add(&q->lost, 1);
      return 0;
    }
    if (turn > c->events_mask - 128) { /* not to be expected */
      if (k && s->event.flags == XTG_TCP_KEPT)
        __sync_val_compare_and_swap(&k->state, XTG_TCP_KEPT_FULL, XTG_TCP_KEPT_NONE);
      __sync_fetch_and_add(&q->lost, 1);
      return 0;
    }
  }
  turn = __sync_fetch_and_add(&q->head, 1);
  key = worker * (c->events_mask + 1) + ((__u32)turn & c->events_mask);
  e = bpf_map_lookup_elem(&tcp_events, &key);
  if (!e) return 0;
  /* Not by assignment of the whole: the turn comes last, and with a barrier. */
  __builtin_memcpy((char*)e + 8, (char*)&s->event + 8, sizeof(*e) - 8);
  __sync_lock_test_and_set(&e->turn, turn + 1);
  return 1;
}

/* True: the packet is ours, and has been taken. */
static __always_inline bool rx_take(void* ctx, __u32 bytes, const bool tc) {
  __u32 zero = 0, header, offset, options;
  struct rx_scratch* s = bpf_map_lookup_elem(&tcp_scratch, &zero);
  struct xtg_tcp_place* place;

  if (!s || !rx_find(ctx, s, tc)) return false;
  if (rx_load(ctx, tc, s->l4, s->tcp, RX_TCP)) return false;
  __builtin_memcpy(&s->key.remote_port, &s->tcp[0], 2);
  __builtin_memcpy(&s->key.local_port, &s->tcp[2], 2);
  place = bpf_map_lookup_elem(&tcp_places, &s->key);
  if (!place) return false;
  if (s->refused) {
    __sync_fetch_and_add(&tcp_untaken.headers, 1);
    return false; /* so that it may say so to the far end */
  }
  header = s->l4 - s->l3; /* of IP, with what follows it */

  /* From here on it is ours: what is malformed is dropped. */
  offset = (s->tcp[12] >> 4) * 4;
  if (offset < 20 || s->l3 + s->total > bytes || header + offset > s->total) return true;
  options = offset - RX_TCP;
  if (options) {
    __u64 bytes = options;
    XTG_OPAQUE(bytes);
    if (rx_load(ctx, tc, s->l4 + RX_TCP, &s->tcp[RX_TCP], XTG_LENGTH(bytes, 64))) return true;
  }
  if (!rx_sound(ctx, s, tc, s->l4, offset, s->total - header - offset)) {
    __sync_fetch_and_add(&tcp_queues[place->worker & (XTG_MAX_WORKERS - 1)].unsound, 1);
    return true;
  }
  __builtin_memset(&s->event, 0, sizeof(s->event));
  s->event.flow = place->flow;
  s->event.seq = rx_u32(&s->tcp[4]);
  s->event.ack = rx_u32(&s->tcp[8]);
  s->event.flags = s->tcp[13];
  s->event.window = rx_u16(&s->tcp[14]);
  s->event.len = s->total - header - offset;
  /* The two low bits of the type of service, or traffic class: congestion experienced. */
  if (((xtg_tcp_c()->ipv6 ? s->head[15] >> 4 : s->head[15]) & 3) == 3)
    s->event.flags |= XTG_TCP_HAS_CE;
  s->event.at_us = (__u32)(bpf_ktime_get_ns() / 1000);
  if (options) xtg_tcp_options(s, options);
  xtg_tcp_enter(s, place->worker);
  return true;
}

SEC("xdp.frags")
int xtg_tcp_rx(struct xdp_md* ctx) {
  return rx_take(ctx, bpf_xdp_get_buff_len(ctx), false) ? XDP_DROP : XDP_PASS;
}

/* -1: TC_ACT_UNSPEC, which lets the next program have its say (tcx: TCX_NEXT). */
SEC("tc")
int xtg_tcp_tc(struct __sk_buff* skb) {
  /* Another network's, with perhaps the same addresses; VLAN 0 is a priority without a VLAN. */
  if (skb->vlan_present && skb->vlan_tci & RX_VLAN_ID) return -1;
  return rx_take(skb, skb->len, true) ? 2 /* TC_ACT_SHOT */ : -1;
}
