// SPDX-License-Identifier: BSD-2-Clause
// The reporters of `rx` that write JSON, and the one that writes nothing.
#include "report/json_document.h"
#include "report/rx_announce.h"
#include "report/rx_report.h"
#include "report/rx_values.h"

namespace xtg::report {
namespace {

class Document final : public RxReporter {
public:
  explicit Document(std::ostream& out) : document_(out) {}

  void begin(const plan::RxPlan& plan, const RunInfo& info, std::string_view mode) override {
    document_.start(rx_start_value(plan, info, mode));
  }
  /// Stands in the end. What was before the first run that begins is none of the report's.
  void announced(const stats::RxSender& sender) override {
    if (sender.start_seen && !begun_) document_.forget_intervals();
    begun_ = begun_ || sender.start_seen;
  }
  void interval(const stats::RxSample& sample) override {
    document_.interval(rx_interval_value(sample));
  }
  void end(const stats::RxSummary& summary, const std::vector<RxVerdict>& verdicts) override {
    document_.end(rx_end_value(summary, verdicts));
  }
  void error(const Error& error, int exit_status) override { document_.error(error, exit_status); }
  void finish() override { document_.finish(); }

private:
  JsonDocument document_;
  bool begun_ = false;
};

class Stream final : public RxReporter {
public:
  explicit Stream(std::ostream& out) : lines_(out) {}

  void begin(const plan::RxPlan& plan, const RunInfo& info, std::string_view mode) override {
    lines_.event("start", rx_start_value(plan, info, mode));
  }
  void announced(const stats::RxSender& sender) override {
    lines_.event("announced", announced_value(sender));
  }
  void interval(const stats::RxSample& sample) override {
    lines_.event("interval", rx_interval_value(sample));
  }
  void end(const stats::RxSummary& summary, const std::vector<RxVerdict>& verdicts) override {
    lines_.event("end", rx_end_value(summary, verdicts));
  }
  void error(const Error& error, int exit_status) override { lines_.error(error, exit_status); }
  void finish() override {}

private:
  JsonLines lines_;
};

class Quiet final : public RxReporter {
public:
  void begin(const plan::RxPlan&, const RunInfo&, std::string_view) override {}
  void announced(const stats::RxSender&) override {}
  void interval(const stats::RxSample&) override {}
  void end(const stats::RxSummary&, const std::vector<RxVerdict>&) override {}
  void error(const Error&, int) override {}
  void finish() override {}
};

} // namespace

std::unique_ptr<RxReporter> make_rx_json(std::ostream& out) {
  return std::make_unique<Document>(out);
}

std::unique_ptr<RxReporter> make_rx_json_stream(std::ostream& out) {
  return std::make_unique<Stream>(out);
}

std::unique_ptr<RxReporter> make_rx_quiet() {
  return std::make_unique<Quiet>();
}

} // namespace xtg::report
