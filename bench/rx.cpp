// SPDX-License-Identifier: BSD-2-Clause
// What the receiver costs: the same stream into a program that only counts and drops, and into
// `rx`, each on a wire of its own. Sender and receiver share a core.
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench_options.h"
#include "child.h"
#include "core/clock.h"
#include "far_end.h"
#include "interrupt.h"
#include "net/interface.h"
#include "net/wire.h"
#include "table.h"

namespace xtg::bench {

namespace {

constexpr double kAttach = 0.4; // the receiver is in place
constexpr double kWarmUp = 0.4; // the sender is at speed
constexpr double kMargin = 0.3;

Result<std::uint64_t> arrived(const net::Wire& wire) {
  auto counters = wire.far_ns().run([&wire] { return net::link_counters(wire.far().ifindex); });
  if (!counters) return tl::unexpected<Error>(counters.error());
  return counters->rx_packets;
}

/// Frames per microsecond that arrive in a window after the warm-up, from a sender that has ended
/// when this returns.
Result<double> sent_into(const net::Wire& wire, const Options& options, const std::string& size) {
  const auto ms = std::lround((kWarmUp + options.seconds + kMargin) * 1e3);
  auto sender = Child::start(wire.near_ns(),
                             {options.binary, "udp", wire.near().name, "--quiet", "--cpus", "0",
                              "-s", size, "--duration", fmt::format("{}ms", ms)},
                             {}, false);
  if (!sender) return tl::unexpected<Error>(sender.error());
  if (auto ok = pause(kWarmUp); !ok) return tl::unexpected<Error>(ok.error());
  const auto n0 = arrived(wire);
  const std::uint64_t t0 = monotonic_ns();
  if (auto ok = pause(options.seconds); !ok) return tl::unexpected<Error>(ok.error());
  const auto n1 = arrived(wire);
  const std::uint64_t t1 = monotonic_ns();
  const ChildEnd end = sender->wait();
  if (end.status != 0)
    return fail(Errc::System, fmt::format("the sender ended with status {}", end.status));
  if (!n0 || !n1) return fail(Errc::System, "the far end's counters cannot be read");
  return static_cast<double>(*n1 - *n0) * 1e3 / static_cast<double>(t1 - t0);
}

std::optional<double> figure(const nlohmann::json& report, const char* pointer) {
  const nlohmann::json::json_pointer place(pointer);
  if (!report.contains(place) || !report.at(place).is_number()) return std::nullopt;
  return report.at(place).get<double>();
}

Result<Figures> measure_rx(const net::Wire& wire, const Options& options, const std::string& size) {
  auto receiver =
      Child::start(wire.far_ns(), {options.binary, "rx", wire.far().name, "--json"}, {}, true);
  if (!receiver) return tl::unexpected<Error>(receiver.error());
  if (auto ok = pause(kAttach); !ok) return tl::unexpected<Error>(ok.error());
  auto mpps = sent_into(wire, options, size);
  receiver->interrupt();
  const ChildEnd end = receiver->wait();
  if (!mpps) return tl::unexpected<Error>(mpps.error());
  const auto report = nlohmann::json::parse(end.output, nullptr, false);
  if (end.status != 0 || !report.is_object())
    return fail(Errc::System, fmt::format("the receiver ended with status {}", end.status));
  const auto lost = figure(report, "/end/sum/lost_packets"),
             dropped = figure(report, "/end/aside/link_dropped");
  Figures figures = {*mpps, dropped, std::nullopt, figure(report, "/end/sum/delay_us/p50"),
                     figure(report, "/end/sum/delay_us/p999")};
  if (lost && dropped) figures[2] = *lost - *dropped;
  return figures;
}

} // namespace

Status bench_rx(const Options& options) {
  auto bare = net::Wire::create({.queues = 1}), ours = net::Wire::create({.queues = 1});
  if (!bare) return tl::unexpected<Error>(bare.error());
  if (!ours) return tl::unexpected<Error>(ours.error());
  auto far = FarEnd::attach(*bare, FarEnd::Kind::Count);
  if (!far) return tl::unexpected<Error>(far.error());
  fmt::print("{}; veth pairs with one queue, sender and receiver on one core; {} rounds of {} s, "
             "alternating, medians; ratios are medians of the paired ratios\n",
             machine(), options.rounds, options.seconds);
  for (const char* size : {"64", "128"}) {
    std::vector<Contestant> contestants = {
        {.name = "(a) counts and drops",
         .turn = [&]() -> Result<Figures> {
           auto mpps = sent_into(*bare, options, size);
           if (!mpps) return tl::unexpected<Error>(mpps.error());
           return Figures{*mpps, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
         }},
        {.name = "(b) rx", .turn = [&] { return measure_rx(*ours, options, size); }},
    };
    const TableSpec spec{.title = fmt::format("{}-byte frames", size),
                         .columns = {{"Mpps", 3},
                                     {"dropped by the ring", 0},
                                     {"lost otherwise", 0},
                                     {"delay p50, us", 1},
                                     {"delay p99.9, us", 1}}};
    if (auto done = run_table(spec, contestants, options.rounds); !done) return done;
  }
  return {};
}

} // namespace xtg::bench
