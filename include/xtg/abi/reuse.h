/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding out what live mode does with changed frames: bpf/xdp_reuse.bpf.c. */
#pragma once

#include "base.h"

#define XTG_REUSE_LEN 60 /* of each frame */
#define XTG_REUSE_MARK 0x7874677265757365ULL

/* In .bss. */
struct xtg_reuse {
  __u64 again;   /* frames whose page had been used before */
  __u64 changed; /* frames that the driver got otherwise than the program had sent them */
  __u32 renew;   /* U: 1: the program renews them */
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reuse) == 24, "reuse ABI");
