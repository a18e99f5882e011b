/* SPDX-License-Identifier: BSD-2-Clause */
/* What the middle hop's programs and its process share. Direction 0 goes from the sender to the
 * receiver, 1 the other way. Rules: written by the process while nothing passes, read by the
 * programs. Counters: written by the programs, one CPU at a time (one queue), read by the process.
 */
#pragma once

#include <linux/types.h>

#define HOP_CERTAIN (1ull << 32) /* a chance of one */
#define HOP_SLOTS 64   /* segments held back at a time; a power of two above any hold_by */
#define HOP_FRAME 4096 /* room for one of them */

enum hop_draw { HOP_DROP, HOP_HOLD, HOP_LATE, HOP_DUPLICATE, HOP_DRAWS };

/* What happens to the segments that the rule is about: those with payload, or with `acks` all but
 * SYN, FIN and RST. Announcements of test runs (xtg/abi/signature.h) are not among them. The first
 * of them has number 0, retransmissions count like others. Segment n is hit by a draw when the
 * upper half of splitmix64(seed + n * HOP_DRAWS + draw) is below its chance, or when it is the last
 * of every so many.
 */
struct hop_rule {
  __u64 seed;
  __u64 chance[HOP_DRAWS];
  __u64 every[HOP_DRAWS]; /* 0: none */
  __u32 hold_by;          /* a segment held goes out behind so many that passed later */
  __u32 acks;             /* bool */
  __u64 burst_from;       /* these are dropped as well */
  __u64 burst_length;
  __u32 drop_types; /* announcements of test runs whose type's bit is set end here */
  __u32 pad;
};

struct hop_counters {
  __u64 seen;       /* what the rule is about */
  __u64 seen_bytes; /* payload */
  __u64 dropped;
  __u64 dropped_bytes; /* payload */
  __u64 duplicated;
  __u64 held;
  __u64 released;
  __u64 late;          /* sent over the delay line */
  __u64 passed;        /* forwarded when they came; the released ones are not in it */
  __u64 other;         /* everything else, forwarded */
  __u64 announcements; /* those of them, dropped or not */
  __u64 merged;        /* came as one and are several: the hop is not set up as it must be */
  __u64 failed;        /* a copy that could not be made */
};
