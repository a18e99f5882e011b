// SPDX-License-Identifier: BSD-2-Clause
// Objects in the JSON of `tcp`, like json_values.h for `udp`. Internal to this folder.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/tcp_plan.h"
#include "report/json_values.h"
#include "stats/tcp.h"

namespace xtg::report {

/// Payload of each flow if it is the same for all: as requested, or the file's size.
std::optional<std::uint64_t> bytes_per_flow(const plan::TcpPlan& plan);

Json tcp_plan_value(const plan::TcpPlan& plan);
Json tcp_interval_value(const stats::TcpSample& sample);
/// `seconds` is the time over which its rate is computed.
Json tcp_flow_value(const stats::FlowState& flow, double seconds);
Json tcp_end_value(const stats::TcpSummary& summary);

} // namespace xtg::report
