/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests what live mode does with a frame that a driver has changed, when the frame's page is reused
 * (renew.bpf.h). The "driver" is a program in the device map: it runs just before a driver would be
 * called, gets the xdp_frame and changes it as virtio_net does. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/reuse.h"

char _license[] SEC("license") = "GPL";

#include "renew.bpf.h"

struct xtg_reuse reuse;

struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct bpf_devmap_val);
} reuse_target SEC(".maps");

/* The sender. It marks pages, to recognise those that it has seen before. */
SEC("xdp")
int xtg_reuse_tx(struct xdp_md* ctx) {
  __u64* mark = (void*)(long)ctx->data + 16;

  if ((void*)(mark + 1) > (void*)(long)ctx->data_end) return XDP_DROP;
  if (*mark == XTG_REUSE_MARK) reuse.again++;
  *mark = XTG_REUSE_MARK;
  if (reuse.renew) xtg_renew(ctx);
  return bpf_redirect_map(&reuse_target, 0, XDP_DROP);
}

/* The driver. */
SEC("xdp/devmap")
int xtg_reuse_out(struct xdp_md* ctx) {
  if (ctx->data_end - ctx->data != XTG_REUSE_LEN) reuse.changed++;
  bpf_xdp_adjust_head(ctx, -12);
  return XDP_PASS;
}

/* The far end. */
SEC("xdp")
int xtg_reuse_in(struct xdp_md* ctx) {
  return XDP_DROP;
}
