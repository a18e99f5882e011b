/* SPDX-License-Identifier: GPL-2.0-only */
/* How the receiving programs get at a frame. They are written once: an object that defines
 * XTG_BY_TC has them as tc programs (see access_tc.bpf.h), the others by XDP, where everything here
 * is the kernel's own. Verdicts are XDP's in both. */
#pragma once

#ifdef XTG_BY_TC
#include "access_tc.bpf.h"
#else

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define xtg_ctx xdp_md

/* An XDP program. */
#define PROGRAM(name)                                                                              \
  SEC("xdp.frags")                                                                                 \
  int name

#define SUBPROGRAM __noinline

/* End of the frame, as an offset; of its first fragment. */
#define frame_end(ctx) bpf_xdp_get_buff_len(ctx)
#define first_end(ctx) ((__u32)((void*)(long)(ctx)->data_end - (void*)(long)(ctx)->data))
/* The length that counts, of a frame that ends there. */
#define counted_length(ctx, end) (end)
#define load_bytes bpf_xdp_load_bytes
#define load_sample bpf_xdp_load_bytes
#define store_bytes bpf_xdp_store_bytes
#define queue_of(ctx) ((ctx)->rx_queue_index)

/* What only an skb may be. */
#define has_link_header() true
#define link_protocol(ctx) ((__be16)0)
#define frame_start(ctx) 0
#define OFFSET_MOST                                                                                \
  31U /* of an IP packet: after an Ethernet header and four VLAN tags, rounded up */
#define MAY_LACK_TAG false
#define outer_tag(ctx, tci) false
#define is_merged(ctx) false
#define reach_all(ctx) true
#define lacks_checksum(sum, check) false
#define SUM_PIECES 1

#endif
