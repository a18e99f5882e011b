/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the benchmark's kernel programs and its user space. */
#pragma once

#include <linux/types.h>

#define BENCH_CPUS 64

struct __attribute__((aligned(64))) bench_counter {
  __u64 packets;
  __u64 pad[7];
};

/* Gaps between consecutive frames, by their distance from the intended interval. */
struct bench_gaps {
  __u64 first_ns;
  __u64 last_ns;
  __u64 packets;
  __u64 within_64;
  __u64 within_128;
  __u64 within_256;
  __u64 within_512;
  __u64 within_4096;
  __u64 beyond_65536;
  __u64 micro_bursts; /* gaps below a quarter of the interval */
};

/* A sender of one run's streams, one frame of each in turn. */
struct bench_sign {
  __u32 streams; /* user space */
  __u32 stream;  /* next */
  __u64 seq;     /* next */
  __u64 tx_ns;   /* of the batch */
  __u64 frames;
};
#define BENCH_BATCH 256    /* frames per batch of a live-frame loop */
#define BENCH_SIGN_LEN 124 /* frame size, also of the delay line, without FCS */

/* A delay line: frames enter at one interface, wait in a ring, and leave through another. It takes
 * both times itself, so each frame's delay is measured and not only intended. */
#define BENCH_LINE_SLOTS 4096
#define BENCH_LINE_CELLS 16384
#define BENCH_LINE_CELL 64 /* ns */

struct __attribute__((aligned(64))) bench_line {
  __u64 delay_ns; /* user space */
  __u64 pad0[7];
  __u64 head; /* frames entered; written by the receiving side */
  __u64 overrun;
  __u64 other;
  __u64 pad1[5];
  __u64 tail;                    /* frames left; from here on written by the sending side */
  __u64 sum_ns;                  /* of their delays */
  __u64 cells[BENCH_LINE_CELLS]; /* histogram of delays; the last cell has all beyond */
};

struct __attribute__((aligned(64))) bench_line_slot {
  __u64 arrival_ns;
  __u64 words[BENCH_SIGN_LEN / 8];
  __u32 rest;
};

/* Random loss of TCP segments that carry data. */
struct bench_loss {
  __u64 chance; /* of 2^32; user space */
  __u64 seed;   /* user space */
  __u64 seen;
  __u64 seen_bytes; /* payload */
  __u64 lost;
  __u64 lost_bytes; /* payload */
};
