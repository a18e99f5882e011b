/* SPDX-License-Identifier: GPL-2.0-only */
/* The path of a run that inspects single frames: verifies them (rx_verify.bpf.h) and samples some
 * of them (rx_sample.bpf.h). Other runs do not branch to it. */
#pragma once

#include "rx_plain.bpf.h"
#include "rx_verify.bpf.h"

/* Verifies a frame with our signature: 0 unless its checksum is known to be wrong. A corrupt frame
 * is counted as such and its numbers nowhere: 1; or 2 for a compact signature of an unknown stream,
 * which may not be a signature. */
static __noinline int check(struct xtg_ctx* ctx, const struct xtg_rx_signature* m, int shared) {
  const struct xtg_rx_config* c = rx_c();
  struct xtg_rx_key key;

  if (!is_corrupt(ctx, m) || !wanted(ctx, c, m))
    return 0; /* unwanted frames are counted as filtered */
  name_key(ctx, m, &key);
  if (m->flags & XTG_SIG_F_REFLECTED) key.form |= XTG_RX_REFLECTED;
  if (m->form != XTG_SIG_FULL && !c->by_run_id && !bpf_map_lookup_elem(&rx_places, &key)) return 2;
  add(shared, &samples_at(queue_of(ctx))->corrupt, 1);
  struct xtg_rx_scratch* to = scratch();
  if (rx_s()->why && to) {
    copy_signature(&to->m, m);
    begin_sample(to, XTG_RX_SHOW_CORRUPT);
    show(ctx, to, bpf_ktime_get_ns());
  }
  return 1;
}

/* Handles a watched frame after check(): accounts it, and samples it if there is a reason. The
 * verifier knows nothing about the scratch, so it checks this only once. */
static SUBPROGRAM int take_watched(struct xtg_ctx* ctx, const struct xtg_rx_signature* m,
                                   const struct arrival* a, const struct xtg_rx_key* key) {
  struct xtg_rx_scratch* s = scratch();

  if (!s) return XDP_PASS;
  copy_signature(&s->m, m);
  s->a.now = a->now;
  s->a.length = a->length;
  s->key = *key;
  begin_sample(s, 0);
  struct xtg_rx_queue* q = queue_at(queue_of(ctx));
  if (!account_other(&s->m, &s->a, &s->key, q, 1))
    return not_accounted(ctx, &s->m, &s->key, q, is_shared(ctx));
  count(is_shared(ctx), q, s->a.length);
  if (rx_s()->verify && s->unverified)
    add(is_shared(ctx), &samples_at(queue_of(ctx))->unverified, 1);
  if (rx_s()->why) show(ctx, s, s->a.now);
  return rx_c()->observe ? XDP_PASS : XDP_DROP;
}
