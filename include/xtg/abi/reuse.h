/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests what live mode does with changed frames: bpf/xdp_reuse.bpf.c. */
#pragma once

#include "base.h"

#define XTG_REUSE_LEN 60 /* of each frame */
#define XTG_REUSE_MARK 0x7874677265757365ULL

/* In .bss. */
struct xtg_reuse {
  __u64 again;   /* frames on reused pages */
  __u64 changed; /* frames that the driver got with other contents than the program wrote */
  __u32 renew;   /* U: 1: the program restores them */
  __u32 pad;
};
XTG_STATIC_ASSERT(sizeof(struct xtg_reuse) == 24, "reuse ABI");
