// SPDX-License-Identifier: BSD-2-Clause
// The reporters of `reflect` that write JSON, and the one that writes nothing.
#include "report/json_document.h"
#include "report/reflect_report.h"
#include "report/reflect_values.h"

namespace xtg::report {
namespace {

class Document final : public ReflectReporter {
public:
  explicit Document(std::ostream& out) : document_(out) {}

  void begin(const plan::ReflectPlan& plan, const RunInfo& info, std::string_view mode) override {
    document_.start(reflect_start_value(plan, info, mode));
  }
  void interval(const stats::ReflectSample& sample) override {
    document_.interval(reflect_interval_value(sample));
  }
  void end(const stats::ReflectSummary& summary) override {
    document_.end(reflect_end_value(summary));
  }
  void error(const Error& error, int exit_status) override { document_.error(error, exit_status); }
  void finish() override { document_.finish(); }

private:
  JsonDocument document_;
};

class Stream final : public ReflectReporter {
public:
  explicit Stream(std::ostream& out) : lines_(out) {}

  void begin(const plan::ReflectPlan& plan, const RunInfo& info, std::string_view mode) override {
    lines_.event("start", reflect_start_value(plan, info, mode));
  }
  void interval(const stats::ReflectSample& sample) override {
    lines_.event("interval", reflect_interval_value(sample));
  }
  void end(const stats::ReflectSummary& summary) override {
    lines_.event("end", reflect_end_value(summary));
  }
  void error(const Error& error, int exit_status) override { lines_.error(error, exit_status); }
  void finish() override {}

private:
  JsonLines lines_;
};

class Quiet final : public ReflectReporter {
public:
  void begin(const plan::ReflectPlan&, const RunInfo&, std::string_view) override {}
  void interval(const stats::ReflectSample&) override {}
  void end(const stats::ReflectSummary&) override {}
  void error(const Error&, int) override {}
  void finish() override {}
};

} // namespace

std::unique_ptr<ReflectReporter> make_reflect_json(std::ostream& out) {
  return std::make_unique<Document>(out);
}

std::unique_ptr<ReflectReporter> make_reflect_json_stream(std::ostream& out) {
  return std::make_unique<Stream>(out);
}

std::unique_ptr<ReflectReporter> make_reflect_quiet() {
  return std::make_unique<Quiet>();
}

} // namespace xtg::report
