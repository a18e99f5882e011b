/* SPDX-License-Identifier: GPL-2.0-only */
/* A page comes back to live mode with the xdp_frame that the driver was handed, and a driver may
 * have changed that: virtio_net pushes its header in front. Linux 6.4 puts such a frame right; the
 * ones before look only at whether the program has changed the packet's bounds
 * (net/bpf/test_run.c, ctx_was_changed() and reset_ctx()). So where it is needed the program does,
 * in every frame, and in the way that costs least: four bytes of metadata, which no driver sends
 * and nobody reads. The frame's bytes stay as they are. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Invalidates packet pointers. */
static __always_inline void xtg_renew(struct xdp_md* ctx) {
  bpf_xdp_adjust_meta(ctx, -4);
}
