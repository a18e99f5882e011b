/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames that the driver refused are sent again, with their numbers. */
#pragma once

#include "tx.h"

/* Notes that n frames from number `first` on were refused. That ends their batch, so that no more
 * than one frame, which stood behind a full bulk, can leave before them. */
static inline void xtg_take_back(struct xtg_tx_worker* w, __u64 first, __u64 n) {
  __u64 end = w->send_end, left = end - w->seq;
  int none = w->again_seq == w->again_end;
  int again = end == w->again_seq; /* this batch came from that range itself */

  if (none || first < w->again_seq) w->again_seq = first;
  if (none || first + n > w->again_end) w->again_end = first + n;
  if (left == 0) return;
  if (again) {
    if (end > w->again_end) w->again_end = end;
    w->resent -= left;
  } else {
    if (w->rest_seq == w->rest_end) w->rest_end = end;
    w->rest_seq = w->seq;
  }
  w->idle_left += left;
  w->send_end = w->seq;
}
