/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of the frames: raw tracepoint programs (BTF-typed). The kernel fires xdp_devmap_xmit
 * once per bulk of at most 16 frames with what the driver took, and xdp_redirect_err once per frame
 * that never got that far. Both run in the sending thread. A run is recognised by its ingress
 * devices, whose ifindexes nobody else uses. */
#pragma once

struct net_device {
  int ifindex;
} __attribute__((preserve_access_index));

struct bpf_prog;

static __always_inline void count_errno(int err, __u64 frames) {
  __u32 key = err < 0 ? -err : err;
  __u64 zero = 0;
  __u64* count = bpf_map_lookup_elem(&errnos, &key);

  if (!count) {
    bpf_map_update_elem(&errnos, &key, &zero, BPF_NOEXIST);
    count = bpf_map_lookup_elem(&errnos, &key);
  }
  if (count) __sync_fetch_and_add(count, frames);
}

/* Behind the lanes' ingress devices comes that of xtg_once, whose frames are nobody's. */
static __always_inline bool is_once(const struct net_device* from) {
  return (__u32)from->ifindex == config.ingress_base + config.n_workers;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(xtg_tp_xmit, const struct net_device* from, const struct net_device* to, int sent,
             int drops, int err) {
  struct xtg_tx_worker* w = worker_of(from->ifindex);

  if (is_once(from)) {
    once_taken += sent;
    return 0;
  }
  if (!w || to->ifindex != config.to_ifindex) return 0;
  w->accepted += sent;
  if (drops) {
    w->driver_drops += drops;
    count_errno(err, drops);
  }
  return 0;
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(xtg_tp_err, const struct net_device* from, const struct bpf_prog* prog,
             const void* target, int err) {
  struct xtg_tx_worker* w = worker_of(from->ifindex);

  if (!w || is_once(from)) return 0;
  w->redirect_errors++;
  count_errno(err, 1);
  return 0;
}
