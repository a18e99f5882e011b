// SPDX-License-Identifier: BSD-2-Clause
// Finished values to text. A reporter is told of a run's events in order and writes them to the
// stream it was given; it reads no counter, clock or file, so its output is compared whole in
// tests.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/plan.h"
#include "stats/rate.h"

namespace xtg::report {

/// What the host told at the start, for the record.
struct RunInfo {
  std::string command;     ///< as typed
  std::string started_utc; ///< ISO 8601
  std::string hostname;
  std::string kernel;
  stats::CountSource source = stats::CountSource::Tracepoint;
  std::string source_note; ///< why it is not the tracepoint; else empty
  std::string test{};      ///< the run as a profile, JSON; may be empty
};

class Reporter {
public:
  virtual ~Reporter() = default;
  virtual void begin(const plan::Plan& plan, const RunInfo& info) = 0;
  virtual void interval(const stats::Sample& sample) = 0;
  virtual void end(const stats::Summary& summary) = 0;
  /// A run that failed, before or after begin(); may be followed by end() where something was
  /// measured. `exit_status` is what the process will return.
  virtual void error(const Error& error, int exit_status) = 0;
  /// Nothing more comes; the JSON document is written here, always valid.
  virtual void finish() = 0;
};

/// For people; notes go to `err`. So of all reporters.
std::unique_ptr<Reporter> make_text(std::ostream& out, std::ostream& err);
std::unique_ptr<Reporter> make_json(std::ostream& out);
std::unique_ptr<Reporter> make_json_stream(std::ostream& out);
std::unique_ptr<Reporter> make_quiet();

/// What --dry-run prints: the resolved plan, but for its notes, and the first frames.
void print_plan(std::ostream& out, const plan::Plan& plan);
/// The plan as JSON. With frames: the document of --dry-run --json, {version, schema, plan,
/// frames}; without: the plan alone, as `start` has it under "configuration".
std::string plan_json(const plan::Plan& plan, bool with_frames, const std::string& test = {});

} // namespace xtg::report
