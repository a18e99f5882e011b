// SPDX-License-Identifier: BSD-2-Clause
// Writes one file of every kind of JSON output into the directory named on the command line, for
// tests/check/schema.sh: NAME.json holds one document, NAME.jsonl one per line.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "report/dry_run.h"
#include "report/probe_report.h"
#include "report/sink.h"
#include "unit/report/port_test_sample_values.h"
#include "unit/report/reflect_sample_values.h"
#include "unit/report/rx_sample_values.h"
#include "unit/report/sample_values.h"
#include "unit/report/search_sample_values.h"
#include "unit/report/tcp_sample_values.h"

namespace {

using namespace xtg::report;

void whole_run(Sink& reporter, const xtg::plan::Plan& plan, const RunInfo& info) {
  reporter.take(UdpBegin{plan, info});
  reporter.take(sample::interval());
  reporter.take(sample::interval());
  xtg::stats::Summary summary = sample::summary();
  summary.source = info.source;
  reporter.take(summary);
  reporter.take(Finish{});
}

void unpaced_run(Sink& reporter) {
  xtg::plan::Plan plan = sample::plan();
  plan.streams[0].rate = {};
  plan.streams[0].pacing.reset();
  xtg::stats::Summary summary;
  summary.total.workers.resize(2);
  reporter.take(UdpBegin{plan, sample::info()});
  reporter.take(summary);
  reporter.take(Finish{});
}

void early_failure(Sink& reporter) {
  reporter.take(Failure{{xtg::Errc::NotFound, 19, "interface eth9"}, 1});
  reporter.take(Finish{});
}

void late_failure(Sink& reporter) {
  reporter.take(UdpBegin{sample::plan(), sample::info()});
  reporter.take(Failure{{xtg::Errc::NotSupported, 0, "nothing was accepted:\neth1 is down"}, 4});
  xtg::stats::Summary summary = sample::summary();
  summary.end = xtg::stats::EndReason::Failed;
  reporter.take(summary);
  reporter.take(Finish{});
}

/// The document and the stream of the same run.
template <class Run>
void both(const std::filesystem::path& folder, const std::string& name, Run run) {
  std::ofstream document(folder / (name + ".json"));
  run(*make_json(document));
  std::ofstream stream(folder / (name + ".jsonl"));
  run(*make_json_stream(stream));
}

void tcp_run(Sink& reporter) {
  reporter.take(TcpBegin{sample::tcp_plan(), sample::info()});
  reporter.take(sample::tcp_interval());
  reporter.take(xtg::stats::TcpSample{});
  reporter.take(sample::tcp_summary());
  reporter.take(Finish{});
}

/// One flow of a few died: the run goes on and ends as failed.
void tcp_failure(Sink& reporter) {
  reporter.take(TcpBegin{sample::tcp_plan(), sample::link_info()});
  reporter.take(sample::tcp_interval());
  reporter.take(FlowEnded{sample::reset_flow(), 1.25});
  reporter.take(Failure{{xtg::Errc::Peer, 0, "1 of 3 flows failed"}, 5});
  reporter.take(sample::tcp_summary());
  reporter.take(Finish{});
}

void tcp_refused(Sink& reporter) {
  reporter.take(TcpBegin{sample::tcp_file_plan(), sample::info()});
  reporter.take(Failure{{xtg::Errc::Peer, 111, "connect to 2001:db8::2 port 10000"}, 5});
  reporter.take(sample::tcp_refused());
  reporter.take(Finish{});
}

void tcp_early_failure(Sink& reporter) {
  reporter.take(Failure{{xtg::Errc::NotFound, 0, "server1: Name or service not known"}, 2});
  reporter.take(Finish{});
}

void rx_run(Sink& reporter) {
  const xtg::plan::RxPlan plan = sample::rx_plan();
  reporter.take(RxBegin{plan, sample::info(), "native"});
  reporter.take(sample::rx_interval());
  reporter.take(xtg::stats::RxSample{});
  reporter.take(RxEnd{sample::rx_summary(), judge(plan.spec.expect, sample::rx_summary())});
  reporter.take(Finish{});
}

void rx_announced(Sink& reporter) {
  reporter.take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  xtg::stats::RxSender sender = sample::rx_announced().senders[0];
  sender.ends.clear();
  reporter.take(Announced{sender});
  sender.about.clock_error_ns = xtg::kNotInStep;
  sender.about.rate_millipps = 0;
  sender.start_seen = false;
  reporter.take(Announced{sender});
  reporter.take(RxEnd{sample::rx_announced(), {}});
  reporter.take(Finish{});
}

void rx_two_streams(Sink& reporter) {
  reporter.take(RxBegin{sample::rx_observe_plan(), sample::info(), "generic"});
  reporter.take(RxEnd{sample::rx_two_streams(), {}});
  reporter.take(Finish{});
}

void rx_reflected(Sink& reporter) {
  reporter.take(RxBegin{sample::rx_observe_plan(), sample::info(), "native"});
  reporter.take(RxEnd{sample::rx_reflected(), {}});
  reporter.take(Finish{});
}

void rx_sampled(Sink& reporter) {
  reporter.take(RxBegin{sample::rx_sampled_plan(), sample::info(), "native"});
  reporter.take(RxEnd{sample::rx_sampled(), {}});
  reporter.take(Finish{});
}

void rx_match(Sink& reporter, const xtg::stats::RxSummary& summary) {
  reporter.take(RxBegin{sample::rx_match_plan(), sample::info(), "native"});
  reporter.take(summary.total);
  reporter.take(RxEnd{summary, {}});
  reporter.take(Finish{});
}

void rx_nothing(Sink& reporter) {
  const xtg::plan::RxPlan plan = sample::rx_plan();
  reporter.take(RxBegin{plan, sample::info(), "native"});
  reporter.take(Failure{{xtg::Errc::Peer, 0, "no test frame arrived on eth1"}, 5});
  reporter.take(RxEnd{sample::rx_nothing(), judge(plan.spec.expect, sample::rx_nothing())});
  reporter.take(Finish{});
}

void rx_early_failure(Sink& reporter) {
  reporter.take(Failure{{xtg::Errc::NotFound, 19, "interface eth9"}, 1});
  reporter.take(Finish{});
}

void port_test_run(Sink& reporter) {
  reporter.take(PortTestBegin{sample::port_test_plan(), sample::info(), {"", "native"}});
  reporter.take(sample::port_test_interval());
  reporter.take(PortTestEnd{sample::port_test_summary(), sample::port_test_verdicts()});
  reporter.take(Finish{});
}

void port_test_early_failure(Sink& reporter) {
  reporter.take(Failure{{xtg::Errc::NotFound, 19, "interface eth9"}, 1});
  reporter.take(Finish{});
}

void reflect_run(Sink& reporter) {
  reporter.take(ReflectBegin{sample::reflect_plan(), sample::info(), "native"});
  reporter.take(sample::reflect_interval());
  reporter.take(xtg::stats::ReflectSample{});
  reporter.take(sample::reflect_summary());
  reporter.take(Finish{});
}

void reflect_nothing(Sink& reporter) {
  reporter.take(ReflectBegin{sample::reflect_any_plan(), sample::link_info(), "generic"});
  reporter.take(Failure{{xtg::Errc::Peer, 0, "no test frame arrived on eth1"}, 5});
  reporter.take(sample::reflect_nothing());
  reporter.take(Finish{});
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: xtg_report_samples DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  both(folder, "run", [](Sink& r) { whole_run(r, sample::plan(), sample::test_info()); });
  both(folder, "run6", [](Sink& r) { whole_run(r, sample::plan_v6(), sample::link_info()); });
  both(folder, "unpaced", unpaced_run);
  both(folder, "early-failure", early_failure);
  both(folder, "late-failure", late_failure);
  both(folder, "tcp", tcp_run);
  both(folder, "tcp-failure", tcp_failure);
  both(folder, "tcp-refused", tcp_refused);
  both(folder, "tcp-early-failure", tcp_early_failure);
  both(folder, "rx", rx_run);
  both(folder, "rx-announced", rx_announced);
  both(folder, "rx-two-streams", rx_two_streams);
  both(folder, "rx-mirrored", rx_reflected);
  both(folder, "rx-sampled", rx_sampled);
  both(folder, "rx-match", [](Sink& r) { rx_match(r, sample::rx_matched_only()); });
  both(folder, "rx-mixed", [](Sink& r) { rx_match(r, sample::rx_mixed()); });
  both(folder, "rx-nothing", rx_nothing);
  both(folder, "rx-early-failure", rx_early_failure);
  both(folder, "exchange", port_test_run);
  both(folder, "exchange-early-failure", port_test_early_failure);
  both(folder, "reflect", reflect_run);
  both(folder, "reflect-nothing", reflect_nothing);
  both(folder, "search", [](Sink& r) { sample::search_run(r, sample::search_summary()); });
  both(folder, "search-irregular",
       [](Sink& r) { sample::search_run(r, sample::search_irregular()); });
  std::ofstream(folder / "tcp-plan.json")
      << tcp_plan_json(sample::tcp_plan(), R"({"command":"tcp","host":"a"})");
  std::ofstream(folder / "tcp-plan-file.json") << tcp_plan_json(sample::tcp_file_plan());
  std::ofstream(folder / "plan.json") << plan_json(sample::plan(), true, sample::test_info().test);
  std::ofstream(folder / "plan6.json") << plan_json(sample::plan_v6(), true);
  std::ofstream(folder / "search-plan.json") << search_plan_json(sample::search_begin());
  std::ofstream(folder / "probe.json") << checks_json(sample::checks(), "0.1.0");
  return 0;
}
