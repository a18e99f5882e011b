/* SPDX-License-Identifier: GPL-2.0-only */
/* The records of a thread and its streams, and where a stream's varying fields are in the frame
 * that is next (rules: abi/sweep.h). In order they advance step by step; after a claim of another
 * thread, and where flows return to their beginning, they are sought. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/sweep.h"

/* A decision by constants of the run. The verifier removes a branch whose target is never reached,
 * so each outcome has a target of its own; the jump there is an instruction that it removes, too.
 */
#define XTG_FIXED(condition)                                                                       \
  if (!(condition))                                                                                \
    asm volatile("goto +0");                                                                       \
  else

static __always_inline struct xtg_tx_worker* worker_of(__u32 ingress_ifindex) {
  __u32 worker = ingress_ifindex - config.ingress_base;

  if (worker >= XTG_MAX_WORKERS) return NULL;
  /* Verifier: clang would compute the address first and compare another copy of the index. */
  asm volatile("" : "+r"(worker));
  return &workers[worker & (XTG_MAX_WORKERS - 1)];
}

static __always_inline struct xtg_tx_cursor* cursor_at(__u32 worker, __u32 stream) {
  __u64 at = (worker & (XTG_MAX_WORKERS - 1)) * XTG_MAX_STREAMS + (stream & (XTG_MAX_STREAMS - 1));

  asm volatile("" : "+r"(at));
  return &cursors[0][0] + (at & (XTG_MAX_WORKERS * XTG_MAX_STREAMS - 1));
}

/* The stream's constants, as plain reads of memory the compiler knows nothing about. */
static __always_inline const struct xtg_stream* stream_at(__u32 number) {
  const struct xtg_stream* s = (const struct xtg_stream*)&streams[number & (XTG_MAX_STREAMS - 1)];

  asm volatile("" : "+r"(s));
  return s;
}

/* The position of the fields in packet `seq`; sets how the flows go on from there. */
static __always_inline __u64 seek_flows(struct xtg_tx_cursor* c, const struct xtg_stream* s,
                                        __u64 seq) {
  if (!s->flows) return seq;
  c->flow_left = s->flows - seq % s->flows;
  c->rounds_left = s->flow_packets ? s->flow_packets - seq / s->flows % s->flow_packets : 0;
  return xtg_flow_at(seq, s->flows, s->flow_packets);
}

/* Puts one field to where it is in packet `seq`; what is left of the position is for the next one.
 */
static __always_inline __u64 seek_field(struct xtg_tx_cursor* c, const struct xtg_stream* s,
                                        __u32 i, __u64 seq, __u64 rest) {
  const struct xtg_field* f = &s->fields[i];

  if (f->flags & XTG_FIELD_RANDOM) return rest;
  if (f->width == 0) {
    c->index[i] = seq % f->count; /* BPF defines x % 0 */
    return rest;
  }
  c->index[i] = rest % f->count;
  return s->vary == XTG_VARY_PRODUCT ? rest / f->count : rest;
}

/* Puts the fields to what they are in packet `seq`. */
static __always_inline void seek_fields(struct xtg_tx_cursor* c, const struct xtg_stream* s,
                                        __u64 seq) {
  __u64 rest = seek_flows(c, s, seq);

#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++)
    if (i < s->n_fields) rest = seek_field(c, s, i, seq, rest);
  c->value_seq = seq;
}

/* Of the only stream. Apart, so that what is rare costs the frames no registers. */
static __noinline int seek_one(__u32 worker, __u64 seq) {
  seek_fields(cursor_at(worker, 0), stream_at(0), seq);
  return 0;
}

/* The same for programs that know no constants: the verifier looks at one field. It takes no write
 * to a part of a word on the stack without CAP_PERFMON (before 6.12). */
struct seek_state {
  __u64 worker;
  __u64 stream;
  __u64 seq;
  __u64 rest;
};

static long seek_turn(__u32 i, struct seek_state* at) {
  i &= XTG_MAX_FIELDS - 1;
  asm volatile("" : "+r"(i));
  at->rest =
      seek_field(cursor_at(at->worker, at->stream), stream_at(at->stream), i, at->seq, at->rest);
  return 0;
}

__noinline int xtg_seek(__u32 worker, __u32 stream, __u64 seq) {
  struct xtg_tx_cursor* c = cursor_at(worker, stream);
  const struct xtg_stream* s = stream_at(stream);
  struct seek_state at = {worker, stream, seq, seek_flows(c, s, seq)};

  bpf_loop(s->n_fields, seek_turn, &at, 0);
  c->value_seq = seq;
  return 0;
}

/* Where a field is in packet w->seq. */
static __always_inline __u64 index_now(const struct xtg_tx_worker* w, const struct xtg_tx_cursor* c,
                                       const struct xtg_stream* s, __u32 i) {
  const struct xtg_field* f = &s->fields[i];
  __u64 at = w->seq;

  if (!(f->flags & XTG_FIELD_RANDOM)) return c->index[i];
  if (s->flows && f->width) at = xtg_flow_at(at, s->flows, s->flow_packets);
  return xtg_sweep_random(s->seed, i, at, f->count);
}

static __always_inline __u64 value_at(const struct xtg_field* f, __u64 index) {
  if (f->list) return listed_values[(f->list - 1 + index) & (XTG_MAX_VALUES - 1)];
  return f->step == 1 ? f->first + index : xtg_field_value(f->first, f->step, index);
}

/* Moves a field on; *turn tells whether it is its turn, and then the next one's. */
static __always_inline void move_on(struct xtg_tx_cursor* c, const struct xtg_stream* s, __u32 i,
                                    __u64 index, bool* turn) {
  const struct xtg_field* f = &s->fields[i];
  bool wraps = index + 1 >= f->count;

  if (f->flags & XTG_FIELD_RANDOM) return;
  if (f->width == 0) {
    c->index[i] = wraps ? 0 : index + 1;
  } else if (*turn) {
    c->index[i] = wraps ? 0 : index + 1;
    if (s->vary == XTG_VARY_PRODUCT) *turn = wraps;
  }
}

/* All flows have had a packet; whether they have another one before new flows follow, so that the
 * fields go back to where the round began. */
static __always_inline bool flows_return(struct xtg_tx_cursor* c, const struct xtg_stream* s) {
  if (--c->flow_left) return false;
  c->flow_left = s->flows;
  if (s->flow_packets == 0) return true;
  if (--c->rounds_left) return true;
  c->rounds_left = s->flow_packets;
  return false;
}
