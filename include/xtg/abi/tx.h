/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sending side's shared memory: what user space decides before a run (read-only to the program,
 * so that the verifier removes the branches a run does not need) and what the program and the
 * threads write while it lasts. */
#pragma once

#include "base.h"
#include "hist.h"

/* One varying field (rules: sweep.h). Constant for the run. */
struct xtg_field {
  __u16 offset; /* of the swept bytes in the frame, < XTG_MAX_HEADER */
  __u16 width;  /* 2, 4, 6 or 8 bytes, big-endian on the wire */
  __u16 in_ip;  /* 1: counts in the IPv4 header checksum */
  __u16 in_l4;  /* 1: counts in the UDP checksum */
  __u64 first;  /* value at position 0, host order */
  __u64 count;  /* 2 to 2^32 values */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_field) == 24, "field ABI");

/* xtg_stream.sig_form */
#define XTG_SIG_NONE 0
#define XTG_SIG_COMPACT 1
#define XTG_SIG_FULL 2

/* xtg_stream.hop_law: how the destination MAC follows a destination address that varies. */
#define XTG_HOP_FIXED 0
#define XTG_HOP_GROUP4 1 /* the address's low 23 bits: RFC 1112 6.4 */
#define XTG_HOP_GROUP6 2 /* its low 32 bits: RFC 2464 7 */
#define XTG_HOP_LISTED 3 /* next_hops[hop_base + position in the range] */

/* One stream's frames. Constant for the run; in .rodata. */
struct xtg_stream {
  __u64
      header[XTG_MAX_HEADER / 8]; /* first bytes of the template as on the wire, swept bytes zero */
  __u64 ip_csum_base;             /* accumulators over all that is constant, see csum.h */
  __u64 l4_csum_base;
  __u64 sig_const[2]; /* full form: bytes 16 to 31; compact form: [0] is bytes 8 to 15; lane and
                         time zero */
  __u64 seed;         /* of XTG_VARY_RANDOM */
  __u32 frame_len;    /* without FCS */
  __u32 copy_words;   /* 8-byte words of `header` written on every frame ... */
  __u32 copy_tail;    /* ... and bytes after them (even, 0 to 6), where the frame has no room for a
                         word */
  __u32 ip_csum_off;  /* 0: none, or constant and in the header */
  __u32 l4_csum_off;  /* 0: none, or constant and in the header */
  __u32 sig_form;     /* XTG_SIG_* */
  __u32 sig_off;
  __u32 sig_shift;  /* 8 when the signature starts at an odd byte of the checksummed part, else 0 */
  __u32 stamp_each; /* 1: read the clock for every frame, 0: once per batch */
  __u32 paced;      /* 1: frames have a schedule */
  __u32 vary;       /* XTG_VARY_* */
  __u32 n_fields;
  __u32 stamp_tai;  /* 1: the send time is CLOCK_TAI; then xtg_tx_config.tai is set, too */
  __u32 mirror_off; /* of XTG_SIG_MIRROR_LEN bytes that are zeroed in every frame; 0: none */
  __u32 hop_law;    /* XTG_HOP_* */
  __u32 hop_field;  /* the field that it follows */
  __u32 hop_base;   /* of XTG_HOP_LISTED */
  __u32 pad;
  struct xtg_field fields[XTG_MAX_FIELDS];
};
XTG_STATIC_ASSERT(sizeof(struct xtg_stream) == XTG_MAX_HEADER + 40 + 72 + 24 * XTG_MAX_FIELDS,
                  "stream ABI");

/* What holds for the whole run. Constant; in .rodata. */
struct xtg_tx_config {
  __u32 abi_version;  /* XTG_ABI_VERSION */
  __u32 ingress_base; /* ifindex of lane 0's ingress device; lane i has ingress_base + i */
  __u32 to_ifindex;   /* where the frames go, for the tracepoints */
  __u32 n_workers;
  __u32 tai;   /* 1: some stream's send time is CLOCK_TAI; the kernel can read it (Linux 6.1) */
  __u32 again; /* 1: what the driver refused is sent again; needs the tracepoint programs */
  __u32 renew; /* 1: xtg_renew() before every frame (bpf/renew.bpf.h) */
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_config) == 32, "config ABI");

/* A batch whose frames were refused is finished after the run's end or stop for so long at most, so
 * that no numbers are missing among those that were sent. */
#define XTG_GRACE_NS 10000000ULL
/* Refused frames wait this long before they are offered again when none of them was accepted; twice
 * as long each time. */
#define XTG_PAUSE_LEAST_NS 1000U
#define XTG_PAUSE_MOST_NS 1000000U

/* The lane byte of frames that are sent again is `lane + XTG_AGAIN_LANE`, where there are no more
 * threads than this: one frame behind the refused ones may have left before them, and numbers rise
 * strictly within a lane. */
#define XTG_AGAIN_LANE (XTG_MAX_WORKERS / 2)

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

/* One sending thread. The program that runs in this thread's kernel calls writes it, and so do the
 * tracepoint programs, which run in the same thread with bottom halves off: one writer, no locks.
 * User space writes the fields marked U between calls and reads all of them at any time. */
struct XTG_CACHE_LINES xtg_tx_worker {
  /* The next frame, and up to where this batch may send: [seq, send_end). Sequence numbers are
   * claimed by the batch: attempts = claimed + resent - (send_end - seq) - (rest_end - rest_seq).
   */
  __u64 seq;
  __u64 send_end;
  __u64 sig_word[2]; /* what one batch's signatures share: full form bytes 8 to 23, compact 0 to 15
                        less seq */
  __u64 l4_sum;      /* what one batch's checksums share */
  __u64 first_word; /* U, at any time: the frames' first eight bytes, for a next hop that changes */
  __u64 lane_word;  /* U: the lane byte in place within its word of the signature */
  __u32 idle_left;  /* runs to pass over until the kernel's batch ends; U before a call */
  __u32 done;       /* 1: nothing more will be sent: amount or time used up, or stopped */

  /* Values of the fields (host order), valid for sequence number value_seq. */
  __u64 value[XTG_MAX_FIELDS];

  __u64 value_seq;
  __u64 last_ns;   /* when this thread last finished sending, CLOCK_MONOTONIC; U after a call */
  __u32 batch;     /* U: the call's batch_size */
  __u16 stream;    /* U: which stream this thread sends */
  __u16 lane;      /* U: this thread's number */
  __u32 slip_cell; /* of the slot that was released last */
  __u32 pause_ns;  /* before refused frames are offered again */
  /* A refusal ends its batch; what the batch had not offered yet follows what is sent again. */
  __u64 rest_seq; /* [rest_seq, rest_end) */
  __u64 rest_end;
  __u64 again_word; /* U: lane_word of frames that are sent again */
  __u64 lane_now;   /* the one of both that this batch's signatures have */

  /* The schedule: deadline = ns + 2^-32 ns; interval between slots likewise. All U before the first
   * call. */
  __u64 deadline_ns;
  __u64 interval_ns;
  __u32 deadline_frac;
  __u32 interval_frac;
  __u32 slot_frames; /* frames of one slot */
  __u32 batch_slots; /* slots released together; U */
  __u64 spin_ns;     /* wait for a deadline this near by reading the clock; U */
  __u64 catch_up_ns; /* later than this, slots are given up */
  __u64 skipped_slots;
  __u64 retry_ns; /* refused frames are not offered again before */

  /* From the tracepoints. */
  __u64 accepted;
  __u64 driver_drops;
  __u64 redirect_errors;
  __u64 bulk_seq;  /* first frame of this batch whose outcome is not known */
  __u64 again_seq; /* [again_seq, again_end): refused, to be sent again before anything else */
  __u64 again_end;
  __u64 resent; /* frames that were offered again */
  __u64 claimed;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tx_worker) == 5 * 64, "whole cache lines");
