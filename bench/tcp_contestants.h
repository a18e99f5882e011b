// SPDX-License-Identifier: BSD-2-Clause
// One turn of each kind of TCP sender.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "child.h"
#include "core/result.h"
#include "table.h"
#include "tcp_path.h"

namespace xtg::bench {

/// Columns for a turn's figures.
std::vector<Column> sender_columns();

/// Results of a run of the tool.
struct ToolRun {
  double gbps = 0; ///< read by the receiver during the measurement
  double cpu_s = 0;
  std::uint64_t read_bytes = 0; ///< in the whole run
  nlohmann::json report;
};

/// `more`: further options. Measures for `seconds` after a warm-up.
Result<ToolRun> run_tool(const Path& path, const std::string& binary,
                         const std::vector<std::string>& more, double seconds);
Figures sender_figures(const ToolRun& run);

/// iperf3 at both ends, goodput as reported by its receiver; whole seconds.
Result<Figures> iperf3_turn(const Path& path, double seconds);

/// Any other sender. In `command`, %i is the interface, %p the port, %a the receiver's IPv4 address
/// and %6 its IPv6 address.
Result<Figures> peer_turn(const Path& path, const std::string& command, double seconds);

/// Starts the tool towards the receiver and keeps its stdout.
Result<Child> start_tool(const Path& path, const std::string& binary,
                         const std::vector<std::string>& more);
/// Waits a bounded time until the receiver has read more than `before`.
Status wait_data(const Path& path, const Child& child, std::uint64_t before);
/// The report of a tool that has ended; an error if it failed.
Result<nlohmann::json> tool_report(const ChildEnd& end);

} // namespace xtg::bench
