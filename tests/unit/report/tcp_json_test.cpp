// SPDX-License-Identifier: BSD-2-Clause
#include <cmath>
#include <functional>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "report/dry_run.h"
#include "support/histograms.h"
#include "unit/report/tcp_sample_values.h"

namespace xtg::report {
namespace {

using nlohmann::ordered_json;

ordered_json document(const std::function<void(Sink&)>& run) {
  std::ostringstream out;
  const auto json = make_json(out);
  run(*json);
  json->take(Finish{});
  return test::without_histograms(ordered_json::parse(out.str()));
}

constexpr const char* kCounters =
    R"("retransmits_by_cause":{"sack":20,"rto":3,"tail_probe":1,"local_drop":50},)"
    R"("retransmitted_bytes":34752,"spurious":4,"rto_fired":2,"tail_probes":5,)"
    R"("window_probes":6,"dup_acks":40,"acks":900,"bytes_received":70,"ecn_reductions":8,)"
    R"("bad_segments":9,"window_limited_seconds":0.5,"zero_window_seconds":0.25,)"
    R"("idle_seconds":0.001,"in_flight_limited_seconds":0.1)";

std::string interval_text() {
  return std::string(
             R"({"sum":{"start":0.0,"end":1.0,"seconds":1.0,"flowed_seconds":1.0,"bytes":2500000,)") +
         R"("bits_per_second":20000000.0,"packets":2005,"attempts":2060,"accepted":2005,)" +
         R"("driver_drops":50,"redirect_errors":5,"queue_drops":0,"queued":0,)" +
         R"("skipped_slots":30,"nomem_retries":1,"xmit_pps":2005.0,)" +
         R"("err_pps":55.0,"l1_bits_per_second":25000000.0,"segments_sent":2000,)" +
         R"("bytes_sent":2896000,"retransmits":24,"retransmits_per_second":24.0,)" + kCounters +
         R"(,"rtt_us":1250,"flows":2,"slowest_bits_per_second":9000000.0,)" +
         R"("fastest_bits_per_second":11000000.0}})";
}

TEST(TcpJson, Configuration) {
  const ordered_json start = document([](Sink& json) {
    json.take(TcpBegin{sample::tcp_plan(), sample::info()});
  })["start"];
  EXPECT_EQ(start["version"], kVersion);
  EXPECT_EQ(start["count_source"], "tracepoint");
  EXPECT_EQ(start["configuration"].dump(),
            R"({"interface":{"name":"eth1","ifindex":7,"driver":"veth","kind":"veth",)"
            R"("mac":"02:00:00:00:00:01","mtu":1500,"tx_queues":2,"rx_queues":2,)"
            R"("speed_bits_per_second":null},"protocol":"tcp","dst_addr":"198.18.0.2",)"
            R"("dst_port":10000,"src_addr":"198.18.0.1","src_port":40000,"flows":3,"parallel":128,)"
            R"("threads":2,"cpus":[2,3],)"
            R"("ingress":"xdp","via":"xdp","via_reason":null,)"
            R"("congestion":"cubic","burst":45,"mss":null,"hop_limit":64,"tos":0,)"
            R"("fix":false,"close":"fin",)"
            R"("payload":"pattern","payload_file":null,"repeat":false,)"
            R"("rate":{"requested":"1Gbps","target_pps":null,"bits_per_second":1000000000.0,)"
            R"("layer":"l1"},"bytes":3000000,"bytes_per_flow":null,"num_packets":null,)"
            R"("duration_seconds":2.5,"interval_seconds":1.0,"connect_timeout_seconds":2.0,)"
            R"("drain_seconds":5.0,"silence_seconds":30.0,)"
            R"("notes":["dst-mac is that of the veth peer"]})");
}

TEST(TcpJson, ConfigurationOfAFileIsTheEffectiveOne) {
  const ordered_json plan = ordered_json::parse(tcp_plan_json(sample::tcp_file_plan()))["plan"];
  EXPECT_TRUE(plan["src_addr"].is_null());
  EXPECT_EQ(plan["payload"], "file");
  EXPECT_EQ(plan["payload_file"], "request.txt");
  EXPECT_EQ(plan["bytes_per_flow"], 4096) << "the file's size";
  EXPECT_TRUE(plan["bytes"].is_null());
  EXPECT_EQ(plan["close"], "keep-open");
  EXPECT_EQ(plan["ingress"], "tc");
  EXPECT_TRUE(plan["duration_seconds"].is_null());
  EXPECT_EQ(plan["rate"].dump(), R"({"requested":"1kpps","target_pps":1000.0,)"
                                 R"("bits_per_second":null,"layer":null})");
  plan::TcpPlan endless = sample::tcp_file_plan();
  endless.flow_bytes = {plan::kNoLimit};
  EXPECT_TRUE(ordered_json::parse(tcp_plan_json(endless))["plan"]["bytes_per_flow"].is_null());
}

TEST(TcpJson, Interval) {
  const ordered_json intervals =
      document([](Sink& json) { json.take(sample::tcp_interval()); })["intervals"];
  ASSERT_EQ(intervals.size(), 1U);
  EXPECT_EQ(intervals[0].dump(), interval_text());
}

TEST(TcpJson, WhatIsNotThereIsNull) {
  const ordered_json all = document([](Sink& json) {
    stats::TcpSample s = sample::tcp_interval();
    s.goodput_bps = std::nan("");
    s.l1_bps = 0;
    s.rtt_us = 0;
    s.compared = 0;
    json.take(s);
    json.take(sample::tcp_refused());
  });
  const ordered_json sum = all["intervals"][0]["sum"];
  for (const char* key : {"bits_per_second", "l1_bits_per_second", "rtt_us",
                          "slowest_bits_per_second", "fastest_bits_per_second"})
    EXPECT_TRUE(sum[key].is_null()) << key;
  for (const char* key : {"rtt_us", "first_data_seconds", "ingress"})
    EXPECT_TRUE(all["end"][key].is_null()) << key;
  EXPECT_TRUE(all["end"]["negotiated"]["mss"].is_null());
  EXPECT_EQ(all["end"]["flows"][0]["rtt_us"].dump(), R"({"min":null,"smoothed":null})");
}

TEST(TcpJson, AStalledFlowIsZeroNotNull) {
  const ordered_json all = document([](Sink& json) {
    stats::TcpSample s = sample::tcp_interval();
    s.slowest_bps = 0;
    json.take(s);
  });
  EXPECT_EQ(all["intervals"][0]["sum"]["slowest_bits_per_second"], 0.0);
}

TEST(TcpJson, End) {
  ordered_json end = document([](Sink& json) { json.take(sample::tcp_summary()); })["end"];
  ASSERT_EQ(end["flows"].size(), 3U);
  EXPECT_EQ(
      end["flows"][0].dump(),
      std::string(R"({"number":0,"src_port":40000,"close":"fin","detail":null,)") +
          R"("bytes":1000000,"seconds":2.0,"bits_per_second":4000000.0,"segments_sent":2000,)" +
          R"("bytes_sent":2896000,"retransmits":24,)" + kCounters +
          R"(,"rtt_us":{"min":45,"smoothed":1250,"p50":47.872,"p90":48.078,"p99":48.125,)" +
          R"("p999":2007.04,"max":2015.231,"count":100},"cwnd_segments":120,)" +
          R"("window_bytes":3145728})");
  EXPECT_EQ(end["flows"][1]["rtt_us"].dump(), R"({"min":46,"smoothed":1250})");
  EXPECT_TRUE(end["flows"][1]["cwnd_segments"].is_null());
  EXPECT_EQ(end["flows"][2]["close"], "peer_reset");
  EXPECT_EQ(end["flows"][2]["detail"], "RST after 500,000 bytes of 1,000,000");
  EXPECT_EQ(end["sum"]["seconds"], 2.0);
  end.erase("sum");
  end.erase("flows");
  EXPECT_EQ(
      end.dump(),
      R"({"reason":"amount","errors":[{"errno":28,"name":"ENOSPC",)"
      R"("text":"No space left on device","count":50}],)"
      R"("negotiated":{"mss":1448,"timestamps":true,"sack":true,"ecn":false},)"
      R"("most_in_flight_bytes":94804352,"ingress":"xdp","path_mtu":null,"icmp":{"too_big":0,"errors":0},)"
      R"("not_taken":{"queue_full":1200,"wrong_checksum":3,)"
      R"("fragments":0,"refused_ip_headers":0},"notes":[],)"
      R"("rtt_us":{"min":45,"p50":47.884,"p90":48.099,"p99":2011.136,)"
      R"("p999":2014.412,"max":2015.231,"count":200},"connect_seconds":0.012,)"
      R"("first_data_seconds":0.0425,"cpu_seconds":1.5})");
}

TEST(TcpJson, FirstErrorAndItsStatus) {
  const ordered_json all = document([](Sink& json) {
    json.take(TcpBegin{sample::tcp_plan(), sample::info()});
    json.take(Failure{{Errc::Peer, 0, "198.18.0.2 port 10000:\nrefused"}, 5});
    json.take(Failure{{Errc::System, 0, "later"}, 1});
  });
  EXPECT_EQ(all["error"], "198.18.0.2 port 10000: refused");
  EXPECT_EQ(all["exit_status"], 5);
  EXPECT_TRUE(all["end"].is_null());
}

TEST(TcpJsonStream, OneLinePerEventWithTheDocumentsObjects) {
  std::ostringstream out;
  const auto stream = make_json_stream(out);
  const auto run = [](Sink& reporter) {
    reporter.take(TcpBegin{sample::tcp_plan(), sample::info()});
    reporter.take(sample::tcp_interval());
    reporter.take(FlowEnded{sample::reset_flow(), 1.25});
    reporter.take(Failure{{Errc::Peer, 0, "two\nlines"}, 5});
    reporter.take(sample::tcp_summary());
  };
  run(*stream);
  stream->take(Finish{});
  const ordered_json whole = document(run);
  std::vector<ordered_json> events;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);)
    events.push_back(test::without_histograms(ordered_json::parse(line)));
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0], (ordered_json{{"event", "start"}, {"data", whole["start"]}}));
  EXPECT_EQ(events[1], (ordered_json{{"event", "interval"}, {"data", whole["intervals"][0]}}));
  EXPECT_EQ(events[2]["event"], "flow");
  ordered_json flow = events[2]["data"];
  EXPECT_EQ(flow["at"], 1.25);
  EXPECT_EQ(flow["bits_per_second"], 3'200'000.0) << "over its own time";
  flow.erase("at");
  EXPECT_EQ(flow, whole["end"]["flows"][2]);
  EXPECT_EQ(events[3].dump(), R"({"event":"error","data":"two lines","exit_status":5})");
  EXPECT_EQ(events[4], (ordered_json{{"event", "end"}, {"data", whole["end"]}}));
}

TEST(TcpDryRun, Json) {
  const ordered_json plan = ordered_json::parse(tcp_plan_json(sample::tcp_plan()));
  const ordered_json start = document([](Sink& json) {
    json.take(TcpBegin{sample::tcp_plan(), sample::info()});
  })["start"];
  EXPECT_EQ(plan,
            (ordered_json{{"version", kVersion}, {"schema", 1}, {"plan", start["configuration"]}}));
}

} // namespace
} // namespace xtg::report
