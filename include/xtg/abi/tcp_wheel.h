/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When which of a worker's flows has a timer due: a timer wheel, so that neither a burst nor a
 * thread that goes to sleep asks every flow. A slot of the lowest level is 8 us long, one of each
 * further level as long as all of the level below; what lies in a slot is refiled, further down,
 * when its time has come. A flow is in at most one slot. If its timer is set to a later time
 * it stays where it is, and is refiled when it is found not to be due. */
#pragma once

#include "tcp_math.h"

#define XTG_TCP_LEVELS 4
#define XTG_TCP_SLOT_BITS 6
#define XTG_TCP_SLOTS (1 << XTG_TCP_SLOT_BITS)
#define XTG_TCP_TICK 3 /* bits of the shortest slot's length in us; all last for 134 s */

/* A flow's neighbours in its slot. Numbers are those of flows, plus 1; 0: none. */
struct xtg_tcp_link {
  __u32 next;
  __u32 prev;
  __u32 slot; /* plus 1; 0: it is in none */
  __u32 pad;
};

/* One worker's, written by its thread alone. */
struct XTG_CACHE_LINES xtg_tcp_wheel {
  __u64 used[XTG_TCP_LEVELS]; /* a bit per slot that is not empty */
  __u32 clock_us;             /* what was due before it has been taken; a multiple of 8 */
  __u32 pad[7];
  __u32 head[XTG_TCP_LEVELS * XTG_TCP_SLOTS]; /* the first flow, plus 1 */
};
XTG_STATIC_ASSERT(sizeof(struct xtg_tcp_wheel) == 1088, "whole cache lines");

static inline __u32 xtg_tcp_shift(__u32 level) {
  return XTG_TCP_TICK + XTG_TCP_SLOT_BITS * level;
}

/* How long after the wheel's clock the first slot in use begins, and which it is; ~0: none is. */
static inline __u32 xtg_tcp_wheel_wait(const struct xtg_tcp_wheel* w, __u32* slot) {
  __u32 best = ~0U, level;
  XTG_UNROLL
  for (level = 0; level < XTG_TCP_LEVELS; level++) {
    __u32 shift = xtg_tcp_shift(level), now = w->clock_us >> shift;
    __u32 at = now % XTG_TCP_SLOTS, ahead, wait;
    __u64 used = w->used[level];
    if (!used) continue;
    if (at) used = used >> at | used << (XTG_TCP_SLOTS - at);
    ahead = xtg_lowest(used);
    wait = ahead ? ((now + ahead) << shift) - w->clock_us : 0;
    if (wait >= best) continue;
    best = wait;
    *slot = level * XTG_TCP_SLOTS + (at + ahead) % XTG_TCP_SLOTS;
  }
  return best;
}
