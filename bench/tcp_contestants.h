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

/// The columns that the figures of a turn are for.
std::vector<Column> sender_columns();

/// A run of the tool.
struct ToolRun {
  double gbps = 0; ///< as read by the receiver in the measured time
  double cpu_s = 0;
  std::uint64_t read_bytes = 0; ///< in the whole run
  nlohmann::json report;
};

/// `more`: further options. Measures `seconds` after a warm-up.
Result<ToolRun> run_tool(const Path& path, const std::string& binary,
                         const std::vector<std::string>& more, double seconds);
Figures sender_figures(const ToolRun& run);

/// iperf3 at both ends, goodput as its receiver tells it; whole seconds.
Result<Figures> iperf3_turn(const Path& path, double seconds);

/// Some other sender. In `command` %i is the interface, %p the port, %a the receiver's IPv4 address
/// and %6 its IPv6 address.
Result<Figures> peer_turn(const Path& path, const std::string& command, double seconds);

/// Starts the tool towards the receiver, stdout kept.
Result<Child> start_tool(const Path& path, const std::string& binary,
                         const std::vector<std::string>& more);
/// Waits, a bounded time, until the receiver has read more than `before`.
Status wait_data(const Path& path, const Child& child, std::uint64_t before);
/// What a tool that has ended says; fails when it did not end well.
Result<nlohmann::json> tool_report(const ChildEnd& end);

} // namespace xtg::bench
