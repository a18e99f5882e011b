/* SPDX-License-Identifier: GPL-2.0-only */
/* What the TCP programs share with each other and with user space, and what the sender's logic in
 * include/xtg/abi/tcp_*.h wants to have around it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/base.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_wheel.h"

const volatile struct xtg_tcp_config tcp_config;

/* .bss, mapped by user space. */
struct xtg_tcp_control tcp_control;
struct xtg_tcp_worker tcp_workers[XTG_MAX_WORKERS];
struct xtg_tcp_queue tcp_queues[XTG_MAX_WORKERS];
struct xtg_tcp_wheel tcp_wheels[XTG_MAX_WORKERS];
struct xtg_tcp_untaken tcp_untaken;
struct xtg_tcp_icmp tcp_icmp;
/* Round-trip times in ns, one row per worker. */
__u64 tcp_rtt[XTG_MAX_WORKERS][XTG_HIST_CELLS];
/* Frames handed out, in order, until the driver's word on them is known: flow << 32 | segment. */
__u64 tcp_log[XTG_MAX_WORKERS][XTG_TCP_LOG];

#define XTG_NO_FLOW 0xffffffffU

/* User space sets how many elements each of these has. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_flow);
} tcp_flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_word);
} tcp_boards SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_event);
} tcp_events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_kept);
} tcp_kept SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_link);
} tcp_links SEC(".maps");

/* Each worker's queue of flows that may have something to send. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} tcp_ready SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct xtg_tcp_key);
  __type(value, struct xtg_tcp_place);
} tcp_places SEC(".maps");

/* Round-trip times of single flows, in runs of few. */
struct xtg_tcp_rtt_row {
  __u32 cell[XTG_HIST_CELLS];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_rtt_row);
} tcp_flow_rtt SEC(".maps");

/* The payload of one period, and the sum of each of its segments. */
struct xtg_tcp_chunk {
  __u8 bytes[XTG_TCP_CHUNK + XTG_TCP_OVERLAP];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_tcp_chunk);
} tcp_payload SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} tcp_sums SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} tcp_targets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} tcp_errnos SEC(".maps");

/* Clang forgets what it knows about a number: it would check another copy of it, or fold checks
 * into one that the verifier cannot follow. */
#define XTG_OPAQUE(x) asm volatile("" : "+r"(x))
/* A length that is 1 to `most`, a power of two, so that the verifier sees it (Linux 6.1 learns
 * nothing from a comparison with 0). */
#define XTG_LENGTH(x, most) ((((__u64)(x)-1) & ((most)-1)) + 1)

/* Plain reads of memory that the compiler knows nothing about, and the verifier everything. */
static __always_inline const struct xtg_tcp_config* xtg_tcp_c(void) {
  const struct xtg_tcp_config* c = (const struct xtg_tcp_config*)&tcp_config;
  XTG_OPAQUE(c);
  return c;
}

static __always_inline struct xtg_tcp_worker* worker_at(__u32 number) {
  XTG_OPAQUE(number);
  return &tcp_workers[number & (XTG_MAX_WORKERS - 1)];
}

static __always_inline struct xtg_tcp_word* xtg_tcp_word_at(const struct xtg_tcp_flow* f,
                                                            __u64 word) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  __u32 key = f->number * c->board_words + ((__u32)word & (c->board_words - 1));

  return bpf_map_lookup_elem(&tcp_boards, &key);
}

/* The verifier would follow each way to a cell for itself. */
__noinline __u32 xtg_tcp_rtt_cell(__u32 rtt_us) {
  return xtg_hist_cell((__u64)rtt_us * 1000);
}

static __always_inline void xtg_tcp_rtt_sample(struct xtg_tcp_flow* f, __u32 rtt_us) {
  __u32 cell = xtg_tcp_rtt_cell(rtt_us), number = f->number;
  __u32 worker = f->worker & (XTG_MAX_WORKERS - 1);
  struct xtg_tcp_rtt_row* row = bpf_map_lookup_elem(&tcp_flow_rtt, &number);

  XTG_OPAQUE(cell);
  if (cell >= XTG_HIST_CELLS) return;
  tcp_rtt[worker][cell]++;
  if (row) row->cell[cell]++;
}

static __always_inline void xtg_tcp_wake(struct xtg_tcp_flow* f) {
  const struct xtg_tcp_config* c = xtg_tcp_c();
  struct xtg_tcp_worker* worker = worker_at(f->worker);
  __u32 key, *slot;

  if (f->queued) return;
  key = f->worker * (c->ready_mask + 1) + (worker->ready_head & c->ready_mask);
  slot = bpf_map_lookup_elem(&tcp_ready, &key);
  if (!slot) return;
  *slot = f->number;
  worker->ready_head++;
  f->queued = 1;
}

static __always_inline struct xtg_tcp_wheel* wheel_at(__u32 worker) {
  XTG_OPAQUE(worker);
  return &tcp_wheels[worker & (XTG_MAX_WORKERS - 1)];
}
static __always_inline struct xtg_tcp_wheel* xtg_tcp_wheel_of(const struct xtg_tcp_flow* f) {
  return wheel_at(f->worker);
}
static __always_inline struct xtg_tcp_link* xtg_tcp_link_at(__u32 number) {
  return bpf_map_lookup_elem(&tcp_links, &number);
}

#define xtg_loop(n, fn, ctx) bpf_loop(n, fn, ctx, 0)
/* The verifier checks these once each, whoever calls them. */
#define XTG_TCP_FN __attribute__((noinline))
