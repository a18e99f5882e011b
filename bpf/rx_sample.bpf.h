/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies single test frames to user space through a ring, whole, with the reason. The caller checks
 * rx_s()->why first, so that a run without samples does not even branch. */
#pragma once

#include "rx_scratch.bpf.h"

const volatile struct xtg_rx_sampling rx_sampling = {};
struct xtg_rx_samples rx_samples[XTG_RX_QUEUES];
__u64 rx_first; /* frames sampled because they were among the first */

/* User space sets the size, and polls it: no wakeups. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} rx_ring SEC(".maps");

/* As rx_c(). */
static __always_inline const struct xtg_rx_sampling* rx_s(void) {
  const struct xtg_rx_sampling* s = (const struct xtg_rx_sampling*)&rx_sampling;
  asm volatile("" : "+r"(s));
  return s;
}

static __always_inline struct xtg_rx_samples* samples_at(__u32 queue) {
  if (queue >= XTG_RX_QUEUES) queue = XTG_RX_QUEUES - 1;
  asm volatile("" : "+r"(queue));
  return &rx_samples[queue & (XTG_RX_QUEUES - 1)];
}

/* Initialises the state for a frame of which only this is known. */
static __always_inline void begin_sample(struct xtg_rx_scratch* to, __u32 why) {
  to->sample.why = why;
  to->sample.gap = to->sample.since_ns = 0;
}

static __noinline int snapshot_slot(const struct xtg_rx_slot* s) {
  struct xtg_rx_scratch* to = scratch();

  if (!to) return 0;
  to->before.packets = s->packets;
  to->before.next = s->next;
  to->before.last_ns = s->last_ns;
  to->before.duplicates = s->duplicates;
  to->before.late = s->reordered + s->too_late;
  return 0;
}

/* Derives a packet's outcome from the counters it changed, so that accounting pays nothing for
 * sampling. */
static __noinline int sample_reasons(__u32 number) {
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);
  struct xtg_rx_scratch* to = scratch();

  if (!record || !to) return 0;
  const struct xtg_rx_slot* s = &record->slot;
  const struct xtg_rx_before* b = &to->before;
  if (s->duplicates != b->duplicates) to->sample.why |= XTG_RX_SHOW_DUPLICATE;
  if (s->reordered + s->too_late != b->late) to->sample.why |= XTG_RX_SHOW_LATE;
  if (b->packets && s->next > b->next + 1) {
    to->sample.why |= XTG_RX_SHOW_GAP;
    to->sample.gap = s->next - b->next - 1;
    to->sample.since_ns = s->last_ns - b->last_ns;
  }
  return 0;
}

/* Whether frames are still to be sampled as the first ones. */
static __always_inline bool is_first(void) {
  __u64 first = rx_s()->first;

  return *(volatile __u64*)&rx_first < first && __sync_fetch_and_add(&rx_first, 1) < first;
}

/* Samples a test frame if there is a reason. */
static __noinline int show(struct xtg_ctx* ctx, struct xtg_rx_scratch* to, __u64 now) {
  const struct xtg_rx_sampling* c = rx_s();
  __u64 length = counted_length(ctx, frame_end(ctx)), captured = length;
  __u32 why;

  why = to->sample.why & c->why;
  if (!(to->sample.why & XTG_RX_SHOW_CORRUPT)) {
    if (c->why & XTG_RX_SHOW_EVERY && to->m.seq % c->every == 0) why |= XTG_RX_SHOW_EVERY;
    if (c->why & XTG_RX_SHOW_FIRST && is_first()) why |= XTG_RX_SHOW_FIRST;
  }
  if (!why) return 0;
  if (captured > XTG_RX_SAMPLE_MOST) captured = XTG_RX_SAMPLE_MOST;
  captured--; /* Verifier: before Linux 6.8 a comparison with 0 teaches it nothing */
  asm volatile("" : "+r"(captured)); /* ... and clang would optimise this away */
  if (captured >= XTG_RX_SAMPLE_MOST) return 0;
  captured++;
  if (load_sample(ctx, 0, to->bytes, captured)) {
    if (is_merged(ctx)) __sync_fetch_and_add(&samples_at(queue_of(ctx))->lost, 1);
    return 0;
  }
  to->sample.arrival_ns = now;
  to->sample.seq = to->m.seq;
  to->sample.length = (__u32)length;
  to->sample.captured = (__u32)captured;
  to->sample.why = why;
  if (bpf_ringbuf_output(&rx_ring, &to->sample, sizeof(to->sample) + captured, BPF_RB_NO_WAKEUP))
    __sync_fetch_and_add(&samples_at(queue_of(ctx))->lost, 1);
  return 0;
}
