// SPDX-License-Identifier: BSD-2-Clause
// The reporters of `udp` that write JSON, and the one that writes nothing.
#include "report/json_document.h"
#include "report/json_values.h"
#include "report/reporter.h"

namespace xtg::report {
namespace {

class Document final : public Reporter {
public:
  explicit Document(std::ostream& out) : document_(out) {}

  void begin(const plan::Plan& plan, const RunInfo& info) override {
    facts_ = run_facts(plan, info);
    document_.start(start_value(plan, info));
  }
  void interval(const stats::Sample& sample) override {
    document_.interval(interval_value(sample, facts_));
  }
  void end(const stats::Summary& summary) override { document_.end(end_value(summary, facts_)); }
  void error(const Error& error, int exit_status) override { document_.error(error, exit_status); }
  void finish() override { document_.finish(); }

private:
  JsonDocument document_;
  RunFacts facts_;
};

class Stream final : public Reporter {
public:
  explicit Stream(std::ostream& out) : lines_(out) {}

  void begin(const plan::Plan& plan, const RunInfo& info) override {
    facts_ = run_facts(plan, info);
    lines_.event("start", start_value(plan, info));
  }
  void interval(const stats::Sample& sample) override {
    lines_.event("interval", interval_value(sample, facts_));
  }
  void end(const stats::Summary& summary) override {
    lines_.event("end", end_value(summary, facts_));
  }
  void error(const Error& error, int exit_status) override { lines_.error(error, exit_status); }
  void finish() override {}

private:
  JsonLines lines_;
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
  return std::make_unique<Document>(out);
}

std::unique_ptr<Reporter> make_json_stream(std::ostream& out) {
  return std::make_unique<Stream>(out);
}

std::unique_ptr<Reporter> make_quiet() {
  return std::make_unique<Quiet>();
}

} // namespace xtg::report
