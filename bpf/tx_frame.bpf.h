/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing a frame. Every header byte is written from the template in every frame, because pages
 * return from receivers with rewritten headers; checksums are summed from known parts and never
 * patched. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tx_fields.bpf.h"
#include "tx_restore.bpf.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/signature.h"

/* Compile-time properties of a program variant. */
enum {
  XTG_V_PLAIN = 1,      /* see tx_plain.bpf.h */
  XTG_V_STAMP = 16,     /* with XTG_V_PLAIN: a clock reading for every frame */
  XTG_V_SIZED = 32,     /* with XTG_V_PLAIN: several sizes */
  XTG_V_MULTI = 2,      /* several streams: the worker's record names the batch's stream */
  XTG_V_NO_PERFMON = 4, /* without CAP_PERFMON */
  XTG_V_RENEW = 8,      /* obeys config.renew; separate: values must survive its helper call */
  XTG_V_SKB = 64,       /* hands frames on as skbs, see egress.bpf.h */
};

/* Offsets in a frame, by its size. */
struct shape {
  __u32 len;   /* of what is in the page */
  __u32 whole; /* of all of it */
  __u32 sig_off;
  __u32 reflector_off;
  __u32 sig_odd;
  bool sized; /* the stream has several sizes, and this is the one of `size` */
  const struct xtg_size* size;
};

static __always_inline struct shape shape_now(const struct xtg_tx_worker* w,
                                              const struct xtg_tx_cursor* c,
                                              const struct xtg_stream* s, const bool skb) {
  struct shape shape = {
      s->frame_len, s->frame_len, s->sig_off, s->reflector_off, s->sig_odd, false, &sizes[0],
  };

  if (s->n_sizes > 1) {
    __u64 at = s->size_base + index_now(w, c, s, s->size_field & (XTG_MAX_FIELDS - 1));
    const struct xtg_size* size = &sizes[at & (XTG_MAX_SIZES - 1)];
    shape.len = shape.whole = size->frame_len;
    if (skb) shape.whole += size_extra[at & (XTG_MAX_SIZES - 1)];
    shape.sig_off = size->sig_off;
    shape.reflector_off = size->reflector_off;
    shape.sig_odd = size->sig_odd;
    shape.sized = true;
    shape.size = size;
  }
  return shape;
}

/* Verifier: where it does not know all offsets, every access is checked separately. Our own memory,
 * and frames with known offsets (tx_plain.bpf.h), need no check. */
#define XTG_NEED(at, bytes)                                                                        \
  do {                                                                                             \
    if (checked && (void*)(at) + (bytes) > end) return false;                                      \
  } while (0)

static __always_inline bool write_lengths(void* data, void* end, const struct xtg_stream* s,
                                          const struct shape* shape, const bool checked) {
  if (!shape->sized) return true;
#pragma unroll
  for (int i = 0; i < XTG_MAX_LENGTHS; i++) {
    if (i < s->n_lengths) {
      __u16* at = data + (s->lengths[i].off & (XTG_MAX_HEADER - 1));
      XTG_NEED(at, 2);
      *at = bpf_htons((__u16)(shape->whole + s->lengths[i].delta));
    }
  }
  return true;
}

static __always_inline bool write_header(void* data, void* end, const struct xtg_tx_worker* w,
                                         const struct xtg_stream* s, const struct shape* shape,
                                         const bool checked) {
  __u64* to = data;

#pragma unroll
  for (int i = 0; i < XTG_MAX_HEADER / 8; i++) {
    XTG_FIXED(i < s->copy_u64s) {
      XTG_NEED(to + i, 8);
      to[i] = i == 0 ? w->first_u64 : s->header[i];
    }
  }
  if (s->copy_tail) {
    __u32 words = s->copy_u64s & (XTG_MAX_HEADER / 8 - 1);
    const __u16* from = (const __u16*)&s->header[words];
    __u16* at = (__u16*)(to + words);
#pragma unroll
    for (int i = 0; i < 3; i++) {
      if (2 * i < s->copy_tail) {
        XTG_NEED(at + i, 2);
        at[i] = from[i];
      }
    }
  }
  return write_lengths(data, end, s, shape, checked);
}

static __always_inline void add_to(struct sums* sums, __u64 part, __u32 which) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++) {
    XTG_FIXED(which & (1U << i)) sums->of[i] += part;
  }
}

/* Writes one varying field and advances it; *turn says whether it is to advance, and then whether
 * the next one is. */
static __always_inline bool write_field(void* data, void* end, struct xtg_tx_worker* w,
                                        struct xtg_tx_cursor* c, const struct xtg_stream* s,
                                        __u32 i, bool* turn, struct sums* sums,
                                        const bool checked) {
  const struct xtg_field* f = &s->fields[i];
  void* at = data + (f->offset & (XTG_MAX_HEADER - 1));
  __u64 index = index_now(w, c, s, i);

  move_on(c, s, i, index, turn);
  if (f->width == 0) return true;
  __u64 value = value_at(f, index), part;

  if (f->width == 2) {
    XTG_NEED(at, 2);
    part = bpf_htons((__u16)value);
    *(__u16*)at = (__u16)part;
  } else if (f->width == 4) {
    XTG_NEED(at, 4);
    part = bpf_htonl((__u32)value);
    *(__u32*)at = (__u32)part;
  } else if (f->width == 6) {
    XTG_NEED(at, 6);
    __u64 high = bpf_htons((__u16)(value >> 32)), low = bpf_htonl((__u32)value);
    *(__u16*)at = (__u16)high;
    *(__u32*)(at + 2) = (__u32)low;
    part = high + low;
  } else {
    __u64 word = bpf_cpu_to_be64(value);
    XTG_NEED(at, 8);
    *(__u64*)at = word;
    part = xtg_csum_add64(0, word);
  }
  add_to(sums, part, f->sums);
  return true;
}

/* Writes the destination MAC for the frame's destination address. Called before the fields are
 * written, which advances them. */
static __always_inline bool write_next_hop(void* data, void* end, const struct xtg_tx_worker* w,
                                           const struct xtg_tx_cursor* c,
                                           const struct xtg_stream* s, const bool checked) {
  __u32 i = s->hop_field & (XTG_MAX_FIELDS - 1);
  __u64 index = index_now(w, c, s, i), value = value_at(&s->fields[i], index);

  XTG_NEED(data, 6);
  if (s->hop_law == XTG_HOP_GROUP4) {
    *(__u8*)(data + 3) = (value >> 16) & 0x7f;
    *(__u16*)(data + 4) = bpf_htons((__u16)value);
  } else if (s->hop_law == XTG_HOP_GROUP6) {
    *(__u32*)(data + 2) = bpf_htonl((__u32)value);
  } else {
    __u64 mac = next_hops[(s->hop_base + index) & (XTG_MAX_NEXT_HOPS - 1)];
    *(__u16*)data = bpf_htons((__u16)(mac >> 32));
    *(__u32*)(data + 2) = bpf_htonl((__u32)mac);
  }
  return true;
}

/* Write a whole signature, since a reflector may have changed the one in the page, and return its
 * number's part of the sums. */
static __always_inline __u64 store_full(__u64* at, const struct xtg_tx_worker* w,
                                        const struct xtg_stream* s, __u64 seq) {
  __u64 word = bpf_cpu_to_be64(seq);

  at[0] = word;
  at[1] = w->sig_u64[0];
  at[2] = w->sig_u64[1];
  at[3] = s->sig_const[1];
  return xtg_csum_add64(0, word);
}

static __always_inline __u64 store_compact(__u64* at, const struct xtg_tx_worker* w, __u64 seq) {
  __u64 part = bpf_htonl((__u32)seq);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  at[0] = w->sig_u64[0] | part;
#else
  at[0] = w->sig_u64[0] | part << 32;
#endif
  at[1] = w->sig_u64[1];
  return part;
}

static __always_inline bool write_signature(__u64* at, void* end, const struct xtg_tx_worker* w,
                                            const struct xtg_stream* s, const struct shape* shape,
                                            struct sums* sums, const bool checked) {
  __u64 part;

  if (s->sig_form == XTG_SIG_FULL) {
    XTG_NEED(at, XTG_SIG_FULL_LEN);
    part = store_full(at, w, s, w->seq);
  } else {
    XTG_NEED(at, XTG_SIG_COMPACT_LEN);
    part = store_compact(at, w, w->seq);
  }
  if (shape->sized) part += w->sig_sum; /* otherwise it is in w->sums */
  add_to(sums, part << 8, s->sig_sums & shape->sig_odd);
  add_to(sums, part, s->sig_sums & ~shape->sig_odd);
  return true;
}

static __always_inline void begin_sums(struct sums* sums, const struct xtg_tx_worker* w,
                                       const struct xtg_stream* s, const struct shape* shape) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++) {
    if (shape->sized)
      sums->of[i] = shape->size->base[i];
    else
      sums->of[i] = w->sums[i];
  }
}

/* `header` points into the page, or into our own memory. */
static __always_inline bool write_sums(void* header, void* end, const struct xtg_stream* s,
                                       const struct sums* sums, const bool checked) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_CSUMS; i++) {
    XTG_FIXED(s->sums[i].off) {
      __u16* at = header + (s->sums[i].off & (XTG_MAX_HEADER - 1));
      __u16 sum = xtg_csum_ip(sums->of[i]);
      XTG_NEED(at, 2);
      *at = s->sums[i].kind == XTG_SUM_UDP && sum == 0 ? 0xffff : sum;
    }
  }
  return true;
}

/* The bytes reserved for reflector timestamps: a page returned from a reflector has them filled in.
 * They are zeroed, so no checksum depends on them. */
static __always_inline bool clear_words(__u64* at, void* end, const bool checked) {
  XTG_NEED(at, XTG_SIG_REFLECTOR_LEN);
  at[0] = 0;
  at[1] = 0;
  at[2] = 0;
  return true;
}

/* Cuts the page to the frame's length, and restores what previous frames left in it. */
static __always_inline void prepare_page(struct xdp_md* ctx, const struct xtg_stream* s,
                                         const struct shape* shape) {
  if (shape->len != config.page_len) bpf_xdp_adjust_tail(ctx, (int)(shape->len - config.page_len));
  if (!config.clean_from) return;
  __u32 until = until_of(s, shape->len, shape->sig_off, shape->reflector_off);
  if (config.n_places)
    xtg_clean(ctx, until);
  else
    xtg_clean_all(ctx, until);
}

/* xtg_tx_multi knows no constants, and with sixteen fields the verifier's limit would be exceeded:
 * a global function, which it checks once. */
__noinline int xtg_multi_field(struct xdp_md* ctx, __u32 worker, __u32 stream, __u32 i) {
  struct parts* to = &parts[worker & (XTG_MAX_WORKERS - 1)];

  i &= XTG_MAX_FIELDS - 1;
  asm volatile("" : "+r"(i));
  write_field((void*)(long)ctx->data, (void*)(long)ctx->data_end,
              &workers[worker & (XTG_MAX_WORKERS - 1)], cursor_at(worker, stream),
              stream_at(stream), i, &to->turn, &to->sums, true);
  return 0;
}

__noinline int xtg_multi_hop(struct xdp_md* ctx, __u32 worker, __u32 stream) {
  write_next_hop((void*)(long)ctx->data, (void*)(long)ctx->data_end,
                 &workers[worker & (XTG_MAX_WORKERS - 1)], cursor_at(worker, stream),
                 stream_at(stream), true);
  return 0;
}

/* Straight into the page. */
static __always_inline bool write_frame(struct xdp_md* ctx, struct xtg_tx_worker* w,
                                        struct xtg_tx_cursor* c, const struct xtg_stream* s,
                                        const int variant) {
  const bool checked = true, multi = variant & XTG_V_MULTI;
  struct shape shape = shape_now(w, c, s, variant & XTG_V_SKB);
  struct sums own;
  struct sums* sums = multi ? &parts[w->number & (XTG_MAX_WORKERS - 1)].sums : &own;
  bool turn = true;

  prepare_page(ctx, s, &shape);
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  if (data + shape.len > end) return false;
  if (!write_header(data, end, w, s, &shape, checked)) return false;
  begin_sums(sums, w, s, &shape);
  if (s->reflector_off && !clear_words(data + (shape.reflector_off & 0xfff), end, checked))
    return false;
  if (s->sig_form &&
      !write_signature(data + (shape.sig_off & 0xfff), end, w, s, &shape, sums, checked))
    return false;
  if (multi) {
    if (s->n_fields) {
      if (s->hop_law) xtg_multi_hop(ctx, w->number, w->stream);
      parts[w->number & (XTG_MAX_WORKERS - 1)].turn = true;
      for (__u32 i = 0; i < XTG_MAX_FIELDS && i < s->n_fields; i++)
        xtg_multi_field(ctx, w->number, w->stream, i);
    }
    data = (void*)(long)ctx->data;
    end = (void*)(long)ctx->data_end;
    return write_sums(data, end, s, sums, checked);
  }
  if (s->hop_law && !write_next_hop(data, end, w, c, s, checked)) return false;
#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++) {
    XTG_FIXED(i < s->n_fields) {
      if (!write_field(data, end, w, c, s, i, &turn, sums, checked)) return false;
    }
  }
  return write_sums(data, end, s, sums, checked);
}
