/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Common parts of the shared ABI headers. They are valid C17 and C++20; clang compiles them for
 * BPF, the C++ compiler for user space and the tests. */
#pragma once

#include <linux/types.h>

#ifdef __cplusplus
#define XTG_STATIC_ASSERT static_assert
#else
#define XTG_STATIC_ASSERT _Static_assert
#endif

/* Records written by different threads start on separate cache lines. */
#define XTG_CACHE_LINES __attribute__((aligned(64)))
/* For records written on every frame, on separate pairs of lines: CPUs prefetch the adjacent line.
 */
#define XTG_WORKER_LINES __attribute__((aligned(128)))

/* Names of BPF programs and maps hold at most 15 characters. */

#define XTG_MAX_WORKERS 64    /* sending threads of one run */
#define XTG_MAX_STREAMS 64    /* streams of one run */
#define XTG_MAX_FIELDS 16     /* varying fields of one stream */
#define XTG_MAX_CSUMS 4       /* checksums in one stream's header */
#define XTG_MAX_LENGTHS 4     /* length fields in one stream's header */
#define XTG_MAX_SIZES 4096    /* entries in the size tables of all streams */
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
