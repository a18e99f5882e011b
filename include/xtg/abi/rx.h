/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receiver's shared memory: decisions that user space makes before a run, and what the ingress
 * program writes during the run. A stream's packets of one receive queue have one record, a "slot",
 * with one writer at a time, so nothing is locked: a queue is polled by one CPU at a time. User
 * space adds up a stream's slots. */
#pragma once

#include "base.h"
#include "delay.h"
#include "hist.h"
#include "siphash.h"

#define XTG_RX_QUEUES 64          /* queues with a record of their own; others share the last one */
#define XTG_RX_WINDOW_LEAST 1024U /* sequence numbers */
#define XTG_RX_WINDOW_MOST 1048576U /* sequence numbers */
#define XTG_RX_WORD 64U             /* sequence numbers in a word of the window's bitmap */
#define XTG_RX_GAPS 64U             /* jumps remembered per slot; a power of two */
#define XTG_RX_RUNS 24U             /* classes of loss runs: 1, 2-3, 4-7 ... */
#define XTG_RX_CANDIDATES 2048U     /* streams waiting for their second frame; a power of two */
#define XTG_RX_ANNOUNCED 256U       /* announcements waiting to be read ... */
#define XTG_RX_ANNOUNCED_KNOWN 64U  /* ... of which this many are reserved for streams with data */
#define XTG_RX_CACHE 1024U          /* cached places per queue */
#define XTG_RX_POSITIONS 8192U      /* streams with a known position, see rx_seq.h */

/* Constant for the run; in .rodata. */
struct xtg_rx_config {
  __u32 n_slots;
  __u32 window;    /* sequence numbers that a slot tracks: a power of two within the limits */
  __u32 by_run_id; /* 1: only frames of `session` (its low 16 bits in the compact form) */
  __u32 run_id;
  __u32 run_id_mask; /* bits of it that are compared */
  __u32 by_port;     /* 1: only frames to UDP port `port` */
  __u32 port;
  __u32 observe; /* 1: counted frames go on to the stack */
  __u32 shared;  /* 1: generic mode, where CPUs share a queue: a record per CPU, not per queue */
  __u32 has_tai; /* 1: the kernel has bpf_ktime_get_tai_ns (Linux 6.1) */
  __s64 sender_ahead_ns;  /* CLOCK_MONOTONIC of the sender less that of this host */
  __u64 limit;            /* frames to count in all, ~0: no limit; later ones pass */
  struct xtg_sip_key key; /* authenticates announcements; zero without --key */
  __u32 pad[6];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_config) == 96, "config ABI");

/* Identifies a record. Key of a hash map, so it has no padding. */
struct xtg_rx_key {
  __u32 run_id; /* compact form: its low 16 bits; no signature: 0 */
  __u16 stream; /* compact form: its low 8 bits; no signature: number of the matching filter */
  __u16 form;   /* XTG_SIG_*; of reflected frames also bits of rx_back.h */
  __u32 unit;   /* receive queue, or CPU where xtg_rx_config.shared */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_key) == 12, "key ABI");

/* Identifies a stream over all queues, CPUs and ports, and both for direct and reflected packets:
 * they share one number space. The beginning of a xtg_rx_key. */
struct xtg_rx_stream_key {
  __u32 run_id;
  __u16 stream;
  __u16 form; /* without XTG_RX_REFLECTED (rx_back.h) */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_stream_key) == 8, "key ABI");

/* A stream as received by one queue. Counts are packets, sizes bytes of the frame without FCS,
 * times ns. */
struct XTG_CACHE_LINES xtg_rx_slot {
  struct xtg_rx_key key;
  __u32 flags;   /* XTG_SIG_F_* of the first packet */
  __u64 packets; /* without `suspect` ones; bytes and sizes include them */
  __u64 bytes;
  __u64 base;       /* lowest sequence number; numbers below do not count as lost */
  __u64 next;       /* one past the highest sequence number */
  __u64 duplicates; /* sequence number already seen (RFC 5560) */
  __u64 too_late;   /* below the window: unknown whether seen before */

  /* Delay. Means and extremes are over delays >= 0; negative ones are clock errors. Of sums, these
   * are the low 64 bits. */
  __u64 first_ns; /* arrival of the first packet, clock of the run */
  __u64 last_ns;  /* arrival of the last packet */
  __s64 last_delay;
  __u64 delay_sum;
  __u64 delay_min; /* ~0 before the first delay */
  __u64 delay_max;
  __u64 negative;     /* delays below 0 */
  __s64 negative_min; /* the most negative delay */

  __u64 jitter16; /* interarrival jitter times 16 (RFC 3550, 6.4.1 and A.8) */
  __u64 ipdv_sum; /* sum of |delay - previous delay| (RFC 3393) */
  __u64 ipdv_max;
  __u64 replicated; /* sequence numbers seen more than once (RFC 5560) */

  /* Reordering (RFC 4737, 3.3): sequence number below the next expected of its worker. */
  __u64 reordered;
  __u64
      extent_sum; /* sum over `extents` reordered packets of the packets that overtook them (4.2) */
  __u64 extents;
  __u32 extent_max;
  __u32 gap_count; /* jumps so far; indexes the ring */
  __u64 late_max;  /* late time offset, ns (4.3) */

  /* Loss among numbers that have left the window; the bitmap has the rest. */
  __u64 missed;      /* never arrived */
  __u64 run;         /* missed numbers since the last that arrived */
  __u64 longest_run; /* loss run (RFC 3357, "loss period") */
  __u64 runs;
  __u64 outage_ns; /* longest time without a packet across missing ones */
  __u32 size_min;
  __u32 size_max;

  /* Reflected frames: residence time in the reflector, if reported (rx_back.h). */
  __u64 stamped; /* packets with a residence time, which is excluded from their delay */
  __u64 residence_sum;
  __u64 residence_min; /* if there is one */
  __u64 residence_max;

  /* Packets whose number was not accepted (rx_seq.h), and the last of them. */
  __u64 suspect;
  __u64 suspect_seq;
  __u64 suspect_ns; /* its arrival */
  __s64 suspect_delay;
  __u32 suspect_worker;
  __u32 suspected; /* 1: there is one */

  __u64 enters;    /* while the window moves: the bitmap word that enters next ... */
  __u64 enters_to; /* ... and one past the last */
  __u64 absurd;    /* implausible delays (XTG_RX_PLAUSIBLE_NS), positive or negative; in no other
                      figure */

  /* Number of times the sums exceeded 64 bits. With a wrong clock that takes minutes or less: at 15
   * million packets a second, 2^64 / (15e6 * 3.6e12) = 0.3 s at worst. */
  __u64 delay_high;
  __u64 ipdv_high;
  __u64 residence_high;
  __u64 pad1[5];

  __u64 run_class[XTG_RX_RUNS]; /* loss runs by floor(log2(length)) */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_slot) == 7 * 64 + 8 * XTG_RX_RUNS, "whole cache lines");

/* Histograms of a slot. */
struct XTG_CACHE_LINES xtg_rx_hist {
  __u64 delay[XTG_HIST_CELLS];
  __u64 arrival[XTG_HIST_CELLS]; /* time since the slot's previous packet */
};

/* A jump over sequence numbers, for the extent of packets that arrive later. */
struct xtg_rx_gap {
  __u64 from, to; /* [from, to) were skipped */
  __u64 packets;  /* index of the packet that jumped, within the slot */
  __u64 ns;       /* its arrival */
};

/* Order of a slot's packets. Sequence numbers increase only within a sending worker. */
struct XTG_CACHE_LINES xtg_rx_order {
  __u64 expected[XTG_MAX_WORKERS]; /* per worker: one past its highest sequence number */
  struct xtg_rx_gap gaps[XTG_RX_GAPS];
  __u8 gap_worker[XTG_RX_GAPS];
};

/* `u64`s of a window's bitmaps, a power of two: two rings in sequence, of the numbers that arrived
 * and of those that arrived more than once, and a bit for each `u64` of the first (whole cache
 * lines). */
#define XTG_RX_BITMAP_U64S(window)                                                                 \
  (2 * ((window) / XTG_RX_WORD) + (((window) / XTG_RX_WORD + 63) / 64 + 7) / 8 * 8)

/* Everything kept for a slot. xtg_rx_config.window may need a larger bitmap, so a record may be
 * longer than this. */
struct XTG_CACHE_LINES xtg_rx_record {
  struct xtg_rx_slot slot;
  struct xtg_rx_hist hist;
  struct xtg_rx_order order;
  __u64 bitmap[XTG_RX_BITMAP_U64S(XTG_RX_WINDOW_LEAST)];
};
#define XTG_RX_RECORD(window) /* bytes */                                                          \
  (sizeof(struct xtg_rx_record) +                                                                  \
   (XTG_RX_BITMAP_U64S(window) - XTG_RX_BITMAP_U64S(XTG_RX_WINDOW_LEAST)) * sizeof(__u64))

/* Counters of a receive queue. */
struct XTG_CACHE_LINES xtg_rx_queue {
  __u64 packets; /* counted as test frames */
  __u64 bytes;
  __u64 passed;   /* everything else */
  __u64 filtered; /* test frames of another session or port */
  __u64 no_slot;  /* test frames without a free record; see XTG_RX_NOBODY */
  __u64 unknown;  /* signature of an unknown version or type */
  __u64 unsound;  /* announcements with a wrong sum, or invalid; passed on */
  __u64 unheard;  /* announcements that found rx_announced full; not passed on */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_queue) == 64, "one cache line");

#define XTG_RX_CANDIDATE_FREE 0
#define XTG_RX_CANDIDATE_WAITS 1
#define XTG_RX_CANDIDATE_COUNTED 2 /* waiting, but counted by a filter that matched */

/* A single frame proves nothing: a compact signature's magic is 16 bits, which ordinary payload
 * matches once in 65,536 times, and a session or a number may be damaged. For an unknown stream,
 * two consistent frames are required. */
struct xtg_rx_candidate {
  __u64 arrival_ns;
  __u64 tx_ns; /* compact form: 48 bits */
  __u64 seq;   /* compact form: 32 bits */
  __u32 length;
  __u32 run_id; /* compact form: 16 bits */
  __u16 stream; /* compact form: 8 bits */
  __u8 worker;
  __u8 form;   /* XTG_SIG_* */
  __u32 state; /* XTG_RX_CANDIDATE_* */
};

/* Key of an announcement in rx_announced. */
struct xtg_rx_announce_key {
  __u32 run_id;
  __u16 stream;
  __u8 type;      /* XTG_SIG_START or XTG_SIG_END */
  __u8 reflected; /* 1: returned by a reflector */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_announce_key) == 8, "key ABI");

/* Its content (xtg_sig_announce, host order) and arrival. Copies are merged until user space has
 * read and removed the entry. Written by the program when the first copy arrives, except where
 * noted. */
struct xtg_rx_announcement {
  __u64 frames;
  __u64 driver_drops;
  __u64 duration_ns;
  __u64 rate;
  __u64 host;
  __u64 clock_error;
  __u32 frame_size;
  __u16 streams;
  __u16 threads;
  __u64 arrival_ns;    /* of the first copy, CLOCK_MONOTONIC */
  __u32 seen;          /* number of copies */
  __u32 flags;         /* XTG_SIG_F_* */
  __u64 reflector_seq; /* xtg_sig_reflector of the last copy */
  __u64 reflector_rx_ns;
  __u64 reflector_tx_ns;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_announcement) == 96, "map value ABI");

/* xtg_rx_key.unit of a slot that user space took back from an idle stream. Some time later, because
 * a frame may just be being accounted, user space clears the slot and puts it into rx_free, from
 * where the program allocates it again. */
#define XTG_RX_NOBODY (~0U)

struct XTG_CACHE_LINES xtg_rx_control {
  __u64 slots;   /* allocated for the first time */
  __u32 started; /* U: 1: count; before, every frame passes */
  __u32 pad0;
  __u64 candidates; /* first frames of streams without a second frame: not counted */
  __u64 taken;      /* counted only with a limit; U: reset when an announced run begins */
  __u64 announced;  /* announcements so far: tells user space that rx_announced has new ones */
  __u64 strangers;  /* announcements of streams without data in rx_announced; U: reset when it is
                       emptied */
  __u64 pad[2];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_rx_control) == 64, "one cache line");
