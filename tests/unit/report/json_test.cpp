// SPDX-License-Identifier: BSD-2-Clause
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "report/sink.h"
#include "support/histograms.h"
#include "unit/report/sample_values.h"

namespace xtg::report {
namespace {

using nlohmann::ordered_json;

ordered_json parsed(const std::ostringstream& out) {
  return test::without_histograms(ordered_json::parse(out.str()));
}

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items())
    names.push_back(item.key());
  return names;
}

TEST(JsonDocument, WholeRun) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(UdpBegin{sample::plan(), sample::info()});
  json->take(sample::interval());
  json->take(sample::summary());
  EXPECT_EQ(out.str(), "") << "one document, written at the end";
  json->take(Finish{});
  const ordered_json document = parsed(out);
  EXPECT_EQ(keys(document), (std::vector<std::string>{"start", "intervals", "end", "exit_status"}));
  EXPECT_EQ(document["exit_status"], 0);
  EXPECT_EQ(document["intervals"].size(), 1U);

  ordered_json start = document["start"];
  start.erase("configuration");
  EXPECT_EQ(
      start.dump(),
      std::string(R"({"version":")") + kVersion +
          R"(","schema":1,"system_info":"Linux lab1 6.1.0-32-amd64","hostname":"lab1",)"
          R"("kernel":"6.1.0-32-amd64",)"
          R"("timestamp":{"time":"2025-01-31T12:00:00Z","timesecs":1738324800},)"
          R"("command":"xdp-trafficgen udp eth1 --rate 1Mpps","count_source":"tracepoint",)"
          R"("count_source_note":null,"host":{"kernel":"6.1.0-32-amd64",)"
          R"("cpu_model":"Example 3000","cpus":8,"interfaces":[{"name":"eth1",)"
          R"("driver":"veth","speed_bits_per_second":null,"tx_queues_used":1,)"
          R"("rx_queues_used":null,"mtu":1500,"offloads":["rx-gro","tx-scatter-gather"]}]}})");
}

TEST(JsonDocument, Interval) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(UdpBegin{sample::plan(), sample::info()});
  json->take(sample::interval());
  json->take(Finish{});
  EXPECT_EQ(
      parsed(out)["intervals"][0].dump(),
      R"({"sum":{"start":0.0,"end":1.0,"seconds":1.0,"packets":999000,)"
      R"("bytes":63936000,"bits_per_second":511488000.0,"attempts":999500,)"
      R"("accepted":999000,"driver_drops":400,"redirect_errors":100,)"
      R"("queue_drops":0,"queued":0,"resent":0,"skipped_slots":7,"nomem_retries":1,"xmit_pps":999000.0,"err_pps":500.0,)"
      R"("l1_bits_per_second":671328000.0,"l2_bits_per_second":511488000.0,)"
      R"("l3_bits_per_second":367632000.0,"target_pps":1000000.0},"workers":[{"id":0,)"
      R"("cpu":2,"attempts":499500,"accepted":499000,"driver_drops":400,)"
      R"("redirect_errors":100,"queue_drops":0,"queued":0,"resent":0,"skipped_slots":0,"nomem_retries":0},{"id":1,"cpu":3,)"
      R"("attempts":500000,"accepted":500000,"driver_drops":0,"redirect_errors":0,)"
      R"("queue_drops":0,"queued":0,"resent":0,"skipped_slots":7,"nomem_retries":1}],"streams":[]})");
}

TEST(JsonDocument, End) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(UdpBegin{sample::plan(), sample::info()});
  json->take(sample::summary());
  json->take(Finish{});
  ordered_json end = parsed(out)["end"];
  EXPECT_EQ(end["sum"]["bytes"], 1'950'000 * 64);
  EXPECT_EQ(end["workers"].size(), 2U);
  end.erase("sum");
  end.erase("workers");
  EXPECT_EQ(end.dump(),
            R"({"reason":"duration","errors":[{"errno":28,"name":"ENOSPC",)"
            R"("text":"No space left on device","count":400},{"errno":4000,)"
            R"("name":"errno 4000","text":"unknown error","count":100}],"stack_drops":{},)"
            R"("target":{"pps":1000000.0,"achieved_pps":975000.0,"deviation_ratio":-0.025,)"
            R"("shortfall":"thread 1 was kept off its CPU for 51 ms"},"slip_ns":{"p50":10,)"
            R"("p90":10,"p99":20,"p999":20,"max":20,"count":100},)"
            R"("streams":[],"first_frame_seconds":0.0425,"first_frame_monotonic_ns":42500000,)"
            R"("notes":[],"cpu_seconds":3.25})");
}

TEST(JsonDocument, TargetMetExactlyIsZeroNotMinusZero) {
  std::ostringstream out;
  const auto json = make_json(out);
  stats::Summary summary = sample::summary();
  summary.total.xmit_pps = 1e6;
  summary.shortfall.clear();
  json->take(UdpBegin{sample::plan(), sample::info()});
  json->take(summary);
  json->take(Finish{});
  EXPECT_EQ(parsed(out)["end"]["target"].dump(),
            R"({"pps":1000000.0,"achieved_pps":1000000.0,"deviation_ratio":0.0,"shortfall":null})");
}

TEST(JsonDocument, UnpacedRunHasNullForTargetAndSlip) {
  std::ostringstream out;
  const auto json = make_json(out);
  stats::Summary summary = sample::summary();
  summary.total.target_pps.reset();
  summary.release_delay.reset();
  json->take(UdpBegin{sample::plan(), sample::info()});
  json->take(summary);
  json->take(Finish{});
  const ordered_json end = parsed(out)["end"];
  EXPECT_TRUE(end["target"].is_null());
  EXPECT_TRUE(end["slip_ns"].is_null());
  EXPECT_TRUE(end["sum"]["target_pps"].is_null());
}

TEST(JsonDocument, LinkCountersKnowNoThreads) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(UdpBegin{sample::plan(), sample::link_info()});
  json->take(sample::interval());
  json->take(Finish{});
  const ordered_json document = parsed(out);
  EXPECT_EQ(document["start"]["count_source"], "link");
  EXPECT_EQ(document["start"]["count_source_note"], "CAP_PERFMON is missing");
  const ordered_json worker = document["intervals"][0]["workers"][0];
  EXPECT_EQ(
      worker.dump(),
      R"({"id":0,"cpu":2,"attempts":499500,"accepted":null,"driver_drops":null,)"
      R"("redirect_errors":null,"queue_drops":null,"queued":null,"resent":0,"skipped_slots":0,"nomem_retries":0})");
  EXPECT_EQ(document["intervals"][0]["sum"]["accepted"], 999'000);
}

TEST(JsonDocument, ErrorBeforeBegin) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(Failure{{Errc::NotFound, 19, "interface eth9"}, 1});
  json->take(Finish{});
  EXPECT_EQ(parsed(out).dump(), std::string(R"({"start":{"version":")") + kVersion +
                                    R"(","schema":1},"intervals":[],"end":null,)"
                                    R"("error":"interface eth9: No such device","exit_status":1})");
}

TEST(JsonDocument, EndAfterErrorKeepsBoth) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(UdpBegin{sample::plan(), sample::info()});
  json->take(Failure{{Errc::NotSupported, 0, "nothing was accepted:\neth1 is down"}, 4});
  json->take(Failure{{Errc::System, 0, "a consequence"}, 1});
  stats::Summary summary = sample::summary();
  summary.end = stats::EndReason::Failed;
  json->take(summary);
  json->take(Finish{});
  const ordered_json document = parsed(out);
  EXPECT_EQ(keys(document),
            (std::vector<std::string>{"start", "intervals", "end", "error", "exit_status"}));
  EXPECT_EQ(document["error"], "nothing was accepted: eth1 is down");
  EXPECT_EQ(document["exit_status"], 4);
  EXPECT_EQ(document["end"]["reason"], "failed");
}

TEST(JsonDocument, FinishTwiceWritesOnce) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(Finish{});
  const std::string once = out.str();
  json->take(Finish{});
  EXPECT_EQ(out.str(), once);
  EXPECT_TRUE(ordered_json::accept(once));
}

TEST(JsonDocument, NoNumberIsNanOrInfinite) {
  std::ostringstream out;
  const auto json = make_json(out);
  const plan::Plan plan = sample::plan();
  stats::Sample s = sample::interval();
  s.xmit_pps = std::nan("");
  s.l1_bps = std::numeric_limits<double>::infinity();
  s.l2_bps = -std::numeric_limits<double>::infinity();
  json->take(UdpBegin{plan, sample::info()});
  json->take(s);
  json->take(Finish{});
  const ordered_json sum = parsed(out)["intervals"][0]["sum"];
  for (const char* key : {"xmit_pps", "l1_bits_per_second", "l2_bits_per_second"})
    EXPECT_TRUE(sum[key].is_null()) << key;
}

TEST(JsonDocument, ConfigurationAndPlanHaveTheTestThatRepeatsThem) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(UdpBegin{sample::plan(), sample::test_info()});
  json->take(Finish{});
  const ordered_json test = ordered_json::parse(sample::test_info().test);
  EXPECT_EQ(parsed(out)["start"]["configuration"]["test"], test);
  const auto plan = ordered_json::parse(plan_json(sample::plan(), true, sample::test_info().test));
  EXPECT_EQ(plan["plan"]["test"], test);
}

TEST(JsonDocument, CommandNeedNotBeUtf8) {
  std::ostringstream out;
  const auto json = make_json(out);
  RunInfo info = sample::info();
  info.command = "xdp-trafficgen udp --write-pcap \xff\xfe.pcap";
  info.started_utc = "today";
  json->take(UdpBegin{sample::plan(), info});
  json->take(Finish{});
  const ordered_json start = parsed(out)["start"];
  EXPECT_EQ(start["command"], "xdp-trafficgen udp --write-pcap \xef\xbf\xbd\xef\xbf\xbd.pcap");
  EXPECT_TRUE(start["timestamp"]["timesecs"].is_null());
}

TEST(JsonStream, OneLinePerEventWithTheDocumentsObjects) {
  std::ostringstream document_out;
  const auto document = make_json(document_out);
  std::ostringstream out;
  const auto stream = make_json_stream(out);
  for (Sink* reporter : {document.get(), stream.get()}) {
    reporter->take(UdpBegin{sample::plan(), sample::info()});
    reporter->take(sample::interval());
    reporter->take(sample::interval());
    reporter->take(Failure{{Errc::System, 0, "two\nlines"}, 1});
    reporter->take(sample::summary());
    reporter->take(Finish{});
  }
  const ordered_json whole = ordered_json::parse(document_out.str());
  std::string expected = ordered_json{{"event", "start"}, {"data", whole["start"]}}.dump() + "\n";
  for (const ordered_json& interval : whole["intervals"])
    expected += ordered_json{{"event", "interval"}, {"data", interval}}.dump() + "\n";
  expected += R"({"event":"error","data":"two lines","exit_status":1})"
              "\n";
  expected += ordered_json{{"event", "end"}, {"data", whole["end"]}}.dump() + "\n";
  EXPECT_EQ(out.str(), expected);
}

TEST(JsonStream, EveryEventIsOutAtOnce) {
  std::ostringstream out;
  const auto stream = make_json_stream(out);
  stream->take(UdpBegin{sample::plan(), sample::info()});
  EXPECT_EQ(out.str().back(), '\n');
}

} // namespace
} // namespace xtg::report
