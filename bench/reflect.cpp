// SPDX-License-Identifier: BSD-2-Clause
// What the reflector costs: the same stream into a program that only swaps MAC addresses and
// returns XDP_TX, and into `reflect`, each on a wire of its own. What comes back is counted, and
// dropped, by a program at the near end. Sender, reflector and that program share a core.
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "bench_options.h"
#include "child.h"
#include "core/clock.h"
#include "far_end.h"
#include "interrupt.h"
#include "net/veth_test_bed.h"
#include "table.h"

namespace xtg::bench {

namespace {

constexpr double kAttach = 0.4; // the reflector is in place
constexpr double kWarmUp = 0.4; // the sender is at speed
constexpr double kMargin = 0.3;

/// A wire whose near end counts what comes back.
struct Loop {
  net::VethTestBed bed;
  FarEnd near;

  static Result<Loop> create() {
    auto bed = net::VethTestBed::create({.queues = 1});
    if (!bed) return tl::unexpected<Error>(bed.error());
    auto near = FarEnd::attach(*bed, FarEnd::Kind::Count, 0, FarEnd::Side::Near);
    if (!near) return tl::unexpected<Error>(near.error());
    return Loop{std::move(*bed), std::move(*near)};
  }
};

/// Frames per microsecond that come back in a window after the warm-up, from a sender that has
/// ended when this returns.
Result<double> came_back(const Loop& loop, const Options& options,
                         const std::vector<std::string>& what) {
  const auto ms = std::lround((kWarmUp + options.seconds + kMargin) * 1e3);
  std::vector<std::string> command = {
      options.binary, "udp", loop.bed.near().name, "--quiet",
      "--cpus",       "0",   "--duration",         fmt::format("{}ms", ms)};
  command.insert(command.end(), what.begin(), what.end());
  auto sender = Child::start(loop.bed.near_ns(), command, {}, false);
  if (!sender) return tl::unexpected<Error>(sender.error());
  if (auto ok = pause(kWarmUp); !ok) return tl::unexpected<Error>(ok.error());
  const std::uint64_t n0 = loop.near.packets(), t0 = monotonic_ns();
  if (auto ok = pause(options.seconds); !ok) return tl::unexpected<Error>(ok.error());
  const std::uint64_t n1 = loop.near.packets(), t1 = monotonic_ns();
  const ChildEnd end = sender->wait();
  if (end.status != 0)
    return fail(Errc::System, fmt::format("the sender ended with status {}", end.status));
  return static_cast<double>(n1 - n0) * 1e3 / static_cast<double>(t1 - t0);
}

Result<Figures> measure_bare(const Loop& loop, const Options& options,
                             const std::vector<std::string>& what) {
  auto far = FarEnd::attach(loop.bed, FarEnd::Kind::SendBack);
  if (!far) return tl::unexpected<Error>(far.error());
  auto mpps = came_back(loop, options, what);
  if (!mpps) return tl::unexpected<Error>(mpps.error());
  return Figures{*mpps, std::nullopt, std::nullopt};
}

std::optional<double> figure(const nlohmann::json& report, const char* pointer) {
  const nlohmann::json::json_pointer place(pointer);
  if (!report.contains(place) || !report.at(place).is_number()) return std::nullopt;
  return report.at(place).get<double>();
}

Result<Figures> measure_reflect(const Loop& loop, const Options& options, const char* via,
                                const std::vector<std::string>& what) {
  auto reflector = Child::start(
      loop.bed.far_ns(), {options.binary, "reflect", loop.bed.far().name, "--json", "--via", via},
      {}, true);
  if (!reflector) return tl::unexpected<Error>(reflector.error());
  if (auto ok = pause(kAttach); !ok) return tl::unexpected<Error>(ok.error());
  auto mpps = came_back(loop, options, what);
  reflector->interrupt();
  const ChildEnd end = reflector->wait();
  if (!mpps) return tl::unexpected<Error>(mpps.error());
  const auto report = nlohmann::json::parse(end.output, nullptr, false);
  if (end.status != 0 || !report.is_object())
    return fail(Errc::System, fmt::format("the mirror ended with status {}", end.status));
  return Figures{*mpps, figure(report, "/end/sum/driver_drops"), figure(report, "/end/sum/told")};
}

/// Whether the sender can leave room for the reflector timestamps.
bool has_room(const Options& options, const Loop& loop) {
  auto help = Child::start(loop.bed.near_ns(), {options.binary, "udp", "--help"}, {}, true);
  return help && help->wait().output.find("--round-trip") != std::string::npos;
}

} // namespace

Status bench_reflect(const Options& options) {
  auto bare = Loop::create(), ours = Loop::create();
  if (!bare) return tl::unexpected<Error>(bare.error());
  if (!ours) return tl::unexpected<Error>(ours.error());
  fmt::print("{}; veth pairs with one queue, sender, mirror and near end on one core; {} rounds of "
             "{} s, alternating, medians; ratios are medians of the paired ratios\n",
             machine(), options.rounds, options.seconds);
  std::vector<std::vector<std::string>> streams = {{"-s", "64"}, {"-s", "128"}};
  if (has_room(options, *ours)) streams.push_back({"-s", "128", "--round-trip"});
  for (const auto& what : streams) {
    std::vector<Contestant> contestants = {
        {.name = "(a) swaps MAC addresses, XDP_TX",
         .turn = [&] { return measure_bare(*bare, options, what); }},
        {.name = "(b) reflect",
         .turn = [&] { return measure_reflect(*ours, options, "tx", what); }},
        {.name = "(c) reflect --via redirect",
         .turn = [&] { return measure_reflect(*ours, options, "redirect", what); }},
    };
    const TableSpec spec{
        .title = fmt::format("udp {}", fmt::join(what, " ")),
        .columns = {{"Mpps back", 3}, {"refused on the way back", 0}, {"told", 0}}};
    if (auto done = run_table(spec, contestants, options.rounds); !done) return done;
  }
  return {};
}

} // namespace xtg::bench
