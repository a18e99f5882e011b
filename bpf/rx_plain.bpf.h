/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames without a signature, and those with a compact one that is not accepted yet: matched
 * against the filters, if any. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "match.bpf.h"
#include "rx_streams.bpf.h"

/* Number of the first matching filter, like xtg_rx_first(). A global function, which the verifier
 * checks once with unknown fields. */
__noinline int xtg_rx_filter(const struct xtg_rx_fields* f) {
  return f ? xtg_rx_first(f, rx_f()) : XTG_RX_MATCHES;
}

static __noinline __u32 which_filter(struct xtg_ctx* ctx) {
  struct xtg_rx_fields f = {.length = counted_length(ctx, frame_end(ctx))};

  fields_of(ctx, &f);
  return xtg_rx_filter(&f);
}

static __noinline int count_plain(struct xtg_ctx* ctx, __u32 filter, struct xtg_rx_queue* q,
                                  int shared) {
  struct xtg_rx_key key = {.form = XTG_SIG_NONE, .stream = filter, .unit = unit_of(ctx)};
  __u32 length = counted_length(ctx, frame_end(ctx)), number = *cached(&key, 0) - 1;
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);

  if (!record || !same_key(&record->slot.key, &key)) {
    number = xtg_rx_find_slot(&key, 1, 0);
    record = bpf_map_lookup_elem(&rx_records, &number);
  }
  if (record)
    xtg_rx_plain(&record->slot, &record->hist, length, bpf_ktime_get_ns());
  else
    add(shared, &q->no_slot, 1);
  count(shared, q, length);
  return 0;
}

/* A frame without a signature: whether a filter matched and it was counted. */
static __always_inline bool by_filter(struct xtg_ctx* ctx, struct xtg_rx_queue* q, int shared) {
  if (!rx_f()->count) return false;
  __u32 filter = which_filter(ctx);
  if (filter >= rx_f()->count || !within_limit(rx_c())) return false;
  count_plain(ctx, filter, q, shared);
  return true;
}

/* The compact signature's stream is not accepted yet, but a filter matched. */
static __always_inline void counted_by_filter(const struct xtg_rx_signature* m,
                                              const struct xtg_rx_key* key) {
  waiting(m, key)->state = XTG_RX_CANDIDATE_COUNTED;
  __sync_fetch_and_sub(&rx_control.candidates, 1);
}

static __always_inline int after_filter(void) {
  return rx_f()->take ? XDP_DROP : XDP_PASS;
}

/* Handles a frame that is not accepted yet. The magic of the full form is long enough to be ours;
 * an ordinary frame may contain that of the compact form. */
static __always_inline int not_accounted(struct xtg_ctx* ctx, const struct xtg_rx_signature* m,
                                         const struct xtg_rx_key* key, struct xtg_rx_queue* q,
                                         int shared) {
  if (m->form == XTG_SIG_FULL) return rx_c()->observe ? XDP_PASS : XDP_DROP;
  if (!by_filter(ctx, q, shared)) return XDP_PASS;
  counted_by_filter(m, key);
  return after_filter();
}
