// SPDX-License-Identifier: BSD-2-Clause
#include "report/sink.h"

#include <functional>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/report/reflect_sample_values.h"

namespace xtg::report {
namespace {

using nlohmann::ordered_json;

ordered_json document(const std::function<void(Sink&)>& run) {
  std::ostringstream out;
  const auto json = make_json(out);
  run(*json);
  json->take(Finish{});
  return ordered_json::parse(out.str());
}

TEST(ReflectText, WholeRun) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(ReflectBegin{sample::reflect_plan(), sample::info(), "native"});
  text->take(sample::reflect_interval());
  text->take(sample::reflect_summary());
  text->take(Finish{});
  EXPECT_EQ(out.str(), R"(sending back on eth1 (veth), native mode, by redirect, for 2.5s
test frames of session 00c0ffee, UDP port 1000, to 02:00:00:00:00:01, from 198.18.0.0/24, 2001:db8::1/128; at most 2Mpps
[   1.00s] eth1        1,000 pkt/s sent back  672.0 kbit/s L1  512.0 kbit/s L2          5 not sent back      4,000 above the rate         10 refused by the driver

summary of eth1
  ended           duration reached
  duration                  2.000 s
  sent back                 1,000 test frames, 900 with the reflector's timestamps
  mean rate                   500 pkt/s  336.0 kbit/s L1  256.0 kbit/s L2
  driver refused               10 frames on the return path, ENOSPC: 10
  not counted                   6 sent back, of streams beyond the 16,384 that are counted apart
  not sent back                 1 of an unknown version or type
  not sent back                 2 already sent back by a reflector
  not sent back                 3 of another session (see --session)
  not sent back                 4 whose signature does not end a whole UDP datagram from host to host
  not sent back                 5 to another UDP port (see --port)
  not sent back                 6 not addressed to the interface (see --any-mac)
  not sent back                 7 from an address that is not allowed (see --allow)
  not sent back                 8 with a compact signature of a stream not known yet
  dropped                       9 above the rate of --max-rate
  passed                       33 frames that are not test frames
  streams         session 00c0ffee stream 3: 1,000 packets, 1 announcement
                  session ....beef stream 200: 4 packets
  CPU 0                     1,000 sent back, 32 other frames passed
  CPU 3                        10 sent back, 1 other frame passed
  interface drops               1 received  2 missed  3 receive errors  4 sent  5 send errors
  processor time            1.500 s
)");
  EXPECT_EQ(err.str(), "xdp-trafficgen: note: GRO of eth2 was switched on for the run\n");
}

TEST(ReflectText, AnythingAndNothing) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(ReflectBegin{sample::reflect_any_plan(), sample::link_info(), "generic"});
  text->take(Failure{{Errc::Peer, 0, "no test frame\narrived"}, 5});
  text->take(sample::reflect_nothing());
  EXPECT_EQ(out.str(),
            R"(sending back on eth1 (driver unknown), generic mode, by XDP_TX, up to 1 packet
test frames of any session, any UDP port, to any MAC address, from any address

summary of eth1
  ended           interrupted: no test frame arrived
  duration                  2.000 s
  sent back                     0 test frames, 0 with the reflector's timestamps
  mean rate                     0 pkt/s  0.000 bit/s L1  0.000 bit/s L2
  driver refused                0 frames on the return path
  passed                    1,234 frames that are not test frames
  interface drops               0 received  0 missed  0 receive errors  0 sent  0 send errors
  processor time            0.000 s
)");
  EXPECT_EQ(err.str(), "xdp-trafficgen: note: what the driver refuses is counted by the interface, "
                       "with all else that it sends: CAP_PERFMON is missing\n");
}

TEST(ReflectText, ManySourcesAndStreamsAreCounted) {
  plan::ReflectPlan plan = sample::reflect_plan();
  plan.spec.allow.assign(1'009, *packet::IpPrefix::parse("10.0.0.0/8"));
  plan.sources = plan.spec.allow;
  stats::ReflectSummary summary = sample::reflect_summary();
  summary.streams.assign(18, summary.streams.front());
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(ReflectBegin{plan, sample::info(), "native"});
  text->take(summary);
  EXPECT_NE(out.str().find("10.0.0.0/8, 1,001 more;"), std::string::npos);
  EXPECT_NE(out.str().find("... and 2 more"), std::string::npos);
  plan.spec.allow.clear();
  out.str("");
  text->take(ReflectBegin{plan, sample::info(), "native"});
  EXPECT_NE(out.str().find("from private, link-local, documentation and benchmark addresses"),
            std::string::npos);
}

TEST(ReflectJson, Start) {
  const ordered_json start = document([](Sink& json) {
    json.take(ReflectBegin{sample::reflect_plan(), sample::info(), "native"});
  })["start"];
  EXPECT_EQ(start["count_source"], "tracepoint");
  ordered_json configuration = start["configuration"];
  configuration.erase("interface");
  EXPECT_EQ(configuration.dump(),
            R"({"role":"mirror","mode":"auto","attached":"native","via":"redirect",)"
            R"("session":12648430,"port":1000,"allow":["198.18.0.0/24","2001:db8::1/128"],)"
            R"("any_mac":false,"max_pps":2000000.0,"num_packets":null,"duration_seconds":2.5,)"
            R"("interval_seconds":1.0,"notes":["GRO of eth2 was switched on for the run"]})");
}

TEST(ReflectJson, StartOfWhatHasNoLimits) {
  const ordered_json all = document([](Sink& json) {
    json.take(ReflectBegin{sample::reflect_any_plan(), sample::info(), "generic"});
  })["start"]["configuration"];
  for (const char* key : {"session", "port", "allow", "max_pps", "duration_seconds"})
    EXPECT_TRUE(all[key].is_null()) << key;
  EXPECT_EQ(all["any_mac"], true);
  EXPECT_EQ(all["via"], "tx");
  EXPECT_EQ(all["num_packets"], 1);
}

TEST(ReflectJson, Interval) {
  const ordered_json intervals =
      document([](Sink& json) { json.take(sample::reflect_interval()); })["intervals"];
  ASSERT_EQ(intervals.size(), 1U);
  EXPECT_EQ(intervals[0].dump(),
            R"({"sum":{"start":0.0,"end":1.0,"seconds":1.0,"packets":1000,)"
            R"("bits_per_second":512000.0,"reflected_pps":1000.0,"l1_bits_per_second":672000.0,)"
            R"("l2_bits_per_second":512000.0,"driver_drops":10,"told":900,"untold":0,"passed":33,)"
            R"("refused":{"unknown":0,"again":0,"session":0,"packet":0,"port":0,"mac":0,)"
            R"("source":5,"unsure":0,"rate":4000}}})");
}

TEST(ReflectJson, End) {
  ordered_json end = document([](Sink& json) { json.take(sample::reflect_summary()); })["end"];
  EXPECT_EQ(end["sum"]["refused"].dump(),
            R"({"unknown":1,"again":2,"session":3,"packet":4,"port":5,"mac":6,"source":7,)"
            R"("unsure":8,"rate":9})");
  EXPECT_EQ(end["sum"]["untold"], 6);
  end.erase("sum");
  EXPECT_EQ(end["errors"][0]["name"], "ENOSPC");
  end.erase("errors");
  EXPECT_EQ(
      end.dump(),
      R"({"streams":[{"session":12648430,"stream":3,"form":"full","packets":1000,)"
      R"("announcements":1},{"session":48879,"stream":200,"form":"compact","packets":4,)"
      R"("announcements":0}],"reason":"duration","waiting_seconds":0.0,"cpus":[{"cpu":0,"sent":1000,"passed":32},)"
      R"({"cpu":3,"sent":10,"passed":1}],"link":{"rx_dropped":1,"rx_missed":2,)"
      R"("rx_errors":3,"tx_dropped":4,"tx_errors":5},"cpu_seconds":1.5})");
}

TEST(ReflectJson, LinesAndQuiet) {
  std::ostringstream out;
  const auto lines = make_json_stream(out);
  lines->take(ReflectBegin{sample::reflect_plan(), sample::info(), "native"});
  lines->take(sample::reflect_interval());
  lines->take(Failure{{Errc::Peer, 0, "no"}, 5});
  lines->take(sample::reflect_summary());
  lines->take(Finish{});
  std::istringstream in(out.str());
  std::vector<std::string> events;
  for (std::string line; std::getline(in, line);)
    events.push_back(ordered_json::parse(line)["event"]);
  EXPECT_EQ(events, (std::vector<std::string>{"start", "interval", "error", "end"}));
  const auto quiet = make_quiet();
  quiet->take(ReflectBegin{sample::reflect_plan(), sample::info(), "native"});
  quiet->take(Finish{});
}

TEST(ReflectReport, WhyNothingWentBack) {
  stats::ReflectCounters c;
  EXPECT_EQ(why_nothing("eth1", c), "no test frame arrived on eth1; 0 other frames passed");
  c.not_reflected[XTG_REFLECT_PORT] = 3;
  c.not_reflected[XTG_REFLECT_SOURCE] = 1'234;
  EXPECT_EQ(
      why_nothing("eth1", c),
      "no test frame was sent back on eth1; 1,234 arrived, from an address that is not allowed "
      "(see --allow)");
  c.sent = c.dropped = 7;
  EXPECT_EQ(why_nothing("eth1", c), "eth1 dropped all 7 test frames on the return path");
}

} // namespace
} // namespace xtg::report
