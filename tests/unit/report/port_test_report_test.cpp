// SPDX-License-Identifier: BSD-2-Clause
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plan/rx_plan.h"
#include "unit/report/port_test_sample_values.h"

namespace xtg::report {
namespace {

RxVerdict judged(const std::string& condition, const stats::PortTestSummary& summary) {
  return judge(plan::parse_expect(condition).value(), summary, {"eth1", "eth2"}).front();
}

TEST(PortTestVerdict, SharesAreExact) {
  stats::PortTestSummary s = sample::port_test_summary();
  s.ports[0].ledger = {.asked = 1'100'000'011, .not_sent = 11, .received = 1'000'000'000};
  s.ports[1].rx->total.sum.unique = 1'000'000'000;
  EXPECT_TRUE(judged("rx@eth2=10/11", s).held);
  EXPECT_TRUE(judged("rx=10/11", s).held);
  EXPECT_NEAR(*judged("rx=10/11", s).value, 10.0 / 11, 1e-12);
  s.ports[1].rx->total.sum.unique += 1;
  EXPECT_FALSE(judged("rx@eth2=10/11", s).held);
  EXPECT_TRUE(judged("rx@eth2>10/11", s).held);
}

TEST(PortTestVerdict, LossIsOfWhatWasSent) {
  const stats::PortTestSummary s = sample::port_test_summary();
  EXPECT_EQ(judged("lost=12", s).value, 12);
  EXPECT_DOUBLE_EQ(*judged("loss<2%", s).value, 12.0 / 1014);
  EXPECT_EQ(judged("refused=6", s).value, 6);
  EXPECT_EQ(judged("unsent=30", s).value, 30);
  EXPECT_EQ(judged("dropped=4", s).value, 4);
  EXPECT_EQ(judged("rx=1002", s).value, 1002);
  EXPECT_EQ(judged("dup=7", s).value, 7);
  EXPECT_EQ(judged("bytes=64640", s).value, 1010 * 64);
  EXPECT_TRUE(judged("p50<50us", s).held);
}

/// What was not sent was not tested.
TEST(PortTestVerdict, AGeneratorThatMissedItsTaskPassesNothing) {
  const auto all = [](const std::string& expect, const stats::PortTestSummary& s) {
    return judge(plan::parse_expect(expect).value(), s, {"eth1", "eth2"});
  };
  const auto missed = [&](const std::string& expect, const stats::PortTestSummary& s) {
    const auto verdicts = all(expect, s);
    return verdicts.size() == 2 && verdicts[1].implied && !verdicts[1].held;
  };
  stats::PortTestSummary s = sample::port_test_summary();
  s.ports[0].tx->total.tx = {.attempts = 998'999, .accepted = 998'999};
  s.ports[0].ledger = {
      .asked = 1'000'000, .not_sent = 600, .driver_drops = 401, .received = 998'999};
  EXPECT_TRUE(missed("loss=0", s));
  EXPECT_NEAR(*all("loss=0", s)[1].value, 0.001001, 1e-9);
  EXPECT_FALSE(missed("unsent<1%", s)) << "allowed";
  EXPECT_FALSE(missed("not_sent<1%", s)) << "the same by another name";
  EXPECT_FALSE(missed("refused<1%", s)) << "the rest is below 0.1 %";
  s.ports[0].ledger->driver_drops = 400;
  EXPECT_FALSE(missed("loss=0", s));
  s.ports[0].tx->total.tx.skipped_slots = 1'001;
  EXPECT_TRUE(missed("loss=0", s)) << "all of it, but slower";
  s.ports[0].tx->total.tx.skipped_slots = 900;
  EXPECT_FALSE(missed("loss=0", s));
  EXPECT_TRUE(judge({}, s, {"eth1", "eth2"}).empty()) << "nothing was asked";
  s.ports[0].ledger = {.asked = 1'000, .not_sent = 1'000};
  EXPECT_FALSE(missed("rx=0", s)) << "nothing was sent: that is an error of its own";
}

TEST(PortTestVerdict, SharesOfWhatWasAskedFor) {
  stats::PortTestSummary s = sample::port_test_summary();
  s.ports[0].ledger = {.asked = 1'000, .not_sent = 20, .driver_drops = 10, .received = 970};
  EXPECT_DOUBLE_EQ(*judged("unsent<2.1%", s).value, 0.02);
  EXPECT_TRUE(judged("unsent<2.1%", s).held);
  EXPECT_FALSE(judged("not_sent<2%", s).held);
  EXPECT_TRUE(judged("refused<=1%", s).held);
  EXPECT_TRUE(judged("refused=10", s).held) << "a count";
  s.ports[0].ledger = stats::Ledger{};
  EXPECT_FALSE(judged("unsent<=1%", s).held) << "a share of nothing";
}

TEST(PortTestVerdict, CopiesAtAnotherPortAreNoFurtherPackets) {
  stats::PortTestSummary s = sample::port_test_summary();
  s.ports[0].rx = s.ports[1].rx;
  s.ports[0].ledger->copies = 1009;
  EXPECT_EQ(judged("rx=1002", s).value, 1002);
  EXPECT_EQ(judged("dup=1009", s).value, 1009);
  EXPECT_EQ(judged("rx@eth2=1002", s).value, 1002);
  EXPECT_EQ(judged("dup@eth2=7", s).value, 7);
}

TEST(PortTestVerdict, SilenceIsCoveredByWhatSpeaksOfIt) {
  const auto covered = [](const std::string& expect, const stats::PortTestSummary& s) {
    return covers_silence(plan::parse_expect(expect).value(), s);
  };
  const stats::PortTestSummary sent = sample::port_test_summary(), nothing;
  EXPECT_TRUE(covered("p99<1ms,rx=0", sent));
  EXPECT_TRUE(covered("loss=100%", sent));
  EXPECT_FALSE(covered("p99<1ms,dup=0,refused=0", sent));
  EXPECT_TRUE(covered("rx=0", nothing));
  EXPECT_TRUE(covered("unsent>0", nothing));
  EXPECT_FALSE(covered("lost=0,dup=0", nothing)) << "holds where nothing happens";
}

/// An interval and an end, text or JSON, of eth1 that sends to eth1 and eth2.
stats::PortTestSample two_flows() {
  stats::PortTestSample s = sample::port_test_interval();
  s.flows.insert(s.flows.begin(), {0, 0, sample::rx_interval()});
  s.loss_by_flow[0] = false;
  return s;
}

TEST(PortTestText, ASendersLossIsToldOnce) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"native", "native"}});
  out.str("");
  text->take(two_flows());
  const std::string lines = out.str();
  EXPECT_NE(lines.find("       12 missing"), std::string::npos) << lines;
  EXPECT_NE(lines.find("        - missing"), std::string::npos) << lines;
  EXPECT_EQ(lines.find(" 12 missing"), lines.rfind(" 12 missing"));
}

TEST(PortTestJson, AFlowTellsNoLossThatIsItsSenders) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"native", "native"}});
  json->take(sample::port_test_interval());
  json->take(two_flows());
  stats::PortTestSummary s = sample::port_test_summary();
  s.ports[0].tx->total.tx.driver_drops = s.ports[0].tx->total.tx.redirect_errors = 0;
  json->take(PortTestEnd{s, {}});
  json->take(Finish{});
  auto doc = nlohmann::json::parse(out.str());
  EXPECT_EQ(doc["intervals"][0]["flows"][0]["sum"]["lost_packets"], 12);
  EXPECT_EQ(doc["intervals"][0]["tx"][0]["lost_packets"], 12);
  EXPECT_EQ(doc["intervals"][1]["sum"]["lost_packets"], 12) << "once";
  EXPECT_EQ(doc["intervals"][1]["tx"][0]["lost_packets"], 12);
  for (const auto& flow : doc["intervals"][1]["flows"]) {
    EXPECT_TRUE(flow["sum"]["lost_packets"].is_null());
    EXPECT_TRUE(flow["sum"]["lost_percent"].is_null());
    EXPECT_FALSE(flow["sum"].contains("passed"));
  }
  EXPECT_EQ(doc["end"]["flows"][0]["sum"]["lost_packets"], 12);
  EXPECT_FALSE(doc["end"]["flows"][0]["sum"].contains("passed"));

  out.str("");
  const auto refused = make_json(out);
  refused->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"native", "native"}});
  refused->take(PortTestEnd{sample::port_test_summary(), {}});
  refused->take(Finish{});
  doc = nlohmann::json::parse(out.str());
  const auto& flow = doc["end"]["flows"][0];
  EXPECT_TRUE(flow["sum"]["lost_packets"].is_null()) << "gaps where the driver refused";
  EXPECT_TRUE(flow["sum"]["loss_bursts"].is_null());
  EXPECT_TRUE(flow["streams"][0]["lost_percent"].is_null());
}

TEST(PortTestText, WhatIsNotDistinguishedIsSaid) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"", "native"}});
  stats::PortTestSummary s = sample::port_test_summary();
  s.ports[0].ledger->exact = false;
  text->take(PortTestEnd{s, {}});
  EXPECT_NE(out.str().find("more may be lost\n"), std::string::npos);
}

TEST(PortTestVerdict, WhereNothingIsKnownNothingHolds) {
  const stats::PortTestSummary s = sample::port_test_summary();
  EXPECT_FALSE(judged("p50<50us", stats::PortTestSummary{}).held);
  EXPECT_FALSE(judged("rx@eth1=0", s).held) << "does not receive";
  EXPECT_FALSE(judged("loss<1%", stats::PortTestSummary{}).held);
  EXPECT_FALSE(judged("rx=1/2", stats::PortTestSummary{}).value);
  stats::PortTestSummary silent = s;
  silent.ports[0].ledger = stats::Ledger{};
  silent.ports[1].rx->total.sum = {};
  EXPECT_FALSE(judged("rx=1/1", silent).held) << "0 of 0 is no share";
  EXPECT_FALSE(judged("rx@eth2=1/1", silent).value);
}

TEST(PortTestText, WholeRun) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"", "native"}});
  text->take(sample::port_test_interval());
  text->take(PortTestEnd{sample::port_test_summary(), sample::port_test_verdicts()});
  text->take(Finish{});
  EXPECT_EQ(out.str(), R"(eth1 (veth) sends, 2 threads on CPU 2,3
  stream 0: 198.18.0.1 port 1 (02:00:00:00:00:01) -> 198.18.0.2 port 1000-1003 (02:00:00:00:00:02), 64-byte frames, rate 1Mpps, 2,000,000 packets
  for 2.5s
eth2 (veth) receives, native mode
[   1.00s] eth1 -> eth2      999,000 xmit/s        1,010 pkt/s  678.7 kbit/s L1         12 missing     47.9 p50    130.1 p99    2,000 max us delay

summary
  ended           duration reached
  duration                  2.500 s
  processor time            3.250 s
ledger of eth1
  asked for                 1,050  100.0000 %
  not sent                     30    2.8571 %  missed slots
  refused                       6    0.5714 %  by the sender's driver
  lost                          7    0.6667 %  on the way
  dropped                       4    0.3810 %  by the receiving interface
  received                    996   94.8571 %
  duplicated                    6    0.5714 %  7 packets beyond the first of each
  late                          1    0.0952 %  below the window
  target                1,000,000 pps, achieved 975,000 pps (-2.5000 %)
  shortfall       thread 1 was kept off its CPU for 51 ms
  verdict         generator-limited: 30 of 1,050 packets not sent, 6 refused by the driver
eth1 -> eth2
  received                  1,010 packets  505 pkt/s  339.4 kbit/s L1  258.6 kbit/s L2
  loss bursts                   -
  reordered                     5, by 7 packets at most
  delay           min 47.2  mean 50.8  p50 47.9  p90 48.1  p99 130.1  p99.9 131.0  p99.99 1,999  max 2,000 us
  jitter          1.312 us
expected
  MISSED          rx@eth2=1/2: 98.8166 %
  met             lost=12: 12
  MISSED          unsent<=0.1%: 3.4286 % of the rate or amount: generator-limited; unsent<PERCENT allows more
)");
  EXPECT_EQ(err.str(), "xdp-trafficgen: note: dst-mac: no neighbour entry, the peer's address is "
                       "taken\nxdp-trafficgen: note: no other program on eth1\n");
}

TEST(PortTestText, BehindAReflectorTimesAreRoundTrips) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"", "native"}});
  stats::PortTestSample part = sample::port_test_interval();
  part.flows[0].rx.path = stats::RxPath::RoundTrip;
  stats::PortTestSummary summary = sample::port_test_summary();
  summary.flows[0].rx.streams = {sample::rx_reflected_stream()};
  summary.flows[0].rx.total.path = stats::RxPath::RoundTrip;
  out.str("");
  text->take(part);
  EXPECT_NE(out.str().find(" max us RTT\n"), std::string::npos) << out.str();
  out.str("");
  text->take(PortTestEnd{summary, {}});
  const std::string said = out.str();
  EXPECT_NE(said.find("  round trip      min 47.2 "), std::string::npos) << said;
  EXPECT_NE(said.find("  reflector       time in the reflector min 0.800 "), std::string::npos)
      << said;
  EXPECT_NE(said.find("                  forward path: 8 lost  2 dup; "), std::string::npos)
      << said;
}

TEST(PortTestText, LimitsInWords) {
  stats::Ledger l = {.asked = 10};
  EXPECT_EQ(limit_text(l), "everything requested was sent and arrived");
  l.limit = stats::Limit::Generator;
  EXPECT_NE(limit_text(l).find("at full speed"), std::string::npos);
  l.slow = true;
  EXPECT_NE(limit_text(l).find("slower than requested"), std::string::npos);
  l.driver_drops = 3;
  EXPECT_EQ(limit_text(l), "generator-limited: 0 of 10 packets not sent, 3 refused by the driver");
  l.queue_drops = 2;
  EXPECT_EQ(limit_text(l),
            "generator-limited: 0 of 10 packets not sent, 1 refused by the driver, 2 "
            "dropped or held by the queueing discipline");
  l.limit = stats::Limit::Receiver;
  l.dropped = 1;
  EXPECT_EQ(limit_text(l), "receiver-limited: 1 packet dropped by the receiving interface");
  l.limit = stats::Limit::Path;
  l.lost = 2;
  l.late = 1;
  EXPECT_EQ(limit_text(l), "path-limited: 2 packets lost on the way, 1 too late");
}

TEST(PortTestText, AFlowHasALineOnceItHadAPacket) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"native", "native"}});
  stats::PortTestSample s = sample::port_test_interval();
  s.flows.insert(s.flows.begin(), {0, 0, stats::RxSample{}});
  out.str("");
  text->take(s);
  EXPECT_EQ(out.str().find("eth1 -> eth1"), std::string::npos);
  EXPECT_NE(out.str().find("eth1 -> eth2"), std::string::npos);
  s.flows[1].rx = {};
  out.str("");
  text->take(s);
  EXPECT_NE(out.str().find("eth1 -> eth2"), std::string::npos) << "and keeps it";
}

TEST(PortTestText, WhereNothingComesOneLineSaysSo) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"native", "native"}});
  out.str("");
  text->take(stats::PortTestSample{0,
                                   1,
                                   {sample::interval(), std::nullopt},
                                   {{0, 0, stats::RxSample{}}, {0, 1, stats::RxSample{}}},
                                   {1000, 0},
                                   {true, false},
                                   {1000, 0}});
  const std::string line = out.str();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_NE(line.find("0 pkt/s"), std::string::npos);
}

TEST(PortTestJson, LedgerAndFlows) {
  std::ostringstream out;
  const auto json = make_json(out);
  json->take(PortTestBegin{sample::port_test_plan(), sample::info(), {"", "native"}});
  json->take(sample::port_test_interval());
  json->take(PortTestEnd{sample::port_test_summary(), sample::port_test_verdicts()});
  json->take(Finish{});
  const auto doc = nlohmann::json::parse(out.str());
  const auto& end = doc["end"];
  EXPECT_EQ(end["sum"]["asked"], 1050);
  EXPECT_EQ(end["sum"]["sent"], 1014);
  EXPECT_EQ(end["sum"]["received"], 1002);
  EXPECT_NEAR(end["sum"]["lost_percent"].get<double>(), 100 * 12.0 / 1014, 1e-9);
  EXPECT_EQ(end["ledger"][0]["interface"], "eth1");
  EXPECT_EQ(end["ledger"][0]["limited_by"], "generator");
  EXPECT_EQ(end["ledger"][0]["exact"], true);
  EXPECT_EQ(end["flows"][0]["from"], "eth1");
  EXPECT_EQ(end["flows"][0]["to"], "eth2");
  EXPECT_EQ(end["flows"][0]["sum"]["packets"], 1010);
  EXPECT_EQ(end["rx"][0]["interface"], "eth2");
  EXPECT_EQ(end["expect"][1]["held"], true);
  EXPECT_EQ(doc["intervals"][0]["tx"][0]["interface"], "eth1");
  EXPECT_EQ(doc["start"]["configuration"]["ports"][0]["receives"], nullptr);
  EXPECT_EQ(doc["start"]["configuration"]["ports"][1]["receives"]["attached"], "native");
}

} // namespace
} // namespace xtg::report
