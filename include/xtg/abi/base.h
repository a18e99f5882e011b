/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every header of the shared ABI needs. These headers are C17 and C++20 at once; they are
 * compiled by clang for BPF, by the C++ compiler for user space, and by the tests. */
#pragma once

#include <linux/types.h>

#ifdef __cplusplus
#define XTG_STATIC_ASSERT static_assert
#else
#define XTG_STATIC_ASSERT _Static_assert
#endif

/* Records that different threads write start on a cache line of their own. */
#define XTG_CACHE_LINES __attribute__((aligned(64)))
/* And of a pair of lines where every frame is written: CPUs fetch the neighbour with it. */
#define XTG_WORKER_LINES __attribute__((aligned(128)))

/* Names of BPF programs and maps hold at most 15 characters. */

#define XTG_MAX_WORKERS 64    /* sending threads of one run */
#define XTG_MAX_STREAMS 64    /* streams of one run */
#define XTG_MAX_FIELDS 16     /* varying fields of one stream */
#define XTG_MAX_CSUMS 4       /* checksums in one stream's header */
#define XTG_MAX_LENGTHS 4     /* length fields in one stream's header */
#define XTG_MAX_SIZES 4096    /* entries of size tables, all streams */
#define XTG_MAX_VALUES 4096   /* listed values of varying fields, all streams */
#define XTG_MAX_NEXT_HOPS 256 /* MACs listed for varying destination addresses, all streams */
#define XTG_MAX_BATCH 256     /* frames of one kernel batch (net/bpf/test_run.c) */
#define XTG_BULK 16           /* frames that a devmap hands to a driver (DEV_MAP_BULK_SIZE) */
#define XTG_MAX_HEADER 256    /* bytes of header stack written on every frame */

/* Sizes of frames, without the 4-byte FCS. 3408 is what one page leaves after the kernel's
 * live-frame page head, headroom and skb_shared_info (net/bpf/test_run.c, x86-64 with 4 KiB pages).
 */
#define XTG_FRAME_MIN 14
#define XTG_FRAME_MAX 3408
