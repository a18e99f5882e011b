// SPDX-License-Identifier: BSD-2-Clause
// Evaluation of results: conditions met or missed, why nothing was counted, which side limits.
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

/// Result of one --expect condition. `value` is missing if there was nothing to measure; then the
/// condition does not hold.
struct RxVerdict {
  plan::Condition condition;
  std::optional<double> value;
  bool held = false;
  bool implied = false; ///< an implicit condition, shown only if missed
};

/// The value that a condition tests; none if it was not measured.
std::optional<double> rx_value(plan::Expected what, const stats::RxSummary& summary);
std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::RxSummary& summary);
/// For a port test. `ports`: the interfaces' names in the order of the run. The value of a share
/// ("rx@eth1=10/11") is the share itself.
std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::PortTestSummary& summary,
                             const std::vector<std::string>& ports);
/// Results of the conditions that only the sender's side knows, and of the implied one that the
/// sender sent what was requested. `ledger`: of the sender with the counters `tx`.
std::vector<RxVerdict> judge_sender(const std::vector<plan::Condition>& conditions,
                                    const stats::Ledger& ledger, const stats::TxCounters& tx);
/// Whether conditions that all hold cover missing packets: if nothing was sent, only a condition
/// about the amount sent or received does.
bool covers_silence(const std::vector<plan::Condition>& conditions,
                    const stats::PortTestSummary& summary);

/// Why receivers counted nothing.
struct Nothing {
  bool arrived = false; ///< test frames arrived but were not counted
  std::string text;     ///< the reason with the most frames, or how many other frames passed
};
Nothing why_nothing(std::span<const stats::RxSummary* const> ends);
/// Why a reflector sent nothing back, in one line, as far as its counters show.
std::string why_nothing(const std::string& interface, const stats::ReflectCounters& counters);

/// By whom packets in the ledger's column "refused" were.
std::string refused_text(const stats::Ledger& ledger);
/// A sentence without a period: which side limits, and by how much.
std::string limit_text(const stats::Ledger& ledger);
std::string_view name(stats::Limit limit); // "none", "generator", "receiver", "path"

} // namespace xtg::report
