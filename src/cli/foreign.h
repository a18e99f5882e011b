// SPDX-License-Identifier: BSD-2-Clause
// Options and words of other tools (iperf3, pktgen, trafgen) that people bring along.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/tcp_spec.h"

namespace xtg::cli {

/// What `option` ("-b", "--bandwidth") of another tool is called here: "iperf3's -b is --rate
/// RATE"; empty where it is not known. `command`: the one it was given to, or empty.
std::string foreign_option(std::string_view command, std::string_view option);

/// The same for the first word of pktgen ("count", "pkt_size=64") among those of `command`.
std::string foreign_argument(std::string_view command, const std::vector<std::string>& words);

/// Of a run of tcp without an end, short options that mean something else to iperf3; or empty.
std::string iperf_note(const plan::TcpSpec& spec, const std::vector<std::string>& args);

} // namespace xtg::cli
