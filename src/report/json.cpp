// SPDX-License-Identifier: BSD-2-Clause
// The JSON document (iperf3's skeleton: start, intervals, end) and the JSON stream (iperf3's
// events).
#include <utility>

#include "report/describe.h"
#include "report/json_values.h"
#include "report/reporter.h"

namespace xtg::report {
namespace {

class JsonDocument final : public Reporter {
public:
  explicit JsonDocument(std::ostream& out) : out_(out) {}

  void begin(const plan::Plan& plan, const RunInfo& info) override {
    facts_ = run_facts(plan, info);
    start_ = start_value(plan, info);
  }
  void interval(const stats::Sample& sample) override {
    intervals_.push_back(interval_value(sample, facts_));
  }
  void end(const stats::Summary& summary) override { end_ = end_value(summary, facts_); }
  void error(const Error& error, int exit_status) override {
    if (!error_.is_null()) return; // what follows the first error is its consequence
    error_ = one_line(error.message());
    exit_status_ = exit_status;
  }
  void finish() override {
    if (std::exchange(finished_, true)) return;
    Json document;
    document["start"] = std::move(start_);
    document["intervals"] = std::move(intervals_);
    document["end"] = std::move(end_);
    if (!error_.is_null()) document["error"] = std::move(error_);
    document["exit_status"] = exit_status_;
    out_ << to_text(document, 2) << '\n' << std::flush;
  }

private:
  std::ostream& out_;
  RunFacts facts_;
  Json start_ = start_value();
  Json intervals_ = Json::array();
  Json end_;
  Json error_;
  int exit_status_ = 0;
  bool finished_ = false;
};

class JsonStream final : public Reporter {
public:
  explicit JsonStream(std::ostream& out) : out_(out) {}

  void begin(const plan::Plan& plan, const RunInfo& info) override {
    facts_ = run_facts(plan, info);
    write({{"event", "start"}, {"data", start_value(plan, info)}});
  }
  void interval(const stats::Sample& sample) override {
    write({{"event", "interval"}, {"data", interval_value(sample, facts_)}});
  }
  void end(const stats::Summary& summary) override {
    write({{"event", "end"}, {"data", end_value(summary, facts_)}});
  }
  void error(const Error& error, int exit_status) override {
    write({{"event", "error"}, {"data", one_line(error.message())}, {"exit_status", exit_status}});
  }
  void finish() override {}

private:
  void write(const Json& event) { out_ << to_text(event, -1) << '\n' << std::flush; }

  std::ostream& out_;
  RunFacts facts_;
};

class Quiet final : public Reporter {
public:
  void begin(const plan::Plan&, const RunInfo&) override {}
  void interval(const stats::Sample&) override {}
  void end(const stats::Summary&) override {}
  void error(const Error&, int) override {}
  void finish() override {}
};

} // namespace

std::unique_ptr<Reporter> make_json(std::ostream& out) {
  return std::make_unique<JsonDocument>(out);
}

std::unique_ptr<Reporter> make_json_stream(std::ostream& out) {
  return std::make_unique<JsonStream>(out);
}

std::unique_ptr<Reporter> make_quiet() {
  return std::make_unique<Quiet>();
}

} // namespace xtg::report
