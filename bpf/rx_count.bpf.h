/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters by receive queue and by CPU, and the amount that was asked for. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "rx_maps.bpf.h"

/* All ones if the queue has a record of its own, else 0. All other queues share record `last`.
 * Computed without a branch, because the verifier would walk everything after one twice. */
static __always_inline __u64 own_record(__u32 queue, __u32 last) {
  __u64 apart = (__u64)((__s64)((__u64)queue - last) >> 63);

  asm volatile("" : "+r"(apart)); /* Clang: it would make a branch of it */
  return apart;
}

static __always_inline struct xtg_rx_queue* queue_at(__u32 queue) {
  __u64 apart = own_record(queue, XTG_RX_QUEUES - 1);
  __u64 at = (queue & apart) | (~apart & (XTG_RX_QUEUES - 1));

  asm volatile("" : "+r"(at));
  return &rx_queues[at & (XTG_RX_QUEUES - 1)];
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
