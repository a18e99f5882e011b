// SPDX-License-Identifier: BSD-2-Clause
// Options and arguments of other tools (iperf3, pktgen, trafgen) that users may try here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/tcp_spec.h"

namespace xtg::cli {

/// Our name for `option` ("-b", "--bandwidth") of another tool: "iperf3's -b is --rate RATE"; empty
/// if unknown. `command`: the command it was given to, or empty.
std::string foreign_option(std::string_view command, std::string_view option);

/// As above for the first pktgen argument ("count", "pkt_size=64") among those of `command`.
std::string foreign_argument(std::string_view command, const std::vector<std::string>& words);

/// For a tcp run without an end: short options that mean something else to iperf3; or empty.
std::string iperf_note(const plan::TcpSpec& spec, const std::vector<std::string>& args);

} // namespace xtg::cli
