// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_costs.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "interrupt.h"
#include "tcp_contestants.h"

namespace xtg::bench {

namespace {

constexpr unsigned kStarts = 15;
constexpr unsigned kFlows = 1000; // memory per 1000 flows: twice as many minus these

struct Memory {
  double maps_kib = 0; ///< BPF maps, as the kernel accounts for them
  double resident_kib = 0;
};

/// The number after "name:" in a file of such lines.
std::optional<double> field(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string key;
    double value = 0;
    if (fields >> key >> value && key == name + ":") return value;
  }
  return std::nullopt;
}

Memory memory_of(pid_t pid) {
  const std::string proc = fmt::format("/proc/{}", pid);
  std::map<double, double> maps; // a map may have several descriptors
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(proc + "/fdinfo", error)) {
    const auto id = field(entry.path(), "map_id");
    if (id) maps[*id] = field(entry.path(), "memlock").value_or(0);
  }
  Memory out;
  for (const auto& [id, bytes] : maps)
    out.maps_kib += bytes / 1024;
  out.resident_kib = field(proc + "/status", "VmRSS").value_or(0);
  return out;
}

/// Memory while that many flows send.
Result<Memory> memory_with(const Options& options, unsigned flows) {
  auto path = Path::create();
  if (!path) return tl::unexpected<Error>(path.error());
  auto child = start_tool(*path, options.binary, {"-f", std::to_string(flows), "--duration", "60"});
  if (!child) return tl::unexpected<Error>(child.error());
  Status sending = wait_data(*path, *child, 0);
  if (sending) sending = pause(0.5);
  const Memory memory = memory_of(child->pid());
  child->interrupt();
  auto report = tool_report(child->wait());
  if (!report) return tl::unexpected<Error>(report.error());
  if (!sending) return tl::unexpected<Error>(sending.error());
  return memory;
}

Status report_first_data(const Options& options) {
  auto path = Path::create();
  if (!path) return tl::unexpected<Error>(path.error());
  std::vector<double> first, wall;
  for (unsigned i = 0; i < kStarts; i++) {
    auto child = start_tool(*path, options.binary, {"--bytes", "1000"});
    if (!child) return tl::unexpected<Error>(child.error());
    const ChildEnd end = child->wait();
    if (interrupted()) return fail(Errc::System, "interrupted");
    auto report = tool_report(end);
    if (!report) return tl::unexpected<Error>(report.error());
    const auto seconds = figure(*report, "/end/first_data_seconds");
    if (!seconds) return fail(Errc::System, "no time of the first data was reported");
    first.push_back(*seconds * 1e3);
    wall.push_back(end.wall_s * 1e3);
  }
  fmt::print(
      "\n`tcp --bytes 1000`: start to first data {:.0f} ms, start to exit {:.0f} ms (medians "
      "of {})\n",
      median(first), median(wall), kStarts);
  return {};
}

} // namespace

Status report_tcp_costs(const Options& options) {
  if (auto ok = report_first_data(options); !ok) return forward(std::move(ok), "first data");
  auto some = memory_with(options, kFlows);
  if (!some) return forward(std::move(some), "memory");
  auto more = memory_with(options, 2 * kFlows);
  if (!more) return forward(std::move(more), "memory");
  fmt::print("memory of {} additional flows (runs of {} and {}): BPF maps {:.0f} KiB (memlock in "
             "/proc/PID/fdinfo), resident {:.0f} KiB\n",
             kFlows, kFlows, 2 * kFlows, more->maps_kib - some->maps_kib,
             more->resident_kib - some->resident_kib);
  fmt::print("memory of a run of {} flows: BPF maps {:.1f} MiB, resident {:.1f} MiB\n", kFlows,
             some->maps_kib / 1024, some->resident_kib / 1024);
  std::fflush(stdout);
  return {};
}

} // namespace xtg::bench
