/* SPDX-License-Identifier: GPL-2.0-only */
/* The TCP sending program: one run of it is one frame. A worker works through bursts: at the start
 * of one it reads what the far ends have said, looks after timers, picks a flow and prepares the
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

static __always_inline struct xtg_tcp_worker* worker_of(__u32 ingress_ifindex) {
  __u32 worker = ingress_ifindex - tcp_config.ingress_base;

  if (worker >= XTG_MAX_WORKERS) return NULL;
  return worker_at(worker);
}

/* What the far ends have said, and which timers are due. */
struct tx_sweep {
  struct xtg_tcp_worker* worker;
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
  struct xtg_tcp_worker* worker = s->worker;
  __u32 key = worker->number * (c->events_mask + 1) + ((__u32)worker->event_tail & c->events_mask),
        flow;
  struct xtg_tcp_event* e = bpf_map_lookup_elem(&tcp_events, &key);
  struct xtg_tcp_flow* f;

  if (!e || *(volatile __u64*)&e->turn != worker->event_tail + 1) return 1;
  __sync_fetch_and_add(&e->turn, 0); /* a barrier: the rest is read after it */
  flow = e->flow;
  f = bpf_map_lookup_elem(&tcp_flows, &flow);
  if (f && f->worker == worker->number) {
    if (!(e->flags & XTG_TCP_KEPT))
      xtg_tcp_input(f, e, s->now_us);
    else if (!tx_kept(f, flow, s->now_us))
      return 1;
    xtg_tcp_filed(f, s->now_us);
  }
  worker->heard_us = e->at_us;
  worker->event_tail++;
  return 0;
}

/* A flow whose timer may be due. */
static long tx_timer(__u32 turn, struct tx_sweep* s) {
  struct xtg_tcp_worker* worker = s->worker;
  __u32 number = xtg_tcp_wheel_take(wheel_at(worker->number), s->now_us), at = 0;
  struct xtg_tcp_flow* f;

  s->more = number != 0;
  if (!number) return 1;
  number--;
  f = bpf_map_lookup_elem(&tcp_flows, &number);
  if (!f) return 0;
  worker->looked++;
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
  struct xtg_tcp_worker* worker = s->worker;
  __u32 number = worker->sweep;
  struct xtg_tcp_flow* f = bpf_map_lookup_elem(&tcp_flows, &number);

  worker->sweep += c->n_workers;
  if (worker->sweep >= c->n_flows) worker->to_poll = worker->ready_head - worker->ready_tail + 1;
  if (f && f->phase >= XTG_TCP_OPEN && f->phase <= XTG_TCP_DRAINED) {
    worker->looked++;
    xtg_tcp_filed(f, s->now_us);
    xtg_tcp_wake(f);
  }
  return worker->sweep >= c->n_flows;
}

struct tx_pick {
  struct xtg_tcp_worker* worker;
  struct xtg_tcp_flow* f;
  struct xtg_tcp_burst burst;
  __u32 now_us;
  __u32 flags;
};

#include "tcp_cut.bpf.h"

/* Asks the flow at the head of the worker's queue. One that sends goes to the end of it. */
static long tx_ask(__u32 turn, struct tx_pick* p) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_worker* worker = p->worker;
  __u32 key, *slot, number;
  struct xtg_tcp_flow* f;

  if (worker->ready_tail == worker->ready_head) {
    worker->to_poll = 0;
    return 1;
  }
  key = worker->number * (c->ready_mask + 1) + (worker->ready_tail & c->ready_mask);
  worker->ready_tail++;
  if (worker->to_poll) worker->to_poll--;
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

static __always_inline void tx_put16(struct xtg_tcp_worker* worker, __u32 at, __u16 value) {
  *(__u16*)((char*)worker->header + at) = value;
}
static __always_inline void tx_put32(struct xtg_tcp_worker* worker, __u32 at, __u32 value) {
  *(__u32*)((char*)worker->header + at) = value;
}

/* The header of a burst, written at constant offsets: `l4` and `ipv6` are known when this is
 * compiled. */
static __always_inline void tx_header(struct xtg_tcp_worker* worker, struct xtg_tcp_flow* f,
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
    worker->header[i] = c->header[i];
  if (tcp_control.link) worker->header[0] = tcp_control.link;
  if (ipv6) {
    tx_put16(worker, 18, l4_len);
    /* Pure ACKs and retransmissions are not ECN-capable (RFC 3168, 6.1.4 and 6.1.5). */
    if (c->ecn && b->kind != XTG_TCP_SEND_NEW)
      tx_put16(worker, 14, *(const __u16*)((const char*)c->header + 14) & bpf_htons(0xffcf));
  } else {
    __u16 total = bpf_htons((__u16)(c->header_len - 14 + b->len));
    __u16 tos = *(const __u16*)((const char*)c->header + 14);
    if (c->ecn && b->kind != XTG_TCP_SEND_NEW) tos &= bpf_htons(0xfffc);
    tx_put16(worker, 14, tos);
    tx_put16(worker, 16, total);
    tx_put16(worker, 24, xtg_csum_ip(c->ip_csum_base + tos + total));
  }
  tx_put16(worker, l4, f->port_be);
  tx_put32(worker, l4 + 8, ack);
  tx_put16(worker, l4 + 12, flags);
  tx_put16(worker, l4 + 14, window);
  if (c->timestamps) {
    __u32 tsval = f->tsval_base + (__u32)(now_ns / 1000000);
    __u32 tsecr = bpf_htonl(f->ts_recent);
    xtg_tcp_undo_sent(f, b, tsval);
    tsval = bpf_htonl(tsval);
    tx_put32(worker, l4 + 24, tsval);
    tx_put32(worker, l4 + 28, tsecr);
    sum += (__u64)tsval + tsecr;
  }
  worker->l4_sum = sum;
}

/* Takes the burst over into the worker. In a function of its own: what it keeps on the stack is not
 * to come below what xtg_tcp_pick() needs. */
static __noinline int tx_prepare(struct xtg_tcp_worker* worker, struct tx_pick* p, __u64 now_ns) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  const struct xtg_tcp_burst* b = &p->burst;
  struct xtg_tcp_flow* f = p->f;
  __u64 first = xtg_tcp_start(c, b->seg);
  bool data = b->kind <= XTG_TCP_SEND_RETRANSMIT;

  if (c->ipv6)
    tx_header(worker, f, b, 54, true, now_ns);
  else
    tx_header(worker, f, b, 34, false, now_ns);
  worker->left = b->count;
  worker->len = b->len;
  worker->push = b->push;
  worker->seq = f->isn + (__u32)b->from - (b->kind == XTG_TCP_SEND_PROBE ? 1 : 0);
  worker->flow = data ? f->number : XTG_NO_FLOW;
  worker->seg = (__u32)b->seg;
  worker->frame_len = b->len == c->mss ? 0 : c->header_len + b->len;
  if (worker->frame_len && worker->frame_len < 60) worker->frame_len = 60; /* Ethernet's minimum */
  worker->piece_sum = 0;
  if (c->payload && b->len) {
    worker->pos = c->period ? b->from % c->period : b->from;
    worker->sum_index = c->period ? b->seg % c->period_segs : b->seg;
    worker->piece_sum = XTG_NO_FLOW;
    if (b->from != first || b->len != xtg_tcp_len(c, b->seg))
      worker->piece_sum = tx_piece_sum(worker->pos, b->len);
  }
  if (data && !worker->first_data_ns) worker->first_data_ns = now_ns;
  if (data && !f->first_ns) f->first_ns = now_ns;
  return 0;
}

/* Nothing to send: the rest of the kernel's batch is passed over. */
static __always_inline int tx_idle(struct xtg_tcp_worker* worker) {
  worker->idle_left = worker->batch - worker->batch_used - 1;
  worker->batch_used = 0;
  return 0;
}

/* Paced: whether the next burst is due, and if so how it moves the schedule. */
static __always_inline bool tx_due(struct xtg_tcp_worker* worker, __u64 now_ns) {
  __u64 late;

  if (now_ns < worker->pace_ns) return false;
  late = now_ns - worker->pace_ns;
  if (late <= TX_LATE_NS || !worker->pace_ns_q) return true;
  /* What could not be sent then is not sent in a rush now. */
  worker->missed += ((late - TX_LATE_NS) << 20) / worker->pace_ns_q;
  worker->pace_ns = now_ns - TX_LATE_NS;
  return true;
}

/* Moves the schedule on by a burst of data. Slots that had gone by count when new data shows that
 * there was something for them. */
static __always_inline void tx_paced(struct xtg_tcp_worker* worker, const struct xtg_tcp_burst* b) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u64 frac = worker->pace_ns_q * b->count;

  /* A slot is for a whole segment, and a cut frame is less: divided first, or it might overflow. */
  if (tcp_control.cut) frac = worker->pace_ns_q / c->mss * b->len * b->count;
  frac += worker->pace_frac;
  worker->pace_ns += frac >> 20;
  worker->pace_frac = frac & ((1 << 20) - 1);
  if (b->kind != XTG_TCP_SEND_NEW) return;
  worker->skipped_slots += worker->missed;
  worker->missed = 0;
}

/* What the far ends have said. This and the next two are functions side by side: the stack of what
 * they call (512 bytes in all) is not to come on top of one another's. 1: more may wait. */
static __noinline int tx_hear(struct xtg_tcp_worker* worker, __u32 now_us) {
  struct tx_sweep sweep = {.worker = worker, .now_us = now_us};
  __u64 before = worker->event_tail;

  bpf_loop(TX_EVENTS, tx_event, &sweep, 0);
  return worker->event_tail - before >= TX_EVENTS;
}

/* What is due. `waiting`: as tx_hear() says. 1: more may be. */
static __noinline int tx_look(struct xtg_tcp_worker* worker, __u64 now_ns, int waiting) {
  struct tx_sweep sweep = {.worker = worker, .now_us = (__u32)(now_ns / 1000)};
  bool ending = tcp_control.stop || now_ns >= tcp_control.end_ns;
  __u32 rounds = *(volatile __u32*)&tcp_control.rounds;

  if (worker->round != rounds || (ending && !worker->ended)) {
    worker->round = rounds;
    worker->ended = ending;
    worker->sweep = worker->number;
  }
  if (worker->sweep < xtg_tcp_c()->n_flows) bpf_loop(TX_ROUND, tx_round, &sweep, 0);
  sweep.now_us = xtg_tcp_timer_time(sweep.now_us, waiting, worker->heard_us);
  bpf_loop(TX_TIMERS, tx_timer, &sweep, 0);
  return waiting || sweep.more || worker->sweep < xtg_tcp_c()->n_flows;
}

static __noinline int tx_next(struct xtg_tcp_worker* worker, __u64 now_ns, int waiting) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct tx_pick p = {.worker = worker, .now_us = (__u32)(now_ns / 1000)};

  if (worker->holdoff) {
    worker->holdoff--;
    return tx_idle(worker);
  }
  if (now_ns < worker->hold_ns) return tx_idle(worker);
  if (tcp_control.stop || now_ns >= tcp_control.end_ns) p.flags = XTG_TCP_NO_NEW;
  if (c->pace_ns_q && !tx_due(worker, now_ns)) p.flags |= XTG_TCP_NO_DATA;
  if (worker->rest.count) tx_take_rest(worker, &p);
  if (!p.f) bpf_loop(TX_FLOWS, tx_ask, &p, 0);
  if (!p.f) { /* what it waits for may be among the rest */
    if (!waiting && !worker->to_poll) return tx_idle(worker);
    worker->batch_used = (worker->batch_used + 1) % worker->batch;
    return 0;
  }
  worker->cut = 0;
  if (tcp_control.cut) tx_cut(worker, &p);
  tx_prepare(worker, &p, now_ns);
  if (c->pace_ns_q && p.burst.kind <= XTG_TCP_SEND_RETRANSMIT) tx_paced(worker, &p.burst);
  worker->batch_used += p.burst.count;
  if (worker->batch_used >= worker->batch) worker->batch_used = worker->batch_used % worker->batch;
  return 1;
}

/* Begins a burst. 0: there is none. User space waits for a turn to end when it takes a flow away:
 * the additions are full barriers, as on its side. */
static __noinline int tx_begin(struct xdp_md* ctx) {
  struct xtg_tcp_worker* worker = worker_of(ctx->ingress_ifindex);
  __u64 now_ns = bpf_ktime_get_ns();
  int begun;

  if (!worker || tcp_control.stop > 1) return 0;
  __sync_fetch_and_add(&worker->turns, 1);
  begun = tx_hear(worker, (__u32)(now_ns / 1000));
  begun = tx_look(worker, now_ns, begun);
  begun = tx_next(worker, now_ns, begun);
  __sync_fetch_and_add(&worker->turns, 1);
  return begun;
}

/* The payload from the map; its sum. False: there is none. */
static __always_inline bool tx_payload(struct xdp_md* ctx, struct xtg_tcp_worker* worker,
                                       const struct xtg_tcp_config* c, __u64* sum) {
  __u32 key = worker->pos / XTG_TCP_CHUNK, at = (__u32)worker->pos & (XTG_TCP_CHUNK - 1);
  struct xtg_tcp_chunk* chunk = bpf_map_lookup_elem(&tcp_payload, &key);
  __u64 len = worker->len;

  if (!chunk) return false;
  XTG_OPAQUE(len);
  len = XTG_LENGTH(len, XTG_TCP_OVERLAP);
  if (bpf_xdp_store_bytes(ctx, c->header_len, chunk->bytes + at, len)) return false;
  if (worker->piece_sum != XTG_NO_FLOW) {
    *sum += worker->piece_sum;
  } else {
    __u32 index = worker->sum_index++, *known = bpf_map_lookup_elem(&tcp_sums, &index);
    if (!known) return false;
    *sum += *known;
  }
  worker->pos += len;
  return true;
}

static __always_inline bool tx_write(struct xdp_md* ctx, struct xtg_tcp_worker* worker, __u64 sum,
                                     const __u32 l4) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 seq = bpf_htonl(worker->seq);
  __u64* to = data;
  __u16* tail;

  if (data + XTG_TCP_HEADER > end) return false;
  /* The longest multiple of eight that all headers have, and what is behind it. */
  if (c->header_len == 86) {
#pragma unroll
    for (int i = 0; i < 10; i++)
      to[i] = worker->header[i];
    *(__u32*)(to + 10) = *(__u32*)(worker->header + 10);
    *(__u16*)(data + 84) = *(__u16*)((char*)worker->header + 84);
  } else if (c->header_len == 74) {
#pragma unroll
    for (int i = 0; i < 9; i++)
      to[i] = worker->header[i];
    *(__u16*)(data + 72) = *(__u16*)((char*)worker->header + 72);
  } else if (c->header_len == 66) {
#pragma unroll
    for (int i = 0; i < 8; i++)
      to[i] = worker->header[i];
    *(__u16*)(data + 64) = *(__u16*)((char*)worker->header + 64);
  } else {
#pragma unroll
    for (int i = 0; i < 6; i++)
      to[i] = worker->header[i];
    *(__u32*)(to + 6) = *(__u32*)(worker->header + 6);
    *(__u16*)(data + 52) = *(__u16*)((char*)worker->header + 52);
  }
  if (worker->push && worker->left == 1) {
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

static __always_inline int tx_frame(struct xdp_md* ctx, struct xtg_tcp_worker* worker) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u64 sum = worker->l4_sum;
  __u32 slot = worker->number * XTG_TCP_LOG + (worker->logged & (XTG_TCP_LOG - 1));

  if (c->header_len == 54 && worker->frame_len == 60 && !tx_pad(ctx)) return XTG_SKIP;
  if (c->payload && worker->len && !tx_payload(ctx, worker, c, &sum)) return XTG_SKIP;
  if (c->ipv6) {
    if (!tx_write(ctx, worker, sum, 54)) return XTG_SKIP;
  } else {
    if (!tx_write(ctx, worker, sum, 34)) return XTG_SKIP;
  }
  XTG_OPAQUE(slot);
  if (slot < XTG_MAX_WORKERS * XTG_TCP_LOG)
    (&tcp_log[0][0])[slot] = (__u64)worker->flow << 32 | worker->seg;
  worker->logged++;
  worker->attempts++;
  worker->seq += worker->len;
  if (worker->cut) {
    worker->cut_at += worker->len;
    worker->seg = (__u32)xtg_tcp_seg(c, worker->cut_at);
  } else {
    worker->seg++;
  }
  worker->left--;
  if (worker->frame_len) {
    int page = (int)bpf_xdp_get_buff_len(ctx);
    if (bpf_xdp_adjust_tail(ctx, (int)worker->frame_len - page)) return XTG_SKIP;
  }
  if (c->renew) xtg_renew(ctx);
  return bpf_redirect_map(&tcp_targets, 0, XDP_DROP);
}

SEC("xdp")
int xtg_tcp_tx(struct xdp_md* ctx) {
  struct xtg_tcp_worker* worker = worker_of(ctx->ingress_ifindex);

  if (!worker) return XTG_SKIP;
  if (!worker->left) {
    if (worker->idle_left) {
      worker->idle_left--;
      return XTG_SKIP;
    }
    if (!tx_begin(ctx)) return XTG_SKIP;
  }
  return tx_frame(ctx, worker);
}
