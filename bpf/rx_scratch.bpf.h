/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-frame state of the receiving program that does not fit on the stack: all calls together have
 * 512 bytes, and the accounting takes most of them. */
#pragma once

#include "rx_frame.bpf.h"

/* A slot before a packet is accounted. */
struct xtg_rx_before {
  __u64 packets, next, last_ns, duplicates, late;
};

/* A stream's first frame, when a second one confirms it. */
struct earlier {
  struct xtg_rx_signature m;
  struct arrival a;
};

/* A frame's outcome and its bytes, zero-padded to a whole step of the checksum. */
struct xtg_rx_scratch {
  struct xtg_rx_signature m;
  struct arrival a;
  struct xtg_rx_key key;
  __u32 pad;
  struct earlier earlier;
  __u64 unverified; /* 1: the frame's checksum could not be verified */
  struct xtg_rx_before before;
  struct xtg_rx_sample sample;
  __u8 bytes[XTG_RX_SAMPLE_MOST + XTG_RX_SUM_STEP];
};

/* One program runs on a CPU at a time. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xtg_rx_scratch);
} rx_scratch SEC(".maps");

static __always_inline struct xtg_rx_scratch* scratch(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&rx_scratch, &zero);
}
