/* SPDX-License-Identifier: GPL-2.0-only */
/* The reflector's streams: their records, and which streams are accepted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "find.bpf.h"
#include "reflect_maps.bpf.h"
#include "xtg/abi/rx_signature.h"

#define XTG_REFLECT_NO_PLACE (~0U)
#define XTG_REFLECT_NOT_OURS (~0U - 1)

static __always_inline __u32* remembered(struct xtg_reflect_cpu* cpu,
                                         const struct xtg_reflect_key* key) {
  __u32 at = key->stream ^ key->run_id << 5;

  asm volatile("" : "+r"(at));
  return &cpu->places[at & (XTG_REFLECT_PLACES - 1)];
}

static __noinline __u32 place_of(const struct xtg_reflect_key* key) {
  __u32* at = bpf_map_lookup_elem(&reflect_places, key);

  return at ? *at : XTG_REFLECT_NO_PLACE;
}

/* Ticks show which streams are idle: an active one has the current tick or the one before. */
static __always_inline void go_on_ticking(void) {
  __u64 now = bpf_ktime_get_ns();

  if (now - reflect_control.tick_ns < 1000000000ULL) return;
  reflect_control.tick_ns = now;
  reflect_control.tick++;
}

/* A search for a place to reassign to another stream. */
struct search {
  __u32 number; /* the best so far */
  __u32 worth;  /* cost of losing it: 0 must not be reassigned */
};

static long look_at_place(__u32 i, void* ctx) {
  struct search* s = ctx;
  __u32 number = (__u32)(reflect_control.hand++ % reflect_c()->n_streams), worth;
  struct xtg_reflect_stream* stream = bpf_map_lookup_elem(&reflect_streams, &number);

  if (!stream) return 1;
  worth = reflect_control.tick - stream->tick; /* idle ticks, less one */
  if (stream->frames + stream->announced < 2)
    worth = ~0U; /* a stream of one frame may not be a stream at all */
  else if (worth < 2)
    worth = 0;
  if (worth <= s->worth) return 0;
  s->worth = worth;
  s->number = number;
  return worth == ~0U;
}

/* Reassigns the place of a stream with one frame, or else of an idle one, among the places
 * examined. */
static __noinline __u32 taken_place(struct xtg_reflect_cpu* cpu) {
  struct search s = {.number = XTG_REFLECT_NO_PLACE};

  bpf_loop(XTG_REFLECT_PROBES, look_at_place, &s, 0);
  struct xtg_reflect_stream* stream = bpf_map_lookup_elem(&reflect_streams, &s.number);
  if (!stream || !cpu) return XTG_REFLECT_NO_PLACE;
  __u32* owned = bpf_map_lookup_elem(&reflect_places, &stream->key);
  /* A place abandoned in new_place() has the key of another. Of two CPUs that want it, one gets it.
   */
  if (owned && *owned == s.number && bpf_map_delete_elem(&reflect_places, &stream->key))
    return XTG_REFLECT_NO_PLACE;
  cpu->unnumbered += stream->frames;
  stream->frames = 0;
  stream->announced = 0;
  return s.number;
}

static __always_inline __u32 unused_place(void) {
  __u32 number;

  if (reflect_control.streams >= reflect_c()->n_streams) return XTG_REFLECT_NO_PLACE;
  number = (__u32)__sync_fetch_and_add(&reflect_control.streams, 1);
  if (number < reflect_c()->n_streams) return number;
  __sync_fetch_and_sub(&reflect_control.streams, 1);
  return XTG_REFLECT_NO_PLACE;
}

/* A place for a new stream. If another CPU was faster, its place is used and this one abandoned. */
static __noinline __u32 new_place(struct xtg_reflect_cpu* cpu, const struct xtg_reflect_key* key) {
  __u32 number = unused_place();

  go_on_ticking();
  if (number == XTG_REFLECT_NO_PLACE) number = taken_place(cpu);
  struct xtg_reflect_stream* stream = bpf_map_lookup_elem(&reflect_streams, &number);
  if (!stream) return XTG_REFLECT_NO_PLACE;
  stream->key = *key;
  stream->tick = reflect_control.tick;
  if (bpf_map_update_elem(&reflect_places, key, &number, BPF_NOEXIST)) return place_of(key);
  if (key->form == XTG_SIG_FULL)
    __sync_fetch_and_or(&reflect_known[(key->run_id & 0xffff) >> 6], 1ULL << (key->run_id & 63));
  return number;
}

/* A compact signature's magic is 16 bits, which ordinary payload contains by chance. It is accepted
 * if its session was requested, if full signatures of the session arrived, or with the second frame
 * of a stream that is consistent with the first. */
static __noinline int believed(const struct xtg_rx_signature* m) {
  __u32 at = (m->run_id * 31 + m->stream) & (XTG_RX_CANDIDATES - 1);
  struct xtg_rx_candidate* c = &reflect_candidates[at];
  __u64 now;
  int agrees;

  if (m->form == XTG_SIG_FULL || reflect_c()->by_run_id) return 1;
  if (reflect_known[(m->run_id & 0xffff) >> 6] >> (m->run_id & 63) & 1) return 1;
  now = bpf_ktime_get_ns();
  agrees = c->state && xtg_rx_agree(c, m, now, XTG_RX_WINDOW_MOST);
  xtg_rx_remember(c, m, now, 0);
  return agrees;
}

/* Slow path of find_stream() for a payload that ends at `end`: the stream's place, or
 * XTG_REFLECT_NOT_OURS if the frame is not accepted as a test frame. A global function, which the
 * verifier checks once instead of on every path that leads to it. */
__noinline __u32 xtg_reflect_find_place(struct xtg_ctx* ctx, const struct xtg_reflect_key* key,
                                        __u32 end) {
  struct xtg_reflect_key own; /* Linux 6.1 accepts no argument's memory as a map key */
  struct xtg_reflect_cpu* cpu;
  __u32 zero = 0, number;
  struct xtg_rx_signature m;
  __u64 words[4];

  cpu = bpf_map_lookup_elem(&reflect_cpus, &zero);
  if (!cpu || !key || end < XTG_SIG_FULL_LEN || !load_tail(ctx, end, words))
    return XTG_REFLECT_NOT_OURS;
  own = *key;
  number = place_of(&own);
  if (number == XTG_REFLECT_NO_PLACE) {
    xtg_rx_read_tail(&m, words);
    if (!believed(&m)) return XTG_REFLECT_NOT_OURS;
    number = new_place(cpu, &own);
  }
  if (number != XTG_REFLECT_NO_PLACE) *remembered(cpu, &own) = number + 1;
  return number;
}
