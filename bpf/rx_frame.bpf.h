/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a received frame, and decides whether it is meant for us. */
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

static __always_inline __u32 unit_of(struct xtg_ctx* ctx) {
  return rx_c()->shared ? bpf_get_smp_processor_id() : queue_of(ctx);
}

static __always_inline int is_shared(struct xtg_ctx* ctx) {
  /* Queues beyond the last record share it. */
  return (int)(rx_c()->shared | (own_record(queue_of(ctx), XTG_RX_QUEUES - 1) + 1));
}

/* Field by field: the padding between them is not initialised. */
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

/* Destination port of the outermost IP packet; -1: no UDP. A global function like
 * xtg_rx_outer_end(), and so is the next one. */
__noinline int xtg_rx_outer_port(struct xtg_ctx* ctx) {
  struct packet packet;

  outermost(ctx, (void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  return packet.udp ? bpf_ntohs(packet.udp->dest) : -1;
}

/* Whether the content of an IP packet is ordinary traffic, whatever the frame ends with: an ICMP
 * error quotes another packet (RFC 792; RFC 4443, 2.4), and a TCP stream may carry a recording. */
static __always_inline bool carries_others(__u8 protocol, __u8 icmp) {
  return protocol == icmp || protocol == IPPROTO_TCP;
}

__noinline int xtg_rx_is_ordinary(struct xtg_ctx* ctx) {
  struct packet packet;

  outermost(ctx, (void*)(long)ctx->data, (void*)(long)ctx->data_end, &packet);
  if (packet.v4) return carries_others(packet.protocol, IPPROTO_ICMP);
  return packet.v6 && carries_others(packet.protocol, IPPROTO_ICMPV6);
}

/* End of the IP packet that follows an untagged Ethernet header; 0: there is none, or it is
 * ordinary traffic. */
static __always_inline __u32 plain_end(struct xtg_ctx* ctx) {
  struct ethhdr* eth = (void*)(long)ctx->data;
  const struct iphdr* v4 = (const void*)(eth + 1);
  const struct ipv6hdr* v6 = (const void*)(eth + 1);

  if (!has_link_header()) return 0;
  if ((const void*)(v4 + 1) > (void*)(long)ctx->data_end) return 0;
  if (eth->h_proto == bpf_htons(ETH_P_IP)) {
    if (carries_others(v4->protocol, IPPROTO_ICMP)) return 0;
    return sizeof(*eth) + bpf_ntohs(v4->tot_len);
  }
  if (eth->h_proto != bpf_htons(ETH_P_IPV6) || carries_others(v6->nexthdr, IPPROTO_ICMPV6))
    return 0;
  return sizeof(*eth) + sizeof(*v6) + bpf_ntohs(v6->payload_len);
}

/* Reads the signature of a frame outside the fast path of find_signature(). A global function, so
 * the verifier knows neither the position nor the form of the signature afterwards. */
__noinline int xtg_rx_find_slowly(struct xtg_ctx* ctx, __u32 length, struct xtg_rx_signature* m) {
  __u64 words[4];

  if (!m) return 0;
  no_words(words);
  if (!find_tail(ctx, length, words) || xtg_rx_is_ordinary(ctx)) return 0;
  xtg_rx_read_tail(m, words);
  return 1;
}

/* Reads the signature of a frame, and its length; false: no signature of ours. Most frames are one
 * IP packet in one fragment that ends with the signature: their length is known without a helper,
 * and the signature is read into registers. */
static __always_inline bool find_signature(struct xtg_ctx* ctx, __u32* length,
                                           struct xtg_rx_signature* m) {
  __u32 piece = first_end(ctx);
  const __u64* from = near_tail(ctx, piece);
  __u64 words[4];

  if (from) {
    words[2] = from[2];
    words[3] = from[3];
    if (may_be_ours(words) && plain_end(ctx) == piece) {
      words[0] = from[0];
      words[1] = from[1];
      xtg_rx_read_tail(m, words);
      *length = counted_length(ctx, piece);
      return true;
    }
  }
  __u32 end = frame_end(ctx);
  *length = counted_length(ctx, end);
  __builtin_memset(m, 0, sizeof(*m)); /* the verifier requires a fully initialised argument */
  return xtg_rx_find_slowly(ctx, end, m);
}

/* End of the payload of a frame with our signature. */
static __always_inline __u32 payload_end(struct xtg_ctx* ctx) {
  __u32 length = frame_end(ctx);
  __u64 words[4];

  if (length < XTG_SIG_FULL_LEN || !load_tail(ctx, length, words)) return 0;
  return may_be_ours(words) ? length : (__u32)xtg_rx_outer_end(ctx); /* otherwise before padding */
}

static __always_inline void name_key(struct xtg_ctx* ctx, const struct xtg_rx_signature* m,
                                     struct xtg_rx_key* key) {
  key->run_id = m->run_id;
  key->stream = m->stream;
  key->form = m->form;
  key->unit = unit_of(ctx);
}

/* Whether the frame is meant for us. */
static __always_inline bool wanted(struct xtg_ctx* ctx, const struct xtg_rx_config* c,
                                   const struct xtg_rx_signature* m) {
  if (c->by_run_id) {
    __u32 mask = m->form == XTG_SIG_COMPACT ? 0xffff : ~0U;
    if ((m->run_id ^ c->run_id) & c->run_id_mask & mask) return false;
  }
  return !c->by_port || (__u32)xtg_rx_outer_port(ctx) == c->port;
}

/* Converts a CLOCK_TAI send time to the clock of the arrival, which does not step, by the current
 * difference of the two clocks. Only the delay then depends on CLOCK_TAI. */
static __noinline __u64 tai_is_ahead(void) {
  return bpf_ktime_get_tai_ns() - bpf_ktime_get_ns();
}

/* Whether a stream was announced, or a full signature of its session has arrived. One damaged bit
 * of the session or of the stream number does not lead to such a stream. */
static __always_inline bool is_expected(const struct xtg_rx_signature* m) {
  __u32 known = rx_known[m->run_id & 0xffff], streams = known & 0xff;
  struct xtg_rx_stream_key full = {(known & 0xffff0000) | m->run_id, m->stream, XTG_SIG_FULL};

  if (m->form == XTG_SIG_FULL && (known ^ m->run_id) >> 16) return false;
  if (streams == 255 || m->stream < streams) return true;
  return m->form == XTG_SIG_COMPACT && bpf_map_lookup_elem(&rx_positions, &full);
}

/* A session was announced, with this many streams, or seen with a full signature. */
static __always_inline void mark_run_known(__u32 run_id, __u32 streams) {
  __u32 before = rx_known[run_id & 0xffff] & 0xff;

  if (streams > 255) streams = 255;
  if (streams < before) streams = before;
  rx_known[run_id & 0xffff] = (run_id & 0xffff0000) | streams;
}
