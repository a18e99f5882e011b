/* SPDX-License-Identifier: GPL-2.0-only */
/* The receiving program: takes frames with our signature, accounts them, and passes everything
 * else. Frames without a signature are matched against the filters, if any. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "rx_announce.bpf.h"
#include "rx_back.bpf.h"
#include "rx_watch.bpf.h"

PROGRAM(xtg_rx)(struct xtg_ctx* ctx) {
  const struct xtg_rx_config* c = rx_c();
  struct xtg_rx_queue* q = queue_at(queue_of(ctx));
  struct arrival a;
  struct xtg_rx_signature m;
  struct xtg_rx_key key;
  __u32 number;
  int shared = is_shared(ctx);

  if (!rx_control.started) return XDP_PASS;
  if (!find_signature(ctx, &a.length, &m)) goto pass;
  if (rx_s()->verify) {
    int wrong = check(ctx, &m, shared);
    if (wrong == 2) goto pass;
    if (wrong) return c->observe ? XDP_PASS : XDP_DROP;
  }
  if (m.version != XTG_SIG_VERSION || m.type != XTG_SIG_DATA) {
    /* The compact form's magic may occur by chance. */
    if (m.form == XTG_SIG_COMPACT && by_filter(ctx, q, shared)) return after_filter();
    return take_announcement(ctx, &m, q, shared);
  }
  if (!wanted(ctx, c, &m)) {
    add(shared, &q->filtered, 1);
    return XDP_PASS;
  }
  if (!within_limit(c)) return XDP_PASS;
  a.now = bpf_ktime_get_ns();
  if (c->has_tai && m.flags & XTG_SIG_F_TAI)
    m.tx_ns -= tai_is_ahead();
  else
    m.tx_ns -= (__u64)c->sender_ahead_ns;
  name_key(ctx, &m, &key);

  if (m.flags & XTG_SIG_F_REFLECTED) {
    account_return(ctx, &m, &a, &key);
    if (!rx_s()->watch) goto other;
  }
  if (rx_s()->watch) return take_watched(ctx, &m, &a, &key);
  number = *cached(&key, 0) - 1;
  struct xtg_rx_record* record = bpf_map_lookup_elem(&rx_records, &number);
  if (record && same_key(&record->slot.key, &key)) {
    account(record, number, &m, &a);
  } else {
  other:
    if (!account_other(&m, &a, &key, q, shared)) return not_accounted(ctx, &m, &key, q, shared);
  }
  count(shared, q, a.length);
  return c->observe ? XDP_PASS : XDP_DROP;
pass:
  if (by_filter(ctx, q, shared)) return after_filter();
  add(shared, &q->passed, 1);
  struct xtg_rx_queue* cpu = of_cpu();
  if (cpu) cpu->passed++;
  return XDP_PASS;
}
