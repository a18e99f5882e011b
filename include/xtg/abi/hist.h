/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Log-linear histogram of nanoseconds: values below 64 have a cell each; above, every octave has 64
 * cells, so a cell's width is at most 1/64 (1.6 %) of its value: 2 us at 200 us. Covers up to 2^40
 * ns (18 minutes); longer values are counted in the last cell. */
#pragma once

#include "base.h"

#define XTG_HIST_SUB_BITS 6
#define XTG_HIST_SUB (1U << XTG_HIST_SUB_BITS)
#define XTG_HIST_MAX_BITS 40
#define XTG_HIST_CELLS ((XTG_HIST_MAX_BITS - XTG_HIST_SUB_BITS + 1) * XTG_HIST_SUB)

/* BPF has no count-leading-zeros instruction: six comparisons find the most significant bit. */
static inline __u32 xtg_hist_msb(__u64 v) {
  __u32 bit = 0;
  if (v >> 32) {
    v >>= 32;
    bit += 32;
  }
  if (v >> 16) {
    v >>= 16;
    bit += 16;
  }
  if (v >> 8) {
    v >>= 8;
    bit += 8;
  }
  if (v >> 4) {
    v >>= 4;
    bit += 4;
  }
  if (v >> 2) {
    v >>= 2;
    bit += 2;
  }
  if (v >> 1) {
    bit += 1;
  }
  return bit;
}

/* Cell of a value; always < XTG_HIST_CELLS. */
static inline __u32 xtg_hist_cell(__u64 ns) {
  __u32 msb, shift;
  if (ns < XTG_HIST_SUB) return (__u32)ns;
  if (ns >> XTG_HIST_MAX_BITS) return XTG_HIST_CELLS - 1;
  msb = xtg_hist_msb(ns);
  shift = msb - XTG_HIST_SUB_BITS;
  return ((shift + 1) << XTG_HIST_SUB_BITS) + ((__u32)(ns >> shift) & (XTG_HIST_SUB - 1));
}

/* Adds 1 to the cell of a value; ~0 subtracts 1. */
static inline void xtg_hist_add(__u64* cells, __u64 ns, __u64 times) {
  __u64 cell = xtg_hist_cell(ns);
  asm volatile("" : "+r"(cell)); /* Verifier (before Linux 6.10): clang would check another copy. */
  if (cell < XTG_HIST_CELLS) cells[cell] += times;
}

/* Smallest value of the cell; the cell ends before xtg_hist_floor(cell + 1). */
static inline __u64 xtg_hist_floor(__u32 cell) {
  __u32 octave = cell >> XTG_HIST_SUB_BITS;
  __u64 sub = cell & (XTG_HIST_SUB - 1);
  if (octave == 0) return sub;
  return (XTG_HIST_SUB + sub) << (octave - 1);
}
