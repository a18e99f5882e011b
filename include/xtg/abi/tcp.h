/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP sender's shared memory. A flow's stream is counted in 64-bit offsets from its first byte
 * and cut into segments on a fixed grid (tcp_math.h); the scoreboard has one bit per segment. Every
 * flow belongs to one worker (sending thread): what happens to it happens in that thread's kernel
 * calls, so nothing here is locked. The far end's segments reach the thread as events, through a
 * queue that the ingress program fills from any CPU. */
#pragma once

#include "base.h"
#include "hist.h"

#define XTG_TCP_MAX_FLOWS 65536
#define XTG_TCP_MAX_BURST 64     /* segments of one flow that leave together */
#define XTG_TCP_WORD 64          /* segments of one word of the scoreboard */
#define XTG_TCP_MAX_WORDS 1024   /* words of one flow's scoreboard: 65536 segments */
#define XTG_TCP_STAMPS 4         /* send times per word: one for 16 segments */
#define XTG_TCP_CHUNK (1U << 20) /* bytes of payload per element of its map ... */
#define XTG_TCP_OVERLAP 4096U    /* ... which repeats the beginning of the next after them */
#define XTG_TCP_LOG 512          /* frames handed out whose fate is not known; a batch is 256 */

/* 64 consecutive segments. Written by the sending thread alone. */
struct XTG_CACHE_LINES xtg_tcp_word {
  __u64 sacked;
  __u64 lost;                    /* to be sent again, and not in flight */
  __u64 retransmits;             /* was sent again */
  __u64 local;                   /* of the lost ones: refused by this host's driver */
  __u32 sent_us[XTG_TCP_STAMPS]; /* last first transmission among 16 segments, CLOCK_MONOTONIC */
  __u32 retransmitted_us[XTG_TCP_STAMPS]; /* last retransmission among them */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_word) == 64, "one cache line");

/* xtg_tcp_event.flags: the header's own bits (RFC 9293, 3.1), and what else there was. */
#define XTG_TCP_FIN 0x01
#define XTG_TCP_SYN 0x02
#define XTG_TCP_RST 0x04
#define XTG_TCP_PSH 0x08
#define XTG_TCP_ACK 0x10
#define XTG_TCP_ECE 0x40
#define XTG_TCP_CWR 0x80
#define XTG_TCP_HAS_TS 0x100
#define XTG_TCP_KEPT 0x400   /* no segment: the flow's kept one (xtg_tcp_kept) is to be read */
#define XTG_TCP_HAS_CE 0x200 /* the IP header carries congestion experienced (RFC 3168, 5) */

/* A segment from the far end, host order. Written by the ingress program, read by the thread. */
struct xtg_tcp_event {
  __u64 turn; /* its number in the queue plus 1, written last */
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

/* Where the latest segment of a flow is kept while its worker's queue is full: the acknowledgment
 * of all that arrived must not be the one that is lost, or only a time-out would bring it. */
struct xtg_tcp_kept {
  __u64 state; /* XTG_TCP_KEPT_* */
  struct xtg_tcp_event event;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_kept) == 88, "kept event ABI");

#define XTG_TCP_KEPT_NONE 0
#define XTG_TCP_KEPT_BUSY 1 /* being written, or read */
#define XTG_TCP_KEPT_FULL 2 /* and the queue has an event that says so */

/* xtg_tcp_config.congestion */
#define XTG_TCP_CC_NONE 0
#define XTG_TCP_CC_RENO 1
#define XTG_TCP_CC_CUBIC 2

#define XTG_TCP_HEADER 96 /* bytes of the template; the longest header is 86 */

/* What holds for the whole run. Constant; in .rodata. */
struct xtg_tcp_config {
  __u64 header[XTG_TCP_HEADER / 8]; /* Ethernet to TCP options as on the wire; zero: what differs
                                       between flows or frames, and both checksums */
  __u64 ip_csum_base; /* accumulators over the constant part (csum.h), without any length */
  __u64 l4_csum_base;
  __u64 period;       /* bytes after which the payload and the grid repeat; 0: never */
  __u64 pace_ns_q;    /* between two segments of the run in 2^-20 ns; 0: not paced */
  __u32 ingress_base; /* as in xtg_tx_config */
  __u32 to_ifindex;
  __u32 n_workers;
  __u32 n_flows;
  __u32 board_words; /* of each flow, a power of two */
  __u32 events_mask; /* of each worker's queue of events; its length is a power of two */
  __u32 ready_mask;  /* same of the queue of flows */
  __u32 mss;         /* payload of a full segment */
  __u32 period_segs; /* segments of one period, the last one may be short */
  __u32 header_len;
  __u32 l4_off;
  __u32 ipv6;
  __u32 timestamps;
  __u32 sack;
  __u32 ecn;
  __u32 payload; /* 1: from the payload map; 0: zeros, as the page comes */
  __u32 burst;
  __u32 congestion; /* XTG_TCP_CC_* */
  __u32 floor_segs; /* XTG_TCP_CC_NONE: losses do not push a flow below this many in flight */
  __u32 silence_us; /* a flow that hears nothing for so long, having sent, is given up */
  /* A tail-loss probe waits for two round trips and this: an ordinary receiver's interrupts and
   * scheduler may take so long (Linux: two timer ticks). */
  __u32 tail_slack_us;
  __u32 give_up_us; /* one that acknowledges nothing for so long, though it was sent again, also */
  __u32 renew;      /* as in xtg_tx_config */
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_config) == XTG_TCP_HEADER + 32 + 96, "config ABI");

/* xtg_tcp_flow.phase */
#define XTG_TCP_UNUSED 0
#define XTG_TCP_OPEN 1
#define XTG_TCP_DRAINED 2     /* all was sent and acknowledged; segments are still answered */
#define XTG_TCP_CLOSED 3      /* and so was our own FIN */
#define XTG_TCP_RESET 4       /* by the far end */
#define XTG_TCP_SILENT 5      /* the far end no longer answered */
#define XTG_TCP_PARKED 6      /* U: the thread leaves it alone */
#define XTG_TCP_NO_PROGRESS 7 /* the far end answers, and acknowledges nothing */

/* xtg_tcp_flow.want: what to send besides data */
#define XTG_TCP_WANT_ACK 1
#define XTG_TCP_WANT_PROBE 2 /* of a closed window: an old sequence number, to be answered */
#define XTG_TCP_WANT_TAIL 4  /* tail-loss probe */
#define XTG_TCP_WANT_HEAD 8  /* the first segment outstanding, whatever the window */
#define XTG_TCP_WANT_CWR 16
#define XTG_TCP_WANT_PIECE 32 /* what the window allows, less than a segment as it may be */
#define XTG_TCP_ASKED 64      /* nothing has been heard since a timer had something sent */
#define XTG_TCP_STUCK 128     /* nothing has been acknowledged since the timer went off first */

/* xtg_tcp_flow.timer */
#define XTG_TCP_TIMER_NONE 0
#define XTG_TCP_TIMER_REORDER 1
#define XTG_TCP_TIMER_TAIL 2
#define XTG_TCP_TIMER_RTO 3
#define XTG_TCP_TIMER_PERSIST 4

/* xtg_tcp_flow.recovery */
#define XTG_TCP_SMOOTH 0
#define XTG_TCP_FAST 1    /* losses found by SACK or duplicate ACKs */
#define XTG_TCP_TIMEOUT 2 /* the retransmission timer went off */

/* Why a segment is sent again; counted by these. */
#define XTG_TCP_RETRANSMIT_SACK 0
#define XTG_TCP_RETRANSMIT_RTO 1
#define XTG_TCP_RETRANSMIT_TAIL 2
#define XTG_TCP_RETRANSMIT_LOCAL 3

/* What a flow is held up by, for the time accounts */
#define XTG_TCP_HELD_NO 0
#define XTG_TCP_HELD_WINDOW 1
#define XTG_TCP_HELD_ZERO 2
#define XTG_TCP_HELD_IDLE 3
#define XTG_TCP_HELD_BOARD 4 /* as much is in flight as the scoreboard has room for */

/* One connection. User space writes the first block before it sets `phase`, and `fin` later; the
 * rest is the sending thread's, and read by user space at any time. Times are CLOCK_MONOTONIC in
 * microseconds modulo 2^32; `seg`s are segment numbers, offsets count bytes of the stream. */
struct XTG_CACHE_LINES xtg_tcp_flow {
  __u64 limit;      /* U: bytes to send; ~0 without limit */
  __u32 number;     /* U: its place in the map */
  __u32 worker;     /* U */
  __u32 isn;        /* U: sequence number of offset 0 */
  __u32 wscale;     /* U: of the far end's windows */
  __u32 own_window; /* U: what we advertise, as in the header */
  __u16 port_be;    /* U: our own */
  __u16 own_wscale; /* U: shift of own_window */
  __u32 phase;      /* XTG_TCP_OPEN: U; then the thread's */
  __u32 fin;        /* U: 1: send a FIN after the last byte */
  __u32 tsval_base; /* U: TSval = this + CLOCK_MONOTONIC in ms */
  __u16 queued;     /* is in the worker's queue of flows */
  __u16 filed;      /* and in its wheel of timers (tcp_wheel.h), for ... */
  __u32 want;       /* XTG_TCP_WANT_* */
  __u64 edge;       /* right edge of the far end's window */
  __u64 una;        /* offsets as SND.UNA ... */

  __u64 nxt;     /* ... and SND.NXT (RFC 9293, 3.3.1): end of segment nxt_seg - 1 */
  __u64 una_seg; /* segment that una lies in */
  __u64 nxt_seg;
  __u64 sent_end; /* highest offset sent; below nxt when the last segment was cut to the window */
  __u64 high_sacked; /* one past the highest segment that was SACKed */
  __u32 sacked_out;
  __u32 lost_out;
  __u32 delivered; /* segments that reached the far end */
  __u32 dupacks;
  __u32 timer;    /* XTG_TCP_TIMER_* */
  __u32 timer_us; /* when it goes off */

  __u32 srtt_us8;   /* smoothed RTT in 1/8 us; 0: none yet */
  __u32 rttvar_us4; /* in 1/4 us */
  __u32 rtt_min_us;
  __u32 rto_us;
  __u32 backoff;
  __u16 timed; /* 1: timed_seg's round trip is being taken */
  __u16 undo_cubic_running;
  __u64 timed_seg;
  __u32 timed_us;
  __u32 rack_us;     /* send time of the segment delivered that was sent last (RFC 8985, 6.1) ... */
  __u64 rack_seg;    /* one past it */
  __u32 rack_low_us; /* ... and at least: stamps are the last ones of their groups */
  __u32 rack_rtt_us;
  __u16 rack_valid;
  __u16 reorder_seen;
  __u32 reorder_steps; /* the reordering window in quarters of the minimum RTT */

  __u64 recovery_end; /* recovery is over when this segment is the first outstanding */
  __u64 ecn_end;      /* no further reduction by ECE before */
  __u64 reorder_end;  /* no further widening by DSACK before */
  __u16 recovery;     /* XTG_TCP_SMOOTH, FAST, TIMEOUT */
  __u16 cubic_running;
  __u32 cwnd; /* segments */
  __u32 ssthresh;
  __u32 cwnd_part; /* deliveries counted towards the next increase */
  __u32 cubic_max; /* RFC 9438: W_max in segments, K in ms, when the epoch last went on */
  __u32 cubic_k_ms;
  __u32 cubic_last_us;
  __u32 cubic_reno; /* W_est in segments */
  __u32 cubic_part;

  __u32 rcv_nxt;
  __u32 ts_recent;
  __u32 wl1;           /* SND.WL1 */
  __u32 max_window;    /* the largest the far end has advertised, bytes */
  __u32 heard_us;      /* when it was last heard; XTG_TCP_ASKED: when it was first asked in vain */
  __u32 challenged_us; /* when an unacceptable segment was last answered */
  __u16 held;          /* XTG_TCP_HELD_* since held_us */
  __u16 undo;          /* XTG_TCP_UNDO_*: what a recovery began with (tcp_undo.h) */
  __u32 held_us;
  __u16 peer_fin; /* the far end has sent its FIN */
  __u16 tail_out; /* a tail-loss probe is out */
  __u16 fin_sent;
  __u16 ece; /* congestion is to be echoed until the far end says CWR */
  __u32 fin_us;
  __u64 tail_end;

  /* Counts, as in stats::FlowCounters. */
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

  __u64 first_ns;         /* when data was first sent; 0: never */
  __u64 cubic_t_us;       /* time of the epoch in which the window was used */
  __u32 rtt_low_us;       /* lowest of the present window of time, since ..., and of the last */
  __u32 rtt_low_since_us; /* (tcp_rtt.h); 0: none yet */
  __u32 rtt_low_before_us;
  __u32 reorder_persist; /* recoveries after which the reordering window is narrow again */
  __u32 acked_us;        /* when something was last acknowledged that was not before */
  __u32 stuck_us;        /* XTG_TCP_STUCK: since when */
  __u32 undo_tsval;
  __u32 undo_cwnd;
  __u32 undo_ssthresh;
  __u32 undo_cubic_max;
  __u32 undone;   /* recoveries that were for nothing */
  __u32 filed_us; /* ... this time */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_flow) == 576, "whole cache lines");

/* Kinds of what a worker is sending. */
#define XTG_TCP_SEND_NONE 0
#define XTG_TCP_SEND_NEW 1
#define XTG_TCP_SEND_RETRANSMIT 2
#define XTG_TCP_SEND_ACK 3   /* no payload */
#define XTG_TCP_SEND_PROBE 4 /* no payload, sequence number one back */
#define XTG_TCP_SEND_FIN 5

/* What to send next of one flow: `count` consecutive segments from `seg` on, or a piece. */
struct xtg_tcp_burst {
  __u64 seg;
  __u64 from;  /* offset of the first byte */
  __u32 kind;  /* XTG_TCP_SEND_* */
  __u32 count; /* frames */
  __u32 len;   /* payload of each */
  __u32 cause; /* XTG_TCP_AGAIN_* */
  __u32 push;  /* the last one ends what there is to send */
  __u32 cwr;
};

/* One sending thread: the program in its kernel calls writes it, and the tracepoint programs do,
 * which run in the same thread. */
struct XTG_CACHE_LINES xtg_tcp_worker {
  __u64 header[XTG_TCP_HEADER / 8]; /* of the burst */
  __u64 l4_sum;    /* accumulator of the burst, without sequence number and payload */
  __u64 pos;       /* of the next frame's payload within the period */
  __u32 left;      /* frames of the burst still to send */
  __u32 seq;       /* of the next frame */
  __u32 len;       /* its payload */
  __u32 frame_len; /* what the page is cut to; 0: not cut */

  __u32 flow;
  __u32 seg;       /* low bits of its segment number, for the log */
  __u32 sum_index; /* of the payload's sum */
  __u32 piece_sum; /* sum of a piece's payload; ~0: look at the map */
  __u32 logged;    /* frames entered in the log so far, and how many of them are accounted for */
  __u32 settled;
  __u32 idle_left; /* runs to pass over until the kernel's batch ends */
  __u32 batch;     /* U: of the call */
  __u32 ended;     /* 1: its flows have been told that the run ends */
  __u32 number;    /* U */
  __u32 round;     /* tcp_control.rounds as of the last round over the worker's flows */
  __u32 to_poll;   /* flows to ask before the thread sleeps, because the round woke them */
  __u32 sweep;     /* the round has come to here; n_flows and more: it is over */
  __u32 push;
  __u32 batch_used; /* frames of this batch */
  __u32 holdoff;    /* batches to sit out after the driver refused frames */

  __u32 ready_head; /* the queue of flows: next to enter, next to leave */
  __u32 ready_tail;
  __u64 event_tail;
  __u64 turns;   /* odd: between two bursts, at work on flows */
  __u64 pace_ns; /* paced: when the next burst is due */
  __u64 pace_frac;
  __u64 skipped_slots;
  __u64 first_data_ns; /* 0: none yet */
  __u64 looked;        /* at how many flows, for their timers and in rounds */
  __u64 attempts;

  __u64 accepted; /* from the tracepoints */
  __u64 driver_drops;
  __u64 redirect_errors;
  __u64 pace_ns_q; /* U: paced: between two of its segments, its open flows' share of the rate */
  __u64 missed;    /* slots that passed since new data was last sent; they are skipped_slots then */
  __u32 heard_us;  /* when the last event read had arrived */
  __u32 cut;       /* 1: frames are shorter than segments */
  __u64 cut_at;    /* then: offset of the next one */
  struct xtg_tcp_burst rest; /* of a burst so cut: what does not fill a frame; count 0: nothing */
  __u32 rest_flow;
  __u32 hold_step_ns; /* the last wait after an error; 0: frames leave */
  __u64 hold_ns;      /* nothing is sent before; after an error, and the longer the more follow */
  __u64 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_worker) == 384, "whole cache lines");

/* Head of a worker's queue of events; ingress programs on any CPU add to it. */
struct XTG_CACHE_LINES xtg_tcp_queue {
  __u64 head;
  __u64 lost;    /* the queue was full, and a later one replaced it; as good as lost on the path */
  __u64 unsound; /* segments with a wrong checksum: ignored */
  __u64 pad[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_queue) == 64, "one cache line");

/* Packets of the far end that the ingress program leaves to the kernel; any CPU adds. */
struct XTG_CACHE_LINES xtg_tcp_untaken {
  __u64 fragments; /* fragments of IP packets with TCP: XDP does not reassemble them */
  __u64 headers;   /* IP options or extension headers that the kernel refuses, of a connection */
  __u64 pad[6];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_untaken) == 64, "one cache line");

/* ICMP errors that quote a segment of ours that is outstanding; any CPU adds. */
struct XTG_CACHE_LINES xtg_tcp_icmp {
  __u64 too_big; /* for a link on the path ... */
  __u64 errors;  /* all others */
  __u32 mtu;     /* ... whose MTU was reported last; 0 by routers older than RFC 1191 */
  __u32 last;    /* of the others: type << 8 | code */
  __u64 pad[5];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_icmp) == 64, "one cache line");

struct XTG_CACHE_LINES xtg_tcp_control {
  __u64 end_ns; /* U: CLOCK_MONOTONIC; no new data is sent at or after it; ~0 without */
  __u32 stop;   /* U: 1: no new data; 2: nothing at all */
  __u32 go;     /* U: 1: the run has begun */
  __u32 cut;    /* U: most payload of a frame, where the path takes less than segments; 0: mss */
  __u32 rounds; /* U: counts what all flows are to be looked at for: new ones, FINs */
  __u64
      link; /* U: the header's first 8 bytes where the next hop has become another; 0: as it was */
  __u64 pad[4];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_control) == 64, "one cache line");

/* Key of the map from connection to flow: the far end's segments have it as it stands on the wire.
 */
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
