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
  0xc7a0U /* the last two bytes; the low four bits carry the version                               \
           */
#define XTG_SIG_COMPACT_LEN 16

/* xtg_sig_full.flags */
#define XTG_SIG_F_STAMP_EACH 0x01 /* tx_ns was read for this frame; else once for its batch */
#define XTG_SIG_F_TAI 0x02        /* tx_ns is CLOCK_TAI; else CLOCK_MONOTONIC of the sending host */

/* xtg_sig_full.type; the compact form is always data */
#define XTG_SIG_DATA 0

struct xtg_sig_full {
  __u8 seq[8];     /* position in the stream, over all lanes, from 0 */
  __u8 tx_ns[8];   /* send time in ns, see flags */
  __u8 session[4]; /* drawn at random for every run */
  __u8 stream[2];  /* number of the stream within the run */
  __u8 lane;       /* sending thread: sequence numbers rise strictly within a lane */
  __u8 flags;      /* XTG_SIG_F_* */
  __u8 reserved[2];
  __u8 type;     /* XTG_SIG_DATA */
  __u8 version;  /* XTG_SIG_VERSION */
  __u8 magic[4]; /* XTG_SIG_MAGIC */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sig_full) == XTG_SIG_FULL_LEN, "signature is wire format");

struct xtg_sig_compact {
  __u8 seq[4];     /* low 32 bits */
  __u8 tx_ns[6];   /* low 48 bits: wraps after 78 hours */
  __u8 session[2]; /* low 16 bits */
  __u8 stream;     /* low 8 bits */
  __u8 lane;
  __u8 magic[2]; /* XTG_SIG_COMPACT_MAGIC | XTG_SIG_VERSION */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_sig_compact) == XTG_SIG_COMPACT_LEN,
                  "signature is wire format");
