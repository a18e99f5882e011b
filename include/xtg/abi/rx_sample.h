/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test frames copied to user space, and verification of checksums. */
#pragma once

#include "base.h"

/* Reasons for sampling a frame. */
#define XTG_RX_SHOW_EVERY 0x01U     /* its number is a multiple of xtg_rx_sampling.every */
#define XTG_RX_SHOW_FIRST 0x02U     /* one of the first `first` of the run */
#define XTG_RX_SHOW_LATE 0x04U      /* reordered or too late */
#define XTG_RX_SHOW_GAP 0x08U       /* after a gap: its number is above the next expected one */
#define XTG_RX_SHOW_DUPLICATE 0x10U /* its number has arrived already */
#define XTG_RX_SHOW_CORRUPT                                                                        \
  0x20U /* its checksums are wrong; its numbers are not to be believed                             \
         */
#define XTG_RX_REASONS 6

#define XTG_RX_SAMPLE_MOST 3584U /* longest captured part of a frame */
#define XTG_RX_SUM_STEP 64U      /* bytes summed in one step */

/* Constant for the run; in .rodata. */
struct xtg_rx_sampling {
  __u32 watch;  /* 1: frames are sampled or verified at all */
  __u32 verify; /* 1: checksums are verified */
  __u32 why;    /* active reasons; 0: no frame is sampled */
  __u32 pad;
  __u64 every; /* not 0 if XTG_RX_SHOW_EVERY */
  __u64 first;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_sampling) == 32, "config ABI");

/* A frame in the ring, followed by `captured` bytes of it. */
struct xtg_rx_sample {
  __u64 arrival_ns; /* CLOCK_MONOTONIC */
  __u64 seq;
  __u64 gap;      /* XTG_RX_SHOW_GAP: numbers skipped since the previous highest one */
  __u64 since_ns; /* XTG_RX_SHOW_GAP: time since the previous packet of the same stream and queue */
  __u32 length;   /* of the frame */
  __u32 captured;
  __u32 why;
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_sample) == 48, "ring ABI");

/* Counters of a receive queue. */
struct XTG_CACHE_LINES xtg_rx_samples {
  __u64 corrupt;    /* test frames with a wrong checksum, not counted elsewhere */
  __u64 unverified; /* test frames with an unverifiable checksum, counted normally */
  __u64 lost;       /* selected, but the ring was full */
  __u64 pad[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_samples) == 64, "one cache line");
