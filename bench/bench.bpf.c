/* SPDX-License-Identifier: GPL-2.0-only */
/* The benchmarks' own programs: bare live-frame loops to compare with, and a far end that counts,
 * or judges the gaps between frames. Independent of the tool's programs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"

char _license[] SEC("license") = "GPL";

struct bench_counter counters[BENCH_CPUS]; /* far end, per CPU */
struct bench_gaps gaps;                    /* far end: one sender, one queue at a time */
__u64 interval_ns;                         /* what gaps should be; user space */
__u64 looped;                              /* runs of the bare loops */

struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} target SEC(".maps");

/* The ceiling of any live-frame sender: nothing but the redirect. */
SEC("xdp")
int bench_redirect(struct xdp_md* ctx) {
  return bpf_redirect_map(&target, 0, XDP_DROP);
}

/* The ceiling of the loop itself. */
SEC("xdp")
int bench_drop(struct xdp_md* ctx) {
  looped++;
  return XDP_DROP;
}

SEC("xdp")
int bench_count(struct xdp_md* ctx) {
  counters[bpf_get_smp_processor_id() & (BENCH_CPUS - 1)].packets++;
  return XDP_DROP;
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
