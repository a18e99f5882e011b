/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP sender's shared memory. A flow's data is counted in 64-bit offsets from its first byte
 * and cut into segments on a fixed grid (tcp_math.h); the scoreboard has one bit per segment. Every
 * flow belongs to one worker (sending thread) and is handled only in that thread's kernel calls, so
 * nothing here is locked. The far end's segments reach the thread as events, through a queue that
 * the ingress program fills from any CPU. */
#pragma once

#include "base.h"
#include "hist.h"

#define XTG_TCP_MAX_FLOWS 65536
#define XTG_TCP_MAX_BURST 64     /* segments of one flow that are sent together */
#define XTG_TCP_WORD 64          /* segments of one word of the scoreboard */
#define XTG_TCP_MAX_WORDS 1024   /* words of one flow's scoreboard: 65536 segments */
#define XTG_TCP_STAMPS 4         /* send times per word: one for 16 segments */
#define XTG_TCP_CHUNK (1U << 20) /* bytes of payload per element of its map ... */
#define XTG_TCP_OVERLAP 4096U    /* ... followed by the beginning of the next element */
#define XTG_TCP_LOG 512          /* frames handed out whose outcome is unknown; a batch is 256 */

/* 64 consecutive segments. Written by the sending thread alone. */
struct XTG_CACHE_LINES xtg_tcp_word {
  __u64 sacked;
  __u64 lost;                    /* to be resent, and not in flight */
  __u64 retransmits;             /* was resent */
  __u64 local;                   /* part of `lost`: refused by this host's driver */
  __u32 sent_us[XTG_TCP_STAMPS]; /* last first transmission among 16 segments, CLOCK_MONOTONIC */
  __u32 retransmitted_us[XTG_TCP_STAMPS]; /* last retransmission among them */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_word) == 64, "one cache line");

/* xtg_tcp_event.flags: the header's own bits (RFC 9293, 3.1), and further properties. */
#define XTG_TCP_FIN 0x01
#define XTG_TCP_SYN 0x02
#define XTG_TCP_RST 0x04
#define XTG_TCP_PSH 0x08
#define XTG_TCP_ACK 0x10
#define XTG_TCP_ECE 0x40
#define XTG_TCP_CWR 0x80
#define XTG_TCP_HAS_TS 0x100
#define XTG_TCP_KEPT 0x400   /* no segment: read the flow's kept one (xtg_tcp_kept) */
#define XTG_TCP_HAS_CE 0x200 /* the IP header has Congestion Experienced (RFC 3168, 5) */

/* A segment from the far end, host order. Written by the ingress program, read by the thread. */
struct xtg_tcp_event {
  __u64 turn; /* its number in the queue plus 1; written last */
  __u32 flow;
  __u32 seq;
  __u32 ack;
  __u32 tsval;
  __u32 tsecr;
  __u16 window; /* as in the header */
  __u16 flags;
  __u32 len; /* payload bytes */
  __u32 at_us;
  __u32 n_sack;
  __u32 pad;
  __u32 sack[4][2]; /* left edge, right edge (RFC 2018) */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_event) == 80, "event ABI");

/* Keeps the latest segment of a flow while its worker's queue is full: the acknowledgment of
 * everything must not be lost, or only a time-out would recover it. */
struct xtg_tcp_kept {
  __u64 state; /* XTG_TCP_KEPT_* */
  struct xtg_tcp_event event;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_kept) == 88, "kept event ABI");

#define XTG_TCP_KEPT_NONE 0
#define XTG_TCP_KEPT_BUSY 1 /* being written or read */
#define XTG_TCP_KEPT_FULL 2 /* valid, and the queue has an event for it */

/* xtg_tcp_config.congestion */
#define XTG_TCP_CC_NONE 0
#define XTG_TCP_CC_RENO 1
#define XTG_TCP_CC_CUBIC 2

#define XTG_TCP_HEADER 96 /* bytes of the template; the longest header is 86 */

/* Settings of the whole run. Constant; in .rodata. */
struct xtg_tcp_config {
  __u64 header[XTG_TCP_HEADER / 8]; /* Ethernet to TCP options as on the wire; zero where flows or
                                       frames differ, and in both checksums */
  __u64 ip_csum_base; /* accumulators over the constant part (csum.h), without any length */
  __u64 l4_csum_base;
  __u64 period;       /* bytes after which payload and grid repeat; 0: never */
  __u64 pace_ns_q;    /* between two segments of the run in 2^-20 ns; 0: unpaced */
  __u32 ingress_base; /* as in xtg_tx_config */
  __u32 to_ifindex;
  __u32 n_workers;
  __u32 n_flows;
  __u32 board_words; /* of each flow, a power of two */
  __u32 events_mask; /* of each worker's queue of events; its length is a power of two */
  __u32 ready_mask;  /* the same for the queue of flows */
  __u32 mss;         /* payload of a full segment */
  __u32 period_segs; /* segments of one period; the last one may be shorter */
  __u32 header_len;
  __u32 l4_off;
  __u32 ipv6;
  __u32 timestamps;
  __u32 sack;
  __u32 ecn;
  __u32 payload; /* 1: from the payload map; 0: zeros, the page's initial content */
  __u32 burst;
  __u32 congestion; /* XTG_TCP_CC_* */
  __u32 floor_segs; /* XTG_TCP_CC_NONE: losses do not reduce a flow below this many in flight */
  __u32 silence_us; /* a flow that has sent and hears nothing for this long is given up */
  /* A tail-loss probe waits for two round trips and this margin for an ordinary receiver's
   * interrupts and scheduler (Linux: two timer ticks). */
  __u32 tail_slack_us;
  __u32 give_up_us; /* so is a flow whose resent data is not acknowledged for this long */
  __u32 renew;      /* as in xtg_tx_config */
  __u32 by_tc;      /* 1: frames leave through tc instead of XDP transmit */
  __u32 bare;       /* 1: packets arrive without an Ethernet header */
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_config) == XTG_TCP_HEADER + 32 + 104, "config ABI");

/* xtg_tcp_flow.phase */
#define XTG_TCP_UNUSED 0
#define XTG_TCP_OPEN 1
#define XTG_TCP_DRAINED 2     /* all data was sent and acknowledged; segments are still answered */
#define XTG_TCP_CLOSED 3      /* and our FIN was acknowledged, too */
#define XTG_TCP_RESET 4       /* by the far end */
#define XTG_TCP_SILENT 5      /* the far end stopped answering */
#define XTG_TCP_PARKED 6      /* U: the thread leaves it alone */
#define XTG_TCP_NO_PROGRESS 7 /* the far end answers, but acknowledges nothing */

/* xtg_tcp_flow.want: what to send in addition to data */
#define XTG_TCP_WANT_ACK 1
#define XTG_TCP_WANT_PROBE 2 /* of a closed window: an old number, which must be answered */
#define XTG_TCP_WANT_TAIL 4  /* tail-loss probe */
#define XTG_TCP_WANT_HEAD 8  /* the first outstanding segment, regardless of the window */
#define XTG_TCP_WANT_CWR 16
#define XTG_TCP_WANT_PIECE 32 /* as much as the window allows, even less than a segment */
#define XTG_TCP_ASKED 64      /* nothing has arrived since a timer caused a transmission */
#define XTG_TCP_STUCK 128     /* nothing has been acknowledged since the timer first expired */

/* xtg_tcp_flow.timer */
#define XTG_TCP_TIMER_NONE 0
#define XTG_TCP_TIMER_REORDER 1
#define XTG_TCP_TIMER_TAIL 2
#define XTG_TCP_TIMER_RTO 3
#define XTG_TCP_TIMER_PERSIST 4

/* xtg_tcp_flow.recovery */
#define XTG_TCP_SMOOTH 0
#define XTG_TCP_FAST 1    /* losses found by SACK or duplicate ACKs */
#define XTG_TCP_TIMEOUT 2 /* the retransmission timer expired */

/* Retransmit causes; each has its counters. */
#define XTG_TCP_RETRANSMIT_SACK 0
#define XTG_TCP_RETRANSMIT_RTO 1
#define XTG_TCP_RETRANSMIT_TAIL 2
#define XTG_TCP_RETRANSMIT_LOCAL 3

/* What a flow waits for, for the time accounts */
#define XTG_TCP_HELD_NO 0
#define XTG_TCP_HELD_WINDOW 1
#define XTG_TCP_HELD_ZERO 2
#define XTG_TCP_HELD_IDLE 3
#define XTG_TCP_HELD_BOARD 4 /* the scoreboard is full of segments in flight */

/* One connection. User space writes the first block before it sets `phase`, and `fin` later; the
 * sending thread owns the rest, and user space reads it at any time. Times are CLOCK_MONOTONIC in
 * microseconds modulo 2^32; `seg`s are segment numbers, offsets count bytes of the stream. */
struct XTG_CACHE_LINES xtg_tcp_flow {
  __u64 limit;      /* U: bytes to send; ~0: no limit */
  __u32 number;     /* U: index in the map */
  __u32 worker;     /* U */
  __u32 isn;        /* U: sequence number of offset 0 */
  __u32 wscale;     /* U: window scale of the far end */
  __u32 own_window; /* U: what we advertise, as in the header */
  __u16 port_be;    /* U: our own */
  __u16 own_wscale; /* U: shift of own_window */
  __u32 phase;      /* XTG_TCP_OPEN: U; then the thread's */
  __u32 fin;        /* U: 1: send a FIN after the last byte */
  __u32 tsval_base; /* U: TSval = this + CLOCK_MONOTONIC in ms */
  __u16 queued;     /* 1: in the worker's queue of flows */
  __u16 filed;      /* 1: in its timer wheel (tcp_wheel.h) for ... */
  __u32 want;       /* XTG_TCP_WANT_* */
  __u64 edge;       /* right edge of the far end's window */
  __u64 una;        /* offset of SND.UNA ... */

  __u64 nxt;     /* ... and SND.NXT (RFC 9293, 3.3.1): end of segment nxt_seg - 1 */
  __u64 una_seg; /* segment that contains una */
  __u64 nxt_seg;
  __u64 sent_end; /* highest offset sent; below nxt when the last segment was cut to the window */
  __u64 high_sacked; /* one past the highest segment that was SACKed */
  __u32 sacked_out;
  __u32 lost_out;
  __u32 delivered; /* segments that reached the far end */
  __u32 dupacks;
  __u32 timer;    /* XTG_TCP_TIMER_* */
  __u32 timer_us; /* when it expires */

  __u32 srtt_us8;   /* smoothed RTT in 1/8 us; 0: none yet */
  __u32 rttvar_us4; /* in 1/4 us */
  __u32 rtt_min_us;
  __u32 rto_us;
  __u32 backoff;
  __u16 timed; /* 1: the round trip of timed_seg is being measured */
  __u16 undo_cubic_running;
  __u64 timed_seg;
  __u32 timed_us;
  __u32 rack_us;     /* send time of the most recently sent delivered segment (RFC 8985, 6.1) ... */
  __u64 rack_seg;    /* one past that segment */
  __u32 rack_low_us; /* ... and its lower bound: stamps are those of the last of a group */
  __u32 rack_rtt_us;
  __u16 rack_valid;
  __u16 reorder_seen;
  __u32 reorder_steps; /* reordering window in quarters of the minimum RTT */

  __u64 recovery_end; /* recovery ends when this segment is the first outstanding one */
  __u64 ecn_end;      /* no further reduction by ECE before this one */
  __u64 reorder_end;  /* no further widening by DSACK before this one */
  __u16 recovery;     /* XTG_TCP_SMOOTH, FAST, TIMEOUT */
  __u16 cubic_running;
  __u32 cwnd; /* segments */
  __u32 ssthresh;
  __u32 cwnd_part; /* deliveries counted towards the next increase */
  __u32 cubic_max; /* RFC 9438: W_max in segments, K in ms, time of the epoch's last update */
  __u32 cubic_k_ms;
  __u32 cubic_last_us;
  __u32 cubic_reno; /* W_est in segments */
  __u32 cubic_part;

  __u32 rcv_nxt;
  __u32 ts_recent;
  __u32 wl1;           /* SND.WL1 */
  __u32 max_window;    /* largest window of the far end, bytes */
  __u32 heard_us;      /* when it was last heard; XTG_TCP_ASKED: when it was first asked without an
                          answer */
  __u32 challenged_us; /* when an unacceptable segment was last answered */
  __u16 held;          /* XTG_TCP_HELD_* since held_us */
  __u16 undo;          /* XTG_TCP_UNDO_*: state at the beginning of recovery (tcp_undo.h) */
  __u32 held_us;
  __u16 peer_fin; /* the far end has sent its FIN */
  __u16 tail_out; /* a tail-loss probe is in flight */
  __u16 fin_sent;
  __u16 ece; /* echo congestion until the far end sends CWR */
  __u32 fin_us;
  __u64 tail_end;

  /* Counters, as in stats::FlowCounters. */
  __u64 segments_sent;
  __u64 bytes_sent;
  __u64 retransmits[4];
  __u64 retransmitted_bytes[4];
  __u64 spurious;
  __u64 bytes_received;
  __u64 acks;
  __u64 window_us;
  __u64 zero_us;
  __u64 idle_us;
  __u64 board_us;
  __u32 rto_fired;
  __u32 tail_probes;
  __u32 window_probes;
  __u32 dup_acks;
  __u32 ecn_reductions;
  __u32 bad_segments;

  __u64 first_ns;   /* when data was first sent; 0: never */
  __u64 cubic_t_us; /* time of the epoch in which the window was in use */
  __u32 rtt_low_us; /* lowest of the current time window, since when, and of the previous one */
  __u32 rtt_low_since_us; /* (tcp_rtt.h); 0: none yet */
  __u32 rtt_low_before_us;
  __u32 reorder_persist; /* recoveries after which the reordering window is reset */
  __u32 acked_us;        /* when new data was last acknowledged */
  __u32 stuck_us;        /* XTG_TCP_STUCK: start time */
  __u32 undo_tsval;
  __u32 undo_cwnd;
  __u32 undo_ssthresh;
  __u32 undo_cubic_max;
  __u32 undone;   /* spurious recoveries */
  __u32 filed_us; /* ... this time */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_flow) == 576, "whole cache lines");

/* What a worker is sending. */
#define XTG_TCP_SEND_NONE 0
#define XTG_TCP_SEND_NEW 1
#define XTG_TCP_SEND_RETRANSMIT 2
#define XTG_TCP_SEND_ACK 3   /* no payload */
#define XTG_TCP_SEND_PROBE 4 /* no payload, sequence number SND.UNA - 1 */
#define XTG_TCP_SEND_FIN 5

/* What to send next for one flow: `count` consecutive segments starting at `seg`, or a part of one.
 */
struct xtg_tcp_burst {
  __u64 seg;
  __u64 from;  /* offset of the first byte */
  __u32 kind;  /* XTG_TCP_SEND_* */
  __u32 count; /* frames */
  __u32 len;   /* payload of each */
  __u32 cause; /* XTG_TCP_AGAIN_* */
  __u32 push;  /* the last frame ends the available data */
  __u32 cwr;
};

/* One sending thread. Written by the program in its kernel calls and by the tracepoint programs,
 * which run in the same thread. */
struct XTG_CACHE_LINES xtg_tcp_worker {
  __u64 header[XTG_TCP_HEADER / 8]; /* header of the burst */
  __u64 l4_sum;    /* accumulator of the burst, without sequence number and payload */
  __u64 pos;       /* position of the next frame's payload within the period */
  __u32 left;      /* frames of the burst not sent yet */
  __u32 seq;       /* of the next frame */
  __u32 len;       /* its payload */
  __u32 frame_len; /* length that the page is cut to; 0: not cut */

  __u32 flow;
  __u32 seg;       /* low bits of its segment number, for the log */
  __u32 sum_index; /* of the payload's sum */
  __u32 piece_sum; /* sum of a partial segment's payload; ~0: use the map */
  __u32 logged;    /* frames entered in the log so far, and how many of them are resolved */
  __u32 settled;
  __u32 idle_left; /* runs to skip until the kernel's batch ends */
  __u32 batch;     /* U: batch size of the call */
  __u32 ended;     /* 1: its flows know that the run ends */
  __u32 number;    /* U */
  __u32 round;     /* tcp_control.rounds at the last round over the worker's flows */
  __u32 to_poll;   /* flows to ask before the thread sleeps, because the round woke them */
  __u32 sweep;     /* progress of the round; n_flows or more: finished */
  __u32 push;
  __u32 batch_used; /* frames of this batch */
  __u32 holdoff;    /* batches to skip after the driver refused frames */

  __u32 ready_head; /* the queue of flows: next index to enter, next to leave */
  __u32 ready_tail;
  __u64 event_tail;
  __u64 turns;   /* odd: between two bursts, working on flows */
  __u64 pace_ns; /* paced: when the next burst is due */
  __u64 pace_frac;
  __u64 skipped_slots;
  __u64 first_data_ns; /* 0: none yet */
  __u64 looked;        /* number of flows visited, for timers and in rounds */
  __u64 attempts;

  __u64 accepted; /* from the tracepoints */
  __u64 driver_drops;
  __u64 redirect_errors;
  __u64 pace_ns_q; /* U: paced: between two of its segments, by its open flows' share of the rate */
  __u64 missed; /* slots that passed since new data was last sent; then counted as skipped_slots */
  __u32 heard_us; /* arrival of the last event read */
  __u32 cut;      /* 1: frames are shorter than segments */
  __u64 cut_at;   /* offset of the next cut frame */
  struct xtg_tcp_burst
      rest; /* remainder of a cut burst that does not fill a frame; count 0: none */
  __u32 rest_flow;
  __u32 hold_step_ns; /* the last wait after an error; 0: frames are accepted */
  __u64 hold_ns;      /* nothing is sent before this time; grows with consecutive errors */
  __u64 queue_drops;  /* from the tracepoints: dropped by the queueing discipline */
  __u32 thread;       /* U: the kernel's number of the thread that makes the calls */
  __u32 pad[15];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_worker) == 448, "whole cache lines");

/* Head of a worker's event queue; ingress programs on any CPU add to it. */
struct XTG_CACHE_LINES xtg_tcp_queue {
  __u64 head;
  __u64 lost; /* the queue was full and a later event replaced this one; like a loss on the path */
  __u64 unsound; /* segments with a wrong checksum: ignored */
  __u64 pad[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_queue) == 64, "one cache line");

/* The far end's packets that the ingress program leaves to the kernel; any CPU adds. */
struct XTG_CACHE_LINES xtg_tcp_untaken {
  __u64 fragments; /* fragments of IP packets with TCP: XDP does not reassemble them */
  __u64 headers;   /* segments of a connection with IP options or extension headers that the kernel
                      rejects */
  __u64 pad[6];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_untaken) == 64, "one cache line");

/* ICMP errors that quote an outstanding segment of ours; any CPU adds. */
struct XTG_CACHE_LINES xtg_tcp_icmp {
  __u64 too_big; /* for a link on the path ... */
  __u64 errors;  /* all others */
  __u32 mtu;     /* ... whose MTU was last reported; 0 by routers older than RFC 1191 */
  __u32 last;    /* last of the others: type << 8 | code */
  __u64 pad[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_icmp) == 64, "one cache line");

struct XTG_CACHE_LINES xtg_tcp_control {
  __u64 end_ns; /* U: CLOCK_MONOTONIC; no new data is sent at or after it; ~0: none */
  __u32 stop;   /* U: 1: no new data; 2: nothing at all */
  __u32 go;     /* U: 1: the run has begun */
  __u32 cut;    /* U: largest payload of a frame if the path takes less than segments; 0: mss */
  __u32 rounds; /* U: counts events for which all flows are visited: new flows, FINs */
  __u64 link;   /* U: the header's first 8 bytes after a change of next hop; 0: unchanged */
  __u64 pad[4];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_control) == 64, "one cache line");

/* Key of the map from connection to flow, in wire order as in the far end's segments. */
struct xtg_tcp_key {
  __be32 remote[4]; /* IPv4 in the first */
  __be32 local[4];
  __be16 remote_port;
  __be16 local_port;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_key) == 36, "key ABI");

/* Its value. */
struct xtg_tcp_place {
  __u32 flow;
  __u32 worker;
};
