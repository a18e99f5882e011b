// SPDX-License-Identifier: BSD-2-Clause
#include "bare_loop.h"

#include <array>
#include <thread>

#include <sched.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "xtg_bench_bpf.skel.h"

#include "core/clock.h"
#include "net/anchor.h"

namespace xtg::bench {

namespace {

constexpr std::uint32_t kRuns = 262'144, kBatch = 256;

Result<double> loop(const net::Anchor& anchor, int prog, xtg_bench_bpf* skel, double seconds,
                    int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  sched_setaffinity(0, sizeof set, &set);
  if (auto entered = anchor.enter(); !entered) return tl::unexpected<Error>(entered.error());
  LIBBPF_OPTS(bpf_link_create_opts, link_opts);
  const UniqueFd link(bpf_link_create(prog, anchor.base_ifindex(), BPF_XDP, &link_opts));
  if (!link.valid()) return fail(Errc::System, "attach the bare loop");

  std::array<std::uint8_t, 60> frame{};
  xdp_md context{};
  context.data_end = frame.size();
  context.ingress_ifindex = static_cast<__u32>(anchor.base_ifindex());
  const std::uint64_t start = monotonic_ns();
  const auto end = start + static_cast<std::uint64_t>(seconds * 1e9);
  std::uint64_t now = start;
  while (now < end) {
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.data(), .data_size_in = frame.size(),
                .ctx_in = &context, .ctx_size_in = sizeof context, .repeat = kRuns,
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = kBatch);
    if (bpf_prog_test_run_opts(prog, &opts) != 0 && errno != EINTR)
      return fail_sys(errno, "run the bare loop");
    now = monotonic_ns();
  }
  return static_cast<double>(skel->bss->looped) * 1e9 / static_cast<double>(now - start);
}

} // namespace

Result<double> run_bare(const net::Wire& wire, Bare kind, double seconds, int cpu) {
  xtg_bench_bpf* skel = xtg_bench_bpf::open_and_load();
  if (skel == nullptr) return fail_sys(errno, "load the benchmark's programs");
  Result<double> result = 0;
  const auto aimed = wire.near_ns().run([&]() -> Status {
    const __u32 slot = 0, ifindex = static_cast<__u32>(wire.near().ifindex);
    if (bpf_map_update_elem(bpf_map__fd(skel->maps.target), &slot, &ifindex, 0) != 0)
      return fail_sys(errno, "aim the bare loop");
    return {};
  });
  auto anchor = net::Anchor::create(1);
  if (!aimed) {
    result = tl::unexpected<Error>(aimed.error());
  } else if (!anchor) {
    result = tl::unexpected<Error>(anchor.error());
  } else {
    const int prog = bpf_program__fd(kind == Bare::Redirect ? skel->progs.bench_redirect
                                                            : skel->progs.bench_drop);
    std::thread([&] { result = loop(*anchor, prog, skel, seconds, cpu); }).join();
  }
  xtg_bench_bpf::destroy(skel);
  return result;
}

} // namespace xtg::bench
