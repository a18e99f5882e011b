/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sender's shared memory: decisions that user space makes before a run (read-only to the
 * program, so that the verifier removes the branches a run does not need) and what the program and
 * the threads write during the run. */
#pragma once

#include "base.h"
#include "hist.h"
#include "signature.h"

/* One varying field (rules: sweep.h). Its value at index i is first + i * step, or its i-th listed
 * value. Constant for the run. A field that shares bytes with constant bits has them in `first`: a
 * VLAN TCI is two bytes, and a TTL is two bytes with step 256. */
struct xtg_field {
  __u16 offset; /* of the varying bytes in the frame, < XTG_MAX_HEADER */
  __u16 width;  /* 2, 4, 6 or 8 bytes, big-endian on the wire; 0: the field that selects the size */
  __u16 sums;   /* bit i: covered by checksum i of the stream; then `offset` is even within it */
  __u16 flags;  /* XTG_FIELD_* */
  __u64 first;  /* value at index 0, host order */
  __u64 count;  /* 2 to 2^32 values */
  __u64 step;
  __u32 list;      /* index of its first value among the run's listed ones, plus 1; 0: not listed */
  __u16 plain_law; /* see xtg_stream.plain: XTG_PLAIN_NEXT, _VALUE or _DRAWN */
  __u16 plain_sums; /* XTG_PLAIN_IP, _BOTH, _UDP, or 0 */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_field) == 40, "field ABI");

#define XTG_FIELD_RANDOM 1 /* its index is drawn, regardless of how other fields advance */

/* A checksum of the stream's header. If no frame changes it, it is finished in the header and `off`
 * is 0. */
struct xtg_sum {
  __u16 off;  /* < XTG_MAX_HEADER */
  __u16 kind; /* XTG_SUM_* */
  __u32 pad;
  __u64 base; /* folded accumulator over all constants (csum.h); with several sizes see xtg_size */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sum) == 16, "sum ABI");

#define XTG_SUM_PLAIN 0 /* IPv4, TCP, ICMP, GRE: sent as computed */
#define XTG_SUM_UDP 1   /* UDP: 0 is sent as 0xffff */

/* A length field: the big-endian 16 bits at `off` are the frame's length plus `delta`. Only for
 * streams with several sizes. */
struct xtg_length {
  __u16 off; /* < XTG_MAX_HEADER */
  __s16 delta;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_length) == 4, "length ABI");

/* One of a stream's sizes. All sizes of a stream have the same header and the same form of
 * signature. */
struct xtg_size {
  __u16 frame_len;           /* without FCS */
  __u16 sig_off;             /* valid if the stream has a signature */
  __u16 reflector_off;       /* valid if the stream has one */
  __u16 sig_odd;             /* as xtg_stream.sig_odd */
  __u32 base[XTG_MAX_CSUMS]; /* as xtg_sum.base, including the values of length fields */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_size) == 24, "size ABI");

/* xtg_stream.sig_form */
#define XTG_SIG_NONE 0
#define XTG_SIG_COMPACT 1
#define XTG_SIG_FULL 2

/* Codes that xtg_tx decides by, derived from the rest of the record (packet::make_plain). sums[0]
 * is a UDP checksum, the only one that covers the signature, and sums[1] is that of an IPv4 header.
 */
#define XTG_PLAIN_UNSIGNED 1
#define XTG_PLAIN_COMPACT 2
#define XTG_PLAIN_COMPACT_ODD 3 /* starts at an odd offset within the checksum's range */
#define XTG_PLAIN_FULL 4
#define XTG_PLAIN_FULL_ODD 5

#define XTG_PLAIN_IP 1
#define XTG_PLAIN_BOTH 2
#define XTG_PLAIN_UDP 3

#define XTG_PLAIN_NEXT 1  /* first + index, in order */
#define XTG_PLAIN_VALUE 2 /* with a step or from a list, in order */
#define XTG_PLAIN_DRAWN 3

/* xtg_stream.hop_law: how the destination MAC follows a varying destination address. */
#define XTG_HOP_FIXED 0
#define XTG_HOP_GROUP4 1 /* the address's low 23 bits: RFC 1112 6.4 */
#define XTG_HOP_GROUP6 2 /* its low 32 bits: RFC 2464 7 */
#define XTG_HOP_LISTED 3 /* next_hops[hop_base + position in the range] */

/* Describes one stream's frames. Constant for the run; in .rodata. */
struct xtg_stream {
  __u64
      header[XTG_MAX_HEADER / 8]; /* first bytes of the template as on the wire, swept bytes zero */
  __u64 sig_const[2]; /* full form: bytes 16 to 31; compact: [0] is bytes 8 to 15; worker and time
                         are 0 */
  __u64 seed;         /* for drawn fields */
  struct xtg_sum sums[XTG_MAX_CSUMS];
  struct xtg_length lengths[XTG_MAX_LENGTHS];
  __u32 frame_len; /* without FCS; the largest of several sizes */
  __u32 copy_u64s; /* 8-byte words of `header` written on every frame ... */
  __u32 copy_tail; /* ... and bytes after them (even, 0 to 6) if no whole word fits the frame */
  __u32 n_sums;
  __u32 sig_form; /* XTG_SIG_* */
  __u32 sig_off;
  __u32 sig_sums;   /* bit i: checksum i covers the signature */
  __u32 sig_odd;    /* bit i: it starts at an odd offset within the range of checksum i */
  __u32 stamp_each; /* 1: read the clock for every frame, 0: once per batch */
  __u32 paced;      /* 1: frames have a schedule */
  __u32 vary;       /* XTG_VARY_* */
  __u32 n_fields;
  __u32 stamp_tai;     /* 1: the send time is CLOCK_TAI; then xtg_tx_config.tai is set, too */
  __u32 reflector_off; /* of XTG_SIG_REFLECTOR_LEN bytes that are zeroed in every frame; 0: none */
  __u32 hop_law;       /* XTG_HOP_* */
  __u32 hop_field;     /* the address field that it follows */
  __u32 hop_base;      /* for XTG_HOP_LISTED */
  __u32 n_sizes;       /* 0 or 1: one size, described above */
  __u32 size_base;     /* index of the first among the run's sizes */
  __u32 size_field;    /* index of the field of width 0, with several sizes */
  __u32 n_lengths;
  __u32 flows;        /* xtg_flow_at(): this many flows at a time; 0: no flows */
  __u32 flow_packets; /* packets of each flow; 0: unlimited */
  __u32 weight;       /* unpaced: share among such streams, in frames; 1 to 65,535 */
  __u32 plain;        /* XTG_PLAIN_UNSIGNED to _FULL_ODD; 0: only for xtg_tx_single */
  __u32 plain_sums;   /* the checksums that it writes: XTG_PLAIN_IP, _BOTH, _UDP, or 0 */
  struct xtg_field fields[XTG_MAX_FIELDS];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_stream) == XTG_MAX_HEADER + 24 + 16 * XTG_MAX_CSUMS +
                                                   4 * XTG_MAX_LENGTHS + 104 + 40 * XTG_MAX_FIELDS,
                  "stream ABI");

/* xtg_tx_config.path */
#define XTG_TX_PATH_XDP 0     /* redirected to the interface's XDP transmit */
#define XTG_TX_PATH_TC 1      /* out of the interface as an skb, through its queueing discipline */
#define XTG_TX_PATH_RECEIVE 2 /* into the interface, as if they had arrived there */

/* Settings of the whole run. Constant; in .rodata. */
struct xtg_tx_config {
  __u32 ingress_base; /* ifindex of worker 0's ingress device; worker i has ingress_base + i */
  __u32 to_ifindex;   /* output interface, for the tracepoints */
  __u32 n_workers;
  __u32 tai;    /* 1: some stream's send time is CLOCK_TAI; the kernel can read it (Linux 6.1) */
  __u32 resend; /* 1: frames refused by the driver are resent; needs the tracepoint programs */
  __u32 renew;  /* 1: xtg_renew() before every frame (bpf/renew.bpf.h) */
  __u32 n_streams;
  __u32 page_len;   /* length of the template of the kernel's pages: the largest frame */
  __u32 n_places;   /* number of xtg_place; 0 and clean_from: everything after that is rewritten */
  __u32 clean_from; /* see xtg_place; 0: nothing to restore */
  __u32 path;       /* XTG_TX_PATH_*: how frames leave */
  __u32 loopback;   /* 1: the interface is lo */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_config) == 48, "config ABI");

/* Places where frames of some streams or sizes leave a signature in pages that are later used for
 * longer frames, whose payload covers those bytes: they are restored. All streams of a run have the
 * same payload at the same offset. */
struct xtg_place {
  __u16 off;
  __u16 words; /* of 8 bytes */
};
#define XTG_MAX_PLACES 8
#define XTG_PLACE_U64S ((XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN) / 8)

/* After the run's end or stop, a batch with refused frames may take at most this long to finish, so
 * that no numbers are missing among those sent. */
#define XTG_GRACE_NS 10000000ULL
/* Refused frames wait this long before they are offered again if none of them was accepted; twice
 * as long each time. */
#define XTG_PAUSE_LEAST_NS 1000U
#define XTG_PAUSE_MOST_NS 1000000U

/* The worker byte of resent frames is `worker + XTG_RESEND_WORKER`, up to this many threads: one
 * frame after the refused ones may have left before them, and numbers must increase strictly within
 * a worker. */
#define XTG_RESEND_WORKER (XTG_MAX_WORKERS / 2)

/* Progress of a stream over all threads. Programs claim sequence numbers by atomic add. */
struct XTG_CACHE_LINES xtg_stream_progress {
  __u64 next;  /* first unclaimed sequence number; may exceed total */
  __u64 total; /* frames to send, ~0: no limit; user space */
  __u64 pad[6];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_stream_progress) == 64, "one cache line");

/* Run-wide variables in .bss. */
struct XTG_CACHE_LINES xtg_tx_control {
  __u64 end_ns;  /* CLOCK_MONOTONIC; no frame is sent at or after it; ~0: no end; user space */
  __u64 stop_ns; /* CLOCK_MONOTONIC, when stop was set; user space, before it sets stop */
  __u32 stop;    /* 1: send nothing more; user space */
  __u32 pad[11];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_control) == 64, "one cache line");

/* One sending thread and its current batch, which is of one stream. Written by the program that
 * runs in this thread's kernel calls and by the tracepoint programs, which run in the same thread
 * with bottom halves off: one writer, no locks. User space writes the fields marked U between calls
 * and reads all of them at any time. */
struct XTG_WORKER_LINES xtg_tx_worker {
  /* The next frame, and the end of this batch: [seq, send_end). Sequence numbers are claimed by
   * batch. */
  __u64 seq;
  __u64 send_end;
  __u64 sig_u64[2]; /* shared by a batch's signatures: full form bytes 8 to 23, compact 0 to 15
                       without seq */
  __u64 sums[XTG_MAX_CSUMS]; /* shared by a batch's checksums that cover the signature */

  __u64 sig_sum;    /* its part of the checksums; for streams with several sizes */
  __u64 first_u64;  /* the first eight bytes of frames */
  __u64 worker_now; /* the worker byte shifted to its place in the signature's `u64` */
  __u64 bulk_seq;   /* first frame of this batch with an unknown outcome */
  __u32 idle_left;  /* runs to skip until the kernel's batch ends; U before a call */
  __u32 done;       /* 1: nothing more will be sent: amounts or time are used up, or stopped */
  __u32 batch;      /* U: the call's batch_size */
  __u16 stream;     /* stream of the batch */
  __u16 number;     /* U: this thread's number */
  __u64 spin_ns;    /* wait for a deadline this close by polling the clock; U */
  __u64 last_ns;    /* when this thread last finished sending, CLOCK_MONOTONIC; U after a call */

  __u64 pass;               /* xtg_tx_cursor.pass of the last chosen stream */
  __u32 n_done;             /* streams that this thread has finished */
  __u32 release_delay_cell; /* of the last released slot */
  __u32 thread;             /* U: the kernel's number of the thread that makes the calls */
  __u32 pad0;
  __u64 pad[13];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_worker) == 4 * 64, "whole pairs of cache lines");

/* Progress of one thread within one stream. The same writers. attempts = claimed + resent - rest of
 * the batch - (rest_end - rest_seq). */
struct XTG_WORKER_LINES xtg_tx_cursor {
  /* State of the fields, valid for sequence number value_seq. */
  __u64 index[XTG_MAX_FIELDS];

  /* Input for the choice of the next stream. */
  __u64 pass;        /* unpaced: frames sent divided by weight, in 2^-16; the lowest is next */
  __u64 deadline_ns; /* paced: of the next slot, = ns + 2^-32 ns; U before the first call */
  __u32 deadline_frac;
  __u32 done;       /* 1: nothing more of it will be sent */
  __u64 retry_ns;   /* refused frames are not offered again before this */
  __u64 resend_seq; /* [resend_seq, resend_end): refused, to be resent before anything else */
  __u64 resend_end;
  /* A refusal ends its batch; frames that the batch had not offered yet follow the resent ones. */
  __u64 rest_seq; /* [rest_seq, rest_end) */
  __u64 rest_end;

  __u64 value_seq;
  __u32 flow_left;   /* packets until each flow has had one more ... */
  __u32 rounds_left; /* ... and how many such rounds until new flows follow */
  __u64 first_u64;  /* U, at any time: the first eight bytes of frames; changes with the next hop */
  __u64 worker_u64; /* U: the worker byte shifted to its place in the signature's `u64` */
  __u64 resend_u64; /* U: the same for resent frames */
  /* The schedule. All U before the first call. */
  __u64 interval_ns; /* between slots; a fraction as in the deadline */
  __u32 interval_frac;
  __u32 slot_frames; /* frames of one slot */
  __u64 catch_up_ns; /* slots later than this count as missed */

  __u32 batch_slots; /* slots released together; U */
  __u32 pause_ns;    /* before refused frames are offered again */
  __u32 tx_queue;    /* U: transmit queue of its frames, + 1, through tc; 0: the kernel's choice */
  __u32 pad0;
  __u64 claimed;
  __u64 resent; /* frames offered again */
  /* From the tracepoints. */
  __u64 accepted;
  __u64 driver_drops;
  __u64 redirect_errors;
  __u64 queue_drops;   /* thrown away by the queueing discipline; of XTG_TX_PATH_RECEIVE by the
                          backlog */
  __u64 accepted_then; /* accepted when a frame was last refused; not of XTG_TX_PATH_XDP */
  __u64 skipped_slots; /* by the schedule */
  __u64 pad[6];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_cursor) == 6 * 64, "whole pairs of cache lines");
