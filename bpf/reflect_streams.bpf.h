/* SPDX-License-Identifier: GPL-2.0-only */
/* The mirror's streams: where each has its record, and which are believed to be one. */
#pragma once

#define XTG_REFLECT_NO_PLACE (~0U)

static __always_inline __u32* remembered(struct xtg_reflect_cpu* cpu,
                                         const struct xtg_reflect_key* key) {
  __u32 at = key->stream ^ key->session << 5;

  asm volatile("" : "+r"(at));
  return &cpu->places[at & (XTG_REFLECT_PLACES - 1)];
}

static __noinline __u32 place_of(const struct xtg_reflect_key* key) {
  __u32* at = bpf_map_lookup_elem(&reflect_places, key);

  return at ? *at : XTG_REFLECT_NO_PLACE;
}

/* A place for a new stream. Where another CPU was faster, its place holds, and this one is left. */
static __noinline __u32 new_place(const struct xtg_reflect_key* key) {
  __u32 number, none = 0;

  if (reflect_control.streams >= reflect_c()->n_streams) return XTG_REFLECT_NO_PLACE;
  number = (__u32)__sync_fetch_and_add(&reflect_control.streams, 1);
  struct xtg_reflect_stream* stream = bpf_map_lookup_elem(&reflect_streams, &number);
  if (number >= reflect_c()->n_streams || !stream) {
    __sync_fetch_and_sub(&reflect_control.streams, 1);
    return XTG_REFLECT_NO_PLACE;
  }
  stream->key = *key;
  if (bpf_map_update_elem(&reflect_places, key, &number, BPF_NOEXIST)) return place_of(key);
  if (key->form == XTG_SIG_FULL) {
    struct xtg_reflect_key low = {.session = key->session & 0xffff, .form = XTG_SIG_NONE};
    bpf_map_update_elem(&reflect_places, &low, &none, BPF_ANY);
  }
  return number;
}

/* A short signature's magic is 16 bits, which ordinary payload has by chance. It is believed when
 * its session was asked for, when long signatures of this session came, or at the second one of a
 * stream that agrees with the one before. */
static __noinline int believed(const struct xtg_rx_mark* m) {
  struct xtg_reflect_key low = {.session = m->session, .form = XTG_SIG_NONE};
  __u32 at = (m->session * 31 + m->stream) & (XTG_RX_CANDIDATES - 1);
  struct xtg_rx_candidate* c = &reflect_candidates[at];
  __u64 now;
  int agrees;

  if (m->form == XTG_SIG_FULL || reflect_c()->by_session) return 1;
  if (place_of(&low) != XTG_REFLECT_NO_PLACE) return 1;
  now = bpf_ktime_get_ns();
  agrees = c->state && xtg_rx_agree(c, m, now, XTG_RX_WINDOW_MOST);
  xtg_rx_remember(c, m, now, 0);
  return agrees;
}

/* Slow path of find_stream(), for a payload that ends at `end`; -1: the frame is not believed to be
 * one of ours. */
static __noinline int find_place(struct xdp_md* ctx, struct xtg_reflect_cpu* cpu,
                                 const struct xtg_reflect_key* key, __u32 end, __u32* number) {
  struct xtg_rx_mark m;
  __u64 words[4];

  if (!cpu || !number || !load_tail(ctx, end, words)) return -1;
  *number = place_of(key);
  if (*number == XTG_REFLECT_NO_PLACE) {
    xtg_rx_read_words(&m, words);
    if (!believed(&m)) return -1;
    *number = new_place(key);
  }
  if (*number != XTG_REFLECT_NO_PLACE) *remembered(cpu, key) = *number + 1;
  return 0;
}
