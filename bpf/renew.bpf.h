/* SPDX-License-Identifier: GPL-2.0-only */
/* Live mode reuses a page with the xdp_frame as the driver left it, and a driver may have changed
 * it: virtio_net pushes its header in front. Linux 6.4 restores such a frame; earlier kernels do so
 * only if the program has changed the packet's bounds (net/bpf/test_run.c, ctx_was_changed() and
 * reset_ctx()). So where needed, the program changes the bounds of every frame in the cheapest way:
 * four bytes of metadata, which no driver sends and nobody reads. The frame's bytes are unchanged.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Invalidates packet pointers. */
static __always_inline void xtg_renew(struct xdp_md* ctx) {
  bpf_xdp_adjust_meta(ctx, -4);
}
