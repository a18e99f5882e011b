/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames that the driver dropped are sent again, with their numbers. */
#pragma once

#include "tx.h"

/* Notes that n frames from number `first` on were dropped. That ends their batch, so that no more
 * than one frame, which followed a full bulk, can leave before them. */
static inline void xtg_take_back(struct xtg_tx_worker* w, struct xtg_tx_cursor* c, __u64 first,
                                 __u64 n) {
  __u64 end = w->send_end, left = end - w->seq;
  int none = c->resend_seq == c->resend_end;
  int again = end == c->resend_seq; /* this batch came from that range itself */

  if (none || first < c->resend_seq) c->resend_seq = first;
  if (none || first + n > c->resend_end) c->resend_end = first + n;
  if (left == 0) return;
  if (again) {
    if (end > c->resend_end) c->resend_end = end;
    c->resent -= left;
  } else {
    if (c->rest_seq == c->rest_end) c->rest_end = end;
    c->rest_seq = w->seq;
  }
  w->idle_left += left;
  w->send_end = w->seq;
}
