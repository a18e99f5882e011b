// SPDX-License-Identifier: BSD-2-Clause
// `rx` runs to text and JSON: as report/reporter.h, for what was received.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/rx_plan.h"
#include "report/reporter.h"
#include "stats/rx.h"

namespace xtg::report {

/// What of --expect came of it. `value` is missing where there was nothing to measure, and then
/// the condition does not hold.
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

/// Why receivers counted nothing.
struct Nothing {
  bool came = false; ///< test frames did, and were not counted
  std::string text;  ///< the reason with the most frames, or how many other frames passed
};
Nothing why_nothing(std::span<const stats::RxSummary* const> ends);

class RxReporter {
public:
  virtual ~RxReporter() = default;
  /// `mode`: where the program runs, "native" or "generic".
  virtual void begin(const plan::RxPlan& plan, const RunInfo& info, std::string_view mode) = 0;
  /// A run's start was announced, or its end where the start was not seen.
  virtual void announced(const stats::RxSender& sender) = 0;
  virtual void interval(const stats::RxSample& sample) = 0;
  virtual void end(const stats::RxSummary& summary, const std::vector<RxVerdict>& verdicts) = 0;
  virtual void error(const Error& error, int exit_status) = 0;
  virtual void finish() = 0;
};

std::unique_ptr<RxReporter> make_rx_text(std::ostream& out, std::ostream& err);
std::unique_ptr<RxReporter> make_rx_json(std::ostream& out);
std::unique_ptr<RxReporter> make_rx_json_stream(std::ostream& out);
std::unique_ptr<RxReporter> make_rx_quiet();

} // namespace xtg::report
