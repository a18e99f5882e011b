/* SPDX-License-Identifier: GPL-2.0-only */
/* What the receiving program keeps of a frame beside its stack: calls have 512 bytes of that
 * together, and the accounting takes the most. */
#pragma once

#include "rx_frame.bpf.h"

/* A slot before a packet is entered there. */
struct xtg_rx_before {
  __u64 packets, next, last_ns, duplicates, late;
};

/* The frame that was a stream's first, when a second one confirms it. */
struct earlier {
  struct xtg_rx_signature m;
  struct arrival a;
};

/* What becomes of a frame, and the frame, with zeros behind it to the end of a step of its
 * checksum. */
struct xtg_rx_scratch {
  struct xtg_rx_signature m;
  struct arrival a;
  struct xtg_rx_key key;
  __u32 pad;
  struct earlier earlier;
  __u64 unverified; /* 1: the frame's checksum could not be */
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
