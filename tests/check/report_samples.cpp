// SPDX-License-Identifier: BSD-2-Clause
// Writes one file of every kind of JSON output into the directory named on the command line, for
// tests/check/schema.sh: NAME.json holds one document, NAME.jsonl one per line.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "report/probe_report.h"
#include "report/reporter.h"
#include "unit/report/exchange_sample_values.h"
#include "unit/report/reflect_sample_values.h"
#include "unit/report/rx_sample_values.h"
#include "unit/report/sample_values.h"
#include "unit/report/tcp_sample_values.h"

namespace {

using namespace xtg::report;

void whole_run(Reporter& reporter, const xtg::plan::Plan& plan, const RunInfo& info) {
  reporter.begin(plan, info);
  reporter.interval(sample::interval());
  reporter.interval(sample::interval());
  xtg::stats::Summary summary = sample::summary();
  summary.source = info.source;
  reporter.end(summary);
  reporter.finish();
}

void unpaced_run(Reporter& reporter) {
  xtg::plan::Plan plan = sample::plan();
  plan.streams[0].rate = {};
  plan.streams[0].pacing.reset();
  xtg::stats::Summary summary;
  summary.total.workers.resize(2);
  reporter.begin(plan, sample::info());
  reporter.end(summary);
  reporter.finish();
}

void early_failure(Reporter& reporter) {
  reporter.error({xtg::Errc::NotFound, 19, "interface eth9"}, 1);
  reporter.finish();
}

void late_failure(Reporter& reporter) {
  reporter.begin(sample::plan(), sample::info());
  reporter.error({xtg::Errc::NotSupported, 0, "nothing was accepted:\neth1 is down"}, 4);
  xtg::stats::Summary summary = sample::summary();
  summary.end = xtg::stats::EndReason::Failed;
  reporter.end(summary);
  reporter.finish();
}

/// The document and the stream of the same run.
template <class Run>
void both(const std::filesystem::path& folder, const std::string& name, Run run) {
  std::ofstream document(folder / (name + ".json"));
  run(*make_json(document));
  std::ofstream stream(folder / (name + ".jsonl"));
  run(*make_json_stream(stream));
}

void tcp_run(TcpReporter& reporter) {
  reporter.begin(sample::tcp_plan(), sample::info());
  reporter.interval(sample::tcp_interval());
  reporter.interval(xtg::stats::TcpSample{});
  reporter.end(sample::tcp_summary());
  reporter.finish();
}

/// One flow of a few died: the run goes on and ends as failed.
void tcp_failure(TcpReporter& reporter) {
  reporter.begin(sample::tcp_plan(), sample::link_info());
  reporter.interval(sample::tcp_interval());
  reporter.flow_ended(sample::reset_flow(), 1.25);
  reporter.error({xtg::Errc::Peer, 0, "1 of 3 flows failed"}, 5);
  reporter.end(sample::tcp_summary());
  reporter.finish();
}

void tcp_refused(TcpReporter& reporter) {
  reporter.begin(sample::tcp_file_plan(), sample::info());
  reporter.error({xtg::Errc::Peer, 111, "connect to 2001:db8::2 port 10000"}, 5);
  reporter.end(sample::tcp_refused());
  reporter.finish();
}

void tcp_early_failure(TcpReporter& reporter) {
  reporter.error({xtg::Errc::NotFound, 0, "server1: Name or service not known"}, 2);
  reporter.finish();
}

template <class Run>
void both_tcp(const std::filesystem::path& folder, const std::string& name, Run run) {
  std::ofstream document(folder / (name + ".json"));
  run(*make_tcp_json(document));
  std::ofstream stream(folder / (name + ".jsonl"));
  run(*make_tcp_json_stream(stream));
}

void rx_run(RxReporter& reporter) {
  const xtg::plan::RxPlan plan = sample::rx_plan();
  reporter.begin(plan, sample::info(), "native");
  reporter.interval(sample::rx_interval());
  reporter.interval(xtg::stats::RxSample{});
  reporter.end(sample::rx_summary(), judge(plan.spec.expect, sample::rx_summary()));
  reporter.finish();
}

void rx_announced(RxReporter& reporter) {
  reporter.begin(sample::rx_plan(), sample::info(), "native");
  xtg::stats::RxSender sender = sample::rx_announced().senders[0];
  sender.ends.clear();
  reporter.announced(sender);
  sender.about.clock_error_ns = xtg::kNotInStep;
  sender.about.rate_millipps = 0;
  sender.start_seen = false;
  reporter.announced(sender);
  reporter.end(sample::rx_announced(), {});
  reporter.finish();
}

void rx_two_streams(RxReporter& reporter) {
  reporter.begin(sample::rx_observe_plan(), sample::info(), "generic");
  reporter.end(sample::rx_two_streams(), {});
  reporter.finish();
}

void rx_mirrored(RxReporter& reporter) {
  reporter.begin(sample::rx_observe_plan(), sample::info(), "native");
  reporter.end(sample::rx_mirrored(), {});
  reporter.finish();
}

void rx_sampled(RxReporter& reporter) {
  reporter.begin(sample::rx_sampled_plan(), sample::info(), "native");
  reporter.end(sample::rx_sampled(), {});
  reporter.finish();
}

void rx_match(RxReporter& reporter, const xtg::stats::RxSummary& summary) {
  reporter.begin(sample::rx_match_plan(), sample::info(), "native");
  reporter.interval(summary.total);
  reporter.end(summary, {});
  reporter.finish();
}

void rx_nothing(RxReporter& reporter) {
  const xtg::plan::RxPlan plan = sample::rx_plan();
  reporter.begin(plan, sample::info(), "native");
  reporter.error({xtg::Errc::Peer, 0, "no test frame arrived on eth1"}, 5);
  reporter.end(sample::rx_nothing(), judge(plan.spec.expect, sample::rx_nothing()));
  reporter.finish();
}

void rx_early_failure(RxReporter& reporter) {
  reporter.error({xtg::Errc::NotFound, 19, "interface eth9"}, 1);
  reporter.finish();
}

template <class Run>
void both_rx(const std::filesystem::path& folder, const std::string& name, Run run) {
  std::ofstream document(folder / (name + ".json"));
  run(*make_rx_json(document));
  std::ofstream stream(folder / (name + ".jsonl"));
  run(*make_rx_json_stream(stream));
}

void exchange_run(ExchangeReporter& reporter) {
  reporter.begin(sample::exchange_plan(), sample::info(), {"", "native"});
  reporter.interval(sample::exchange_interval());
  reporter.end(sample::exchange_summary(), sample::exchange_verdicts());
  reporter.finish();
}

void exchange_early_failure(ExchangeReporter& reporter) {
  reporter.error({xtg::Errc::NotFound, 19, "interface eth9"}, 1);
  reporter.finish();
}

void reflect_run(ReflectReporter& reporter) {
  reporter.begin(sample::reflect_plan(), sample::info(), "native");
  reporter.interval(sample::reflect_interval());
  reporter.interval(xtg::stats::ReflectSample{});
  reporter.end(sample::reflect_summary());
  reporter.finish();
}

void reflect_nothing(ReflectReporter& reporter) {
  reporter.begin(sample::reflect_any_plan(), sample::link_info(), "generic");
  reporter.error({xtg::Errc::Peer, 0, "no test frame arrived on eth1"}, 5);
  reporter.end(sample::reflect_nothing());
  reporter.finish();
}

template <class Run>
void both_exchange(const std::filesystem::path& folder, const std::string& name, Run run) {
  std::ofstream document(folder / (name + ".json"));
  run(*make_exchange_json(document));
  std::ofstream stream(folder / (name + ".jsonl"));
  run(*make_exchange_json_stream(stream));
}

template <class Run>
void both_reflect(const std::filesystem::path& folder, const std::string& name, Run run) {
  std::ofstream document(folder / (name + ".json"));
  run(*make_reflect_json(document));
  std::ofstream stream(folder / (name + ".jsonl"));
  run(*make_reflect_json_stream(stream));
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: xtg_report_samples DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  both(folder, "run", [](Reporter& r) { whole_run(r, sample::plan(), sample::test_info()); });
  both(folder, "run6", [](Reporter& r) { whole_run(r, sample::plan_v6(), sample::link_info()); });
  both(folder, "unpaced", unpaced_run);
  both(folder, "early-failure", early_failure);
  both(folder, "late-failure", late_failure);
  both_tcp(folder, "tcp", tcp_run);
  both_tcp(folder, "tcp-failure", tcp_failure);
  both_tcp(folder, "tcp-refused", tcp_refused);
  both_tcp(folder, "tcp-early-failure", tcp_early_failure);
  both_rx(folder, "rx", rx_run);
  both_rx(folder, "rx-announced", rx_announced);
  both_rx(folder, "rx-two-streams", rx_two_streams);
  both_rx(folder, "rx-mirrored", rx_mirrored);
  both_rx(folder, "rx-sampled", rx_sampled);
  both_rx(folder, "rx-match", [](RxReporter& r) { rx_match(r, sample::rx_matched_only()); });
  both_rx(folder, "rx-mixed", [](RxReporter& r) { rx_match(r, sample::rx_mixed()); });
  both_rx(folder, "rx-nothing", rx_nothing);
  both_rx(folder, "rx-early-failure", rx_early_failure);
  both_exchange(folder, "exchange", exchange_run);
  both_exchange(folder, "exchange-early-failure", exchange_early_failure);
  both_reflect(folder, "reflect", reflect_run);
  both_reflect(folder, "reflect-nothing", reflect_nothing);
  std::ofstream(folder / "tcp-plan.json")
      << tcp_plan_json(sample::tcp_plan(), R"({"command":"tcp","host":"a"})");
  std::ofstream(folder / "tcp-plan-file.json") << tcp_plan_json(sample::tcp_file_plan());
  std::ofstream(folder / "plan.json") << plan_json(sample::plan(), true, sample::test_info().test);
  std::ofstream(folder / "plan6.json") << plan_json(sample::plan_v6(), true);
  std::ofstream(folder / "probe.json") << checks_json(sample::checks(), "0.1.0");
  return 0;
}
