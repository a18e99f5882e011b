/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that announce a run's start or end: taken, counted in nobody's figures, and entered for
 * user space. */
#pragma once

#include "rx_count.bpf.h"
#include "rx_frame.bpf.h"

/* The words before the signature that ends at `end`; false: there is no room for them, or they make
 * no sense, as those of a data frame with a damaged type. */
static __always_inline bool load_announcement(struct xdp_md* ctx, __u32 end, __u32 flags,
                                              struct xtg_rx_announcement* out) {
  __u64 words[XTG_SIG_ANNOUNCE_LEN / 8], mirror[XTG_SIG_MIRROR_LEN / 8] = {};
  __u32 behind = XTG_SIG_FULL_LEN;

  if (flags & XTG_SIG_F_MIRROR) {
    behind += XTG_SIG_MIRROR_LEN;
    if (end < behind || bpf_xdp_load_bytes(ctx, end - behind, mirror, sizeof(mirror))) return false;
  }
  behind += XTG_SIG_ANNOUNCE_LEN;
  if (end < behind || bpf_xdp_load_bytes(ctx, end - behind, words, sizeof(words))) return false;
  __u64 rest = xtg_from_be64(words[6]);
  out->frames = xtg_from_be64(words[0]);
  out->refused = xtg_from_be64(words[1]);
  out->duration_ns = xtg_from_be64(words[2]);
  out->rate = xtg_from_be64(words[3]);
  out->host = xtg_from_be64(words[4]);
  out->clock_error = xtg_from_be64(words[5]);
  out->frame_size = (__u32)(rest >> 32);
  out->streams = (__u16)(rest >> 16);
  out->threads = (__u16)rest;
  out->mirror_seq = xtg_from_be64(mirror[0]);
  out->mirror_rx_ns = xtg_from_be64(mirror[1]);
  out->mirror_tx_ns = xtg_from_be64(mirror[2]);
  return out->refused <= out->frames && out->streams && out->frame_size;
}

/* One more copy. */
static __always_inline void see_again(struct xtg_rx_announcement* known,
                                      const struct xtg_rx_announcement* now) {
  __sync_fetch_and_add(&known->seen, 1);
  known->mirror_seq = now->mirror_seq;
  known->mirror_rx_ns = now->mirror_rx_ns;
  known->mirror_tx_ns = now->mirror_tx_ns;
}

/* A frame with our signature that is not data. */
static __noinline int take_announcement(struct xdp_md* ctx, const struct xtg_rx_mark* m,
                                        struct xtg_rx_queue* q, int shared) {
  struct xtg_rx_announce_key key = {.session = m->session,
                                    .stream = m->stream,
                                    .type = m->type,
                                    .reflected = !!(m->flags & XTG_SIG_F_REFLECTED)};
  struct xtg_rx_announcement what = {}, *known;

  if (m->version != XTG_SIG_VERSION || (m->type != XTG_SIG_START && m->type != XTG_SIG_END) ||
      !load_announcement(ctx, payload_end(ctx), m->flags, &what)) {
    add(shared, &q->unknown, 1);
    return XDP_PASS;
  }
  if (!wanted(ctx, rx_c(), m)) {
    add(shared, &q->refused, 1);
    return XDP_PASS;
  }
  know(m->session, what.streams);
  known = bpf_map_lookup_elem(&rx_announced, &key);
  if (known) {
    see_again(known, &what);
  } else {
    what.arrival_ns = bpf_ktime_get_ns();
    what.seen = 1;
    what.flags = m->flags;
    /* Refused where the map is full, and where another CPU was faster. */
    bpf_map_update_elem(&rx_announced, &key, &what, BPF_NOEXIST);
  }
  __sync_fetch_and_add(&rx_control.announced, 1);
  return rx_c()->observe ? XDP_PASS : XDP_DROP;
}
