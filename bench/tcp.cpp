// SPDX-License-Identifier: BSD-2-Clause
// How fast TCP is: this tool beside iperf3 and any peer, goodput as the receiving program reads it;
// then the tool over a lossy path, with many flows, and with longer segments.
#include <algorithm>
#include <deque>
#include <fstream>

#include <fmt/format.h>

#include "bench_options.h"
#include "far_end.h"
#include "tcp_contestants.h"
#include "tcp_costs.h"

namespace xtg::bench {

namespace {

constexpr double kLosses[] = {0, 0.0001, 0.001, 0.01, 0.05};
constexpr unsigned kFlows[] = {1, 10, 100, 1000, 10000};
constexpr unsigned kMtus[] = {1500, 3394};

/// A turn of the tool, judged as other senders are.
Result<Figures> tool_turn(const Path& path, const Options& options) {
  auto run = run_tool(path, options.binary, {}, options.seconds);
  if (!run) return tl::unexpected<Error>(run.error());
  return sender_figures(*run);
}

Status one_flow(const Options& options, const char* title, bool threaded) {
  std::deque<Path> paths;
  const auto add = [&](bool offloads) -> Result<const Path*> {
    auto path = Path::create({.threaded = threaded, .offloads = offloads});
    if (!path) return tl::unexpected<Error>(path.error());
    return &paths.emplace_back(std::move(*path));
  };
  const auto ours = add(true), all = add(true), none = add(false);
  for (const auto* path : {&ours, &all, &none}) {
    if (!*path) return tl::unexpected<Error>(path->error());
  }
  std::vector<Contestant> contestants = {
      {.name = "(a) xdp-trafficgen tcp", .turn = [&] { return tool_turn(**ours, options); }},
      {.name = "(b) iperf3, all offloads",
       .turn = [&] { return iperf3_turn(**all, options.seconds); },
       .guest = true},
      {.name = "(c) iperf3, TSO and GSO off",
       .turn = [&] { return iperf3_turn(**none, options.seconds); },
       .guest = true},
  };
  for (const std::string& peer : options.peers) {
    const auto path = add(true);
    if (!path) return tl::unexpected<Error>(path.error());
    contestants.push_back(
        {.name = "(d) " + peer,
         .turn = [&, peer, to = *path] { return peer_turn(*to, peer, options.seconds); },
         .guest = true});
  }
  return run_table({.title = title, .columns = sender_columns()}, contestants, options.rounds);
}

Status default_veth(const Options& options) {
  return one_flow(options, "one flow, MTU 1500", false);
}

Status threaded_napi(const Options& options) {
  return one_flow(options, "one flow, threaded NAPI at the receiver", true);
}

/// Every contestant has the same program at its far end, so that only what it loses differs.
Status lossy(const Options& options) {
  auto path = Path::create(), prompt = Path::create({.defer = false});
  if (!path) return tl::unexpected<Error>(path.error());
  auto far = FarEnd::attach(path->bed, FarEnd::Kind::Lose);
  if (!far) return tl::unexpected<Error>(far.error());
  std::uint64_t turns = 0; // each has losses of its own
  const auto turn = [&](double share, Path& path, FarEnd& far) -> Result<Figures> {
    far.lose(share, ++turns << 32);
    auto run = run_tool(path, options.binary, {}, options.seconds);
    if (!run) return tl::unexpected<Error>(run.error());
    const auto lost = static_cast<double>(far.loss().lost_bytes);
    const auto again = figure(run->report, "/end/sum/retransmitted_bytes");
    Figures figures = {run->gbps, lost * 1e-6, std::nullopt, std::nullopt};
    if (again) figures[2] = *again * 1e-6;
    if (again && lost > 0) figures[3] = *again / lost;
    return figures;
  };
  std::vector<Contestant> contestants;
  for (const double share : kLosses)
    contestants.push_back({.name = fmt::format("{} %", share * 100),
                           .turn = [&, share] { return turn(share, *path, *far); }});
  contestants.push_back({.name = "5 %, far end does not defer its acknowledgements",
                         .turn = [&]() -> Result<Figures> {
                           if (!prompt) return tl::unexpected<Error>(prompt.error());
                           auto far = FarEnd::attach(prompt->bed, FarEnd::Kind::Lose);
                           if (!far) return tl::unexpected<Error>(far.error());
                           return turn(0.05, *prompt, *far);
                         }});
  return run_table({.title = "a lossy path: random loss",
                    .ratio = "of the clean one",
                    .columns = {{"Gbit/s", 2},
                                {"lost, MB", 2},
                                {"retransmitted, MB", 2},
                                {"retransmitted / lost", 3}}},
                   contestants, options.rounds);
}

/// Bytes of the slowest flow by those of the fastest.
std::optional<double> fairness(const nlohmann::json& report) {
  const nlohmann::json::json_pointer place("/end/flows");
  if (!report.contains(place)) return std::nullopt;
  std::vector<double> bytes;
  for (const auto& flow : report.at(place))
    bytes.push_back(figure(flow, "/bytes").value_or(0));
  if (bytes.empty()) return std::nullopt;
  const auto [slowest, fastest] = std::minmax_element(bytes.begin(), bytes.end());
  if (*fastest <= 0) return std::nullopt;
  return *slowest / *fastest;
}

Status many_flows(const Options& options) {
  const auto turn = [&](unsigned flows) -> Result<Figures> {
    // A path per turn: ports of closed connections are not free again for a minute. Bursts of 64 KB
    // need some time until many flows had many turns each.
    auto path = Path::create();
    if (!path) return tl::unexpected<Error>(path.error());
    const double seconds = options.seconds * std::max(1.0, flows / 2500.0);
    auto run = run_tool(*path, options.binary, {"-f", std::to_string(flows)}, seconds);
    if (!run) return tl::unexpected<Error>(run.error());
    return Figures{run->gbps, fairness(run->report)};
  };
  std::vector<Contestant> contestants;
  for (const unsigned flows : kFlows)
    contestants.push_back(
        {.name = std::to_string(flows), .turn = [&turn, flows] { return turn(flows); }});
  return run_table({.title = "flows",
                    .ratio = "of one flow",
                    .columns = {{"Gbit/s in all", 2}, {"slowest / fastest flow", 3}}},
                   contestants, options.rounds);
}

Status longer_segments(const Options& options) {
  std::deque<Path> paths;
  std::vector<Contestant> contestants;
  for (const unsigned mtu : kMtus) {
    auto path = Path::create({.mtu = mtu});
    if (!path) return tl::unexpected<Error>(path.error());
    const Path* to = &paths.emplace_back(std::move(*path));
    contestants.push_back(
        {.name = std::to_string(mtu), .turn = [&, to] { return tool_turn(*to, options); }});
  }
  return run_table({.title = "MTU", .columns = sender_columns()}, contestants, options.rounds);
}

struct Table {
  const char* name;
  Status (*run)(const Options&);
};

constexpr Table kTables[] = {{"one", default_veth},    {"threaded", threaded_napi},
                             {"loss", lossy},          {"flows", many_flows},
                             {"mtu", longer_segments}, {"costs", report_tcp_costs}};

/// What a receiver's buffer may grow to decides how much is in flight.
std::string receive_buffer() {
  std::ifstream in("/proc/sys/net/ipv4/tcp_rmem");
  std::uint64_t least = 0, initial = 0, most = 0;
  in >> least >> initial >> most;
  return fmt::format("{:.0f} MiB", static_cast<double>(most) / (1 << 20));
}

} // namespace

bool is_tcp_table(const std::string& name) {
  return std::any_of(std::begin(kTables), std::end(kTables),
                     [&](const Table& table) { return name == table.name; });
}

Status bench_tcp(const Options& options) {
  fmt::print(
      "{}; veth pairs with one queue, IPv4, GRO at the receiver, receive buffers up to {}; "
      "the receiving program reads 1 MiB at a time; {} rounds of {} s, alternating, medians; "
      "ratios are medians of the paired ratios\n",
      machine(), receive_buffer(), options.rounds, options.seconds);
  std::fflush(stdout);
  for (const Table& table : kTables) {
    const auto& only = options.only;
    if (!only.empty() && std::find(only.begin(), only.end(), table.name) == only.end()) continue;
    if (auto done = table.run(options); !done) return done;
  }
  return {};
}

} // namespace xtg::bench
