/* SPDX-License-Identifier: GPL-2.0-only */
/* Announcements of a run's start or end: not passed on, not counted as traffic, stored for user
 * space. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>

#include "rx_count.bpf.h"
#include "rx_frame.bpf.h"
#include "xtg/abi/announce.h"

/* An announcement: a struct xtg_sig_announce, and the signature. */
struct rx_spoken {
  __u64 said[XTG_SIG_ANNOUNCE_LEN / 8];
  __u64 signature[XTG_SIG_FULL_LEN / 8];
};

/* Whether an announcement's sum is correct. A data frame with a damaged type has none. A global
 * function, which the verifier checks once instead of on every path that leads to it. */
__noinline int xtg_rx_is_sound(const struct rx_spoken* s) {
  struct xtg_sip_key key = {.k0 = rx_c()->key.k0, .k1 = rx_c()->key.k1};

  if (!s) return 0;
  return s->said[0] == xtg_from_be64(xtg_announce_sum(&key, s->said + 1, s->signature));
}

/* Reads the announcement before the signature that ends at `end`; false: it does not fit, its sum
 * is wrong, or it is invalid. */
static __always_inline bool load_announcement(struct xtg_ctx* ctx, __u32 end, __u32 flags,
                                              struct xtg_rx_announcement* out) {
  __u64 reflector[XTG_SIG_REFLECTOR_LEN / 8] = {};
  __u32 tail = XTG_SIG_FULL_LEN;
  struct rx_spoken s;

  if (end < tail || load_bytes(ctx, end - tail, s.signature, sizeof(s.signature))) return false;
  if (flags & XTG_SIG_F_REFLECTOR) {
    tail += XTG_SIG_REFLECTOR_LEN;
    if (end < tail || load_bytes(ctx, end - tail, reflector, sizeof(reflector))) return false;
  }
  tail += XTG_SIG_ANNOUNCE_LEN;
  if (end < tail || load_bytes(ctx, end - tail, s.said, sizeof(s.said))) return false;
  if (!xtg_rx_is_sound(&s)) return false;
  __u64 rest = xtg_from_be64(s.said[7]);
  out->frames = xtg_from_be64(s.said[1]);
  out->driver_drops = xtg_from_be64(s.said[2]);
  out->duration_ns = xtg_from_be64(s.said[3]);
  out->rate = xtg_from_be64(s.said[4]);
  out->host = xtg_from_be64(s.said[5]);
  out->clock_error = xtg_from_be64(s.said[6]);
  out->frame_size = (__u32)(rest >> 32);
  out->streams = (__u16)(rest >> 16);
  out->threads = (__u16)rest;
  out->reflector_seq = xtg_from_be64(reflector[0]);
  out->reflector_rx_ns = xtg_from_be64(reflector[1]);
  out->reflector_tx_ns = xtg_from_be64(reflector[2]);
  return out->driver_drops <= out->frames && out->streams && out->frame_size;
}

/* One more copy. */
static __always_inline void see_again(struct xtg_rx_announcement* known,
                                      const struct xtg_rx_announcement* now) {
  __sync_fetch_and_add(&known->seen, 1);
  known->reflector_seq = now->reflector_seq;
  known->reflector_rx_ns = now->reflector_rx_ns;
  known->reflector_tx_ns = now->reflector_tx_ns;
}

/* Whether data of the stream arrived: its announcements get entries that forged ones do not. */
static __always_inline bool has_come(const struct xtg_rx_announce_key* key) {
  struct xtg_rx_stream_key full = {key->run_id, key->stream, XTG_SIG_FULL},
                           compact = {key->run_id & 0xffff, key->stream & 0xff, XTG_SIG_COMPACT};

  return bpf_map_lookup_elem(&rx_positions, &full) || bpf_map_lookup_elem(&rx_positions, &compact);
}

/* User space removes what it has read, which frees entries. False: none is free. */
static __noinline int account_announcement(const struct xtg_rx_announce_key* key,
                                           struct xtg_rx_announcement* what, __u32 flags) {
  struct xtg_rx_announce_key own = *key;

  if (!has_come(&own) &&
      __sync_fetch_and_add(&rx_control.strangers, 1) >= XTG_RX_ANNOUNCED - XTG_RX_ANNOUNCED_KNOWN)
    return 0;
  what->arrival_ns = bpf_ktime_get_ns();
  what->seen = 1;
  what->flags = flags;
  /* If another CPU was faster, the entry exists. */
  return bpf_map_update_elem(&rx_announced, &own, what, BPF_NOEXIST) != -E2BIG;
}

/* Handles a frame with our signature that is not data. */
static __noinline int take_announcement(struct xtg_ctx* ctx, const struct xtg_rx_signature* m,
                                        struct xtg_rx_queue* q, int shared) {
  struct xtg_rx_announce_key key = {.run_id = m->run_id,
                                    .stream = m->stream,
                                    .type = m->type,
                                    .reflected = !!(m->flags & XTG_SIG_F_REFLECTED)};
  struct xtg_rx_announcement what = {}, *known;

  if (m->version != XTG_SIG_VERSION || (m->type != XTG_SIG_START && m->type != XTG_SIG_END)) {
    add(shared, &q->unknown, 1);
    return XDP_PASS;
  }
  if (!wanted(ctx, rx_c(), m)) {
    add(shared, &q->filtered, 1);
    return XDP_PASS;
  }
  if (!load_announcement(ctx, payload_end(ctx), m->flags, &what)) {
    add(shared, &q->unsound, 1);
    return XDP_PASS;
  }
  mark_run_known(m->run_id, what.streams);
  known = bpf_map_lookup_elem(&rx_announced, &key);
  if (known) {
    see_again(known, &what);
  } else if (!account_announcement(&key, &what, m->flags)) {
    add(shared, &q->unheard, 1);
  }
  __sync_fetch_and_add(&rx_control.announced, 1);
  return rx_c()->observe ? XDP_PASS : XDP_DROP;
}
