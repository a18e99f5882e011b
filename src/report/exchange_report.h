// SPDX-License-Identifier: BSD-2-Clause
// Runs that see both ends to text and JSON: as report/reporter.h, by port, with a ledger for each
// that sends.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/exchange_plan.h"
#include "report/reporter.h"
#include "report/rx_report.h"
#include "stats/exchange.h"

namespace xtg::report {

/// What of --expect came of it. `ports`: the interfaces' names in the order of the run. The value
/// of a share ("rx@eth1=10/11") is the share itself.
std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::ExchangeSummary& summary,
                             const std::vector<std::string>& ports);

/// Whether conditions that all held speak of what did not arrive: where nothing was sent, only one
/// of how much is to be sent or to arrive does.
bool covers_silence(const std::vector<plan::Condition>& conditions,
                    const stats::ExchangeSummary& summary);

class ExchangeReporter {
public:
  virtual ~ExchangeReporter() = default;
  /// `modes`: by port, where its receiving program runs; empty where it does not receive.
  virtual void begin(const plan::ExchangePlan& plan, const RunInfo& info,
                     const std::vector<std::string>& modes) = 0;
  virtual void interval(const stats::ExchangeSample& sample) = 0;
  virtual void end(const stats::ExchangeSummary& summary,
                   const std::vector<RxVerdict>& verdicts) = 0;
  virtual void error(const Error& error, int exit_status) = 0;
  virtual void finish() = 0;
};

std::unique_ptr<ExchangeReporter> make_exchange_text(std::ostream& out, std::ostream& err);
std::unique_ptr<ExchangeReporter> make_exchange_json(std::ostream& out);
std::unique_ptr<ExchangeReporter> make_exchange_json_stream(std::ostream& out);
std::unique_ptr<ExchangeReporter> make_exchange_quiet();

/// A sentence without a period: which side limits, and by how much.
std::string limit_words(const stats::Ledger& ledger);
std::string_view name(stats::Limit limit); // "none", "generator", "receiver", "path"

} // namespace xtg::report
