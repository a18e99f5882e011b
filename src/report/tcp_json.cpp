// SPDX-License-Identifier: BSD-2-Clause
// The reporters of `tcp` that write JSON, and the one that writes nothing.
#include "report/json_document.h"
#include "report/tcp_report.h"
#include "report/tcp_values.h"

namespace xtg::report {
namespace {

class Document final : public TcpReporter {
public:
  explicit Document(std::ostream& out) : document_(out) {}

  void begin(const plan::TcpPlan& plan, const RunInfo& info) override {
    document_.start(start_value(info, tcp_plan_value(plan)));
  }
  void interval(const stats::TcpSample& sample) override {
    document_.interval(tcp_interval_value(sample));
  }
  // These stand among the flows and the notes at the end.
  void flow_ended(const stats::FlowState&, double) override {}
  void note(const std::string&, double) override {}
  void end(const stats::TcpSummary& summary) override { document_.end(tcp_end_value(summary)); }
  void error(const Error& error, int exit_status) override { document_.error(error, exit_status); }
  void finish() override { document_.finish(); }

private:
  JsonDocument document_;
};

class Stream final : public TcpReporter {
public:
  explicit Stream(std::ostream& out) : lines_(out) {}

  void begin(const plan::TcpPlan& plan, const RunInfo& info) override {
    lines_.event("start", start_value(info, tcp_plan_value(plan)));
  }
  void interval(const stats::TcpSample& sample) override {
    lines_.event("interval", tcp_interval_value(sample));
  }
  void flow_ended(const stats::FlowState& flow, double at_s) override {
    Json data = {{"at", number(at_s)}};
    data.update(tcp_flow_value(flow, flow.flowed_s(flow.last_ns)));
    lines_.event("flow", std::move(data));
  }
  void note(const std::string&, double) override {}
  void end(const stats::TcpSummary& summary) override {
    lines_.event("end", tcp_end_value(summary));
  }
  void error(const Error& error, int exit_status) override { lines_.error(error, exit_status); }
  void finish() override {}

private:
  JsonLines lines_;
};

class Quiet final : public TcpReporter {
public:
  void begin(const plan::TcpPlan&, const RunInfo&) override {}
  void interval(const stats::TcpSample&) override {}
  void flow_ended(const stats::FlowState&, double) override {}
  void note(const std::string&, double) override {}
  void end(const stats::TcpSummary&) override {}
  void error(const Error&, int) override {}
  void finish() override {}
};

} // namespace

std::unique_ptr<TcpReporter> make_tcp_json(std::ostream& out) {
  return std::make_unique<Document>(out);
}

std::unique_ptr<TcpReporter> make_tcp_json_stream(std::ostream& out) {
  return std::make_unique<Stream>(out);
}

std::unique_ptr<TcpReporter> make_tcp_quiet() {
  return std::make_unique<Quiet>();
}

} // namespace xtg::report
