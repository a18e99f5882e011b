/* SPDX-License-Identifier: GPL-2.0-only */
/* What a received frame says of itself, and whether it is meant for us. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "find.bpf.h"
#include "rx_count.bpf.h"
#include "rx_maps.bpf.h"
#include "xtg/abi/rx_signature.h"
#include "xtg/abi/signature.h"

/* A frame and its arrival. */
struct arrival {
  __u64 now;
  __u32 length;
  __u32 pad; /* not set */
};

static __always_inline __u32 unit_of(struct xdp_md* ctx) {
  return rx_c()->shared ? bpf_get_smp_processor_id() : ctx->rx_queue_index;
}

static __always_inline int is_shared(struct xdp_md* ctx) {
  /* Queues beyond the last record share it. */
  return (int)(rx_c()->shared | (own_record(ctx->rx_queue_index, XTG_RX_QUEUES - 1) + 1));
}

/* Field by field: the bytes between them are not initialised. */
static __always_inline void copy_signature(struct xtg_rx_signature* to,
                                           const struct xtg_rx_signature* from) {
  to->seq = from->seq;
  to->tx_ns = from->tx_ns;
  to->run_id = from->run_id;
  to->stream = from->stream;
  to->worker = from->worker;
  to->flags = from->flags;
  to->form = from->form;
  to->type = from->type;
  to->version = from->version;
}

/* Destination port of the outermost IP packet; -1: it carries no UDP. A global function as
 * xtg_rx_outer_end() is, and likewise the next one. */
__noinline int xtg_rx_outer_port(struct xdp_md* ctx) {
  struct packet packet;

  outermost((void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  return packet.udp ? bpf_ntohs(packet.udp->dest) : -1;
}

/* Whether what an IP packet carries is ordinary traffic, whatever the frame ends with: an ICMP
 * error quotes the packet that it is about (RFC 792; RFC 4443, 2.4), a TCP stream has what somebody
 * recorded. */
static __always_inline bool carries_others(__u8 protocol, __u8 icmp) {
  return protocol == icmp || protocol == IPPROTO_TCP;
}

__noinline int xtg_rx_is_ordinary(struct xdp_md* ctx) {
  struct packet packet;

  outermost((void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  if (packet.v4) return carries_others(packet.protocol, IPPROTO_ICMP);
  return packet.v6 && carries_others(packet.protocol, IPPROTO_ICMPV6);
}

/* Where the IP packet ends that begins after an untagged Ethernet header; 0: there is none, or it
 * is ordinary. */
static __always_inline __u32 plain_end(struct xdp_md* ctx) {
  struct ethhdr* eth = (void*)(long)ctx->data;
  const struct iphdr* v4 = (const void*)(eth + 1);
  const struct ipv6hdr* v6 = (const void*)(eth + 1);

  if ((const void*)(v4 + 1) > (void*)(long)ctx->data_end) return 0;
  if (eth->h_proto == bpf_htons(ETH_P_IP)) {
    if (carries_others(v4->protocol, IPPROTO_ICMP)) return 0;
    return sizeof(*eth) + bpf_ntohs(v4->tot_len);
  }
  if (eth->h_proto != bpf_htons(ETH_P_IPV6) || carries_others(v6->nexthdr, IPPROTO_ICMPV6))
    return 0;
  return sizeof(*eth) + sizeof(*v6) + bpf_ntohs(v6->payload_len);
}

/* Reads the signature of a frame that is not as find_signature() has most of them. A global
 * function, of which the verifier knows nothing afterwards: neither where the signature was, nor
 * its form. */
__noinline int xtg_rx_find_slowly(struct xdp_md* ctx, __u32 length, struct xtg_rx_signature* m) {
  __u64 words[4];

  if (!m) return 0;
  no_words(words);
  if (!find_tail(ctx, length, words) || xtg_rx_is_ordinary(ctx)) return 0;
  xtg_rx_read_tail(m, words);
  return 1;
}

/* Reads the signature of a frame, and how long that is; false: it has none of ours. Most frames are
 * one IP packet in one piece that ends with the signature: its length needs no asking, and the
 * signature is taken in registers. */
static __always_inline bool find_signature(struct xdp_md* ctx, __u32* length,
                                           struct xtg_rx_signature* m) {
  __u32 piece = (__u32)((void*)(long)ctx->data_end - (void*)(long)ctx->data);
  const __u64* from = near_tail(ctx, piece);
  __u64 words[4];

  if (from) {
    words[2] = from[2];
    words[3] = from[3];
    if (may_be_ours(words) && plain_end(ctx) == piece) {
      words[0] = from[0];
      words[1] = from[1];
      xtg_rx_read_tail(m, words);
      *length = piece;
      return true;
    }
  }
  *length = bpf_xdp_get_buff_len(ctx);
  __builtin_memset(m, 0, sizeof(*m)); /* the verifier wants all that is handed over */
  return xtg_rx_find_slowly(ctx, *length, m);
}

/* Where the payload of a frame with our signature ends. */
static __always_inline __u32 payload_end(struct xdp_md* ctx) {
  __u32 length = bpf_xdp_get_buff_len(ctx);
  __u64 words[4];

  if (length < XTG_SIG_FULL_LEN || !load_tail(ctx, length, words)) return 0;
  return may_be_ours(words) ? length : (__u32)xtg_rx_outer_end(ctx); /* before padding, then */
}

static __always_inline void name_key(struct xdp_md* ctx, const struct xtg_rx_signature* m,
                                     struct xtg_rx_key* key) {
  key->run_id = m->run_id;
  key->stream = m->stream;
  key->form = m->form;
  key->unit = unit_of(ctx);
}

/* Whether the frame is meant for us. */
static __always_inline bool wanted(struct xdp_md* ctx, const struct xtg_rx_config* c,
                                   const struct xtg_rx_signature* m) {
  if (c->by_run_id) {
    __u32 mask = m->form == XTG_SIG_COMPACT ? 0xffff : ~0U;
    if ((m->run_id ^ c->run_id) & c->run_id_mask & mask) return false;
  }
  return !c->by_port || (__u32)xtg_rx_outer_port(ctx) == c->port;
}

/* Puts a send time by CLOCK_TAI on the clock of the arrival, which does not step: by what both of
 * them are now. Only the delay then depends on CLOCK_TAI. */
static __noinline __u64 tai_is_ahead(void) {
  return bpf_ktime_get_tai_ns() - bpf_ktime_get_ns();
}

/* Whether a stream was announced, or a full signature of its session has arrived. One
 * damaged bit of the session or of the stream's number makes none that is. */
static __always_inline bool is_expected(const struct xtg_rx_signature* m) {
  __u32 known = rx_known[m->run_id & 0xffff], streams = known & 0xff;
  struct xtg_rx_stream_key full = {(known & 0xffff0000) | m->run_id, m->stream, XTG_SIG_FULL};

  if (m->form == XTG_SIG_FULL && (known ^ m->run_id) >> 16) return false;
  if (streams == 255 || m->stream < streams) return true;
  return m->form == XTG_SIG_COMPACT && bpf_map_lookup_elem(&rx_positions, &full);
}

/* A session was announced, with so many streams, or seen with a full signature. */
static __always_inline void mark_run_known(__u32 run_id, __u32 streams) {
  __u32 before = rx_known[run_id & 0xffff] & 0xff;

  if (streams > 255) streams = 255;
  if (streams < before) streams = before;
  rx_known[run_id & 0xffff] = (run_id & 0xffff0000) | streams;
}
