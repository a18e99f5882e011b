// SPDX-License-Identifier: BSD-2-Clause
// What a result means: conditions met or missed, why nothing was counted, which side limits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/rx_spec.h"
#include "stats/port_test.h"
#include "stats/reflect.h"
#include "stats/rx.h"

namespace xtg::report {

/// Result of one --expect condition. `value` is missing where there was nothing to measure, and
/// then the condition does not hold.
struct RxVerdict {
  plan::Condition condition;
  std::optional<double> value;
  bool held = false;
  bool implied = false; ///< not asked for by name: it goes with the others, and stands where missed
};

/// The value that a condition is about; none where it was not measured.
std::optional<double> rx_value(plan::Expected what, const stats::RxSummary& summary);
std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::RxSummary& summary);
/// Of a port test. `ports`: the interfaces' names in the order of the run. The value of a share
/// ("rx@eth1=10/11") is the share itself.
std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::PortTestSummary& summary,
                             const std::vector<std::string>& ports);
/// Whether conditions that all held speak of what did not arrive: where nothing was sent, only one
/// of how much is to be sent or to arrive does.
bool covers_silence(const std::vector<plan::Condition>& conditions,
                    const stats::PortTestSummary& summary);

/// Why receivers counted nothing.
struct Nothing {
  bool arrived = false; ///< test frames did, and were not counted
  std::string text;     ///< the reason with the most frames, or how many other frames passed
};
Nothing why_nothing(std::span<const stats::RxSummary* const> ends);
/// Why a reflector sent nothing back, in one line, as far as its counters tell.
std::string why_nothing(const std::string& interface, const stats::ReflectCounters& counters);

/// A sentence without a period: which side limits, and by how much.
std::string limit_text(const stats::Ledger& ledger);
std::string_view name(stats::Limit limit); // "none", "generator", "receiver", "path"

} // namespace xtg::report
