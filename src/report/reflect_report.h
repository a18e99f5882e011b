// SPDX-License-Identifier: BSD-2-Clause
// `reflect` runs to text and JSON: as report/reporter.h, for what was sent back.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "core/result.h"
#include "plan/reflect_plan.h"
#include "report/reporter.h"
#include "stats/reflect.h"

namespace xtg::report {

class ReflectReporter {
public:
  virtual ~ReflectReporter() = default;
  /// `mode`: where the program runs, "native" or "generic".
  virtual void begin(const plan::ReflectPlan& plan, const RunInfo& info, std::string_view mode) = 0;
  virtual void interval(const stats::ReflectSample& sample) = 0;
  virtual void end(const stats::ReflectSummary& summary) = 0;
  virtual void error(const Error& error, int exit_status) = 0;
  virtual void finish() = 0;
};

std::unique_ptr<ReflectReporter> make_reflect_text(std::ostream& out, std::ostream& err);
std::unique_ptr<ReflectReporter> make_reflect_json(std::ostream& out);
std::unique_ptr<ReflectReporter> make_reflect_json_stream(std::ostream& out);
std::unique_ptr<ReflectReporter> make_reflect_quiet();

/// Why a mirror sent nothing back, in one line, as far as its counters tell.
std::string why_nothing(const std::string& interface, const stats::ReflectCounters& counters);

} // namespace xtg::report
