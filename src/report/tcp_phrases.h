// SPDX-License-Identifier: BSD-2-Clause
// Pieces of text that the forms of `tcp` for people share. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plan/tcp_plan.h"
#include "stats/tcp.h"

namespace xtg::report {

std::string counted(std::uint64_t count, std::string_view what); ///< "1 flow", "2 flows"
std::string_view words(stats::FlowEnd end);                      ///< "reset by the far end"
std::string rate_text(const plan::RateLaw& law);                 ///< "1Gbps on l1"
std::string payload_text(const plan::TcpPlan& plan);             ///< "pattern"
std::string amount_text(const plan::TcpPlan& plan);              ///< "1,000 bytes in all"
std::string close_text(plan::TcpClose close);                    ///< "closed by FIN"
/// Microseconds with a fraction while they are few: "48.2 us", "1,250 us".
std::string us_text(std::uint64_t ns);
/// The smallest RTT of all flows in microseconds, 0: none measured.
std::uint32_t smallest_rtt(const std::vector<stats::FlowState>& flows);

} // namespace xtg::report
