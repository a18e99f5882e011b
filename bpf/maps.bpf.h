/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything the programs share with user space. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xtg/abi/base.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/tx.h"

/* What is added up for the checksums of one frame, see csum.h. */
struct sums {
  __u64 of[XTG_MAX_CSUMS];
};

/* Any offset in a frame and any length behind it lie within. */
#define XTG_PAGE_TEMPLATE 8192

/* Read-only to the verifier: branches that the run does not need are removed at load time. */
const volatile struct xtg_tx_config config;
const volatile struct xtg_stream streams[XTG_MAX_STREAMS];

/* .bss, mapped by user space. */

/* Destination MACs of XTG_HOP_LISTED: the six bytes as one number, host order. User space. */
__u64 next_hops[XTG_MAX_NEXT_HOPS];
/* Values of listed fields: see xtg_field.list. User space. */
__u64 listed_values[XTG_MAX_VALUES];
/* Sizes of streams that have several: see xtg_stream.size_base. User space. */
struct xtg_size sizes[XTG_MAX_SIZES];
/* See xtg_place, and the template of the pages. User space. */
struct xtg_place places[XTG_MAX_PLACES];
__u8 page_template[XTG_PAGE_TEMPLATE];
struct xtg_tx_control control;
struct xtg_stream_progress progress[XTG_MAX_STREAMS];
struct xtg_tx_worker workers[XTG_MAX_WORKERS];
struct xtg_tx_cursor cursors[XTG_MAX_WORKERS][XTG_MAX_STREAMS];

/* Frames of xtg_control_frame that the driver took; from the tracepoint. */
__u64 control_frames_taken;

/* How late frames were released after their deadline; one row per worker, written by its program.
 * One row more, because the verifier takes the mask for the last cell. */
#define XTG_HIST_CELLS_MASK 4095
XTG_STATIC_ASSERT(XTG_HIST_CELLS_MASK >= XTG_HIST_CELLS - 1 &&
                      XTG_HIST_CELLS_MASK < 2 * XTG_HIST_CELLS,
                  "bounds a cell within two rows");
__u64 release_delay[XTG_MAX_WORKERS + 1][XTG_HIST_CELLS];

/* Where xtg_tx_no_perfmon puts a frame's parts together: the header, with room for a field at its
 * very end, and the signature. xtg_tx_multi has its sums here, too. */
struct parts {
  __u64 header[XTG_MAX_HEADER / 8 + 1];
  __u64 sig[XTG_SIG_FULL_LEN / 8];
  struct sums sums;
  __u32 len; /* and where things are */
  __u32 sig_off;
  __u32 reflector_off;
  __u32 sig_odd;
  bool sized; /* the stream has several sizes */
  bool turn;  /* it is the next field's turn to move on */
};
static struct parts parts[XTG_MAX_WORKERS];

/* The one slot is the run's output interface. When that device goes away the kernel clears it and
 * the redirect helper returns its fallback, which is how the program learns of it. */
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} targets SEC(".maps");

/* Frames lost per positive errno (0: refused without one). Written by the tracepoint programs,
 * rarely. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} errnos SEC(".maps");
