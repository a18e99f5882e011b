/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of a batch: which stream it is of, how many frames, with which numbers. The kernel
 * hands on what a batch sent when the batch ends, so a batch is of one stream, and what the
 * tracepoints count belongs to it. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tx_fields.bpf.h"
#include "xtg/abi/resend.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/slots.h"

/* What the signatures of one batch share, or with stamp_each those of one frame; returns its part
 * of the sums. Only for streams with a signature. */
static __always_inline __u64 set_words(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                       __u64 now) {
  __u64 sum = 0;

  XTG_FIXED(s->sig_form == XTG_SIG_FULL) {
    w->sig_u64[0] = bpf_cpu_to_be64(now);
    w->sig_u64[1] = s->sig_const[0] | w->worker_now;
    sum = xtg_csum_add64(0, w->sig_u64[0]);
  }
  XTG_FIXED(s->sig_form != XTG_SIG_FULL) {
    __u64 time = bpf_cpu_to_be64(now << 16); /* six bytes, in the first six of the word */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    w->sig_u64[0] = time << 32;
    w->sig_u64[1] = s->sig_const[0] | w->worker_now | (time >> 32);
#else
    w->sig_u64[0] = time >> 32;
    w->sig_u64[1] = s->sig_const[0] | w->worker_now | (time << 32);
#endif
    sum = xtg_csum_add64(0, time);
  }
  return xtg_csum_add64(sum, w->worker_now);
}

/* The same, and the sums with it. */
static __always_inline void set_stamp(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                      __u64 now) {
  __u64 sum = 0;

  XTG_FIXED(s->sig_form) {
    sum = set_words(w, s, now);
  }
  w->sig_sum = sum;
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++) {
    w->sums[i] = s->sums[i].base;
    XTG_FIXED(s->sig_sums & (1U << i)) {
      w->sums[i] += s->sig_odd & (1U << i) ? sum << 8 : sum;
    }
  }
}

/* The send time of a frame that goes at `now`. */
static __always_inline __u64 stamp_at(const struct xtg_stream* s, __u64 now) {
  /* Two conditions: of the first the verifier knows the value in every variant, and a kernel
   * without the helper does not look behind it. */
  return config.tai && s->stamp_tai ? bpf_ktime_get_tai_ns() : now;
}

/* For programs that know no constants. */
__noinline int xtg_stamp(__u32 worker, __u32 stream, __u64 now) {
  const struct xtg_stream* s = stream_at(stream);

  set_stamp(&workers[worker & (XTG_MAX_WORKERS - 1)], s, stamp_at(s, now));
  return 0;
}

/* Nothing more of a stream will be sent by this thread; last_ns keeps the moment that became so. */
static __always_inline __u64 finish(struct xtg_tx_worker* w, struct xtg_tx_cursor* c, __u64 now) {
  if (c->done) return 0;
  c->done = 1;
  w->last_ns = now;
  if (++w->n_done >= config.n_streams) w->done = 1;
  return 0;
}

struct spin_state {
  __u64 until;
  __u64 now;
};

static long spin_turn(__u32 turn, struct spin_state* state) {
  state->now = bpf_ktime_get_ns();
  return state->now >= state->until;
}

#define XTG_SPIN_TURNS (1 << 14)
/* Slots given up at a time: slots * 2^32 must fit 64 bits. What is left is given up at the next
 * slot. */
#define XTG_MAX_LOST (1ULL << 31)

/* Counts a slot that was released so late. A global function, which the verifier looks at once.
 * Without CAP_PERFMON an index must have the same bounds on all paths: it forgets those of what has
 * been in memory, and only masks give new ones, because a compare is taken both ways. */
__noinline int xtg_count_release_delay(__u32 worker, __u64 late) {
  worker &= XTG_MAX_WORKERS - 1;
  *(volatile __u32*)&workers[worker].release_delay_cell = xtg_hist_cell(late);
  __u64 cell = *(volatile __u32*)&workers[worker].release_delay_cell & XTG_HIST_CELLS_MASK;
  cell += (__u64)worker * XTG_HIST_CELLS;
  asm volatile("" : "+r"(cell));
  (&release_delay[0][0])[cell]++;
  return 0;
}

/* Slots of a schedule from `due` to before the end. A global function, which the verifier looks at
 * once. */
__noinline __u64 xtg_slots_left(__u64 due, __u64 interval_ns, __u32 interval_frac) {
  return xtg_slots_before(due, control.end_ns, interval_ns, interval_frac);
}

/* Slots that were due before the end and are not sent any more. */
static __always_inline void give_up_to_end(struct xtg_tx_cursor* c) {
  c->skipped_slots += xtg_slots_left(xtg_slot_ns(c->deadline_ns, c->deadline_frac), c->interval_ns,
                                     c->interval_frac);
}

/* Waits for the slot that is due next and says how many to release now; 0: it is too far off, or
 * the run is over. */
static __always_inline __u64 slots_due(struct xtg_tx_worker* w, struct xtg_tx_cursor* c,
                                       __u64* now) {
  __u64 due = xtg_slot_ns(c->deadline_ns, c->deadline_frac);

  if (*now >= control.end_ns) {
    give_up_to_end(c); /* held up across it */
    return finish(w, c, *now);
  }
  if (due >= control.end_ns) return 0;
  if (due > *now) {
    struct spin_state state = {.until = due, .now = *now};
    if (due - *now > w->spin_ns) return 0;
    bpf_loop(XTG_SPIN_TURNS, spin_turn, &state, 0);
    *now = state.now;
    if (*now < due) return 0;
  }
  __u64 late = *now - due;
  xtg_count_release_delay(w->number, late);

  /* Bounded catch-up: what is later than that is given up and counted, never sent late in silence.
   */
  __u64 lost = 0, slots = c->batch_slots;
  if (late > c->catch_up_ns) {
    lost = (late - c->catch_up_ns) / (c->interval_ns + 1);
    if (lost > XTG_MAX_LOST) lost = XTG_MAX_LOST;
    c->skipped_slots += lost;
  }
  /* Of slots that are released together, those that lie before the end. */
  if (control.end_ns - due <= (lost + slots) * (c->interval_ns + 1)) {
    __u64 left = xtg_slots_left(due, c->interval_ns, c->interval_frac);
    if (left < lost + slots) slots = left > lost ? left - lost : 1;
  }
  __u64 release = slots;
  slots += lost;
  __u64 frac = c->deadline_frac + slots * c->interval_frac;
  c->deadline_frac = (__u32)frac;
  c->deadline_ns += slots * c->interval_ns + (frac >> 32);
  return release;
}

static __always_inline bool left_over(const struct xtg_tx_cursor* c) {
  return config.resend && (c->resend_seq != c->resend_end || c->rest_seq != c->rest_end);
}

/* Takes up to `batch` frames of what a refusal left over: first the refused ones, then what their
 * batch had not offered. 0: not now, or the run is over. */
static __always_inline __u64 take_left_over(struct xtg_tx_worker* w, struct xtg_tx_cursor* c,
                                            const struct xtg_stream* s, __u64 batch, __u64 now,
                                            __u64* first) {
  if (control.stop || now >= control.end_ns) {
    __u64 since = control.stop ? control.stop_ns : control.end_ns;
    if ((__s64)(now - since) >= (__s64)XTG_GRACE_NS) {
      if (s->paced && !control.stop && !c->done) give_up_to_end(c);
      finish(w, c, now);
    }
  }
  if (c->done || now < c->retry_ns) return 0;
  if (c->resend_seq != c->resend_end) {
    __u64 n = c->resend_end - c->resend_seq;
    if (n > batch) n = batch;
    if (n > XTG_BULK) n = XTG_BULK; /* a frame behind a full bulk would overtake it, if refused */
    *first = c->resend_seq;
    c->resend_seq += n;
    c->resent += n;
    w->worker_now = c->resend_u64;
    return n;
  }
  __u64 n = c->rest_end - c->rest_seq;
  if (n > batch) n = batch;
  *first = c->rest_seq;
  c->rest_seq += n;
  w->worker_now = c->worker_u64;
  return n;
}

/* Claims numbers for a batch. 0: not now, or the run is over. */
static __always_inline __u64 claim(struct xtg_tx_worker* w, struct xtg_tx_cursor* c,
                                   const struct xtg_stream* s, struct xtg_stream_progress* p,
                                   __u64 batch, __u64* now, __u64* first) {
  __u64 want = batch;

  if (control.stop || c->done || p->next >= p->total) return finish(w, c, *now);
  if (s->paced) {
    want = c->slot_frames * slots_due(w, c, now);
    if (want == 0) return 0;
  } else if (*now >= control.end_ns) {
    return finish(w, c, *now);
  }
  *first = __sync_fetch_and_add(&p->next, want);
  if (*first >= p->total) return finish(w, c, *now);
  if (want > p->total - *first) want = p->total - *first;
  c->claimed += want;
  w->worker_now = c->worker_u64;
  c->pause_ns = 0;
  return want;
}

/* First run of a kernel batch: decides whether and what this batch sends: [seq, send_end). */
static __always_inline bool begin_batch(struct xtg_tx_worker* w, struct xtg_tx_cursor* c,
                                        const struct xtg_stream* s, __u32 stream,
                                        const bool several) {
  struct xtg_stream_progress* p = &progress[stream & (XTG_MAX_STREAMS - 1)];
  __u64 now = bpf_ktime_get_ns();
  __u32 batch = w->batch;
  __u64 first = 0, n;

  w->idle_left = batch - 1; /* as it stands when nothing is sent: this run was the first */
  n = left_over(c) ? take_left_over(w, c, s, batch, now, &first)
                   : claim(w, c, s, p, batch, &now, &first);
  if (n == 0) return false;
  w->seq = w->bulk_seq = first;
  w->send_end = first + n;
  w->idle_left = batch - n;
  w->first_u64 = c->first_u64;
  if (several)
    xtg_stamp(w->number, stream, now);
  else
    set_stamp(w, s, stamp_at(s, now));
  return true;
}

#define XTG_NO_STREAM XTG_MAX_STREAMS

/* Which of several streams the next batch is of: of those with a time (a slot, another try for
 * refused frames) the earliest, if that has come; else of those without, the one that is furthest
 * behind by weight; else the earliest. XTG_NO_STREAM: all have ended. */
struct choice { /* Verifier: whole words, see no_perfmon_at */
  __u64 earliest;
  __u64 least;
  __u64 worker;
  __u64 timed;
  __u64 next;
};

static long consider(__u32 i, struct choice* to) {
  const struct xtg_tx_worker* w = &workers[to->worker & (XTG_MAX_WORKERS - 1)];
  const struct xtg_tx_cursor* c = cursor_at(to->worker, i);
  const struct xtg_stream_progress* p = &progress[i & (XTG_MAX_STREAMS - 1)];
  __u64 due;

  if (c->done) return 0;
  if (left_over(c)) {
    due = c->retry_ns;
  } else if (control.stop || p->next >= p->total) {
    due = 0; /* to be found out */
  } else if (stream_at(i)->paced) {
    due = xtg_slot_ns(c->deadline_ns, c->deadline_frac);
  } else {
    __u64 pass = c->pass > w->pass ? c->pass : w->pass; /* nobody saves up while held up */
    if (pass < to->least) {
      to->least = pass;
      to->next = i;
    }
    return 0;
  }
  if (due < to->earliest) {
    to->earliest = due;
    to->timed = i;
  }
  return 0;
}

/* A global function, which the verifier looks at once; and at one turn of it. */
__noinline int xtg_choose(__u32 worker) {
  struct choice choice = {~0ULL, ~0ULL, worker, XTG_NO_STREAM, XTG_NO_STREAM};

  bpf_loop(config.n_streams, consider, &choice, 0);
  if (choice.timed == XTG_NO_STREAM) return choice.next;
  if (choice.next == XTG_NO_STREAM) return choice.timed;
  return choice.earliest <= bpf_ktime_get_ns() ? choice.timed : choice.next;
}

/* What a batch of so many frames adds to a stream's pass. */
static __always_inline void charge(struct xtg_tx_worker* w, struct xtg_tx_cursor* c,
                                   const struct xtg_stream* s) {
  __u64 n = w->send_end - w->seq;

  if (s->paced) return;
  if (c->pass > w->pass) w->pass = c->pass;
  c->pass = w->pass + (n << 16) / s->weight;
}
