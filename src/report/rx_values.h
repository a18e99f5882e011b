// SPDX-License-Identifier: BSD-2-Clause
// Objects in the JSON of `rx`, like json_values.h for `udp`. Internal to this folder.
#pragma once

#include <string_view>
#include <vector>

#include "report/json_values.h"
#include "report/event.h"

namespace xtg::report {

Json rx_start_value(const plan::RxPlan& plan, const RunInfo& info, std::string_view mode);
Json rx_interval_value(const stats::RxSample& sample);
Json expect_value(const std::vector<RxVerdict>& verdicts);
Json rx_end_value(const stats::RxSummary& summary, const std::vector<RxVerdict>& verdicts);

/// null if none was measured.
Json delay_value(const stats::RxDelay& delay);
/// Counters shared by an interval, a stream, a return path and the whole run; added to `out`.
void add_counters(Json& out, const stats::RxCounters& c);

} // namespace xtg::report
