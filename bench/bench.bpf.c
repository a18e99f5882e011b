/* SPDX-License-Identifier: GPL-2.0-only */
/* The benchmarks' own programs: bare live-frame loops for comparison; a far end that counts frames,
 * measures the gaps between them, or drops some; a sender of many streams; a delay line.
 * Independent of the tool's programs. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"
#include "xtg/abi/signature.h"

char _license[] SEC("license") = "GPL";

struct bench_counter counters[BENCH_CPUS]; /* far end, per CPU */
struct bench_gaps gaps;                    /* far end: one sender, one queue at a time */
struct bench_loss loss;                    /* same */
__u64 interval_ns;                         /* intended gap; user space */
__u64 looped;                              /* runs of the bare loops */
struct bench_sign sign;                    /* the sender of streams */
__u32 to_ifindex;                          /* bench_send_on: user space */
__u32 grow_to;                             /* same: frame size without FCS; 0: as it is */
struct bench_line line;
struct bench_line_slot line_slots[BENCH_LINE_SLOTS];

struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} target SEC(".maps");

/* Upper limit of any live-frame sender: only the redirect. */
SEC("xdp")
int bench_redirect(struct xdp_md* ctx) {
  return bpf_redirect_map(&target, 0, XDP_DROP);
}

/* Upper limit of the loop itself. */
SEC("xdp")
int bench_drop(struct xdp_md* ctx) {
  looped++;
  return XDP_DROP;
}

/* Upper limit of any sender by tc: live frames pass, and are sent on from their ingress device. */
SEC("xdp")
int bench_pass(struct xdp_md* ctx) {
  return XDP_PASS;
}

SEC("tc")
int bench_send_on(struct __sk_buff* skb) {
  if (grow_to && bpf_skb_change_tail(skb, grow_to, 0)) return TC_ACT_SHOT;
  skb->queue_mapping = 1; /* transmit queue 0: the kernel would hash the flow to choose one */
  return bpf_redirect(to_ifindex, 0);
}

/* Frames with a full signature, the streams in turn; everything else is from the template, because
 * the receiver drops them unchanged. The time is read once per batch. */
SEC("xdp")
int bench_signed(struct xdp_md* ctx) {
  __u8 *data = (__u8*)(long)ctx->data, *end = (__u8*)(long)ctx->data_end;
  struct xtg_sig_full* sig = (void*)(data + BENCH_SIGN_LEN - XTG_SIG_FULL_LEN);

  if ((__u8*)(sig + 1) > end) return XDP_DROP;
  if (!(sign.frames++ & (BENCH_BATCH - 1))) sign.tx_ns = bpf_ktime_get_ns();
  *(__u64*)sig->seq = bpf_cpu_to_be64(sign.seq);
  *(__u64*)sig->tx_ns = bpf_cpu_to_be64(sign.tx_ns);
  *(__u16*)sig->stream = bpf_htons(sign.stream);
  if (++sign.stream >= sign.streams) {
    sign.stream = 0;
    sign.seq++;
  }
  return bpf_redirect_map(&target, 0, XDP_DROP);
}

static __always_inline struct bench_line_slot* line_slot(__u64 number) {
  number &= BENCH_LINE_SLOTS - 1;
  return &line_slots[number];
}

static __always_inline void copy_u64s(__u64* to, const __u64* from) {
#pragma unroll
  for (int i = 0; i < BENCH_SIGN_LEN / 8; i++)
    to[i] = from[i];
}

/* Input of the delay line. */
SEC("xdp")
int bench_line_in(struct xdp_md* ctx) {
  __u64 now = bpf_ktime_get_ns();
  void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
  struct bench_line_slot* slot = line_slot(line.head);

  if (data + BENCH_SIGN_LEN > end || bpf_xdp_get_buff_len(ctx) != BENCH_SIGN_LEN) {
    line.other++;
    return XDP_DROP;
  }
  if (line.head - *(volatile __u64*)&line.tail >= BENCH_LINE_SLOTS) {
    line.overrun++;
    return XDP_DROP;
  }
  slot->arrival_ns = now;
  copy_u64s(slot->words, data);
  slot->rest = *(__u32*)(data + sizeof(slot->words));
  __sync_fetch_and_add(&line.head, 1); /* a barrier: the slot is complete */
  return XDP_DROP;
}

/* Output of the delay line: a live-frame loop with batches of one frame, which leaves when the
 * program has run. Runs without a frame to send do nothing. */
SEC("xdp")
int bench_line_out(struct xdp_md* ctx) {
  void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
  struct bench_line_slot* slot = line_slot(line.tail);
  __u64 time, cell;

  if (line.tail == *(volatile __u64*)&line.head || data + BENCH_SIGN_LEN > end) return XDP_DROP;
  if (bpf_ktime_get_ns() - slot->arrival_ns < line.delay_ns) return XDP_DROP;
  copy_u64s(data, slot->words);
  *(__u32*)(data + sizeof(slot->words)) = slot->rest;
  time = bpf_ktime_get_ns() - slot->arrival_ns;
  line.sum_ns += time;
  cell = time / BENCH_LINE_CELL;
  if (cell >= BENCH_LINE_CELLS) cell = BENCH_LINE_CELLS - 1;
  line.cells[cell & (BENCH_LINE_CELLS - 1)]++;
  __sync_fetch_and_add(&line.tail, 1); /* a barrier: the slot may be used again */
  return bpf_redirect_map(&target, 0, XDP_DROP);
}

SEC("xdp")
int bench_count(struct xdp_md* ctx) {
  counters[bpf_get_smp_processor_id() & (BENCH_CPUS - 1)].packets++;
  return XDP_DROP;
}

/* The same for frames that are longer than a page. */
SEC("xdp.frags")
int bench_count_long(struct xdp_md* ctx) {
  counters[bpf_get_smp_processor_id() & (BENCH_CPUS - 1)].packets++;
  return XDP_DROP;
}

/* A minimal reflector. */
SEC("xdp")
int bench_send_back(struct xdp_md* ctx) {
  void *data = (void*)(long)ctx->data, *end = (void*)(long)ctx->data_end;
  __u16 *to = data, *from = to + 3;

  if (data + ETH_HLEN > end) return XDP_DROP;
#pragma unroll
  for (int i = 0; i < 3; i++) {
    __u16 word = to[i];
    to[i] = from[i];
    from[i] = word;
  }
  return XDP_TX;
}

SEC("xdp")
int bench_gap(struct xdp_md* ctx) {
  __u64 now = bpf_ktime_get_ns();
  __u64 last = gaps.last_ns;

  gaps.last_ns = now;
  gaps.packets++;
  if (last == 0) {
    gaps.first_ns = now;
    return XDP_DROP;
  }
  __u64 gap = now - last;
  __u64 off = gap > interval_ns ? gap - interval_ns : interval_ns - gap;
  if (off <= 64) gaps.within_64++;
  if (off <= 128) gaps.within_128++;
  if (off <= 256) gaps.within_256++;
  if (off <= 512) gaps.within_512++;
  if (off <= 4096) gaps.within_4096++;
  if (off > 65536) gaps.beyond_65536++;
  if (gap < interval_ns / 4) gaps.micro_bursts++;
  return XDP_DROP;
}

/* Payload of a TCP segment over IPv4; 0 for everything else. */
static __always_inline __u32 payload_of(const struct xdp_md* ctx) {
  const __u8 *data = (const __u8*)(long)ctx->data, *end = (const __u8*)(long)ctx->data_end;
  const struct ethhdr* eth = (const struct ethhdr*)data;
  const struct iphdr* ip = (const struct iphdr*)(eth + 1);
  const struct tcphdr* tcp;
  __u32 ip_len, headers;

  if ((const __u8*)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
      ip->protocol != IPPROTO_TCP)
    return 0;
  tcp = (const struct tcphdr*)((const __u8*)ip + ip->ihl * 4);
  if ((const __u8*)(tcp + 1) > end) return 0;
  ip_len = bpf_ntohs(ip->tot_len);
  headers = ip->ihl * 4 + tcp->doff * 4;
  return ip_len > headers ? ip_len - headers : 0;
}

/* Segment n's fate is a function of n and the seed alone (splitmix64). */
SEC("xdp.frags")
int bench_lose(struct xdp_md* ctx) {
  __u32 payload = payload_of(ctx);
  __u64 z;

  if (payload == 0) return XDP_PASS;
  z = (loss.seed + loss.seen + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  loss.seen++;
  loss.seen_bytes += payload;
  if (z >> 32 >= loss.chance) return XDP_PASS;
  loss.lost++;
  loss.lost_bytes += payload;
  return XDP_DROP;
}
