/* SPDX-License-Identifier: GPL-2.0-only */
/* What the receiving program shares with user space, and what the accounting in
 * include/xtg/abi/rx_seq.h wants to have around it. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/rx.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/rx_sample.h"

const volatile struct xtg_rx_config rx_config;
const volatile struct xtg_rx_filters rx_filters = {.count = 0};

/* .bss, mapped by user space. */
struct xtg_rx_control rx_control;
struct xtg_rx_queue rx_queues[XTG_RX_QUEUES];
struct xtg_rx_candidate rx_candidates[XTG_RX_CANDIDATES];
/* By the low 16 bits of a session, how many streams of it are announced (255: all there can be),
 * and the high 16 bits of the last session that was announced or seen. */
__u32 rx_known[65536];
/* Slot + 1 of the stream that last had this place; it says itself whose it is. */
__u32 rx_cache[XTG_RX_QUEUES][XTG_RX_CACHE];

/* User space sets how many elements these have, and the length of a record. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct xtg_rx_record));
} rx_records SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct xtg_rx_key);
  __type(value, __u32);
} rx_places SEC(".maps");

/* Slots that were taken back (XTG_RX_NOBODY). User space sets how many elements it may have. */
struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, 1);
  __uint(value_size, sizeof(__u32));
} rx_free SEC(".maps");

/* The streams that have or had a record, and each one's position (rx_seq.h). The receivers of a
 * process share it. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, XTG_RX_POSITIONS);
  __type(key, struct xtg_rx_stream_key);
  __type(value, __u64);
} rx_positions SEC(".maps");

/* What senders announced. Entered by the program, read and emptied by user space when
 * rx_control.announced has changed, so that forged ones cannot fill it for good. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, XTG_RX_ANNOUNCED);
  __type(key, struct xtg_rx_announce_key);
  __type(value, struct xtg_rx_announcement);
} rx_announced SEC(".maps");

/* By CPU, what rx_queues has by queue. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_rx_queue);
} rx_cpus SEC(".maps");

/* Plain reads of memory that the compiler knows nothing about, and the verifier everything. */
static __always_inline const struct xtg_rx_config* rx_c(void) {
  const struct xtg_rx_config* c = (const struct xtg_rx_config*)&rx_config;
  asm volatile("" : "+r"(c));
  return c;
}

static __always_inline const struct xtg_rx_filters* rx_f(void) {
  const struct xtg_rx_filters* f = (const struct xtg_rx_filters*)&rx_filters;
  asm volatile("" : "+r"(f));
  return f;
}

#define xtg_rx_mask(w) ((__u64)(rx_c()->window / XTG_RX_WORD - 1))
#define xtg_rx_loop(n, fn, ctx) bpf_loop(n, fn, ctx, 0)

static __always_inline void stream_of(const struct xtg_rx_slot* s, struct xtg_rx_stream_key* key) {
  key->run_id = s->key.run_id;
  key->stream = s->key.stream;
  key->form = s->key.form & ~XTG_RX_REFLECTED;
}

static __noinline __u64 position_of(const struct xtg_rx_slot* s) {
  struct xtg_rx_stream_key key;
  __u64* position;

  stream_of(s, &key);
  position = bpf_map_lookup_elem(&rx_positions, &key);
  return position ? *position : 0;
}

static __noinline int store_position(const struct xtg_rx_slot* s, __u64 number) {
  struct xtg_rx_stream_key key;

  stream_of(s, &key);
  bpf_map_update_elem(&rx_positions, &key, &number, BPF_ANY);
  return 0;
}

static __always_inline struct xtg_rx_record* xtg_rx_record_at(__u32 number) {
  return bpf_map_lookup_elem(&rx_records, &number);
}

#define xtg_rx_position(w) position_of((w)->slot)
#define xtg_rx_store_position(w, number) store_position((w)->slot, number)
