/* SPDX-License-Identifier: GPL-2.0-only */
/* The hop: everything that enters at one interface leaves by the other, except as the seeded rule
 * of the direction says. Drops end here, duplicates are clones. A segment held back is copied to a
 * map and dropped; it returns as a clone of the segment after which it leaves, with its bytes
 * replaced. Late segments leave by a TAP whose reader writes them back later. Each direction has
 * one queue, so one CPU at a time runs its program and plain counters are exact. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "hop.h"

char _license[] SEC("license") = "GPL";

struct hop_rule rules[2];        /* process -> programs */
struct hop_counters counters[2]; /* programs -> process */
__u32 out_ifindex[2];            /* process: output interface of each direction */
__u32 line_ifindex;              /* process: the TAP */
__u32 by_xdp;                    /* process: direction 0 forwards UDP over IPv4 in its driver */

struct hop_slot {
  __u64 due; /* leaves after this one of the passing segments; 0: empty */
  __u32 length;
  __u8 data[HOP_FRAME];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2 * HOP_SLOTS);
  __type(key, __u32);
  __type(value, struct hop_slot);
} slots SEC(".maps");

static __always_inline int hit(const struct hop_rule* rule, __u64 n, enum hop_draw draw) {
  const __u64 every = rule->every[draw];
  if (every && (n + 1) % every == 0) return 1;
  __u64 z = (rule->seed + n * HOP_DRAWS + draw + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return ((z ^ (z >> 31)) >> 32) < rule->chance[draw];
}

/* Payload bytes of a TCP segment or UDP datagram; -1 for packets that rules do not apply to. */
static __always_inline int payload_of(struct __sk_buff* skb, int acks) {
  __u8 tcp[14];
  __u16 type, ip_length;
  __u8 first, protocol;
  int end, l4;

  if (bpf_skb_load_bytes(skb, 12, &type, 2) < 0) return -1;
  if (type == bpf_htons(ETH_P_IP)) {
    if (bpf_skb_load_bytes(skb, 14, &first, 1) < 0 ||
        bpf_skb_load_bytes(skb, 16, &ip_length, 2) < 0 ||
        bpf_skb_load_bytes(skb, 23, &protocol, 1) < 0)
      return -1;
    l4 = ETH_HLEN + (first & 15) * 4;
    end = ETH_HLEN + bpf_ntohs(ip_length);
  } else if (type == bpf_htons(ETH_P_IPV6)) {
    if (bpf_skb_load_bytes(skb, 18, &ip_length, 2) < 0 ||
        bpf_skb_load_bytes(skb, 20, &protocol, 1) < 0)
      return -1;
    l4 = ETH_HLEN + 40;
    end = l4 + bpf_ntohs(ip_length);
  } else {
    return -1;
  }
  if (protocol == IPPROTO_UDP) return end - l4 - 8;
  if (protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, l4, tcp, sizeof(tcp)) < 0) return -1;
  const int payload = end - l4 - (tcp[12] >> 4) * 4;
  if (tcp[13] & 0x06) return -1; /* SYN or RST */
  if (payload > 0) return payload;
  return acks && !(tcp[13] & 0x01) ? 0 : -1;
}

/* Type of a test run's announcement; 0: not an announcement. */
static __always_inline __u32 announcement(struct __sk_buff* skb) {
  __u8 end[6]; /* type, version, magic */
  if (bpf_skb_load_bytes(skb, skb->len - sizeof(end), end, sizeof(end)) < 0) return 0;
  if (end[2] != 'X' || end[3] != 'T' || end[4] != 'G' || end[5] != 'S') return 0;
  return end[0];
}

/* Stores a copy of the segment; false: failed. */
static __always_inline int keep(struct __sk_buff* skb, __u32 direction, __u64 due) {
  const __u32 key = direction * HOP_SLOTS + (due & (HOP_SLOTS - 1));
  struct hop_slot* slot = bpf_map_lookup_elem(&slots, &key);
  const __u32 length = skb->len;
  if (!slot || slot->due != 0 || length == 0 || length > HOP_FRAME) return 0;
  if (bpf_skb_load_bytes(skb, 0, slot->data, length) < 0) return 0;
  slot->length = length;
  slot->due = due;
  return 1;
}

/* Sends a segment that is due after the passing one: the passing one leaves first, as a clone, and
 * the current skb takes on the bytes of the held one. */
static __always_inline void release(struct __sk_buff* skb, __u32 direction, __u32 target) {
  struct hop_counters* count = &counters[direction];
  const __u32 key = direction * HOP_SLOTS + (count->passed & (HOP_SLOTS - 1));
  struct hop_slot* slot = bpf_map_lookup_elem(&slots, &key);
  if (!slot || slot->due == 0 || slot->due != count->passed) return;
  slot->due = 0;
  const __u32 length = slot->length;
  if (length == 0 || length > HOP_FRAME) return;
  if (bpf_clone_redirect(skb, target, 0) < 0) {
    count->failed++;
    return;
  }
  /* From here on the skb is the held segment. */
  if (bpf_skb_change_tail(skb, length, 0) < 0 ||
      bpf_skb_store_bytes(skb, 0, slot->data, length, 0) < 0)
    count->failed++;
  bpf_set_hash_invalid(skb);
  count->released++;
}

static __always_inline int drops(const struct hop_rule* rule, struct hop_counters* count, __u64 n,
                                 int payload) {
  if (n - rule->burst_from >= rule->burst_length && !hit(rule, n, HOP_DROP)) return 0;
  count->dropped++;
  count->dropped_bytes += payload;
  return 1;
}

static __always_inline int pass(struct __sk_buff* skb, __u32 direction) {
  const struct hop_rule* rule = &rules[direction];
  struct hop_counters* count = &counters[direction];
  __u32 target = out_ifindex[direction];

  const __u32 type = announcement(skb);
  if (type) {
    count->announcements++;
    if (rule->drop_types >> (type & 31) & 1) return TC_ACT_SHOT;
    return bpf_redirect(target, 0);
  }
  const int payload = payload_of(skb, rule->acks);
  if (payload < 0) {
    count->other++;
    return bpf_redirect(target, 0);
  }
  if (skb->gso_segs > 1) count->merged++;
  const __u64 n = count->seen++;
  count->seen_bytes += payload;
  if (drops(rule, count, n, payload)) return TC_ACT_SHOT;
  if (hit(rule, n, HOP_HOLD) && keep(skb, direction, count->passed + rule->hold_by)) {
    count->held++;
    return TC_ACT_SHOT;
  }
  count->passed++;
  if (hit(rule, n, HOP_LATE)) {
    count->late++;
    target = line_ifindex;
  }
  if (hit(rule, n, HOP_DUPLICATE)) {
    if (bpf_clone_redirect(skb, target, 0) < 0) count->failed++;
    count->duplicated++;
  }
  release(skb, direction, target);
  return bpf_redirect(target, 0);
}

SEC("tc")
int hop_forward(struct __sk_buff* skb) {
  return pass(skb, 0);
}

SEC("tc")
int hop_backward(struct __sk_buff* skb) {
  return pass(skb, 1);
}

/* End of the delay line. */
SEC("tc")
int hop_line(struct __sk_buff* skb) {
  return bpf_redirect(out_ifindex[0], 0);
}

/* Without a program here, a veth accepts no frames from XDP at the other end unless it has GRO. */
SEC("xdp.frags")
int hop_enter(struct xdp_md* ctx) {
  return XDP_PASS;
}

/* Direction 0 within the driver: only rules that drop. Frames that the output driver has no room
 * for are dropped at the next interface, and counted there. */
SEC("xdp.frags")
int hop_redirect(struct xdp_md* ctx) {
  struct hop_counters* count = &counters[0];
  const unsigned char* data = (void*)(long)ctx->data;
  const unsigned char* end = (void*)(long)ctx->data_end;

  if (!by_xdp || data + ETH_HLEN + 28 > end || data[12] != 8 || data[13] != 0 ||
      data[23] != IPPROTO_UDP)
    return XDP_PASS;
  const int payload = (data[16] << 8 | data[17]) - (data[14] & 15) * 4 - 8;
  const __u64 n = count->seen++;
  count->seen_bytes += payload;
  if (drops(&rules[0], count, n, payload)) return XDP_DROP;
  count->passed++;
  return bpf_redirect(out_ifindex[0], 0);
}
