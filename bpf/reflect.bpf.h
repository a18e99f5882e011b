/* SPDX-License-Identifier: GPL-2.0-only */
/* The reflector: a test frame that meets all conditions is returned to its sender, with reflector
 * timestamps written before its signature. Everything else passes unchanged. Swapping addresses and
 * ports keeps all checksums correct; written bytes are included in the UDP checksum incrementally
 * (RFC 1624), so a damaged frame keeps a wrong checksum. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "find.bpf.h"
#include "reflect_streams.bpf.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/reflect.h"
#include "xtg/abi/rx_signature.h"
#include "xtg/abi/signature.h"

/* A test frame: its signature and its position. No called function gets its address, so it stays in
 * registers, and unused parts are not computed. */
struct seen {
  struct xtg_rx_signature sig;
  __u64 word[2];  /* the last 16 bytes, as they lie in the frame */
  __u32 length;   /* of the frame */
  __u32 end;      /* of the payload */
  __u32 datagram; /* bytes, with its header */
};

static __always_inline int count_not_reflected(struct xtg_reflect_cpu* cpu, __u32 why) {
  cpu->not_reflected[why]++;
  return XDP_PASS;
}

/* ---- conditions ---- */

/* Whether the signature, with the bytes reserved before it, ends one whole UDP datagram in the
 * outermost IP packet. */
static __always_inline bool take_apart(struct xtg_ctx* ctx, struct seen* s,
                                       const struct packet* p) {
  void* data = (void*)(long)ctx->data;
  __u32 size = s->sig.form == XTG_SIG_FULL ? XTG_SIG_FULL_LEN : XTG_SIG_COMPACT_LEN;

  if (is_merged(ctx) || !p->udp || !p->whole || p->end != s->end) return false;
  s->datagram = bpf_ntohs(p->udp->len);
  return s->datagram >= sizeof(struct udphdr) + size &&
         (__u32)((void*)p->udp - data) + s->datagram == s->end;
}

/* Sent by a host, to this interface, or if allowed to another host. */
static __always_inline bool wanted_macs(struct xtg_ctx* ctx, const struct xtg_reflect_config* c) {
  __u8* data = (void*)(long)ctx->data;

  if (!has_link_header()) return true;
  if ((void*)(data + ETH_HLEN) > (void*)(long)ctx->data_end) return false;
  if (data[ETH_ALEN] & 1) return false;
  if (!c->by_mac) return !(data[0] & 1);
  return *(__u32*)data == c->mac_head && *(__u16*)(data + 4) == c->mac_tail;
}

/* Whether a host may have this IPv4 address, given in wire order. */
static __always_inline bool is_host4(__be32 address) {
  __u8 first = *(__u8*)&address;

  return first != 0 && first < 224;
}

static __always_inline bool is_host6(const __u64* address) {
  return *(const __u8*)address != 0xff && (address[0] | address[1]) != 0;
}

static __noinline int look_up_source(__u64 head, __u64 tail, __u32 family) {
  struct xtg_reflect_source key = {.family = family};

  key.length = family == 4 ? 32 + 32 : 32 + 128;
  __builtin_memcpy(key.address, &head, sizeof(head));
  __builtin_memcpy(key.address + 8, &tail, sizeof(tail));
  return bpf_map_lookup_elem(&reflect_sources, &key) != NULL;
}

/* Each CPU caches some allowed addresses. */
static __always_inline bool allowed(struct xtg_reflect_cpu* cpu, __u64 head, __u64 tail,
                                    __u32 family) {
  __u64 mixed = (head ^ tail) * 0x9e3779b97f4a7c15ULL;
  __u32 at = (mixed >> 40) & (XTG_REFLECT_SOURCES / 2 - 1);
  __u64* place;

  if (family == 6) at += XTG_REFLECT_SOURCES / 2;
  asm volatile("" : "+r"(at));
  place = cpu->sources[at & (XTG_REFLECT_SOURCES - 1)];
  if (place[0] == head && place[1] == tail) return true;
  if (!look_up_source(head, tail, family)) return false;
  place[0] = head;
  place[1] = tail;
  return true;
}

/* Whether the sender is allowed. */
static __always_inline bool wanted_addresses(struct xtg_reflect_cpu* cpu, const struct packet* p,
                                             const struct xtg_reflect_config* c) {
  if (p->v6) {
    const __u64* from = (void*)&p->v6->saddr;
    __u64 head = from[0], tail = from[1];
    __u64 address[2] = {head, tail};
    return is_host6(address) && (!c->by_source || allowed(cpu, head, tail, 6));
  }
  if (!p->v4) return false;
  __be32 from = p->v4->saddr;
  return is_host4(from) && (!c->by_source || allowed(cpu, from, 0, 4));
}

static __always_inline bool to_a_host(const struct packet* p) {
  if (p->v6) return *(__u8*)&p->v6->daddr != 0xff;
  return p->v4 && is_host4(p->v4->daddr);
}

/* Reason by XTG_REFLECT_*; XTG_REFLECT_REASONS: the frame meets all conditions. */
static __always_inline __u32 objection(struct xtg_ctx* ctx, struct xtg_reflect_cpu* cpu,
                                       struct seen* s, const struct packet* p) {
  const struct xtg_reflect_config* c = reflect_c();
  const struct xtg_rx_signature* m = &s->sig;

  if (m->version != XTG_SIG_VERSION || m->type > XTG_SIG_END) return XTG_REFLECT_UNKNOWN;
  if (m->flags & XTG_SIG_F_REFLECTED) return XTG_REFLECT_ALREADY;
  if (c->by_run_id && ((m->run_id ^ c->run_id) & (m->form == XTG_SIG_COMPACT ? 0xffff : ~0U)) != 0)
    return XTG_REFLECT_RUN_ID;
  if (!take_apart(ctx, s, p) || !to_a_host(p)) return XTG_REFLECT_PACKET;
  if (c->by_port && p->udp->dest != bpf_htons(c->port)) return XTG_REFLECT_PORT;
  if (!wanted_macs(ctx, c)) return XTG_REFLECT_MAC;
  if (!wanted_addresses(cpu, p, c)) return XTG_REFLECT_SOURCE;
  return XTG_REFLECT_REASONS;
}

/* ---- streams and limits ---- */

/* The record of the frame's stream; NULL if no place was free. */
static __always_inline int find_stream(struct xtg_ctx* ctx, struct xtg_reflect_cpu* cpu,
                                       const struct seen* s, struct xtg_reflect_stream** out) {
  struct xtg_reflect_key key = {
      .run_id = s->sig.run_id, .stream = s->sig.stream, .form = s->sig.form};
  __u32 number = *remembered(cpu, &key) - 1;

  *out = bpf_map_lookup_elem(&reflect_streams, &number);
  if (*out && *(__u64*)&(*out)->key == *(__u64*)&key) return 0;
  number = xtg_reflect_find_place(ctx, &key, s->end);
  if (number == XTG_REFLECT_NOT_OURS) return -1;
  *out = bpf_map_lookup_elem(&reflect_streams, &number);
  return 0;
}

/* Whether the rate limit allows one more frame. The bucket is the time at which the next one is due
 * (ATM's generic cell rate algorithm): at most `depth` in the past. Differences are signed, so it
 * may wrap. */
static __noinline int within_rate(void) {
  const struct xtg_reflect_config* c = reflect_c();
  __u64 now = bpf_ktime_get_ns() << 8, due = reflect_control.bucket;

  if ((__s64)(now - c->depth - due) > 0)
    __sync_val_compare_and_swap(&reflect_control.bucket, due, now - c->depth);
  due = __sync_fetch_and_add(&reflect_control.bucket, c->step);
  if ((__s64)(due + c->step - now) <= 0) return 1;
  __sync_fetch_and_sub(&reflect_control.bucket, c->step);
  return 0;
}

static __always_inline bool within_limit(void) {
  __u64 limit = reflect_c()->limit;

  return limit == ~0ULL || __sync_fetch_and_add(&reflect_control.taken, 1) < limit;
}

/* The frame's number in its stream, combined with the CPU: several CPUs that serve a stream do not
 * send in the order of their numbers. */
static __always_inline __u64 number_frame(struct xtg_reflect_stream* stream,
                                          const struct xtg_rx_signature* m) {
  if (!stream) return ~0ULL;
  if (stream->tick != reflect_control.tick) stream->tick = reflect_control.tick;
  if (m->type != XTG_SIG_DATA) {
    __sync_fetch_and_add(&stream->announced, 1);
    return stream->frames;
  }
  if (!reflect_c()->shared) return stream->frames++;
  __u64 worker = bpf_get_smp_processor_id() & (XTG_MAX_WORKERS - 1);
  return __sync_fetch_and_add(&stream->frames, 1) | worker << XTG_SIG_REFLECTOR_CPU;
}

/* ---- sending back ---- */

static __always_inline void swap_macs(struct xtg_ctx* ctx) {
  void* data = (void*)(long)ctx->data;
  __u32 head, tail;
  __u16 middle, next;

  if (!has_link_header()) return;
  if (data + ETH_HLEN > (void*)(long)ctx->data_end) return;
  head = *(__u32*)data;
  middle = *(__u16*)(data + 4);
  next = *(__u16*)(data + 6);
  tail = *(__u32*)(data + 8);
  *(__u16*)data = next;
  *(__u32*)(data + 2) = tail;
  *(__u32*)(data + 6) = head;
  *(__u16*)(data + 10) = middle;
}

static __always_inline void swap_ends(const struct packet* p) {
  __u32* ports = (void*)p->udp;

  *ports = *ports >> 16 | *ports << 16;
  if (p->v6) {
    __u64 *from = (void*)&p->v6->saddr, *to = (void*)&p->v6->daddr;
    __u64 head = from[0], tail = from[1];
    from[0] = to[0];
    from[1] = to[1];
    to[0] = head;
    to[1] = tail;
  } else if (p->v4) {
    __be32 from = p->v4->saddr;
    p->v4->saddr = p->v4->daddr;
    p->v4->daddr = from;
  }
}

/* Change of a checksummed part's sum when `was` is replaced by `is`. */
static __always_inline __u64 difference(__u64 acc, __u64 was, __u64 is) {
  return xtg_csum_add64(xtg_csum_add64(acc, ~was), is);
}

/* Writes __u64 number `i` of the signature: the one with the reflected flag. */
static __always_inline __u64 write_word(struct xtg_ctx* ctx, const struct seen* s, __u32 i,
                                        __u64 was, __u64 is) {
  __u32 at = s->end - XTG_SIG_FULL_LEN + 8 * i;
  __u64* place;

  asm volatile("" : "+r"(at)); /* Verifier: as in load_tail(). */
  if (at <= XTG_RX_MOST) {
    place = (void*)(long)ctx->data + at;
    if ((void*)(place + 1) <= (void*)(long)ctx->data_end) {
      *place = is;
      return difference(0, was, is);
    }
  }
  store_bytes(ctx, s->end - XTG_SIG_FULL_LEN + 8 * i, &is, sizeof(is));
  return difference(0, was, is);
}

/* Writes the reflector timestamps before a full signature. */
static __always_inline __u64 write_reflector(struct xtg_ctx* ctx, const struct seen* s,
                                             const __u64* is, __u64 acc) {
  __u32 at = s->end - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN;
  __u64 was[3];

  asm volatile("" : "+r"(at));
  if (at <= XTG_RX_MOST) {
    __u64* place = (void*)(long)ctx->data + at;
    if ((void*)(place + 3) <= (void*)(long)ctx->data_end) {
      acc = difference(acc, place[0], is[0]);
      acc = difference(acc, place[1], is[1]);
      acc = difference(acc, place[2], is[2]);
      place[0] = is[0];
      place[1] = is[1];
      place[2] = is[2];
      return acc;
    }
  }
  at = s->end - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN;
  if (load_bytes(ctx, at, was, sizeof(was))) return acc;
  store_bytes(ctx, at, (void*)is, sizeof(was));
  acc = difference(acc, was[0], is[0]);
  acc = difference(acc, was[1], is[1]);
  return difference(acc, was[2], is[2]);
}

/* 0 means no checksum, and stays 0. At an odd offset in the datagram the halves of each sum are
 * swapped (RFC 1071, 2 (B)). */
static __always_inline void fix_checksum(struct udphdr* udp, const struct seen* s, __u64 acc) {
  __u16 sum = xtg_csum_fold(acc);

  if (udp->check == 0) return;
  if (s->datagram & 1) sum = __builtin_bswap16(sum);
  udp->check = xtg_csum_udp((__u64)(__u16)~udp->check + sum);
}

static __always_inline bool has_room(const struct seen* s) {
  return s->sig.form == XTG_SIG_FULL && s->sig.flags & XTG_SIG_F_REFLECTOR &&
         s->datagram >= sizeof(struct udphdr) + XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN;
}

static __always_inline int send_back(struct xtg_ctx* ctx, struct xtg_reflect_cpu* cpu,
                                     const struct seen* s, const struct packet* p, __u64 number,
                                     __u64 arrival_ns) {
  __u64 acc;

  swap_macs(ctx);
  swap_ends(p);
  if (s->sig.form == XTG_SIG_FULL)
    acc = write_word(ctx, s, 2, s->word[0], s->word[0] | xtg_from_be64(XTG_SIG_F_REFLECTED));
  else
    acc = write_word(ctx, s, 3, s->word[1], s->word[1] | xtg_from_be64(XTG_SIG_COMPACT_REFLECTED));
  if (arrival_ns) {
    __u64 stamped[3] = {xtg_from_be64(number), xtg_from_be64(arrival_ns)};
    cpu->stamped++;
    stamped[2] = xtg_from_be64(bpf_ktime_get_ns());
    acc = write_reflector(ctx, s, stamped, acc);
  }
  fix_checksum(p->udp, s, acc);
  cpu->sent++;
  cpu->bytes += s->length;
  if (reflect_c()->redirect) return bpf_redirect_map(&reflect_port, 0, XDP_DROP);
  return XDP_TX;
}

/* Whether the frame ends like a test frame. In a frame of several fragments the first one may end
 * so by chance: objection() then finds that the IP packet does not end there. */
static __always_inline bool find(struct xtg_ctx* ctx, struct seen* s) {
  __u32 piece = first_end(ctx);
  const __u64* from = near_tail(ctx, piece);
  __u64 words[4];

  if (from && may_be_ours(from)) {
    __builtin_memcpy(words, from, sizeof(words));
    s->length = s->end = piece;
  } else {
    __u64 far[4]; /* not in registers, unlike `words` */
    no_words(far);
    s->length = frame_end(ctx);
    s->end = find_tail(ctx, s->length, far);
    if (s->end < XTG_SIG_FULL_LEN) return false;
    __builtin_memcpy(words, far, sizeof(words));
  }
  s->length = counted_length(ctx, s->length);
  xtg_rx_read_tail(&s->sig, words);
  s->word[0] = words[2];
  s->word[1] = words[3];
  return true;
}

/* Fast path of outermost() for a UDP datagram in a whole IPv4 packet without options after an
 * untagged Ethernet header, the common case: all offsets are known, so nothing needs to be kept. */
static __always_inline bool is_plain(struct xtg_ctx* ctx, struct packet* out) {
  struct ethhdr* eth = (void*)(long)ctx->data;
  struct iphdr* ip = (void*)(eth + 1);
  struct udphdr* udp = (void*)(ip + 1);

  if (!has_link_header()) return false;
  if ((void*)(udp + 1) > (void*)(long)ctx->data_end || eth->h_proto != bpf_htons(ETH_P_IP) ||
      ip->ihl != 5 || ip->protocol != IPPROTO_UDP || ip->frag_off & bpf_htons(0x3fff))
    return false;
  out->v4 = ip;
  out->v6 = NULL;
  out->udp = udp;
  out->end = sizeof(*eth) + bpf_ntohs(ip->tot_len);
  out->whole = 1;
  out->protocol = IPPROTO_UDP;
  return true;
}

/* Decides what to do with a frame that has a signature. */
static __always_inline int serve(struct xtg_ctx* ctx, struct xtg_reflect_cpu* cpu, struct seen* s,
                                 const struct packet* p) {
  __u32 why = objection(ctx, cpu, s, p);
  struct xtg_reflect_stream* stream;
  __u64 arrival_ns = 0;

  if (why < XTG_REFLECT_REASONS) return count_not_reflected(cpu, why);
  if (has_room(s)) arrival_ns = bpf_ktime_get_ns();
  if (find_stream(ctx, cpu, s, &stream)) return count_not_reflected(cpu, XTG_REFLECT_UNSURE);
  if (reflect_c()->step && !within_rate()) {
    count_not_reflected(cpu, XTG_REFLECT_RATE);
    return XDP_DROP;
  }
  if (!within_limit()) return XDP_PASS;
  if (!stream) cpu->unnumbered++;
  return send_back(ctx, cpu, s, p, number_frame(stream, &s->sig), arrival_ns);
}

PROGRAM(xtg_reflect)(struct xtg_ctx* ctx) {
  struct seen s;
  struct packet p;
  __u32 zero = 0;
  struct xtg_reflect_cpu* cpu = bpf_map_lookup_elem(&reflect_cpus, &zero);

  if (!cpu || !reflect_control.started) return XDP_PASS;
  if (!find(ctx, &s)) {
    cpu->passed++;
    return XDP_PASS;
  }
  if (!reach_all(ctx)) return XDP_PASS;
  if (is_plain(ctx, &p)) return serve(ctx, cpu, &s, &p);
  outermost(ctx, (void*)(long)ctx->data, (void*)(long)ctx->data_end, &p);
  return serve(ctx, cpu, &s, &p);
}
