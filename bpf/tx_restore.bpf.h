/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring what previous frames left in a page: see xtg_place. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"

/* Restores payload where shorter frames left their signatures, below `until`. A global function,
 * which the verifier checks once. */
__noinline int xtg_clean(struct xdp_md* ctx, __u32 until) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;

  for (__u32 i = 0; i < XTG_MAX_PLACES && i < config.n_places; i++) {
    __u64 off = places[i].off & 0xfff;
    if (off >= until) continue;
    const void* from = page_template + off;
    void* at = data + off;
    asm volatile("" : "+r"(from), "+r"(at)); /* Verifier: one bound, known for both */
    for (__u32 word = 0; word < XTG_PLACE_U64S && word < places[i].words; word++) {
      if (at + 8 > end) break;
      *(__u64*)at = *(const __u64*)from;
      at += 8;
      from += 8;
    }
  }
  return 0;
}

/* The same for one place, without its first two `u64`s. */
__noinline int xtg_clean_rest(struct xdp_md* ctx, __u32 place) {
  void* end = (void*)(long)ctx->data_end;

  place &= XTG_MAX_PLACES - 1;
  __u64 off = places[place].off & 0xfff;
  const void* from = page_template + off;
  void* at = (void*)(long)ctx->data + off;
  asm volatile("" : "+r"(from), "+r"(at)); /* Verifier: one bound, known for both */
  for (__u32 word = 2; word < XTG_PLACE_U64S && word < places[place].words; word++) {
    at += 8;
    from += 8;
    if (at + 16 > end) break;
    *(__u64*)(at + 8) = *(const __u64*)(from + 8);
  }
  return 0;
}

/* Bounds a length to 1 ... mask + 1, visibly to the verifier: by a mask, since without CAP_PERFMON
 * it forgets the bounds of a comparison once the value has been in memory. */
static __always_inline __u64 at_most(__u64 length, __u64 mask) {
  length--;
  asm volatile("" : "+r"(length));
  length &= mask;
  asm volatile("" : "+r"(length)); /* clang would merge it into the sum */
  return length + 1;
}

/* As xtg_clean(), if there are too many places. */
__noinline int xtg_clean_all(struct xdp_md* ctx, __u32 until) {
  __u32 from = config.clean_from & 0xfff;

  if (until > from)
    bpf_xdp_store_bytes(ctx, from, page_template + from, at_most(until - from, 0xfff));
  return 0;
}

/* End of the payload. */
static __always_inline __u32 until_of(const struct xtg_stream* s, __u32 len, __u32 sig_off,
                                      __u32 reflector_off) {
  if (!s->sig_form) return len;
  return s->reflector_off ? reflector_off : sig_off;
}
