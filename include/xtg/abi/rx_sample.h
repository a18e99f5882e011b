/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test frames that the receiver shows to user space whole, and the check of their checksums. */
#pragma once

#include "base.h"

/* Why a frame is shown. */
#define XTG_RX_SHOW_EVERY 0x01U     /* its number is a multiple of xtg_rx_sampling.every */
#define XTG_RX_SHOW_FIRST 0x02U     /* one of the first `first` of the run */
#define XTG_RX_SHOW_LATE 0x04U      /* reordered or too late */
#define XTG_RX_SHOW_GAP 0x08U       /* beyond the number that was next: the first one after a gap */
#define XTG_RX_SHOW_DUPLICATE 0x10U /* its number has arrived already */
#define XTG_RX_SHOW_CORRUPT                                                                        \
  0x20U /* its checksums are wrong; its numbers are not to be believed                             \
         */
#define XTG_RX_REASONS 6

#define XTG_RX_SAMPLE_MOST 3584U /* bytes of a frame that are shown */
#define XTG_RX_SUM_STEP 64U      /* bytes that are summed up in one go */

/* Constant for the run; in .rodata. */
struct xtg_rx_sampling {
  __u32 watch;  /* 1: frames are shown or verified at all */
  __u32 verify; /* 1: checksums are verified */
  __u32 why;    /* reasons that count; 0: no frame is shown */
  __u32 pad;
  __u64 every; /* not 0 where XTG_RX_SHOW_EVERY */
  __u64 first;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_sampling) == 32, "config ABI");

/* A frame in the ring; `captured` bytes of it follow. */
struct xtg_rx_sample {
  __u64 arrival_ns; /* CLOCK_MONOTONIC */
  __u64 seq;
  __u64 gap;      /* XTG_RX_SHOW_GAP: numbers passed over since the highest one before */
  __u64 since_ns; /* XTG_RX_SHOW_GAP: time since the packet before, of the same stream and queue */
  __u32 length;   /* of the frame */
  __u32 captured;
  __u32 why;
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_sample) == 48, "ring ABI");

/* Of a receive queue. */
struct XTG_CACHE_LINES xtg_rx_samples {
  __u64 corrupt;    /* test frames with a wrong checksum, counted nowhere else */
  __u64 unverified; /* test frames whose checksum could not be verified; they are counted */
  __u64 lost;       /* to be shown, but the ring was full */
  __u64 pad[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_samples) == 64, "one cache line");
