/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of xtg_tx, the fastest of the programs, of xtg_tx_stamp, which reads the clock for
 * every frame, and of xtg_tx_sized, for a stream with several sizes: one stream, and at most two
 * checksums that frames change: a UDP one, which may cover the signature, and an IPv4 one.
 * packet::make_plain() selects such streams.
 *
 * A decision leaves no instruction if it compares a constant of the run with a number. So the
 * constants that decide are codes whose order makes one comparison sufficient. */
#pragma once

#include "tx_batch.bpf.h"
#include "tx_frame.bpf.h"
#include "tx_restore.bpf.h"

static __always_inline void plain_header(void* data, const struct xtg_tx_worker* w,
                                         const struct xtg_stream* s) {
  __u64* to = data;
  const __u32 words = s->copy_u64s, tail = s->copy_tail;

#pragma unroll
  for (int i = 0; i < XTG_MAX_HEADER / 8; i++) {
    XTG_FIXED(words > i) to[i] = i == 0 ? w->first_u64 : s->header[i];
  }
  XTG_FIXED(tail) {
    const __u16* from = (const __u16*)&s->header[words & (XTG_MAX_HEADER / 8 - 1)];
    __u16* at = (__u16*)(to + (words & (XTG_MAX_HEADER / 8 - 1)));
#pragma unroll
    for (int i = 0; i < 3; i++) {
      XTG_FIXED(tail > 2 * i) at[i] = from[i];
    }
  }
}

/* Writes the signature and adds its part to *sum. `size`: the frame's, in a stream with several. */
static __always_inline bool plain_signature(void* data, void* end, const struct xtg_tx_worker* w,
                                            const struct xtg_stream* s, const struct xtg_size* size,
                                            __u64 seq, __u64* sum, const bool checked) {
  const __u32 code = s->plain;
  __u64* at = data + (checked ? size->sig_off & 0xfff : s->sig_off);
  __u64 part = 0;

  XTG_FIXED(s->reflector_off) {
    if (!clear_words(data + (checked ? size->reflector_off & 0xfff : s->reflector_off), end,
                     checked))
      return false;
  }
  XTG_FIXED(code > XTG_PLAIN_COMPACT_ODD) {
    XTG_NEED(at, XTG_SIG_FULL_LEN);
    part = store_full(at, w, s, seq);
    XTG_FIXED(code == XTG_PLAIN_FULL_ODD) {
      part <<= 8;
    }
  }
  XTG_FIXED(code <= XTG_PLAIN_COMPACT_ODD) {
    XTG_NEED(at, XTG_SIG_COMPACT_LEN);
    part = store_compact(at, w, seq);
    XTG_FIXED(code == XTG_PLAIN_COMPACT_ODD) {
      part <<= 8;
    }
  }
  if (checked)
    *sum += (w->sig_sum + part) << (size->sig_odd & 1) * 8;
  else
    *sum += part;
  return true;
}

/* The size of this frame; advances to the next one's. */
static __always_inline const struct xtg_size* plain_size(struct xtg_tx_cursor* c,
                                                         const struct xtg_stream* s, __u64 seq) {
  const __u32 i = s->size_field & (XTG_MAX_FIELDS - 1);
  __u64 index = 0;

  XTG_FIXED(s->fields[i].plain_law >= XTG_PLAIN_DRAWN) {
    index = xtg_sweep_random(s->seed, i, seq, s->n_sizes);
  }
  XTG_FIXED(s->fields[i].plain_law < XTG_PLAIN_DRAWN) {
    index = c->index[i];
    c->index[i] = index + 1 >= s->n_sizes ? 0 : index + 1;
  }
  return &sizes[(s->size_base + index) & (XTG_MAX_SIZES - 1)];
}

/* Restores payload where shorter frames left their signatures, below `until`. */
static __always_inline void plain_clean(struct xdp_md* ctx, __u32 until) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;

#pragma unroll
  for (__u32 i = 0; i < XTG_MAX_PLACES; i++) {
    XTG_FIXED(config.n_places > i) {
      __u64 off = places[i].off & 0xfff;
      if (off < until) {
        const __u64* from = (const __u64*)(page_template + off);
        __u64* at = data + off;
        asm volatile("" : "+r"(from), "+r"(at)); /* Verifier: one bound, known for both */
        if ((void*)(at + 2) <= end) {            /* no signature is shorter */
          at[0] = from[0];
          at[1] = from[1];
        }
        if (places[i].words > 2) xtg_clean_rest(ctx, i);
      }
    }
  }
}

/* Cuts the page to the frame's length, and restores what previous frames left in it. */
static __always_inline void plain_page(struct xdp_md* ctx, const struct xtg_stream* s,
                                       const struct xtg_size* size) {
  __u32 until = size->frame_len;

  if (size->frame_len != config.page_len)
    bpf_xdp_adjust_tail(ctx, (int)size->frame_len - (int)config.page_len);
  XTG_FIXED(s->plain > XTG_PLAIN_UNSIGNED) {
    until = size->sig_off;
    XTG_FIXED(s->reflector_off) {
      until = size->reflector_off;
    }
  }
  XTG_FIXED(config.clean_from) {
    XTG_FIXED(config.n_places) {
      plain_clean(ctx, until);
    }
    XTG_FIXED(!config.n_places) {
      xtg_clean_all(ctx, until);
    }
  }
}

static __always_inline void plain_lengths(void* data, const struct xtg_stream* s,
                                          const struct xtg_size* size) {
#pragma unroll
  for (int i = 0; i < XTG_MAX_LENGTHS; i++) {
    XTG_FIXED(s->n_lengths > i) {
      __u16* at = data + s->lengths[i].off;
      *at = bpf_htons((__u16)(size->frame_len + s->lengths[i].delta));
    }
  }
}

/* State of field i; advances it if it is its *turn. */
static __always_inline __u64 plain_index(struct xtg_tx_cursor* c, const struct xtg_stream* s, int i,
                                         __u32 law, __u64 seq, __u64* turn, const bool product) {
  const struct xtg_field* f = &s->fields[i];
  __u64 index = 0;

  XTG_FIXED(law >= XTG_PLAIN_DRAWN) {
    asm volatile("" : "+r"(seq)); /* clang would compute the fields' common part for all streams */
    XTG_FIXED(s->flows) {
      seq = xtg_flow_at(seq, s->flows, s->flow_packets);
    }
    index = xtg_sweep_random(s->seed, i, seq, f->count);
  }
  XTG_FIXED(law < XTG_PLAIN_DRAWN) {
    index = c->index[i];
    if (*turn) {
      bool wraps = index + 1 >= f->count;
      c->index[i] = wraps ? 0 : index + 1;
      if (product) *turn = wraps;
    }
  }
  return index;
}

/* Writes a field and returns its part of the sums. */
static __always_inline __u64 plain_write(void* at, __u64 value, __u32 width) {
  __u64 part = 0;

  XTG_FIXED(width == 2) {
    part = bpf_htons((__u16)value);
    *(__u16*)at = (__u16)part;
  }
  XTG_FIXED(width == 4) {
    part = bpf_htonl((__u32)value);
    *(__u32*)at = (__u32)part;
  }
  XTG_FIXED(width == 6) {
    __u64 high = bpf_htons((__u16)(value >> 32)), low = bpf_htonl((__u32)value);
    *(__u16*)at = (__u16)high;
    *(__u32*)(at + 2) = (__u32)low;
    part = high + low;
  }
  XTG_FIXED(width == 8) {
    __u64 word = bpf_cpu_to_be64(value);
    *(__u64*)at = word;
    part = xtg_csum_add64(0, word);
  }
  return part;
}

static __always_inline void plain_field(void* data, struct xtg_tx_cursor* c,
                                        const struct xtg_stream* s, int i, __u64 seq, __u64* turn,
                                        const bool product, __u64* udp, __u64* ip) {
  const struct xtg_field* f = &s->fields[i];
  const __u32 law = f->plain_law, in = f->plain_sums;
  __u64 index = plain_index(c, s, i, law, seq, turn, product), value = 0;

  XTG_FIXED(law == XTG_PLAIN_NEXT) value = f->first + index;
  XTG_FIXED(law != XTG_PLAIN_NEXT) value = value_at(f, index);
  __u64 part = plain_write(data + f->offset, value, f->width);
  XTG_FIXED(in > XTG_PLAIN_IP) {
    *udp += part;
  }
  XTG_FIXED(in >= XTG_PLAIN_IP) {
    XTG_FIXED(in <= XTG_PLAIN_BOTH) {
      *ip += part;
    }
  }
}

/* For frames that each have their own send time. */
static __always_inline void plain_stamp(struct xtg_tx_worker* w, const struct xtg_stream* s,
                                        __u64 now) {
  XTG_FIXED(s->plain > XTG_PLAIN_UNSIGNED) {
    __u64 sum = set_words(w, s, now);
    XTG_FIXED(s->plain == XTG_PLAIN_FULL_ODD) {
      sum <<= 8;
    }
    XTG_FIXED(s->plain == XTG_PLAIN_COMPACT_ODD) {
      sum <<= 8;
    }
    w->sums[0] = s->sums[0].base + sum;
  }
}

static __always_inline void plain_fields(void* data, struct xtg_tx_cursor* c,
                                         const struct xtg_stream* s, __u64 seq, const bool product,
                                         const bool sized, __u64* udp, __u64* ip) {
  const __u32 n_fields = s->n_fields - sized; /* the last one is the size */
  __u64 turn = true;

#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++) {
    XTG_FIXED(n_fields > i) {
      plain_field(data, c, s, i, seq, &turn, product, udp, ip);
    }
  }
}

static __always_inline bool write_plain(struct xdp_md* ctx, struct xtg_tx_worker* w, __u32 worker,
                                        const struct xtg_stream* s, const bool sized) {
  const __u64 seq = w->seq;
  const struct xtg_size* size = &sizes[0];

  if (sized) {
    size = plain_size(cursor_at(worker, 0), s, seq);
    plain_page(ctx, s, size);
  }
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  if (data + (sized ? s->copy_u64s * 8 + s->copy_tail : s->frame_len) > end) return false;
  plain_header(data, w, s);
  __u64 udp = sized ? size->base[0] : w->sums[0], ip = sized ? size->base[1] : w->sums[1];
  if (sized) plain_lengths(data, s, size);
  XTG_FIXED(s->plain > XTG_PLAIN_UNSIGNED) {
    if (!plain_signature(data, end, w, s, size, seq, &udp, sized)) return false;
  }
  XTG_FIXED(s->n_fields) {
    struct xtg_tx_cursor* c = cursor_at(worker, 0);
    asm volatile("" : "+r"(c));
    XTG_FIXED(s->hop_law) {
      write_next_hop(data, end, w, c, s, false);
    }
    XTG_FIXED(s->vary == XTG_VARY_PRODUCT) {
      plain_fields(data, c, s, seq, true, sized, &udp, &ip);
    }
    XTG_FIXED(s->vary != XTG_VARY_PRODUCT) {
      plain_fields(data, c, s, seq, false, sized, &udp, &ip);
    }
    c->value_seq = seq + 1;
  }
  const __u32 sums = s->plain_sums;
  XTG_FIXED(sums > XTG_PLAIN_IP) {
    __u16* at = data + s->sums[0].off;
    *at = xtg_csum_udp(udp);
  }
  XTG_FIXED(sums >= XTG_PLAIN_IP) {
    XTG_FIXED(sums <= XTG_PLAIN_BOTH) {
      __u16* at = data + s->sums[1].off;
      *at = xtg_csum_ip(ip);
    }
  }
  w->seq = seq + 1;
  XTG_FIXED(s->flows) {
    if (flows_return(cursor_at(worker, 0), s)) seek_one(worker, seq + 1);
  }
  return true;
}
