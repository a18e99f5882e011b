/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tracepoint programs that count have in common. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct net_device {
  int ifindex;
} __attribute__((preserve_access_index));

struct bpf_prog;

/* Adds to a map of frames lost per positive errno. */
static __always_inline void add_errno(void* map, int err, __u64 frames) {
  __u32 key = err < 0 ? -err : err;
  __u64 zero = 0;
  __u64* count = bpf_map_lookup_elem(map, &key);

  if (!count) {
    bpf_map_update_elem(map, &key, &zero, BPF_NOEXIST);
    count = bpf_map_lookup_elem(map, &key);
  }
  if (count) __sync_fetch_and_add(count, frames);
}
