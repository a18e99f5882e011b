/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of xtg_tx, the fastest of the programs, and of xtg_tx_stamp, which gives every frame a
 * time of its own: one stream of one size, no flows, and at most two checksums that frames change:
 * a UDP one, which may cover the signature, and an IPv4 one. packet::make_plain() says which
 * streams are like that.
 *
 * A decision leaves no instruction if it compares a constant of the run with a number. So the
 * constants that decide are codes in an order which needs no other operation. */
#pragma once

#include "tx_batch.bpf.h"
#include "tx_frame.bpf.h"

static __always_inline void plain_header(void* data, const struct xtg_tx_worker* w,
                                         const struct xtg_stream* s) {
  __u64* to = data;
  const __u32 words = s->copy_words, tail = s->copy_tail;

#pragma unroll
  for (int i = 0; i < XTG_MAX_HEADER / 8; i++) {
    XTG_FIXED(words > i) to[i] = i == 0 ? w->first_word : s->header[i];
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

/* Writes the whole signature, since a reflector may have changed what is in the page, and returns
 * its part of the sum. */
static __always_inline __u64 plain_signature(void* data, const struct xtg_tx_worker* w,
                                             const struct xtg_stream* s, __u32 code, __u64 seq) {
  __u64* at = data + s->sig_off;
  __u64 part = 0;

  XTG_FIXED(s->mirror_off) {
    __u64* room = data + s->mirror_off;
    room[0] = 0;
    room[1] = 0;
    room[2] = 0;
  }
  XTG_FIXED(code > XTG_PLAIN_COMPACT_ODD) {
    __u64 word = bpf_cpu_to_be64(seq);
    at[0] = word;
    at[1] = w->sig_word[0];
    at[2] = w->sig_word[1];
    at[3] = s->sig_const[1];
    part = xtg_csum_add64(0, word);
    XTG_FIXED(code == XTG_PLAIN_FULL_ODD) part <<= 8;
  }
  XTG_FIXED(code <= XTG_PLAIN_COMPACT_ODD) {
    part = bpf_htonl((__u32)seq);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    at[0] = w->sig_word[0] | part;
#else
    at[0] = w->sig_word[0] | part << 32;
#endif
    at[1] = w->sig_word[1];
    XTG_FIXED(code == XTG_PLAIN_COMPACT_ODD) part <<= 8;
  }
  return part;
}

/* Where field i is now; moves it on, if it is its *turn. */
static __always_inline __u64 plain_index(struct xtg_tx_cursor* c, const struct xtg_stream* s, int i,
                                         __u32 law, __u64 seq, __u64* turn, const bool product) {
  const struct xtg_field* f = &s->fields[i];
  __u64 index = 0;

  XTG_FIXED(law >= XTG_PLAIN_DRAWN) {
    asm volatile("" : "+r"(seq)); /* clang would compute the fields' common part for all streams. */
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

/* Where every frame has a time of its own. */
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
                                         __u64* udp, __u64* ip) {
  const __u32 n_fields = s->n_fields;
  __u64 turn = true;

#pragma unroll
  for (int i = 0; i < XTG_MAX_FIELDS; i++) {
    XTG_FIXED(n_fields > i) {
      plain_field(data, c, s, i, seq, &turn, product, udp, ip);
    }
  }
}

static __always_inline bool write_plain(struct xdp_md* ctx, struct xtg_tx_worker* w, __u32 lane,
                                        const struct xtg_stream* s) {
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  const __u64 seq = w->seq;

  if (data + s->frame_len > end) return false;
  plain_header(data, w, s);
  __u64 udp = w->sums[0], ip = w->sums[1];
  const __u32 signature = s->plain;
  XTG_FIXED(signature > XTG_PLAIN_UNSIGNED) udp += plain_signature(data, w, s, signature, seq);
  XTG_FIXED(s->n_fields) {
    struct xtg_tx_cursor* c = cursor_at(lane, 0);
    asm volatile("" : "+r"(c));
    XTG_FIXED(s->hop_law) {
      write_next_hop(data, end, w, c, s, false);
    }
    XTG_FIXED(s->vary == XTG_VARY_PRODUCT) {
      plain_fields(data, c, s, seq, true, &udp, &ip);
    }
    XTG_FIXED(s->vary != XTG_VARY_PRODUCT) {
      plain_fields(data, c, s, seq, false, &udp, &ip);
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
  return true;
}
