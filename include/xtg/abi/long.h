/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames longer than the kernel's live pages, which only skbs can be. The send program writes their
 * beginning into the page, and at the page's end what belongs to the frame's end: the signature,
 * with the reflector's bytes. The tc program then makes the skb as long as the frame, moves that
 * to its end, and fills in the payload. Whatever counts in a checksum is the whole frame's. */
#pragma once

#include "base.h"

#define XTG_FRAME_LONGEST 9216 /* without FCS */

/* Of one stream. Constant for the run. */
struct xtg_long {
  __u32 extra; /* bytes by which its frames are longer than their page; of several sizes: see
                  size_extra */
  __u32 tail;  /* bytes that are moved */
};

struct xtg_long_config {
  __u32 any;  /* 1: some stream has such frames */
  __u32 fill; /* 1: there is payload other than zeros after the page */
};
