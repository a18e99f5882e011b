/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of the frames: raw tracepoint programs (BTF-typed). The kernel fires xdp_devmap_xmit
 * once per bulk of at most 16 frames with what the driver took, and xdp_redirect_err once per frame
 * that never got that far. Both run in the sending thread. A run is recognised by its ingress
 * devices, whose ifindexes are used by no other run. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "errnos.bpf.h"
#include "tx_fields.bpf.h"
#include "xtg/abi/resend.h"
#include "xtg/abi/tx.h"

/* After the workers' ingress devices comes that of xtg_control_frame, whose frames are not counted.
 */
static __always_inline bool is_control_frame(const struct net_device* from) {
  return (__u32)from->ifindex == config.ingress_base + config.n_workers;
}

/* The next try is made at once where the driver took some, else after a while. */
static __always_inline void put_off(struct xtg_tx_cursor* c, int sent) {
  __u32 pause = 2 * c->pause_ns;

  if (pause < XTG_PAUSE_LEAST_NS) pause = XTG_PAUSE_LEAST_NS;
  if (pause > XTG_PAUSE_MOST_NS) pause = XTG_PAUSE_MOST_NS;
  c->pause_ns = sent ? 0 : pause;
  c->retry_ns = bpf_ktime_get_ns() + c->pause_ns;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(xtg_tp_xmit, const struct net_device* from, const struct net_device* to, int sent,
             int drops, int err) {
  struct xtg_tx_worker* w = worker_of(from->ifindex);

  if (is_control_frame(from)) {
    control_frames_taken += sent;
    return 0;
  }
  if (!w || to->ifindex != config.to_ifindex) return 0;
  struct xtg_tx_cursor* c = cursor_at(w->number, w->stream);
  c->accepted += sent;
  if (drops) {
    c->driver_drops += drops;
    add_errno(&errnos, err, drops);
    if (config.resend) { /* a driver takes a bulk's first frames */
      xtg_take_back(w, c, w->bulk_seq + sent, drops);
      put_off(c, sent);
    }
  }
  w->bulk_seq += sent + drops;
  return 0;
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(xtg_tp_err, const struct net_device* from, const struct bpf_prog* prog,
             const void* target, int err) {
  struct xtg_tx_worker* w = worker_of(from->ifindex);

  if (!w || is_control_frame(from)) return 0;
  struct xtg_tx_cursor* c = cursor_at(w->number, w->stream);
  c->redirect_errors++;
  if (config.resend) {
    xtg_take_back(w, c, w->seq - 1, 1);
    put_off(c, 0);
  }
  add_errno(&errnos, err, 1);
  return 0;
}
