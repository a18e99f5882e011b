/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared between the hop's programs and its process. Direction 0 goes from the sender to the
 * receiver, 1 the other way. Rules: written by the process while nothing passes, read by the
 * programs. Counters: written by the programs, one CPU at a time (one queue), read by the process.
 */
#pragma once

#include <linux/types.h>

#define HOP_CERTAIN (1ull << 32) /* a chance of one */
#define HOP_SLOTS 64   /* segments held back at a time; a power of two above any hold_by */
#define HOP_FRAME 4096 /* room for one of them */

enum hop_draw { HOP_DROP, HOP_HOLD, HOP_LATE, HOP_DUPLICATE, HOP_DRAWS };

/* Applied to segments with payload, or with `acks` to all but SYN, FIN and RST; not to
 * announcements of test runs (xtg/abi/signature.h). The first of them has number 0, and
 * retransmissions count like others. A draw hits segment n if the upper half of splitmix64(seed +
 * n*HOP_DRAWS + draw) is below its chance, or if it is the last of every so many. */
struct hop_rule {
  __u64 seed;
  __u64 chance[HOP_DRAWS];
  __u64 every[HOP_DRAWS]; /* 0: none */
  __u32 hold_by;          /* a held segment leaves after this many later ones */
  __u32 acks;             /* bool */
  __u64 burst_from;       /* first of burst_length segments that are dropped as well */
  __u64 burst_length;
  __u32 drop_types; /* bitmap of the types of announcements that are dropped */
  __u32 pad;
};

struct hop_counters {
  __u64 seen;       /* segments that the rule applies to */
  __u64 seen_bytes; /* payload */
  __u64 dropped;
  __u64 dropped_bytes; /* payload */
  __u64 duplicated;
  __u64 held;
  __u64 released;
  __u64 late;          /* sent over the delay line */
  __u64 passed;        /* forwarded immediately; without released ones */
  __u64 other;         /* everything else, forwarded */
  __u64 announcements; /* of the others: announcements, dropped or not */
  __u64 merged;        /* merged segments: the hop is set up incorrectly */
  __u64 failed;        /* failed copies */
};
