/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filing flows in the wheel of timers, and taking them out when it is time. */
#pragma once

#include "tcp_rtt.h"
#include "tcp_wheel.h"

/* What these functions need of their surroundings, beyond what tcp_math.h says:
 *   struct xtg_tcp_link* xtg_tcp_link_at(__u32 number);              or NULL
 *   struct xtg_tcp_wheel* xtg_tcp_wheel_of(const struct xtg_tcp_flow* f); */

/* The slot of a time, which is rounded up: nothing is taken before it is due. */
static inline __u32 xtg_tcp_wheel_slot(const struct xtg_tcp_wheel* w, __u32 at_us) {
  __u32 time = at_us + (1U << XTG_TCP_TICK) - 1, level, slot = 0;
  int found = 0;
  if (xtg_before(time, w->clock_us)) time = w->clock_us;
  XTG_UNROLL
  for (level = 0; level < XTG_TCP_LEVELS; level++) {
    __u32 shift = xtg_tcp_shift(level);
    __u32 ahead = (time - (w->clock_us >> shift << shift)) >> shift;
    if (found) continue;
    if (level == XTG_TCP_LEVELS - 1 && ahead >= XTG_TCP_SLOTS) ahead = XTG_TCP_SLOTS - 1;
    if (ahead >= XTG_TCP_SLOTS) continue;
    slot = level * XTG_TCP_SLOTS + ((w->clock_us >> shift) + ahead) % XTG_TCP_SLOTS;
    found = 1;
  }
  return slot % (XTG_TCP_LEVELS * XTG_TCP_SLOTS);
}

static inline void xtg_tcp_wheel_put(struct xtg_tcp_wheel* w, __u32 number, __u32 at_us) {
  struct xtg_tcp_link* link = xtg_tcp_link_at(number);
  __u32 slot = xtg_tcp_wheel_slot(w, at_us), first;
  if (!link) return;
  first = w->head[slot];
  link->slot = slot + 1;
  link->prev = 0;
  link->next = first;
  if (first) {
    struct xtg_tcp_link* after = xtg_tcp_link_at(first - 1);
    if (after) after->prev = number + 1;
  }
  w->head[slot] = number + 1;
  w->used[slot / XTG_TCP_SLOTS] |= 1ULL << (slot % XTG_TCP_SLOTS);
}

static inline void xtg_tcp_wheel_out(struct xtg_tcp_wheel* w, __u32 number) {
  struct xtg_tcp_link* link = xtg_tcp_link_at(number);
  __u32 slot;
  if (!link || !link->slot) return;
  slot = (link->slot - 1) % (XTG_TCP_LEVELS * XTG_TCP_SLOTS);
  if (link->next) {
    struct xtg_tcp_link* after = xtg_tcp_link_at(link->next - 1);
    if (after) after->prev = link->prev;
  }
  if (link->prev) {
    struct xtg_tcp_link* before = xtg_tcp_link_at(link->prev - 1);
    if (before) before->next = link->next;
  } else {
    w->head[slot] = link->next;
    if (!link->next) w->used[slot / XTG_TCP_SLOTS] &= ~(1ULL << (slot % XTG_TCP_SLOTS));
  }
  link->slot = 0;
}

/* Takes a flow out of the first slot that is due at `now_us`; its number plus 1, 0: none is. */
XTG_TCP_FN __u32 xtg_tcp_wheel_take(struct xtg_tcp_wheel* w, __u32 now_us) {
  __u32 slot = 0, wait, number;
  if (!w) return 0;
  if (xtg_before(now_us, w->clock_us)) return 0; /* judged by an earlier time than the last burst */
  wait = xtg_tcp_wheel_wait(w, &slot);
  if (wait > now_us - w->clock_us) {
    w->clock_us = now_us >> XTG_TCP_TICK << XTG_TCP_TICK;
    return 0;
  }
  w->clock_us += wait;
  number = w->head[slot % (XTG_TCP_LEVELS * XTG_TCP_SLOTS)];
  if (number) xtg_tcp_wheel_out(w, number - 1);
  return number;
}

/* 1: at *at_us the flow is to be looked at. */
static inline int xtg_tcp_due_at(const struct xtg_tcp_flow* f, __u32* at_us) {
  if (f->phase == XTG_TCP_OPEN && f->timer) {
    *at_us = f->timer_us;
    return 1;
  }
  if (f->phase == XTG_TCP_DRAINED && f->fin_sent) {
    *at_us = f->fin_us + xtg_tcp_rto(f) + 1;
    return 1;
  }
  return 0;
}

/* The flow is not in the wheel, or for too late a time. In a function of its own for the verifier's
 * sake. */
XTG_TCP_FN int xtg_tcp_file(struct xtg_tcp_flow* f, __u32 at_us, __u32 now_us) {
  struct xtg_tcp_wheel* w;
  if (!f) return 0;
  w = xtg_tcp_wheel_of(f);
  if (f->filed) xtg_tcp_wheel_out(w, f->number);
  /* An empty wheel may not have been asked for longer than half the range of its clock. */
  if (!(w->used[0] | w->used[1] | w->used[2] | w->used[3]))
    w->clock_us = now_us >> XTG_TCP_TICK << XTG_TCP_TICK;
  f->filed = 1;
  f->filed_us = at_us;
  xtg_tcp_wheel_put(w, f->number, at_us);
  return 1;
}

/* After whatever may have set the flow's timer. */
XTG_TCP_PART void xtg_tcp_filed(struct xtg_tcp_flow* f, __u32 now_us) {
  __u32 at_us = 0;
  if (xtg_tcp_due_at(f, &at_us) && (!f->filed || xtg_before(at_us, f->filed_us)))
    xtg_tcp_file(f, at_us, now_us);
}
