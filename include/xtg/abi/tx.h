/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sending side's shared memory: what user space decides before a run (read-only to the program,
 * so that the verifier removes the branches a run does not need) and what the program and the
 * threads write while it lasts. */
#pragma once

#include "base.h"
#include "hist.h"
#include "signature.h"

/* One varying field (rules: sweep.h). Its value at index i is first + i * step, or the i-th of its
 * listed values. Constant for the run. A field that shares bytes with constant bits has them in
 * `first`: a VLAN TCI is two bytes, a TTL is the two bytes from it on with step 256. */
struct xtg_field {
  __u16 offset; /* of the varying bytes in the frame, < XTG_MAX_HEADER */
  __u16 width;  /* 2, 4, 6 or 8 bytes, big-endian on the wire; 0: its index is that of the size */
  __u16 sums;   /* bit i: counts in checksum i of the stream; then `offset` is even within it */
  __u16 flags;  /* XTG_FIELD_* */
  __u64 first;  /* value at index 0, host order */
  __u64 count;  /* 2 to 2^32 values */
  __u64 step;
  __u32 list;       /* where its values begin among the run's listed ones, plus 1; 0: not listed */
  __u16 plain_law;  /* see xtg_stream.plain: XTG_PLAIN_NEXT, _VALUE or _DRAWN */
  __u16 plain_sums; /* XTG_PLAIN_IP, _BOTH, _UDP, or 0 */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_field) == 40, "field ABI");

#define XTG_FIELD_RANDOM 1 /* its index is drawn, whatever moves the other fields */

/* A checksum of the stream's header. Where no frame changes it, it is finished in the header and
 * `off` is 0. */
struct xtg_sum {
  __u16 off;  /* < XTG_MAX_HEADER */
  __u16 kind; /* XTG_SUM_* */
  __u32 pad;
  __u64 base; /* accumulator over all that is constant, folded, see csum.h; with several sizes:
                 see xtg_size */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sum) == 16, "sum ABI");

#define XTG_SUM_PLAIN 0 /* IPv4, TCP, ICMP, GRE: as computed */
#define XTG_SUM_UDP 1   /* UDP: 0 is sent as 0xffff */

/* A length field: the big-endian 16 bits at `off` are the frame's length plus `delta`. Only for
 * streams with several sizes. */
struct xtg_length {
  __u16 off; /* < XTG_MAX_HEADER */
  __s16 delta;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_length) == 4, "length ABI");

/* One of a stream's sizes. All sizes of a stream have the same header and form of signature. */
struct xtg_size {
  __u16 frame_len;           /* without FCS */
  __u16 sig_off;             /* valid where the stream has a signature */
  __u16 reflector_off;       /* valid where the stream has one */
  __u16 sig_odd;             /* as xtg_stream.sig_odd */
  __u32 base[XTG_MAX_CSUMS]; /* as xtg_sum.base, with the length fields' values in it */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_size) == 24, "size ABI");

/* xtg_stream.sig_form */
#define XTG_SIG_NONE 0
#define XTG_SIG_COMPACT 1
#define XTG_SIG_FULL 2

/* What xtg_tx decides by, made of the rest of the record (packet::make_plain). sums[0] is a UDP
 * checksum, the only one that the signature counts in, and sums[1] is that of an IPv4 header. */
#define XTG_PLAIN_UNSIGNED 1
#define XTG_PLAIN_COMPACT 2
#define XTG_PLAIN_COMPACT_ODD 3 /* starts at an odd byte of what the checksum covers */
#define XTG_PLAIN_FULL 4
#define XTG_PLAIN_FULL_ODD 5

#define XTG_PLAIN_IP 1
#define XTG_PLAIN_BOTH 2
#define XTG_PLAIN_UDP 3

#define XTG_PLAIN_NEXT 1  /* first + index, in order */
#define XTG_PLAIN_VALUE 2 /* in steps or of a list, in order */
#define XTG_PLAIN_DRAWN 3

/* xtg_stream.hop_law: how the destination MAC follows a destination address that varies. */
#define XTG_HOP_FIXED 0
#define XTG_HOP_GROUP4 1 /* the address's low 23 bits: RFC 1112 6.4 */
#define XTG_HOP_GROUP6 2 /* its low 32 bits: RFC 2464 7 */
#define XTG_HOP_LISTED 3 /* next_hops[hop_base + position in the range] */

/* One stream's frames. Constant for the run; in .rodata. */
struct xtg_stream {
  __u64
      header[XTG_MAX_HEADER / 8]; /* first bytes of the template as on the wire, swept bytes zero */
  __u64 sig_const[2]; /* full form: bytes 16 to 31; compact form: [0] is bytes 8 to 15; worker and
                         time zero */
  __u64 seed;         /* of fields that are drawn */
  struct xtg_sum sums[XTG_MAX_CSUMS];
  struct xtg_length lengths[XTG_MAX_LENGTHS];
  __u32 frame_len; /* without FCS; of several sizes the largest */
  __u32 copy_u64s; /* 8-byte words of `header` written on every frame ... */
  __u32 copy_tail; /* ... and bytes after them (even, 0 to 6), where the frame has no room for a
                      word */
  __u32 n_sums;
  __u32 sig_form; /* XTG_SIG_* */
  __u32 sig_off;
  __u32 sig_sums;   /* bit i: the signature counts in checksum i */
  __u32 sig_odd;    /* bit i: it starts at an odd byte of what checksum i covers */
  __u32 stamp_each; /* 1: read the clock for every frame, 0: once per batch */
  __u32 paced;      /* 1: frames have a schedule */
  __u32 vary;       /* XTG_VARY_* */
  __u32 n_fields;
  __u32 stamp_tai;     /* 1: the send time is CLOCK_TAI; then xtg_tx_config.tai is set, too */
  __u32 reflector_off; /* of XTG_SIG_REFLECTOR_LEN bytes that are zeroed in every frame; 0: none */
  __u32 hop_law;       /* XTG_HOP_* */
  __u32 hop_field;     /* the field that it follows */
  __u32 hop_base;      /* of XTG_HOP_LISTED */
  __u32 n_sizes;       /* 0 or 1: one size, which is the one above */
  __u32 size_base;     /* where they begin among the run's sizes */
  __u32 size_field;    /* index of the field of width 0, with several sizes */
  __u32 n_lengths;
  __u32 flows;        /* xtg_flow_at(): this many flows at a time; 0: none */
  __u32 flow_packets; /* each of so many packets; 0: without end */
  __u32 weight;       /* not paced: its share of what such streams send, in frames; 1 to 65,535 */
  __u32 plain;        /* XTG_PLAIN_UNSIGNED to _FULL_ODD; 0: only
                         xtg_tx_single can send it */
  __u32 plain_sums;   /* the checksums that it writes: XTG_PLAIN_IP, _BOTH, _UDP, or 0 */
  struct xtg_field fields[XTG_MAX_FIELDS];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_stream) == XTG_MAX_HEADER + 24 + 16 * XTG_MAX_CSUMS +
                                                   4 * XTG_MAX_LENGTHS + 104 + 40 * XTG_MAX_FIELDS,
                  "stream ABI");

/* What holds for the whole run. Constant; in .rodata. */
struct xtg_tx_config {
  __u32 ingress_base; /* ifindex of worker 0's ingress device; worker i has ingress_base + i */
  __u32 to_ifindex;   /* where the frames go, for the tracepoints */
  __u32 n_workers;
  __u32 tai;    /* 1: some stream's send time is CLOCK_TAI; the kernel can read it (Linux 6.1) */
  __u32 resend; /* 1: what the driver refused is sent again; needs the tracepoint programs */
  __u32 renew;  /* 1: xtg_renew() before every frame (bpf/renew.bpf.h) */
  __u32 n_streams;
  __u32 page_len;   /* of the template that the kernel fills its pages with: the largest frame */
  __u32 n_places;   /* xtg_place; 0 and clean_from: all from there on is written */
  __u32 clean_from; /* see xtg_place; 0: nothing has to be cleaned */
  __u32 pad[2];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_config) == 48, "config ABI");

/* Where frames of several streams or sizes leave a signature in pages that then become longer
 * frames, of which those bytes are payload: they are written as they were. All streams of a run
 * have the same payload at the same place. */
struct xtg_place {
  __u16 off;
  __u16 words; /* of 8 bytes */
};
#define XTG_MAX_PLACES 8
#define XTG_PLACE_U64S ((XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN) / 8)

/* A batch whose frames were refused is finished after the run's end or stop for so long at most, so
 * that no numbers are missing among those that were sent. */
#define XTG_GRACE_NS 10000000ULL
/* Refused frames wait this long before they are offered again when none of them was accepted; twice
 * as long each time. */
#define XTG_PAUSE_LEAST_NS 1000U
#define XTG_PAUSE_MOST_NS 1000000U

/* The worker byte of frames that are sent again is `worker + XTG_RESEND_WORKER`, where there are no
 * more threads than this: one frame behind the refused ones may have left before them, and numbers
 * rise strictly within a worker. */
#define XTG_RESEND_WORKER (XTG_MAX_WORKERS / 2)

/* How far a stream is, over all threads. Programs claim sequence numbers by atomic add. */
struct XTG_CACHE_LINES xtg_stream_progress {
  __u64 next;  /* first sequence number nobody has claimed; may pass total */
  __u64 total; /* frames to send, ~0 without limit; user space */
  __u64 pad[6];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_stream_progress) == 64, "one cache line");

/* Run-wide words in .bss. */
struct XTG_CACHE_LINES xtg_tx_control {
  __u64 end_ns;  /* CLOCK_MONOTONIC; no frame is sent at or after it, ~0 without; user space */
  __u64 stop_ns; /* CLOCK_MONOTONIC, when stop was set; user space, before it sets stop */
  __u32 stop;    /* 1: send nothing more; user space */
  __u32 pad[11];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_control) == 64, "one cache line");

/* One sending thread and the batch that it has under way, which is of one stream. The program that
 * runs in this thread's kernel calls writes it, and so do the tracepoint programs, which run in the
 * same thread with bottom halves off: one writer, no locks. User space writes the fields marked U
 * between calls and reads all of them at any time. */
struct XTG_WORKER_LINES xtg_tx_worker {
  /* The next frame, and up to where this batch may send: [seq, send_end). Sequence numbers are
   * claimed by the batch. */
  __u64 seq;
  __u64 send_end;
  __u64 sig_u64[2]; /* what one batch's signatures share: full form bytes 8 to 23, compact 0 to 15
                        less seq */
  __u64 sums[XTG_MAX_CSUMS]; /* what one batch's checksums share, of those the signature is in */

  __u64 sig_sum;    /* its part in them; for streams with several sizes */
  __u64 first_u64;  /* the frames' first eight bytes */
  __u64 worker_now; /* the worker byte in place within its word of the signature */
  __u64 bulk_seq;   /* first frame of this batch whose outcome is not known */
  __u32 idle_left;  /* runs to pass over until the kernel's batch ends; U before a call */
  __u32 done;       /* 1: nothing more will be sent: amounts or time used up, or stopped */
  __u32 batch;      /* U: the call's batch_size */
  __u16 stream;     /* whose batch it is */
  __u16 number;     /* U: this thread's number */
  __u64 spin_ns;    /* wait for a deadline this near by reading the clock; U */
  __u64 last_ns;    /* when this thread last finished sending, CLOCK_MONOTONIC; U after a call */

  __u64 pass;               /* xtg_tx_cursor.pass of the stream that was chosen last */
  __u32 n_done;             /* streams of which it sends nothing more */
  __u32 release_delay_cell; /* of the slot that was released last */
  __u64 pad[14];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_worker) == 4 * 64, "whole pairs of cache lines");

/* How far one thread is with one stream. Same writers. attempts = claimed + resent - what is left
 * of the batch - (rest_end - rest_seq). */
struct XTG_WORKER_LINES xtg_tx_cursor {
  /* Where the fields are, valid for sequence number value_seq. */
  __u64 index[XTG_MAX_FIELDS];

  /* What the choice of the next stream looks at. */
  __u64 pass;        /* not paced: frames sent by weight, in 2^-16; the least is next */
  __u64 deadline_ns; /* paced: of the next slot, = ns + 2^-32 ns; U before the first call */
  __u32 deadline_frac;
  __u32 done;       /* 1: nothing more of it will be sent */
  __u64 retry_ns;   /* refused frames are not offered again before */
  __u64 resend_seq; /* [resend_seq, resend_end): refused, to be sent again before anything else */
  __u64 resend_end;
  /* A refusal ends its batch; what the batch had not offered yet follows what is sent again. */
  __u64 rest_seq; /* [rest_seq, rest_end) */
  __u64 rest_end;

  __u64 value_seq;
  __u32 flow_left;   /* packets until each flow has had one more ... */
  __u32 rounds_left; /* ... and how often that, until new flows follow */
  __u64 first_u64;  /* U, at any time: the frames' first eight bytes, for a next hop that changes */
  __u64 worker_u64; /* U: the worker byte in place within its word of the signature */
  __u64 resend_u64; /* U: the same of frames that are sent again */
  /* The schedule. All U before the first call. */
  __u64 interval_ns; /* between slots, as the deadline with a fraction */
  __u32 interval_frac;
  __u32 slot_frames; /* frames of one slot */
  __u64 catch_up_ns; /* later than this, slots are given up */

  __u32 batch_slots; /* slots released together; U */
  __u32 pause_ns;    /* before refused frames are offered again */
  __u64 skipped_slots;
  __u64 claimed;
  __u64 resent; /* frames that were offered again */
  /* From the tracepoints. */
  __u64 accepted;
  __u64 driver_drops;
  __u64 redirect_errors;
  __u64 pad[9];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_cursor) == 6 * 64, "whole pairs of cache lines");
