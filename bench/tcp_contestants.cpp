// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_contestants.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "core/clock.h"
#include "interrupt.h"
#include "net/interface.h"

namespace xtg::bench {

namespace {

constexpr double kWarmUp = 0.4;  // buffers grow, caches fill
constexpr double kMargin = 0.2;  // the run is longer than what is measured of it
constexpr double kPatience = 30; // for connections to open and for runs to end
constexpr double kGoodbye = 3;   // for a peer to go when told
constexpr const char* kIperf3Port = "5201";

/// Gbit/s that the receiver reads in a window that begins after its first data and a warm-up.
Result<double> window(const Path& path, const Child& child, std::uint64_t before, double seconds) {
  if (auto ok = wait_data(path, child, before); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = pause(kWarmUp); !ok) return tl::unexpected<Error>(ok.error());
  const std::uint64_t t0 = monotonic_ns(), n0 = path.receiver.bytes();
  if (auto ok = pause(seconds); !ok) return tl::unexpected<Error>(ok.error());
  const std::uint64_t n1 = path.receiver.bytes(), t1 = monotonic_ns();
  if (!child.running()) return fail(Errc::System, "it ended before the measured time did");
  return static_cast<double>(n1 - n0) * 8 / static_cast<double>(t1 - t0);
}

std::optional<double> ratio(std::optional<double> a, std::optional<double> b) {
  if (!a || !b || *b <= 0) return std::nullopt;
  return *a / *b;
}

std::optional<double> percent(std::optional<double> a, std::optional<double> b) {
  auto share = ratio(a, b);
  if (share) *share *= 100;
  return share;
}

/// Whether somebody listens to the port in the calling thread's namespace.
bool listens(const std::string& port) {
  const std::string wanted = fmt::format(":{:04X}", std::stoi(port));
  for (const char* table : {"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"}) {
    std::ifstream in(table);
    for (std::string line; std::getline(in, line);) {
      const std::vector<std::string> fields = words(line); // number, local, remote, state
      if (fields.size() > 3 && fields[1].ends_with(wanted) && fields[3] == "0A") return true;
    }
  }
  return false;
}

Result<Child> start_iperf3_server(const Path& path) {
  auto server =
      Child::start(path.bed.far_ns(), {"iperf3", "-s", "-1", "-p", kIperf3Port}, {}, false);
  if (!server) return server;
  for (int i = 0; i < 500; i++) {
    const Status up = path.bed.far_ns().run([]() -> Status {
      if (listens(kIperf3Port)) return {};
      return fail(Errc::NotFound, "nobody listens yet");
    });
    if (up) return server;
    if (!server->running()) {
      const int status = server->wait().status;
      if (status == 127) return fail(Errc::NotFound, "not installed");
      return fail(Errc::System, fmt::format("its server ended with status {}", status));
    }
    if (auto ok = pause(0.01); !ok) return tl::unexpected<Error>(ok.error());
  }
  return fail(Errc::Timeout, "its server does not listen");
}

Result<Figures> iperf3_figures(const ChildEnd& end) {
  const auto report = nlohmann::json::parse(end.output, nullptr, false);
  if (report.is_object() && report.contains("error"))
    return fail(Errc::System, report["error"].dump());
  const auto received = figure(report, "/end/sum_received/bits_per_second");
  if (end.status != 0 || !received)
    return fail(Errc::System, fmt::format("it ended with status {}", end.status));
  double sent = 0; // also before the measured time
  for (const auto& interval : report.value("intervals", nlohmann::json::array()))
    sent += figure(interval, "/sum/bytes").value_or(0);
  auto again = figure(report, "/end/sum_sent/retransmits");
  if (again) *again *= figure(report, "/start/tcp_mss_default").value_or(0);
  return Figures{*received * 1e-9, percent(again, figure(report, "/end/sum_sent/bytes")),
                 std::nullopt, ratio(end.cpu_s, sent * 1e-9)};
}

} // namespace

std::vector<Column> sender_columns() {
  return {{"Gbit/s", 2},
          {"retransmitted, %", 3},
          {"refused by the driver, %", 3},
          {"CPU s of the sender per GB", 3}};
}

Status wait_data(const Path& path, const Child& child, std::uint64_t before) {
  const std::uint64_t deadline = monotonic_ns() + static_cast<std::uint64_t>(kPatience * 1e9);
  while (path.receiver.bytes() == before) {
    if (!child.running()) return fail(Errc::System, "it ended before the receiver read anything");
    if (monotonic_ns() > deadline) return fail(Errc::Timeout, "the receiver has read nothing");
    if (auto ok = pause(0.002); !ok) return ok;
  }
  return {};
}

Result<Child> start_tool(const Path& path, const std::string& binary,
                         const std::vector<std::string>& more) {
  std::vector<std::string> command = {binary,   "tcp",
                                      "-i",     path.bed.near().name,
                                      "-p",     std::to_string(kPort),
                                      "--json", path.bed.far().v4.to_string()};
  command.insert(command.end(), more.begin(), more.end());
  return Child::start(path.bed.near_ns(), command, {}, true);
}

Result<nlohmann::json> tool_report(const ChildEnd& end) {
  auto report = nlohmann::json::parse(end.output, nullptr, false);
  if (report.is_object() && report.contains("error"))
    return fail(Errc::System, report["error"].dump());
  if (end.status == 127) return fail(Errc::NotFound, "no such program");
  if (end.status != 0 || !report.is_object())
    return fail(Errc::System, fmt::format("it ended with status {}", end.status));
  return report;
}

Result<ToolRun> run_tool(const Path& path, const std::string& binary,
                         const std::vector<std::string>& more, double seconds) {
  const std::uint64_t before = path.receiver.bytes();
  std::vector<std::string> options = more;
  options.push_back("--duration");
  options.push_back(fmt::format("{}ms", std::lround((kWarmUp + seconds + kMargin) * 1e3)));
  auto child = start_tool(path, binary, options);
  if (!child) return tl::unexpected<Error>(child.error());
  auto gbps = window(path, *child, before, seconds);
  const ChildEnd end = child->wait(kPatience);
  auto report = tool_report(end); // what it says is the better reason
  if (!report) return tl::unexpected<Error>(report.error());
  if (!gbps) return tl::unexpected<Error>(gbps.error());
  return ToolRun{*gbps, end.cpu_s, path.receiver.bytes() - before, std::move(*report)};
}

Figures sender_figures(const ToolRun& run) {
  return {
      run.gbps,
      percent(figure(run.report, "/end/sum/retransmitted_bytes"),
              figure(run.report, "/end/sum/bytes")),
      percent(figure(run.report, "/end/sum/driver_drops"), figure(run.report, "/end/sum/attempts")),
      ratio(run.cpu_s, static_cast<double>(run.read_bytes) * 1e-9)};
}

Result<Figures> iperf3_turn(const Path& path, double seconds) {
  auto server = start_iperf3_server(path);
  if (!server) return tl::unexpected<Error>(server.error());
  // The first second is not measured. CUBIC, whatever this host's default: it is Linux's.
  const long measured = std::max(1L, std::lround(std::ceil(seconds)));
  auto client = Child::start(path.bed.near_ns(),
                             {"iperf3", "-c", path.bed.far().v4.to_string(), "-p", kIperf3Port,
                              "-t", std::to_string(measured), "-O", "1", "-C", "cubic", "--json"},
                             {}, true);
  if (!client) return tl::unexpected<Error>(client.error());
  const ChildEnd end = client->wait(static_cast<double>(measured) + kPatience);
  return iperf3_figures(end);
}

Result<Figures> peer_turn(const Path& path, const std::string& command, double seconds) {
  // What arrives beyond what is read was sent in vain. Headers are those of IPv6 without options.
  constexpr double kHeaders = 14 + 40 + 20;
  const auto arrived = [&path]() -> Result<double> {
    auto counters =
        path.bed.far_ns().run([&path] { return net::link_counters(path.bed.far().ifindex); });
    if (!counters) return tl::unexpected<Error>(counters.error());
    return static_cast<double>(counters->rx_bytes) -
           static_cast<double>(counters->rx_packets) * kHeaders;
  };
  std::vector<std::string> argv = words(command);
  for (auto& word : argv) {
    if (word == "%i") word = path.bed.near().name;
    if (word == "%p") word = std::to_string(kPort);
    if (word == "%a") word = path.bed.far().v4.to_string();
    if (word == "%6") word = path.bed.far().v6.to_string();
  }
  const std::uint64_t before = path.receiver.bytes();
  const auto arrived_before = arrived();
  auto child = Child::start(path.bed.near_ns(), argv, {}, false);
  if (!child) return tl::unexpected<Error>(child.error());
  auto gbps = window(path, *child, before, seconds);
  child->interrupt();
  const ChildEnd end = child->wait(kGoodbye);
  if (end.status == 127) return fail(Errc::NotFound, "not installed");
  if (!gbps) return tl::unexpected<Error>(gbps.error());
  const auto arrived_after = arrived();
  const auto read = static_cast<double>(path.receiver.bytes() - before);
  std::optional<double> vain;
  if (arrived_before && arrived_after)
    vain = std::max(0.0, *arrived_after - *arrived_before - read);
  return Figures{*gbps, percent(vain, read), std::nullopt, ratio(end.cpu_s, read * 1e-9)};
}

} // namespace xtg::bench
