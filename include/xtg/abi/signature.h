/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The signature: the last bytes of the payload of every test frame, and the whole contract between
 * the sender and a receiver. It is found from the end of the frame (before the FCS and before any
 * padding), so that NAT and encapsulation on the way do not hide it. All fields are in network byte
 * order and have no alignment. Documented for users in man/xdp-trafficgen.8, dissected by
 * scripts/xtg-signature.lua. */
#pragma once

#include "base.h"

#define XTG_SIG_VERSION 1

/* Full form: 32 bytes. */
#define XTG_SIG_MAGIC 0x58544753U /* "XTGS", the last four bytes */
#define XTG_SIG_FULL_LEN 32
/* Compact form: 16 bytes, for payloads of 16 to 31 bytes. Receivers extend the shortened fields. */
#define XTG_SIG_COMPACT_MAGIC                                                                      \
  0xc7a0U /* the last two bytes; the low three bits carry the version, the fourth one ... */
#define XTG_SIG_COMPACT_REFLECTED 8U /* ... is set by a reflector */
#define XTG_SIG_COMPACT_LEN 16

/* xtg_sig_full.flags */
#define XTG_SIG_F_STAMP_EACH 0x01 /* tx_ns was read for this frame; else once for its batch */
#define XTG_SIG_F_TAI 0x02        /* tx_ns is CLOCK_TAI; else CLOCK_MONOTONIC of the sending host */

#define XTG_SIG_F_REFLECTOR                                                                        \
  0x04                           /* an xtg_sig_reflector is reserved before the signature          \
                                  */
#define XTG_SIG_F_REFLECTED 0x08 /* a reflector sent the frame back; none does so again */

/* xtg_sig_full.type; the compact form is always data. Frames that are not data are announcements:
 * an xtg_sig_announce lies before the signature, or before its xtg_sig_reflector where there is
 * one. They are sent several times and not counted as traffic. One with a wrong sum is ignored. */
#define XTG_SIG_DATA 0
#define XTG_SIG_START 1 /* a run begins shortly; sent for stream 0 */
#define XTG_SIG_END 2   /* a stream has ended */

struct xtg_sig_full {
  __u8 seq[8];    /* position in the stream, over all workers, from 0 */
  __u8 tx_ns[8];  /* send time in ns, see flags */
  __u8 run_id[4]; /* drawn at random for every run */
  __u8 stream[2]; /* number of the stream within the run */
  __u8 worker;    /* sending thread: sequence numbers rise strictly within a worker */
  __u8 flags;     /* XTG_SIG_F_* */
  __u8 reserved[2];
  __u8 type;     /* XTG_SIG_DATA */
  __u8 version;  /* XTG_SIG_VERSION */
  __u8 magic[4]; /* XTG_SIG_MAGIC */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sig_full) == XTG_SIG_FULL_LEN, "signature is wire format");

struct xtg_sig_compact {
  __u8 seq[4];    /* low 32 bits */
  __u8 tx_ns[6];  /* low 48 bits: wraps after 78 hours */
  __u8 run_id[2]; /* low 16 bits */
  __u8 stream;    /* low 8 bits */
  __u8 worker;
  __u8 magic[2]; /* XTG_SIG_COMPACT_MAGIC | XTG_SIG_VERSION */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sig_compact) == XTG_SIG_COMPACT_LEN,
                  "signature is wire format");

/* What a reflector writes into a frame that it sends back; zero before. Precedes a full signature
 * with XTG_SIG_F_REFLECTOR. Times are the reflector's CLOCK_MONOTONIC (as RFC 8762, 4.2.1). */
struct xtg_sig_reflector {
  __u8 cpu;      /* low bits of the reflector's CPU: its numbers rise strictly within a CPU */
  __u8 seq[7];   /* data frames of this stream that the reflector had sent back before; all ones
                    in both: not known */
  __u8 rx_ns[8]; /* arrival of the frame */
  __u8 tx_ns[8]; /* when it was sent back */
};
#define XTG_SIG_REFLECTOR_LEN 24
#define XTG_SIG_REFLECTOR_CPU 56 /* where `cpu` is in both, taken as one number */
XTG_STATIC_ASSERT(sizeof(struct xtg_sig_reflector) == XTG_SIG_REFLECTOR_LEN,
                  "signature is wire format");

struct xtg_sig_announce {
  __u8 sum[8];          /* see announce.h; first, where receivers that do not know it look for
                           nothing */
  __u8 frames[8];       /* of the stream. START: asked for, ~0 without limit; END: sequence numbers
                           used */
  __u8 driver_drops[8]; /* END: those that the sender's driver dropped; else 0 */
  __u8 duration_ns[8];  /* of the run, ~0 without limit */
  __u8 rate[8];         /* of the stream, frames per 1,000 s; 0: none */
  __u8 host[8];         /* names the sender's boot: within one, CLOCK_MONOTONIC is the same clock */
  __u8 clock_error[8];  /* ns that the sender's CLOCK_TAI may be off; ~0: not known to be in step */
  __u8 frame_size[4];   /* of the stream, with FCS */
  __u8 streams[2];      /* of the run */
  __u8 threads[2];
};
#define XTG_SIG_ANNOUNCE_LEN 64
#define XTG_SIG_ANNOUNCE_SUM 8 /* bytes of the sum */
XTG_STATIC_ASSERT(sizeof(struct xtg_sig_announce) == XTG_SIG_ANNOUNCE_LEN,
                  "signature is wire format");
