/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters by receive queue and by CPU, and the amount that was asked for. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "rx_maps.bpf.h"

static __always_inline struct xtg_rx_queue* queue_at(__u32 queue) {
  if (queue >= XTG_RX_QUEUES) queue = XTG_RX_QUEUES - 1;
  asm volatile("" : "+r"(queue));
  return &rx_queues[queue & (XTG_RX_QUEUES - 1)];
}

/* Adds to a counter; `shared`: other CPUs do so, too. */
static __always_inline void add(int shared, __u64* to, __u64 value) {
  if (shared)
    __sync_fetch_and_add(to, value);
  else
    *to += value;
}

static __always_inline struct xtg_rx_queue* of_cpu(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&rx_cpus, &zero);
}

/* A frame is one of ours. */
static __always_inline void count(int shared, struct xtg_rx_queue* q, __u32 length) {
  struct xtg_rx_queue* cpu = of_cpu();

  add(shared, &q->packets, 1);
  add(shared, &q->bytes, length);
  if (!cpu) return;
  cpu->packets++;
  cpu->bytes += length;
}

/* Whether the amount asked for has room for one more. */
static __always_inline bool within_limit(const struct xtg_rx_config* c) {
  return c->limit == ~0ULL || __sync_fetch_and_add(&rx_control.taken, 1) < c->limit;
}
