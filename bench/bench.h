/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark's kernel programs and its user space share. */
#pragma once

#include <linux/types.h>

#define BENCH_CPUS 64

struct __attribute__((aligned(64))) bench_counter {
  __u64 packets;
  __u64 pad[7];
};

/* Gaps between consecutive frames, by how far they are from the intended interval. */
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

/* A sender of one session's streams, frame by frame in turn. */
struct bench_sign {
  __u32 streams; /* user space */
  __u32 stream;  /* next */
  __u64 seq;     /* next */
  __u64 tx_ns;   /* of the batch */
  __u64 frames;
};
#define BENCH_BATCH 256    /* frames that a live-frame loop sends at a time */
#define BENCH_SIGN_LEN 124 /* bytes of its frames and of the delay line's, without FCS */

/* A delay line: frames go in at one interface, wait in a ring, and leave by another. It stamps both
 * by itself, so how long it kept each is known and not only intended. */
#define BENCH_LINE_SLOTS 4096
#define BENCH_LINE_CELLS 16384
#define BENCH_LINE_CELL 64 /* ns */

struct __attribute__((aligned(64))) bench_line {
  __u64 delay_ns; /* user space */
  __u64 pad0[7];
  __u64 head; /* entered; by the side that frames come in at */
  __u64 overrun;
  __u64 other;
  __u64 pad1[5];
  __u64 tail;                    /* left; this and the rest by the other side */
  __u64 sum_ns;                  /* of their time here */
  __u64 cells[BENCH_LINE_CELLS]; /* how many by that; the last one has all beyond */
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
