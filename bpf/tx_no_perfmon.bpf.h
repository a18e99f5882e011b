/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing a frame without CAP_PERFMON, see store_frame(). */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tx_frame.bpf.h"

/* xtg_tx_no_perfmon knows no constants and takes every branch, so its parts are global functions,
 * each checked once by the verifier. They write into our own memory: see store_frame(). */
__noinline int xtg_no_perfmon_start(__u32 worker, __u32 stream) {
  struct parts* to = &parts[worker & (XTG_MAX_WORKERS - 1)];
  const struct xtg_tx_worker* w = &workers[worker & (XTG_MAX_WORKERS - 1)];
  const struct xtg_stream* s = stream_at(stream);
  struct shape shape = shape_now(w, cursor_at(worker, stream), s, true);

  to->header[0] = w->first_u64;
#pragma unroll
  for (int i = 1; i < XTG_MAX_HEADER / 8; i++)
    to->header[i] = s->header[i];
  write_lengths(to->header, NULL, s, &shape, false);
  begin_sums(&to->sums, w, s, &shape);
  to->len = shape.len;
  to->sig_off = shape.sig_off;
  to->reflector_off = shape.reflector_off;
  to->sig_odd = shape.sig_odd;
  to->sized = shape.sized;
  to->turn = true;
  return 0;
}

__noinline int xtg_no_perfmon_field(__u32 worker, __u32 stream, __u32 i) {
  struct parts* to = &parts[worker & (XTG_MAX_WORKERS - 1)];

  i &= XTG_MAX_FIELDS - 1;
  asm volatile("" : "+r"(i));
  write_field(to->header, NULL, &workers[worker & (XTG_MAX_WORKERS - 1)], cursor_at(worker, stream),
              stream_at(stream), i, &to->turn, &to->sums, false);
  return 0;
}

/* Verifier: without CAP_PERFMON it accepts no write to a part of a `u64` on the stack (before
 * 6.12). */
struct no_perfmon_at {
  __u64 worker;
  __u64 stream;
};

static long no_perfmon_field_turn(__u32 i, struct no_perfmon_at* at) {
  xtg_no_perfmon_field(at->worker, at->stream, i);
  return 0;
}

__noinline int xtg_no_perfmon_finish(__u32 worker, __u32 stream) {
  struct parts* to = &parts[worker & (XTG_MAX_WORKERS - 1)];
  const struct xtg_stream* s = stream_at(stream);
  const struct shape shape = {
      .sig_odd = to->sig_odd,
      .sized = to->sized,
  };

  if (s->sig_form)
    write_signature(to->sig, NULL, &workers[worker & (XTG_MAX_WORKERS - 1)], s, &shape, &to->sums,
                    false);
  write_sums(to->header, NULL, s, &to->sums, false);
  return 0;
}

/* By way of a map value: without CAP_PERFMON the verifier accepts only packet offsets that are
 * constants in the instruction, but the helper takes any. */
static __always_inline bool store_frame(struct xdp_md* ctx, const struct xtg_tx_worker* w,
                                        const struct xtg_stream* s) {
  struct parts* from = &parts[w->number & (XTG_MAX_WORKERS - 1)];
  struct no_perfmon_at at = {w->number, w->stream};
  __u64 length = (__u64)s->copy_u64s * 8 + s->copy_tail;

  xtg_no_perfmon_start(at.worker, at.stream);
  if (from->len != config.page_len) bpf_xdp_adjust_tail(ctx, (int)(from->len - config.page_len));
  if (bpf_xdp_get_buff_len(ctx) < from->len) return false;
  if (s->n_fields) bpf_loop(s->n_fields, no_perfmon_field_turn, &at, 0);
  xtg_no_perfmon_finish(at.worker, at.stream);
  if (config.clean_from)
    xtg_clean_all(ctx, until_of(s, from->len, from->sig_off, from->reflector_off));
  if (bpf_xdp_store_bytes(ctx, 0, from->header, at_most(length, XTG_MAX_HEADER - 1))) return false;
  if (s->reflector_off) {
    __u64 none[XTG_SIG_REFLECTOR_LEN / 8] = {};
    if (bpf_xdp_store_bytes(ctx, from->reflector_off, none, sizeof none)) return false;
  }
  if (s->sig_form == XTG_SIG_FULL)
    return bpf_xdp_store_bytes(ctx, from->sig_off, from->sig, XTG_SIG_FULL_LEN) == 0;
  if (s->sig_form == XTG_SIG_COMPACT)
    return bpf_xdp_store_bytes(ctx, from->sig_off, from->sig, XTG_SIG_COMPACT_LEN) == 0;
  return true;
}
