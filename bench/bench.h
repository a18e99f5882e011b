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

/* Random loss of TCP segments that carry data. */
struct bench_loss {
  __u64 chance; /* of 2^32; user space */
  __u64 seed;   /* user space */
  __u64 seen;
  __u64 seen_bytes; /* payload */
  __u64 lost;
  __u64 lost_bytes; /* payload */
};
