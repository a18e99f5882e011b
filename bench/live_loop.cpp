// SPDX-License-Identifier: BSD-2-Clause
#include "live_loop.h"

#include <cerrno>
#include <thread>

#include <sched.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xtg_bench_bpf.skel.h"

#include "net/ingress_devices.h"

namespace xtg::bench {

namespace {

constexpr auto kTcxIngress = static_cast<bpf_attach_type>(46); // BPF_TCX_INGRESS of Linux 6.6

Status loop_on(const net::IngressDevices& devices, const LiveLoop& loop,
               const std::function<bool()>& more) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(loop.cpu), &set);
  sched_setaffinity(0, sizeof set, &set);
  if (auto entered = devices.enter(); !entered) return entered;
  LIBBPF_OPTS(bpf_link_create_opts, link_opts);
  const UniqueFd link(bpf_link_create(loop.prog, devices.base_ifindex(), BPF_XDP, &link_opts));
  if (!link.valid()) return fail(Errc::System, "attach a live-frame loop");
  UniqueFd send_on;
  if (loop.send_on >= 0) {
    send_on.reset(bpf_link_create(loop.send_on, devices.base_ifindex(), kTcxIngress, &link_opts));
    if (!send_on.valid()) return fail(Errc::System, "attach a tc program: it needs Linux 6.6");
  }

  const auto size = static_cast<__u32>(loop.frame.size());
  xdp_md context{};
  context.data_end = size;
  context.ingress_ifindex = static_cast<__u32>(devices.base_ifindex());
  do {
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = loop.frame.data(), .data_size_in = size,
                .ctx_in = &context, .ctx_size_in = sizeof context, .repeat = loop.runs,
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = loop.batch);
    if (bpf_prog_test_run_opts(loop.prog, &opts) != 0 && errno != EINTR)
      return fail_sys(errno, "run a live-frame loop");
  } while (more());
  return {};
}

} // namespace

Status aim(xtg_bench_bpf* skel, const net::VethTestBed& bed) {
  return bed.near_ns().run([&]() -> Status {
    const __u32 slot = 0, ifindex = static_cast<__u32>(bed.near().ifindex);
    if (bpf_map_update_elem(bpf_map__fd(skel->maps.target), &slot, &ifindex, 0) != 0)
      return fail_sys(errno, "set the output of a live-frame loop");
    return {};
  });
}

Status run_live(const LiveLoop& loop, const std::function<bool()>& more) {
  const auto run = [&]() -> Status {
    auto devices =
        loop.ns != nullptr ? net::IngressDevices::create_here(1) : net::IngressDevices::create(1);
    if (!devices) return tl::unexpected<Error>(devices.error());
    Status done;
    std::thread([&] { done = loop_on(*devices, loop, more); }).join();
    return done;
  };
  return loop.ns != nullptr ? loop.ns->run(run) : run();
}

} // namespace xtg::bench
