// SPDX-License-Identifier: BSD-2-Clause
// `tcp` runs to text and JSON: as report/reporter.h, for flows.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "core/result.h"
#include "plan/tcp_plan.h"
#include "report/reporter.h"
#include "stats/tcp.h"

namespace xtg::report {

class TcpReporter {
public:
  virtual ~TcpReporter() = default;
  virtual void begin(const plan::TcpPlan& plan, const RunInfo& info) = 0;
  virtual void interval(const stats::TcpSample& sample) = 0;
  /// A flow that ended before the run did, for a reason of its own.
  virtual void flow_ended(const stats::FlowState& flow, double at_s) = 0;
  /// Something has changed under way; it stands in the summary, too.
  virtual void note(const std::string& text, double at_s) = 0;
  virtual void end(const stats::TcpSummary& summary) = 0;
  virtual void error(const Error& error, int exit_status) = 0;
  virtual void finish() = 0;
};

std::unique_ptr<TcpReporter> make_tcp_text(std::ostream& out, std::ostream& err);
std::unique_ptr<TcpReporter> make_tcp_json(std::ostream& out);
std::unique_ptr<TcpReporter> make_tcp_json_stream(std::ostream& out);
std::unique_ptr<TcpReporter> make_tcp_quiet();

/// What --dry-run prints, as text and as JSON.
void print_tcp_plan(std::ostream& out, const plan::TcpPlan& plan);
std::string tcp_plan_json(const plan::TcpPlan& plan, const std::string& test = {});

} // namespace xtg::report
