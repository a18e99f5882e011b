/* SPDX-License-Identifier: GPL-2.0-only */
/* The TCP sending program: one run of it is one frame. A lane works through bursts: at the start of
 * one it reads what the far ends have said, looks after timers, picks a flow and prepares the
 * header that the burst's frames share; the frames then cost little more than their stores. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "renew.bpf.h"
#include "tcp_maps.bpf.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/tcp_file.h"
#include "xtg/abi/tcp_input.h"
#include "xtg/abi/tcp_output.h"

#define XTG_SKIP XDP_DROP

#define TX_EVENTS 128          /* read at the start of one burst */
#define TX_TIMERS 32           /* looked at */
#define TX_ROUND 32            /* flows of a round over all */
#define TX_FLOWS 8             /* asked for something to send */
#define TX_LATE_NS 10000000ULL /* a schedule is made up for by so much */

static __always_inline struct xtg_tcp_lane* lane_of(__u32 ingress_ifindex) {
  __u32 lane = ingress_ifindex - tcp_config.ingress_base;

  if (lane >= XTG_MAX_WORKERS) return NULL;
  return lane_at(lane);
}

/* What the far ends have said, and which timers are due. */
struct tx_sweep {
  struct xtg_tcp_lane* lane;
  __u32 now_us;
  __u32 more; /* timers may be due yet */
};

/* The flow's latest segment, kept while the queue was full. False: it is being written. */
static __always_inline bool tx_kept(struct xtg_tcp_flow* f, __u32 flow, __u32 now_us) {
  struct xtg_tcp_kept* k = bpf_map_lookup_elem(&tcp_kept, &flow);

  if (!k) return true;
  if (__sync_val_compare_and_swap(&k->state, XTG_TCP_KEPT_FULL, XTG_TCP_KEPT_BUSY) !=
      XTG_TCP_KEPT_FULL)
    return false;
  xtg_tcp_input(f, &k->event, now_us);
  __sync_val_compare_and_swap(&k->state, XTG_TCP_KEPT_BUSY, XTG_TCP_KEPT_NONE);
  return true;
}

static long tx_event(__u32 turn, struct tx_sweep* s) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_lane* lane = s->lane;
  __u32 key = lane->lane * (c->events_mask + 1) + ((__u32)lane->event_tail & c->events_mask), flow;
  struct xtg_tcp_event* e = bpf_map_lookup_elem(&tcp_events, &key);
  struct xtg_tcp_flow* f;

  if (!e || *(volatile __u64*)&e->turn != lane->event_tail + 1) return 1;
  __sync_fetch_and_add(&e->turn, 0); /* a barrier: the rest is read after it */
  flow = e->flow;
  f = bpf_map_lookup_elem(&tcp_flows, &flow);
  if (f && f->lane == lane->lane) {
    if (!(e->flags & XTG_TCP_KEPT))
      xtg_tcp_input(f, e, s->now_us);
    else if (!tx_kept(f, flow, s->now_us))
      return 1;
    xtg_tcp_filed(f, s->now_us);
  }
  lane->heard_us = e->at_us;
  lane->event_tail++;
  return 0;
}

/* A flow whose timer may be due. */
static long tx_timer(__u32 turn, struct tx_sweep* s) {
  struct xtg_tcp_lane* lane = s->lane;
  __u32 number = xtg_tcp_wheel_take(wheel_at(lane->lane), s->now_us), at = 0;
  struct xtg_tcp_flow* f;

  s->more = number != 0;
  if (!number) return 1;
  number--;
  f = bpf_map_lookup_elem(&tcp_flows, &number);
  if (!f) return 0;
  lane->looked++;
  f->filed = 0;
  if (xtg_tcp_due_at(f, &at) && !xtg_before(s->now_us, at)) {
    if (f->phase != XTG_TCP_OPEN) {
      xtg_tcp_wake(f); /* it is filed again once it was asked: what it does moves its time */
      return 0;
    }
    xtg_tcp_timer(f, s->now_us);
  }
  xtg_tcp_filed(f, s->now_us);
  return 0;
}

/* The next flow of a round: a new one is to begin, and one that has nothing in flight is to learn
 * that the run ends. */
static long tx_round(__u32 turn, struct tx_sweep* s) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_lane* lane = s->lane;
  __u32 number = lane->sweep;
  struct xtg_tcp_flow* f = bpf_map_lookup_elem(&tcp_flows, &number);

  lane->sweep += c->n_lanes;
  if (lane->sweep >= c->n_flows) lane->told = lane->ready_head - lane->ready_tail + 1;
  if (f && f->phase >= XTG_TCP_OPEN && f->phase <= XTG_TCP_DRAINED) {
    lane->looked++;
    xtg_tcp_filed(f, s->now_us);
    xtg_tcp_wake(f);
  }
  return lane->sweep >= c->n_flows;
}

struct tx_pick {
  struct xtg_tcp_lane* lane;
  struct xtg_tcp_flow* f;
  struct xtg_tcp_burst burst;
  __u32 now_us;
  __u32 flags;
};

#include "tcp_cut.bpf.h"

/* Asks the flow at the head of the lane's queue. One that sends goes to the end of it. */
static long tx_ask(__u32 turn, struct tx_pick* p) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_lane* lane = p->lane;
  __u32 key, *slot, number;
  struct xtg_tcp_flow* f;

  if (lane->ready_tail == lane->ready_head) {
    lane->told = 0;
    return 1;
  }
  key = lane->lane * (c->ready_mask + 1) + (lane->ready_tail & c->ready_mask);
  lane->ready_tail++;
  if (lane->told) lane->told--;
  slot = bpf_map_lookup_elem(&tcp_ready, &key);
  if (!slot) return 1;
  number = *slot;
  f = bpf_map_lookup_elem(&tcp_flows, &number);
  if (!f) return 0;
  f->queued = 0;
  if (!xtg_tcp_pick(f, &p->burst, p->now_us, p->flags)) {
    xtg_tcp_filed(f, p->now_us);
    if (p->flags & XTG_TCP_NO_DATA && f->phase == XTG_TCP_OPEN) xtg_tcp_wake(f);
    return 0;
  }
  xtg_tcp_filed(f, p->now_us);
  xtg_tcp_wake(f);
  p->f = f;
  return 1;
}

struct tx_sum {
  const __u8* bytes;
  __u32 at;
  __u32 left;
  __u64 sum;
};
static long tx_sum_turn(__u32 turn, struct tx_sum* s) {
  __u64 at = s->at;
  const __u8* two;

  XTG_OPAQUE(at);
  if (!s->left || at > XTG_TCP_CHUNK + XTG_TCP_OVERLAP - 2) return 1;
  two = s->bytes + at;
  XTG_OPAQUE(two);
  if (s->left == 1) {
    s->sum += bpf_htons((__u16)(two[0] << 8));
    s->left = 0;
    return 1;
  }
  s->sum += bpf_htons((__u16)(two[0] << 8 | two[1]));
  s->at += 2;
  s->left -= 2;
  return 0;
}

/* The sum over a piece of the payload that is no whole segment: rare. */
static __always_inline __u32 tx_piece_sum(__u64 pos, __u32 len) {
  __u32 key = pos / XTG_TCP_CHUNK;
  struct xtg_tcp_chunk* chunk = bpf_map_lookup_elem(&tcp_payload, &key);
  struct tx_sum s = {.at = (__u32)pos & (XTG_TCP_CHUNK - 1), .left = len};

  if (!chunk) return 0;
  s.bytes = chunk->bytes;
  bpf_loop(XTG_TCP_OVERLAP / 2, tx_sum_turn, &s, 0);
  return xtg_csum_fold(s.sum);
}

static __always_inline void tx_put16(struct xtg_tcp_lane* lane, __u32 at, __u16 value) {
  *(__u16*)((char*)lane->header + at) = value;
}
static __always_inline void tx_put32(struct xtg_tcp_lane* lane, __u32 at, __u32 value) {
  *(__u32*)((char*)lane->header + at) = value;
}

/* The header of a burst, written at constant offsets: `l4` and `ipv6` are known when this is
 * compiled. */
static __always_inline void tx_header(struct xtg_tcp_lane* lane, struct xtg_tcp_flow* f,
                                      const struct xtg_tcp_burst* b, const __u32 l4,
                                      const bool ipv6, __u64 now_ns) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 ack = bpf_htonl(f->rcv_nxt);
  __u16 window = bpf_htons((__u16)f->own_window);
  __u16 l4_len = bpf_htons((__u16)(c->header_len - l4 + b->len));
  __u16 flags = bpf_htons((__u16)((c->header_len - l4) / 4 << 12 | XTG_TCP_ACK |
                                  (b->kind == XTG_TCP_SEND_FIN ? XTG_TCP_FIN : 0) |
                                  (b->cwr ? XTG_TCP_CWR : 0) | (f->ece ? XTG_TCP_ECE : 0)));
  __u64 sum = c->l4_csum_base + f->port_be + ack + window + l4_len + flags;

#pragma unroll
  for (int i = 0; i < XTG_TCP_HEADER / 8; i++)
    lane->header[i] = c->header[i];
  if (tcp_control.link) lane->header[0] = tcp_control.link;
  if (ipv6) {
    tx_put16(lane, 18, l4_len);
    /* Pure ACKs and retransmissions are not ECN-capable (RFC 3168, 6.1.4 and 6.1.5). */
    if (c->ecn && b->kind != XTG_TCP_SEND_NEW)
      tx_put16(lane, 14, *(const __u16*)((const char*)c->header + 14) & bpf_htons(0xffcf));
  } else {
    __u16 total = bpf_htons((__u16)(c->header_len - 14 + b->len));
    __u16 tos = *(const __u16*)((const char*)c->header + 14);
    if (c->ecn && b->kind != XTG_TCP_SEND_NEW) tos &= bpf_htons(0xfffc);
    tx_put16(lane, 14, tos);
    tx_put16(lane, 16, total);
    tx_put16(lane, 24, xtg_csum_ip(c->ip_csum_base + tos + total));
  }
  tx_put16(lane, l4, f->port_be);
  tx_put32(lane, l4 + 8, ack);
  tx_put16(lane, l4 + 12, flags);
  tx_put16(lane, l4 + 14, window);
  if (c->timestamps) {
    __u32 tsval = f->tsval_base + (__u32)(now_ns / 1000000);
    __u32 tsecr = bpf_htonl(f->ts_recent);
    xtg_tcp_undo_sent(f, b, tsval);
    tsval = bpf_htonl(tsval);
    tx_put32(lane, l4 + 24, tsval);
    tx_put32(lane, l4 + 28, tsecr);
    sum += (__u64)tsval + tsecr;
  }
  lane->l4_sum = sum;
}

/* Takes the burst over into the lane. In a function of its own: what it keeps on the stack is not
 * to come below what xtg_tcp_pick() needs. */
static __noinline int tx_prepare(struct xtg_tcp_lane* lane, struct tx_pick* p, __u64 now_ns) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  const struct xtg_tcp_burst* b = &p->burst;
  struct xtg_tcp_flow* f = p->f;
  __u64 first = xtg_tcp_start(c, b->seg);
  bool data = b->kind <= XTG_TCP_SEND_AGAIN;

  if (c->ipv6)
    tx_header(lane, f, b, 54, true, now_ns);
  else
    tx_header(lane, f, b, 34, false, now_ns);
  lane->left = b->count;
  lane->len = b->len;
  lane->push = b->push;
  lane->seq = f->isn + (__u32)b->from - (b->kind == XTG_TCP_SEND_PROBE ? 1 : 0);
  lane->flow = data ? f->number : XTG_NO_FLOW;
  lane->seg = (__u32)b->seg;
  lane->frame_len = b->len == c->mss ? 0 : c->header_len + b->len;
  if (lane->frame_len && lane->frame_len < 60) lane->frame_len = 60; /* Ethernet's minimum */
  lane->piece_sum = 0;
  if (c->payload && b->len) {
    lane->pos = c->period ? b->from % c->period : b->from;
    lane->sum_index = c->period ? b->seg % c->period_segs : b->seg;
    lane->piece_sum = XTG_NO_FLOW;
    if (b->from != first || b->len != xtg_tcp_len(c, b->seg))
      lane->piece_sum = tx_piece_sum(lane->pos, b->len);
  }
  if (data && !lane->first_data_ns) lane->first_data_ns = now_ns;
  if (data && !f->first_ns) f->first_ns = now_ns;
  return 0;
}

/* Nothing to send: the rest of the kernel's batch is passed over. */
static __always_inline int tx_idle(struct xtg_tcp_lane* lane) {
  lane->idle_left = lane->batch - lane->batch_used - 1;
  lane->batch_used = 0;
  return 0;
}

/* Paced: whether the next burst is due, and if so how it moves the schedule. */
static __always_inline bool tx_due(struct xtg_tcp_lane* lane, __u64 now_ns) {
  __u64 late;

  if (now_ns < lane->pace_ns) return false;
  late = now_ns - lane->pace_ns;
  if (late <= TX_LATE_NS || !lane->pace_ns_q) return true;
  /* What could not be sent then is not sent in a rush now. */
  lane->missed += ((late - TX_LATE_NS) << 20) / lane->pace_ns_q;
  lane->pace_ns = now_ns - TX_LATE_NS;
  return true;
}

/* Moves the schedule on by a burst of data. Slots that had gone by count when new data shows that
 * there was something for them. */
static __always_inline void tx_paced(struct xtg_tcp_lane* lane, const struct xtg_tcp_burst* b) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u64 frac = lane->pace_ns_q * b->count;

  /* A slot is for a whole segment, and a cut frame is less: divided first, or it might overflow. */
  if (tcp_control.cut) frac = lane->pace_ns_q / c->mss * b->len * b->count;
  frac += lane->pace_frac;
  lane->pace_ns += frac >> 20;
  lane->pace_frac = frac & ((1 << 20) - 1);
  if (b->kind != XTG_TCP_SEND_NEW) return;
  lane->skipped_slots += lane->missed;
  lane->missed = 0;
}

/* What the far ends have said. This and the next two are functions side by side: the stack of what
 * they call (512 bytes in all) is not to come on top of one another's. 1: more may wait. */
static __noinline int tx_hear(struct xtg_tcp_lane* lane, __u32 now_us) {
  struct tx_sweep sweep = {.lane = lane, .now_us = now_us};
  __u64 before = lane->event_tail;

  bpf_loop(TX_EVENTS, tx_event, &sweep, 0);
  return lane->event_tail - before >= TX_EVENTS;
}

/* What is due. `waiting`: as tx_hear() says. 1: more may be. */
static __noinline int tx_look(struct xtg_tcp_lane* lane, __u64 now_ns, int waiting) {
  struct tx_sweep sweep = {.lane = lane, .now_us = (__u32)(now_ns / 1000)};
  bool ending = tcp_control.stop || now_ns >= tcp_control.end_ns;
  __u32 rounds = *(volatile __u32*)&tcp_control.rounds;

  if (lane->round != rounds || (ending && !lane->ended)) {
    lane->round = rounds;
    lane->ended = ending;
    lane->sweep = lane->lane;
  }
  if (lane->sweep < xtg_tcp_c()->n_flows) bpf_loop(TX_ROUND, tx_round, &sweep, 0);
  sweep.now_us = xtg_tcp_timer_time(sweep.now_us, waiting, lane->heard_us);
  bpf_loop(TX_TIMERS, tx_timer, &sweep, 0);
  return waiting || sweep.more || lane->sweep < xtg_tcp_c()->n_flows;
}

static __noinline int tx_next(struct xtg_tcp_lane* lane, __u64 now_ns, int waiting) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct tx_pick p = {.lane = lane, .now_us = (__u32)(now_ns / 1000)};

  if (lane->holdoff) {
    lane->holdoff--;
    return tx_idle(lane);
  }
  if (now_ns < lane->hold_ns) return tx_idle(lane);
  if (tcp_control.stop || now_ns >= tcp_control.end_ns) p.flags = XTG_TCP_NO_NEW;
  if (c->pace_ns_q && !tx_due(lane, now_ns)) p.flags |= XTG_TCP_NO_DATA;
  if (lane->rest.count) tx_take_rest(lane, &p);
  if (!p.f) bpf_loop(TX_FLOWS, tx_ask, &p, 0);
  if (!p.f) { /* what it waits for may be among the rest */
    if (!waiting && !lane->told) return tx_idle(lane);
    lane->batch_used = (lane->batch_used + 1) % lane->batch;
    return 0;
  }
  lane->cut = 0;
  if (tcp_control.cut) tx_cut(lane, &p);
  tx_prepare(lane, &p, now_ns);
  if (c->pace_ns_q && p.burst.kind <= XTG_TCP_SEND_AGAIN) tx_paced(lane, &p.burst);
  lane->batch_used += p.burst.count;
  if (lane->batch_used >= lane->batch) lane->batch_used = lane->batch_used % lane->batch;
  return 1;
}

/* Begins a burst. 0: there is none. User space waits for a turn to end when it takes a flow away:
 * the additions are full barriers, as on its side. */
static __noinline int tx_begin(struct xdp_md* ctx) {
  struct xtg_tcp_lane* lane = lane_of(ctx->ingress_ifindex);
  __u64 now_ns = bpf_ktime_get_ns();
  int begun;

  if (!lane || tcp_control.stop > 1) return 0;
  __sync_fetch_and_add(&lane->turns, 1);
  begun = tx_hear(lane, (__u32)(now_ns / 1000));
  begun = tx_look(lane, now_ns, begun);
  begun = tx_next(lane, now_ns, begun);
  __sync_fetch_and_add(&lane->turns, 1);
  return begun;
}

/* The payload from the map; its sum. False: there is none. */
static __always_inline bool tx_payload(struct xdp_md* ctx, struct xtg_tcp_lane* lane,
                                       const struct xtg_tcp_config* c, __u64* sum) {
  __u32 key = lane->pos / XTG_TCP_CHUNK, at = (__u32)lane->pos & (XTG_TCP_CHUNK - 1);
  struct xtg_tcp_chunk* chunk = bpf_map_lookup_elem(&tcp_payload, &key);
  __u64 len = lane->len;

  if (!chunk) return false;
  XTG_OPAQUE(len);
  len = XTG_LENGTH(len, XTG_TCP_OVERLAP);
  if (bpf_xdp_store_bytes(ctx, c->header_len, chunk->bytes + at, len)) return false;
  if (lane->piece_sum != XTG_NO_FLOW) {
    *sum += lane->piece_sum;
  } else {
    __u32 index = lane->sum_index++, *known = bpf_map_lookup_elem(&tcp_sums, &index);
    if (!known) return false;
    *sum += *known;
  }
  lane->pos += len;
  return true;
}

static __always_inline bool tx_write(struct xdp_md* ctx, struct xtg_tcp_lane* lane, __u64 sum,
                                     const __u32 l4) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 seq = bpf_htonl(lane->seq);
  __u64* to = data;
  __u16* tail;

  if (data + XTG_TCP_HEADER > end) return false;
  /* The longest multiple of eight that all headers have, and what is behind it. */
  if (c->header_len == 86) {
#pragma unroll
    for (int i = 0; i < 10; i++)
      to[i] = lane->header[i];
    *(__u32*)(to + 10) = *(__u32*)(lane->header + 10);
    *(__u16*)(data + 84) = *(__u16*)((char*)lane->header + 84);
  } else if (c->header_len == 74) {
#pragma unroll
    for (int i = 0; i < 9; i++)
      to[i] = lane->header[i];
    *(__u16*)(data + 72) = *(__u16*)((char*)lane->header + 72);
  } else if (c->header_len == 66) {
#pragma unroll
    for (int i = 0; i < 8; i++)
      to[i] = lane->header[i];
    *(__u16*)(data + 64) = *(__u16*)((char*)lane->header + 64);
  } else {
#pragma unroll
    for (int i = 0; i < 6; i++)
      to[i] = lane->header[i];
    *(__u32*)(to + 6) = *(__u32*)(lane->header + 6);
    *(__u16*)(data + 52) = *(__u16*)((char*)lane->header + 52);
  }
  if (lane->push && lane->left == 1) {
    *(__u8*)(data + l4 + 13) |= XTG_TCP_PSH;
    sum += bpf_htons(XTG_TCP_PSH);
  }
  *(__u32*)(data + l4 + 4) = seq;
  tail = data + l4 + 16;
  *tail = (__u16)~xtg_csum_fold(sum + seq);
  return true;
}

/* RFC 1042: what fills a frame up to Ethernet's minimum is zero. Before the payload is written. */
static __always_inline bool tx_pad(struct xdp_md* ctx) {
  void* data = (void*)(long)ctx->data;

  if (data + 60 > (void*)(long)ctx->data_end) return false;
  *(__u32*)(data + 54) = 0;
  *(__u16*)(data + 58) = 0;
  return true;
}

static __always_inline int tx_frame(struct xdp_md* ctx, struct xtg_tcp_lane* lane) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u64 sum = lane->l4_sum;
  __u32 slot = lane->lane * XTG_TCP_LOG + (lane->logged & (XTG_TCP_LOG - 1));

  if (c->header_len == 54 && lane->frame_len == 60 && !tx_pad(ctx)) return XTG_SKIP;
  if (c->payload && lane->len && !tx_payload(ctx, lane, c, &sum)) return XTG_SKIP;
  if (c->ipv6) {
    if (!tx_write(ctx, lane, sum, 54)) return XTG_SKIP;
  } else {
    if (!tx_write(ctx, lane, sum, 34)) return XTG_SKIP;
  }
  XTG_OPAQUE(slot);
  if (slot < XTG_MAX_WORKERS * XTG_TCP_LOG)
    (&tcp_log[0][0])[slot] = (__u64)lane->flow << 32 | lane->seg;
  lane->logged++;
  lane->attempts++;
  lane->seq += lane->len;
  if (lane->cut) {
    lane->cut_at += lane->len;
    lane->seg = (__u32)xtg_tcp_seg(c, lane->cut_at);
  } else {
    lane->seg++;
  }
  lane->left--;
  if (lane->frame_len) {
    int page = (int)bpf_xdp_get_buff_len(ctx);
    if (bpf_xdp_adjust_tail(ctx, (int)lane->frame_len - page)) return XTG_SKIP;
  }
  if (c->renew) xtg_renew(ctx);
  return bpf_redirect_map(&tcp_targets, 0, XDP_DROP);
}

SEC("xdp")
int xtg_tcp_tx(struct xdp_md* ctx) {
  struct xtg_tcp_lane* lane = lane_of(ctx->ingress_ifindex);

  if (!lane) return XTG_SKIP;
  if (!lane->left) {
    if (lane->idle_left) {
      lane->idle_left--;
      return XTG_SKIP;
    }
    if (!tx_begin(ctx)) return XTG_SKIP;
  }
  return tx_frame(ctx, lane);
}
