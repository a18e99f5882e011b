// SPDX-License-Identifier: BSD-2-Clause
// Objects in the JSON of `reflect`, like json_values.h for `udp`. Internal to this folder.
#pragma once

#include <string_view>

#include "report/json_values.h"
#include "report/event.h"

namespace xtg::report {

Json reflect_start_value(const plan::ReflectPlan& plan, const RunInfo& info, std::string_view mode);
Json reflect_interval_value(const stats::ReflectSample& sample);
Json reflect_end_value(const stats::ReflectSummary& summary);

} // namespace xtg::report
