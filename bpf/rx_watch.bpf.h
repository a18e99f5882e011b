/* SPDX-License-Identifier: GPL-2.0-only */
/* The path of a run that looks at frames one by one: verifies them (rx_verify.bpf.h), shows some of
 * them (rx_sample.bpf.h). Others do not branch to it. */
#pragma once

#include "rx_plain.bpf.h"
#include "rx_verify.bpf.h"

/* Verifies a frame that has our signature: 0 when its checksum is not known to be wrong. Where it
 * is, the frame counts as corrupt and its numbers nowhere: 1; or 2 for a compact signature of a
 * stream that is not known, which may not be one. */
static __noinline int check(struct xdp_md* ctx, const struct xtg_rx_signature* m, int shared) {
  const struct xtg_rx_config* c = rx_c();
  struct xtg_rx_key key;

  if (!is_corrupt(ctx, m) || !wanted(ctx, c, m)) return 0; /* the latter is refused */
  name_key(ctx, m, &key);
  if (m->flags & XTG_SIG_F_REFLECTED) key.form |= XTG_RX_REFLECTED;
  if (m->form != XTG_SIG_FULL && !c->by_run_id && !bpf_map_lookup_elem(&rx_places, &key)) return 2;
  add(shared, &samples_at(ctx->rx_queue_index)->corrupt, 1);
  struct xtg_rx_scratch* to = scratch();
  if (rx_s()->why && to) {
    copy_signature(&to->m, m);
    begin_sample(to, XTG_RX_SHOW_CORRUPT);
    show(ctx, to, bpf_ktime_get_ns());
  }
  return 1;
}

/* A watched frame, after check(): accounts it, and shows it where there is a
 * reason. The verifier knows nothing of what lies in the scratch, so that one look at all of this
 * is enough for it. */
static __noinline int take_watched(struct xdp_md* ctx, const struct xtg_rx_signature* m,
                                   const struct arrival* a, const struct xtg_rx_key* key) {
  struct xtg_rx_scratch* s = scratch();

  if (!s) return XDP_PASS;
  copy_signature(&s->m, m);
  s->a.now = a->now;
  s->a.length = a->length;
  s->key = *key;
  begin_sample(s, 0);
  struct xtg_rx_queue* q = queue_at(ctx->rx_queue_index);
  if (!account_other(&s->m, &s->a, &s->key, q, 1))
    return not_accounted(ctx, &s->m, &s->key, q, is_shared(ctx));
  count(is_shared(ctx), q, s->a.length);
  if (rx_s()->verify && s->unverified)
    add(is_shared(ctx), &samples_at(ctx->rx_queue_index)->unverified, 1);
  if (rx_s()->why) show(ctx, s, s->a.now);
  return rx_c()->observe ? XDP_PASS : XDP_DROP;
}
