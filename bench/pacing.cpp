// SPDX-License-Identifier: BSD-2-Clause
// How even: gaps between frames as an XDP program at the far end of a veth sees them.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench_options.h"
#include "child.h"
#include "far_end.h"
#include "interrupt.h"
#include "net/veth_test_bed.h"
#include "table.h"

namespace xtg::bench {

namespace {

constexpr double kRates[] = {1e3, 1e4, 1e5, 1e6};
constexpr double kPatience = 30; // beyond the run's own time

Status run_rate(const net::VethTestBed& bed, const Options& options, double pps,
                const std::string& extra) {
  const auto interval = static_cast<std::uint64_t>(1e9 / pps);
  auto far = FarEnd::attach(bed, FarEnd::Kind::Gaps, interval);
  if (!far) return tl::unexpected<Error>(far.error());
  std::vector<std::string> command = {options.binary,
                                      "udp",
                                      bed.near().name,
                                      "--cpus",
                                      "0",
                                      "--json",
                                      "--rate",
                                      fmt::format("{:.0f}pps", pps),
                                      "--duration",
                                      fmt::format("{}s", options.seconds)};
  for (const auto& word : words(extra))
    command.push_back(word);
  auto child = Child::start(bed.near_ns(), command, {}, true);
  if (!child) return tl::unexpected<Error>(child.error());
  const ChildEnd end = child->wait(options.seconds + kPatience);
  if (interrupted()) return fail(Errc::System, "interrupted");
  if (end.status != 0)
    return fail(Errc::System, fmt::format("the sender ended with status {}", end.status));

  const auto doc = nlohmann::json::parse(end.output);
  const auto& release_delay = doc["end"]["slip_ns"];
  const bench_gaps g = far->gaps();
  const double span = static_cast<double>(g.last_ns - g.first_ns);
  const double mean = static_cast<double>(g.packets - 1) * 1e9 / span;
  const auto share = [&](std::uint64_t n) {
    return 100.0 * static_cast<double>(n) / static_cast<double>(g.packets - 1);
  };
  fmt::print("| {:.0f}{} | {:.3f} | {:+.1f} | {:.1f} / {:.1f} / {:.1f} / {:.1f} | {:.2f} | {:.4f} "
             "| {:.4f} | "
             "{} / {} / {} | {} | {:.0f} % |\n",
             pps, extra.empty() ? "" : " " + extra, mean, (mean - pps) / pps * 1e6,
             share(g.within_64), share(g.within_128), share(g.within_256), share(g.within_512),
             share(g.within_4096), share(g.beyond_65536), share(g.micro_bursts),
             release_delay["p50"].get<std::uint64_t>(), release_delay["p99"].get<std::uint64_t>(),
             release_delay["p999"].get<std::uint64_t>(),
             doc["end"]["sum"]["skipped_slots"].get<std::uint64_t>(), end.cpu_s / end.wall_s * 100);
  std::fflush(stdout);
  return {};
}

} // namespace

Status bench_pacing(const Options& options) {
  auto bed = net::VethTestBed::create({});
  if (!bed) return tl::unexpected<Error>(bed.error());
  fmt::print("{}; one sending thread, veth, 64-byte frames, {} s each\n\n", machine(),
             options.seconds);
  fmt::print(
      "| pps | achieved | error, ppm | gaps within 64 / 128 / 256 / 512 ns, % | within 4 us, % | "
      "beyond 65 us, % | micro-bursts, % | slip p50 / p99 / p99.9, ns | skipped | CPU |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n");
  for (const double pps : kRates) {
    if (auto done = run_rate(*bed, options, pps, ""); !done) return done;
  }
  return run_rate(*bed, options, 1e3, "--pace busy");
}

} // namespace xtg::bench
