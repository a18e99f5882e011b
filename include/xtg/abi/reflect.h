/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reflector's shared memory: what user space decides before a run, and what the program that
 * sends frames back writes while it lasts. */
#pragma once

#include "base.h"

#define XTG_REFLECT_STREAMS 16384U /* with a record, of all sessions together */
#define XTG_REFLECT_PROBES 16U     /* places tried for one that may be given to another stream */
#define XTG_REFLECT_PLACES 256U    /* streams whose place a CPU remembers; a power of two */
#define XTG_REFLECT_SOURCES 64U    /* addresses that a CPU remembers as allowed; a power of two */

/* Why a test frame is not sent back. It passes to the stack, except above the rate. */
#define XTG_REFLECT_UNKNOWN 0 /* signature of a version or type that this program does not know */
#define XTG_REFLECT_ALREADY 1 /* a reflector has sent it back before */
#define XTG_REFLECT_RUN_ID 2  /* of another session */
#define XTG_REFLECT_PACKET 3  /* not the end of a whole UDP datagram between two hosts */
#define XTG_REFLECT_PORT 4    /* to another UDP port */
#define XTG_REFLECT_MAC 5     /* not sent to this interface's address, or from a group */
#define XTG_REFLECT_SOURCE 6  /* from an address that is not allowed */
#define XTG_REFLECT_UNSURE 7  /* compact signature of a stream not known yet */
#define XTG_REFLECT_RATE 8    /* above the rate: dropped */
#define XTG_REFLECT_REASONS 9

/* Constant for the run; in .rodata. */
struct xtg_reflect_config {
  __u32 by_run_id; /* 1: only frames of `session` (its low 16 bits in the compact form) */
  __u32 run_id;
  __u32 by_port; /* 1: only frames to UDP port `port` */
  __u32 port;
  __u32 by_source; /* 1: only from addresses in the map of sources */
  __u32 by_mac;    /* 1: only frames to the interface's own address, else to any host's */
  __u32 mac_head;  /* its first four bytes, as they lie in memory ... */
  __u32 mac_tail;  /* ... and the other two */
  __u32 redirect;  /* 1: by the device map, 0: by XDP_TX */
  __u32 shared;    /* 1: several CPUs may serve a stream at once */
  __u32 n_streams;
  __u32 ifindex; /* which interface, for the tracepoints ... */
  __u32 netns;   /* ... and the inode of its network namespace */
  __u32 pad;
  __u64 limit; /* frames to send back in all, ~0 without limit; later ones pass */
  __u64 step;  /* 1/256 ns between two frames at the highest rate; 0: any rate */
  __u64 depth; /* 1/256 ns that may be saved up for a burst */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reflect_config) == 80, "config ABI");

/* A source that is allowed: key of a map of prefixes. */
struct xtg_reflect_source {
  __u32 length;     /* bits that count, the family's 32 included */
  __u32 family;     /* 4 or 6 */
  __u8 address[16]; /* an IPv4 address fills the first four */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reflect_source) == 24, "key ABI");

/* Which stream. Key of a hash map, so it has no padding. */
struct xtg_reflect_key {
  __u32 run_id; /* compact form: its low 16 bits */
  __u16 stream; /* compact form: its low 8 bits */
  __u16 form;   /* XTG_SIG_COMPACT, XTG_SIG_FULL */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reflect_key) == 8, "key ABI");

struct XTG_CACHE_LINES xtg_reflect_stream {
  struct xtg_reflect_key key;
  __u64 frames;    /* data frames sent back */
  __u64 announced; /* START and END frames sent back */
  __u32 tick;      /* xtg_reflect_control.tick when the last one arrived */
  __u32 pad0;
  __u64 pad[4];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reflect_stream) == 64, "one cache line");

/* What a CPU did: one writer. */
struct XTG_CACHE_LINES xtg_reflect_cpu {
  __u64 sent;       /* frames handed to the driver to send back */
  __u64 bytes;      /* of those, without FCS */
  __u64 stamped;    /* of those: with reflector timestamps */
  __u64 unnumbered; /* of those: of a stream without a record, or whose record another one got */
  __u64 passed;     /* frames without a signature */
  __u64 not_reflected[XTG_REFLECT_REASONS];
  __u64 pad[2];
  /* Place + 1 of the stream that was last here; it says itself whose it is. */
  __u32 places[XTG_REFLECT_PLACES];
  __u64 sources[XTG_REFLECT_SOURCES][2]; /* first half IPv4, second half IPv6; as on the wire */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reflect_cpu) ==
                      128 + 4 * XTG_REFLECT_PLACES + 16 * XTG_REFLECT_SOURCES,
                  "whole cache lines");

struct XTG_CACHE_LINES xtg_reflect_control {
  __u32 started; /* U: 1: send back; before, every frame passes */
  __u32 tick;    /* goes on when a place is looked for, at most once a second */
  __u64 streams; /* places given out */
  __u64 tick_ns; /* when the tick went on */
  __u64 hand;    /* place that is looked at next */
  __u64 pad1[4];
  __u64 taken;  /* where there is a limit */
  __u64 bucket; /* U, then the program: 1/256 ns, clock of the next frame at the highest rate */
  /* From the tracepoints: frames that the driver did not send back. */
  __u64 drops;
  __u64 pad2[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reflect_control) == 128, "two cache lines");
