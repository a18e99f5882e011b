/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accounting by sequence number and time: lost, duplicated, reordered, too late, delay and
 * its variation. The kernel program, user space and the tests compile these lines. The kernel
 * program brings its own xtg_rx_loop(), which is bpf_loop(), xtg_rx_mask(), which its verifier
 * knows, and xtg_rx_position(), xtg_rx_store_position() and xtg_rx_record_at(), which are map
 * operations.
 *
 * A stream's position: about where its numbers are, whichever record has them. Every record whose
 * numbers rise stores it each quarter of a window, and a record that sees few of them, or none for
 * a while, is judged by it.
 *
 * The window: a ring of words with a bit per sequence number, in the manner of RFC 6479. A word
 * that leaves it is final: what is missing there is lost. */
#pragma once

#include "bits.h"
#include "delay.h"
#include "rx.h"

#ifdef __bpf__
#define XTG_RX_GLOBAL __attribute__((noinline)) /* the verifier looks at it once */
#else
#define XTG_RX_GLOBAL static inline
#define xtg_rx_mask(w) ((w)->mask)
#define xtg_rx_position(w) ((w)->position ? *(w)->position : 0)
#define xtg_rx_store_position(w, number) ((void)((w)->position && (*(w)->position = (number))))

#ifndef xtg_rx_loop
/* As bpf_loop(): ends when `fn` returns other than 0. */
static inline long xtg_rx_loop(__u32 n, long (*fn)(__u32, void*), void* ctx) {
  __u32 i;
  for (i = 0; i < n; i++)
    if (fn(i, ctx) != 0) return i + 1;
  return n;
}
#endif
#endif

/* One slot and what belongs to it. */
struct xtg_rx_state {
  struct xtg_rx_slot* slot;
  struct xtg_rx_order* order;
  __u64* bitmap; /* the ring, `mask` + 1 words, as many behind it, see xtg_rx_again(), and behind
                   those which of the ring's words have a bit at all */
#ifdef __bpf__
  __u32 number; /* of the record, by which a global function finds it */
#else
  __u64 mask;      /* words of the ring less one: a power of two less one */
  __u64* position; /* the stream's, 0: not known; NULL: nobody shares it */
#endif
};

enum xtg_rx_verdict {
  XTG_RX_NEW,
  XTG_RX_REORDERED,
  XTG_RX_DUPLICATE,
  XTG_RX_TOO_LATE,
  XTG_RX_SUSPECT
};

/* Sequence numbers that the ring has. */
static inline __u64 xtg_rx_window(struct xtg_rx_state* w) {
  return (xtg_rx_mask(w) + 1) * XTG_RX_WORD;
}

/* A run of `missed` lost packets goes on. */
static inline void xtg_rx_miss(struct xtg_rx_slot* s, __u64 missed) {
  s->missed += missed;
  s->run += missed;
}

/* A packet that arrived ends the run before it. */
static inline void xtg_rx_end_run(struct xtg_rx_slot* s) {
  __u32 size;
  if (!s->run) return;
  s->runs++;
  if (s->run > s->longest_run) s->longest_run = s->run;
  size = xtg_highest(s->run);
  if (size >= XTG_RX_RUNS) size = XTG_RX_RUNS - 1;
  s->run_class[size]++;
  s->run = 0;
}

/* What is left of a word that leaves. */
struct xtg_rx_rest {
  struct xtg_rx_slot* slot;
  __u64 bits;
  __u64 count; /* of the bits that count, 1 to 64 */
};

/* The next packets of a word that all arrived, or all did not. */
static inline long xtg_rx_rest_run(__u32 i, void* ctx) {
  struct xtg_rx_rest* r = (struct xtg_rx_rest*)ctx;
  __u64 same = xtg_lowest(r->bits & 1 ? ~r->bits : r->bits);
  (void)i;
  if (same > r->count) same = r->count;
  if (r->bits & 1)
    xtg_rx_end_run(r->slot);
  else
    xtg_rx_miss(r->slot, same);
  r->count -= same;
  if (!r->count) return 1;
  r->bits >>= same & (XTG_RX_WORD - 1);
  return 0;
}

/* The word of number `number` leaves the window with these bits; those before the first packet are
 * nobody's. */
static inline int xtg_rx_leave(struct xtg_rx_slot* s, __u64 bits, __u64 number) {
  __u64 start = number * XTG_RX_WORD, from = 0, to = XTG_RX_WORD;
  struct xtg_rx_rest rest;
  if (start + XTG_RX_WORD <= s->base || start >= s->next) return 0;
  if (bits == ~0ULL) { /* the usual case */
    xtg_rx_end_run(s);
    return 0;
  }
  if (s->base > start) from = s->base - start;
  if (s->next - start < XTG_RX_WORD) to = s->next - start;
  rest.slot = s;
  rest.bits = bits >> (from & (XTG_RX_WORD - 1));
  rest.count = to - from;
  xtg_rx_loop(XTG_RX_WORD, xtg_rx_rest_run, &rest);
  return 0;
}

/* The word of number `number` in the second ring: a bit per sequence number that arrived again. */
static inline __u64* xtg_rx_twice(struct xtg_rx_state* w, __u64 number) {
  return w->bitmap + (xtg_rx_mask(w) + 1 + (number & xtg_rx_mask(w)));
}

/* A sequence number of the window arrived again. */
static inline void xtg_rx_again(struct xtg_rx_state* w, __u64 number, __u64 bit) {
  __u64* twice = xtg_rx_twice(w, number);
  w->slot->duplicates++;
  if (!(*twice & bit)) w->slot->replicated++;
  *twice |= bit;
}

/* Says which of 64 words of the ring, among them that of number `number`, have a bit. */
static inline __u64* xtg_rx_busy(struct xtg_rx_state* w, __u64 number) {
  return w->bitmap + (2 * (xtg_rx_mask(w) + 1) + ((number & xtg_rx_mask(w)) >> 6));
}

/* The word of number `number` gets its first bit. */
static inline void xtg_rx_begin_word(struct xtg_rx_state* w, __u64 number) {
  *xtg_rx_busy(w, number) |= 1ULL << (number & xtg_rx_mask(w) & 63);
}

/* For words that enter a ring of `words` others leave. `empty` of them, those for numbers from
 * `number` on, have no bit; or else it is 0, and one leaves with these bits. */
XTG_RX_GLOBAL int xtg_rx_left(struct xtg_rx_slot* s, __u64 bits, __u64 number, __u64 empty,
                              __u64 words) {
  __u64 from = number > words ? (number - words) * XTG_RX_WORD : 0, to;
  if (!s) return 0;
  if (!empty) return number < words ? 0 : xtg_rx_leave(s, bits, number - words);
  if (number + empty <= words) return 0;
  to = (number + empty - words) * XTG_RX_WORD;
  if (from < s->base) from = s->base;
  if (to > from) xtg_rx_miss(s, to - from);
  return 0;
}

/* How many of the words from place `at` on, of a ring of `words`, are empty, as far as `busy` tells
 * it and at most `most`. */
XTG_RX_GLOBAL __u32 xtg_rx_empty(__u64 busy, __u64 at, __u64 words, __u64 most) {
  __u64 ahead = busy >> (at & 63), count = 64 - (at & 63);
  if (ahead) count = xtg_lowest(ahead);
  if (count > words - at) count = words - at;
  return (__u32)(count < most ? count : most);
}

/* Words enter, and others leave for them: one that has a bit, or as many without as stand together.
 * So the work of a jump is bounded by what arrived since the one before: no sender can have the
 * whole ring cleared with every packet. An empty word needs no clearing, but that
 * does no harm. How far it is stands in the slot, for the verifier would follow it on the stack. */
static inline long xtg_rx_enter(__u32 i, void* ctx) {
  struct xtg_rx_state* w = (struct xtg_rx_state*)ctx;
  struct xtg_rx_slot* s = w->slot;
  __u64 number = s->enters, at = number & xtg_rx_mask(w), *word = w->bitmap + at, bits = *word;
  __u64* busy = xtg_rx_busy(w, number);
  __u64 empty = xtg_rx_empty(*busy, at, (__u64)xtg_rx_mask(w) + 1, s->enters_to - number);
  (void)i;
  *word = 0;
  *busy &= ~(1ULL << (at & 63));
  *xtg_rx_twice(w, number) = 0;
  xtg_rx_left(s, bits, number, empty, (__u64)xtg_rx_mask(w) + 1);
  s->enters = number + empty + !empty;
  return s->enters == s->enters_to;
}

/* Moves the window up to the word of number `to`; its highest one is `from`. */
static inline int xtg_rx_move(struct xtg_rx_state* w, __u64 from, __u64 to) {
  __u64 words = xtg_rx_mask(w) + 1, count = to - from;
  if ((from ^ to) > xtg_rx_mask(w) >> 2) xtg_rx_store_position(w, to * XTG_RX_WORD);
  w->slot->enters = from + 1;
  w->slot->enters_to = from + 1 + (count < words ? count : words);
  xtg_rx_loop((__u32)words, xtg_rx_enter, w);
  if (count <= words) return 0;
  /* Whole words were jumped over. They are above all that was in the window; the last `words` of
   * them are in it now, empty. */
  xtg_rx_miss(w->slot, (count - words) * XTG_RX_WORD);
  return 0;
}

#ifdef __bpf__
/* What is seldom is a global function, which can be handed no ring: it gets the record's number. */
static __attribute__((always_inline)) inline int xtg_rx_state_at(struct xtg_rx_state* w,
                                                                 __u32 number) {
  struct xtg_rx_record* record = xtg_rx_record_at(number);
  if (!record) return 0;
  w->slot = &record->slot;
  w->order = &record->order;
  w->bitmap = record->bitmap;
  asm volatile("" : "+r"(w->bitmap)); /* Clang: there are more than the struct says. */
  w->number = number;
  return 1;
}

XTG_RX_GLOBAL int xtg_rx_advance_at(__u32 number, __u64 from, __u64 to) {
  struct xtg_rx_state w;
  return xtg_rx_state_at(&w, number) && xtg_rx_move(&w, from, to);
}
#define xtg_rx_do_advance(w, from, to) xtg_rx_advance_at((w)->number, from, to)
#else
#define xtg_rx_do_advance(w, from, to) xtg_rx_move(w, from, to)
#endif

static inline int xtg_rx_advance(struct xtg_rx_state* w, __u64 from, __u64 to) {
  return xtg_rx_do_advance(w, from, to);
}

/* A packet that arrives after one of its worker with a higher number. */
struct xtg_rx_late {
  struct xtg_rx_slot* slot;
  struct xtg_rx_order* order;
  __u64 seq;
  __u64 now;
  __u64 worker;
};

/* Whether the i-th last jump is the one that passed it over, and then its extent (RFC
 * 4737, 4.2). */
static inline long xtg_rx_late_gap(__u32 i, void* ctx) {
  struct xtg_rx_late* l = (struct xtg_rx_late*)ctx;
  struct xtg_rx_slot* s = l->slot;
  __u32 at = (s->gap_count - 1 - i) & (XTG_RX_GAPS - 1), extent;
  struct xtg_rx_gap* g;
  __u64 late;
  if (i >= s->gap_count) return 1;
#ifdef __bpf__
  asm volatile("" : "+r"(at)); /* Verifier: clang would check another copy. */
  at &= XTG_RX_GAPS - 1;
#endif
  g = &l->order->gaps[at];
  if (l->order->gap_worker[at] != (__u8)l->worker || l->seq < g->from || l->seq >= g->to) return 0;
  extent = (__u32)(s->packets - g->packets);
  late = l->now - g->ns;
  s->extents++;
  s->extent_sum += extent;
  if (extent > s->extent_max) s->extent_max = extent;
  if (late > s->late_max) s->late_max = late;
  return 1;
}

XTG_RX_GLOBAL int xtg_rx_reordered(struct xtg_rx_slot* s, struct xtg_rx_order* o, __u64 seq,
                                   __u32 worker, __u64 now) {
  struct xtg_rx_late late = {s, o, seq, now, worker};
  if (!s || !o) return 0;
  s->reordered++;
  xtg_rx_loop(XTG_RX_GAPS, xtg_rx_late_gap, &late);
  return 0;
}

/* The order within the worker. Returns 1 when the packet arrives after one with a higher number. */
static inline int xtg_rx_in_worker(struct xtg_rx_state* w, __u64 seq, __u32 worker, __u64 now) {
  struct xtg_rx_order* o = w->order;
  struct xtg_rx_slot* s = w->slot;
  __u64 expected = o->expected[worker];

  if (seq < expected) return 1;
  o->expected[worker] = seq + 1;
  if (expected && seq > expected) {
    __u32 at = s->gap_count++ & (XTG_RX_GAPS - 1);
    o->gaps[at].from = expected;
    o->gaps[at].to = seq;
    o->gaps[at].packets = s->packets;
    o->gaps[at].ns = now;
    o->gap_worker[at] = (__u8)worker;
  }
  return 0;
}

/* Accounts a number above all so far. */
static inline void xtg_rx_ahead(struct xtg_rx_state* w, __u64 seq, __u32 worker, __u64 now,
                                int (*move)(struct xtg_rx_state*, __u64, __u64)) {
  struct xtg_rx_slot* s = w->slot;
  __u64 number = seq / XTG_RX_WORD, bit = 1ULL << (seq % XTG_RX_WORD);
  __u64 highest = (s->next - 1) / XTG_RX_WORD;
  int first = s->next == s->base;

  if (seq > s->next && now - s->last_ns > s->outage_ns) s->outage_ns = now - s->last_ns;
  s->next = seq + 1; /* first: whatever leaves is below it */
  xtg_rx_in_worker(w, seq, worker, now);
  if (first || number > highest) {
    if (!first) move(w, highest, number);
    xtg_rx_begin_word(w, number);
  }
  w->bitmap[number & xtg_rx_mask(w)] |= bit;
}

/* No checksum is verified, so a number may be damaged. One that is ahead by more than the window
 * would make all that follow too late. So is the first one to be damaged: of a slot that has but
 * one packet, a number below the window is as doubtful. */
static inline int xtg_rx_is_far(struct xtg_rx_state* w, __u64 seq) {
  struct xtg_rx_slot* s = w->slot;
  if (seq > s->next) return seq - s->next > xtg_rx_window(w);
  if (s->packets != 2) return 0; /* with this one */
  return (s->next - 1) / XTG_RX_WORD - seq / XTG_RX_WORD > xtg_rx_mask(w);
}

/* The number of the slot's only packet was wrong: start over with the suspect as the first. */
XTG_RX_GLOBAL int xtg_rx_start_over(struct xtg_rx_slot* s, struct xtg_rx_hist* h,
                                    struct xtg_rx_order* o) {
  if (!s || !h || !o) return 0;
  if (s->last_delay >= 0 && xtg_rx_plausible(s->last_delay))
    xtg_hist_add(h->delay, (__u64)s->last_delay, ~0ULL);
  s->delay_sum = s->delay_high = s->delay_max = s->negative = s->absurd = 0;
  s->delay_min = ~0ULL;
  s->negative_min = 0;
  __builtin_memset(o->expected, 0, sizeof(o->expected));
  s->base = s->next = s->suspect_seq;
  s->first_ns = s->last_ns = s->suspect_ns;
  s->packets = 1;
  s->suspect++;
  return 0;
}

/* Of a slot that has one number. */
static inline void xtg_rx_forget_first(struct xtg_rx_state* w) {
  w->bitmap[(w->slot->next - 1) / XTG_RX_WORD & xtg_rx_mask(w)] = 0;
}

/* Whether a number that is far from the record's own is where the stream is. */
static inline int xtg_rx_in_step(struct xtg_rx_state* w, __u64 seq) {
  __u64 position = xtg_rx_position(w), window = xtg_rx_window(w);
  return position && seq - position + window <= 2 * window;
}

/* A far number is a suspect, and changes nothing, until a second one follows it within the window.
 * Then both are entered; of the first one only its delay and the time since the packet before it
 * are not. One where the stream is, as other records tell, needs no second one. Returns 1 when it
 * is accepted; this one is then the caller's. */
static inline int xtg_rx_believe(struct xtg_rx_state* w, struct xtg_rx_hist* h, __u64 seq,
                                 __u64 worker, __u64 now) {
  struct xtg_rx_slot* s = w->slot;

  if (xtg_rx_in_step(w, seq)) {
    if (seq >= s->next) return 1;
    xtg_rx_forget_first(w);
    s->suspect_seq = seq;
    s->suspect_ns = now;
    return xtg_rx_start_over(s, h, w->order) + 1;
  }
  if (!s->suspected || seq - s->suspect_seq - 1 >= xtg_rx_window(w)) {
    s->suspect++;
    s->packets--;
    s->suspect_seq = seq;
    s->suspect_ns = now;
    s->suspect_worker = (__u32)worker;
    s->suspected = 1;
    return 0;
  }
  s->suspect--; /* nothing far can follow it again */
  if (seq < s->next) {
    xtg_rx_forget_first(w);
    xtg_rx_start_over(s, h, w->order);
  }
  if (s->suspect_ns < s->last_ns) s->suspect_ns = s->last_ns; /* as it follows that packet */
  xtg_rx_ahead(w, s->suspect_seq, s->suspect_worker & (XTG_MAX_WORKERS - 1), s->suspect_ns,
               xtg_rx_move);
  s->last_ns = s->suspect_ns;
  s->last_delay = s->suspect_delay;
  s->packets++;
  return 1;
}

#ifdef __bpf__
XTG_RX_GLOBAL int xtg_rx_believe_at(__u32 number, __u64 seq, __u64 worker, __u64 now) {
  struct xtg_rx_record* record = xtg_rx_record_at(number);
  struct xtg_rx_state w;
  return record && xtg_rx_state_at(&w, number) &&
         xtg_rx_believe(&w, &record->hist, seq, worker, now);
}
#define xtg_rx_do_believe(w, h, seq, worker, now) xtg_rx_believe_at((w)->number, seq, worker, now)
#else
#define xtg_rx_do_believe(w, h, seq, worker, now) xtg_rx_believe(w, h, seq, worker, now)
#endif

/* Accounts a sequence number. */
static inline enum xtg_rx_verdict xtg_rx_seq(struct xtg_rx_state* w, struct xtg_rx_hist* h,
                                             __u64 seq, __u32 worker, __s64 delay, __u64 now) {
  struct xtg_rx_slot* s = w->slot;
  __u64 number = seq / XTG_RX_WORD, bit = 1ULL << (seq % XTG_RX_WORD), highest, *word;
  int behind;

  worker &= XTG_MAX_WORKERS - 1; /* whatever the wire says */
  if (seq != s->next && xtg_rx_is_far(w, seq) && !xtg_rx_do_believe(w, h, seq, worker, now)) {
    s->suspect_delay = delay;
    return XTG_RX_SUSPECT;
  }
  if (seq >= s->next) {
    xtg_rx_ahead(w, seq, worker, now, xtg_rx_advance);
    return XTG_RX_NEW;
  }
  highest = (s->next - 1) / XTG_RX_WORD;
  if (highest - number > xtg_rx_mask(w)) {
    s->too_late++;
    return XTG_RX_TOO_LATE;
  }
  word = w->bitmap + (number & xtg_rx_mask(w));
  if (*word & bit) {
    xtg_rx_again(w, number, bit);
    return XTG_RX_DUPLICATE;
  }
  if (!*word) xtg_rx_begin_word(w, number);
  *word |= bit;
  behind = xtg_rx_in_worker(w, seq, worker, now);
  if (seq < s->base) s->base = seq;
  if (!behind) return XTG_RX_NEW; /* another worker was ahead */
  xtg_rx_reordered(s, w->order, seq, worker, now);
  return XTG_RX_REORDERED;
}

/* Enters a packet of `size` bytes that arrived at `now`; `seq` is where the slot's numbers begin if
 * it is the first. */
static inline void xtg_rx_arrive(struct xtg_rx_slot* s, __u64 seq, __u32 size, __u64 now) {
  if (!s->packets) {
    s->base = s->next = seq;
    s->first_ns = now;
    s->last_ns = now;
    s->delay_min = ~0ULL;
    s->size_min = ~0U;
  }
  s->packets++;
  s->bytes += size;
  if (size < s->size_min) s->size_min = size;
  if (size > s->size_max) s->size_max = size;
}

/* Enters the time since the packet before, of which there is one. */
static inline void xtg_rx_apart(const struct xtg_rx_slot* s, struct xtg_rx_hist* h, __u64 now) {
  xtg_hist_add(h->arrival, now - s->last_ns, 1);
}

/* Enters a packet without a signature: nothing but its size and arrival is known. */
static inline void xtg_rx_plain(struct xtg_rx_slot* s, struct xtg_rx_hist* h, __u32 size,
                                __u64 now) {
  xtg_rx_arrive(s, 0, size, now);
  if (s->packets > 1) xtg_rx_apart(s, h, now);
  s->last_ns = now;
}

/* Enters a packet's delay and the time since the one before. */
static inline void xtg_rx_times(struct xtg_rx_slot* s, struct xtg_rx_hist* h, __s64 delay,
                                __u64 now) {
  if (s->packets > 1) {
    __u64 change = delay > s->last_delay ? (__u64)delay - (__u64)s->last_delay
                                         : (__u64)s->last_delay - (__u64)delay;
    xtg_rx_apart(s, h, now);
    /* That of two clocks that are days apart is as good as any, but not that from a delay which is
     * damaged to one that is not. So 16 times the mean of 2^42 at most is in jitter16. */
    if (change <= XTG_RX_PLAUSIBLE_NS) {
      s->jitter16 += change - ((s->jitter16 + 8) >> 4);
      xtg_rx_add(&s->ipdv_sum, &s->ipdv_high, change);
      if (change > s->ipdv_max) s->ipdv_max = change;
    }
  }
  s->last_delay = delay;
  if (!xtg_rx_plausible(delay)) {
    s->absurd++;
    return;
  }
  if (delay < 0) {
    s->negative++;
    if (delay < s->negative_min) s->negative_min = delay;
    return;
  }
  xtg_hist_add(h->delay, (__u64)delay, 1);
  xtg_rx_add(&s->delay_sum, &s->delay_high, (__u64)delay);
  if ((__u64)delay < s->delay_min) s->delay_min = (__u64)delay;
  if ((__u64)delay > s->delay_max) s->delay_max = (__u64)delay;
}

/* Enters a packet of `size` bytes that arrived at `now`, sent `delay` ns before. */
static inline enum xtg_rx_verdict xtg_rx_packet(struct xtg_rx_state* w, struct xtg_rx_hist* h,
                                                __u64 seq, __u32 worker, __u32 size, __s64 delay,
                                                __u64 now) {
  struct xtg_rx_slot* s = w->slot;
  enum xtg_rx_verdict verdict;

  xtg_rx_arrive(s, seq, size, now);
  verdict = xtg_rx_seq(w, h, seq, worker, delay, now);
  if (verdict == XTG_RX_SUSPECT) return verdict;
  xtg_rx_times(s, h, delay, now);
  s->last_ns = now;
  return verdict;
}

/* All packets that arrived once. */
static inline __u64 xtg_rx_unique(const struct xtg_rx_slot* s) {
  return s->packets - s->duplicates - s->too_late;
}

/* Of a copy, when nothing more will come: what is still in the window is final as well. */
static inline void xtg_rx_finish(struct xtg_rx_state* w) {
  struct xtg_rx_slot* s = w->slot;
  __u64 highest, number;
  if (!s->packets) return;
  highest = (s->next - 1) / XTG_RX_WORD;
  number = highest > xtg_rx_mask(w) ? highest - xtg_rx_mask(w) : 0;
  if (number < s->base / XTG_RX_WORD) number = s->base / XTG_RX_WORD;
  for (; number <= highest; number++)
    xtg_rx_leave(s, w->bitmap[number & xtg_rx_mask(w)], number);
  xtg_rx_end_run(s);
}
