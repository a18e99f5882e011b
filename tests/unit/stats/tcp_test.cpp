// SPDX-License-Identifier: BSD-2-Clause
#include "stats/tcp.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

/// Every counter different, so that a mixed-up one shows.
FlowCounters counters(std::uint64_t scale) {
  FlowCounters c;
  c.segments_sent = 1 * scale;
  c.bytes_sent = 2 * scale;
  c.bytes_acked = 3 * scale;
  c.retransmit_causes = {4 * scale, 5 * scale, 6 * scale, 7 * scale};
  c.retransmit_cause_bytes = {8 * scale, 9 * scale, 10 * scale, 11 * scale};
  c.spurious = 12 * scale;
  c.rto_fired = 13 * scale;
  c.tail_probes = 14 * scale;
  c.window_probes = 15 * scale;
  c.dup_acks = 16 * scale;
  c.acks = 17 * scale;
  c.bytes_received = 18 * scale;
  c.ecn_reductions = 19 * scale;
  c.bad_segments = 20 * scale;
  c.window_limited_us = 21 * scale;
  c.zero_window_us = 22 * scale;
  c.idle_us = 23 * scale;
  c.board_limited_us = 24 * scale;
  return c;
}

FlowState flow(std::uint64_t acked, FlowEnd end = FlowEnd::Running, std::uint32_t rtt = 0) {
  FlowState out;
  out.counters.bytes_acked = acked;
  out.end = end;
  out.rtt_smoothed_us = rtt;
  return out;
}

TcpSnapshot at(std::uint64_t time_ns, std::vector<FlowState> flows) {
  TcpSnapshot out;
  out.time_ns = time_ns;
  out.flows = std::move(flows);
  return out;
}

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(TcpResetWords, SayWhatTheFarEndDid) {
  EXPECT_EQ(reset_text(0, 0, false), "the far end reset it");
  EXPECT_EQ(reset_text(500'000, 0, false),
            "the far end took 500,000 bytes and then reset the connection");
  EXPECT_EQ(
      reset_text(37, 1, true),
      "the far end took 37 bytes, sent 1 byte, closed its side and then reset the connection: "
      "a server with a protocol of its own");
  EXPECT_EQ(reset_text(0, 1'234, false),
            "the far end took 0 bytes, sent 1,234 bytes and then reset the connection: a server "
            "with a protocol of its own");
}

TEST(FlowCounters, AddEveryMember) {
  FlowCounters sum = counters(1);
  sum += counters(10);
  EXPECT_EQ(sum, counters(11));
}

TEST(FlowCounters, LocalDropsAreNoRetransmissions) {
  EXPECT_EQ(counters(1).retransmitted(), 4U + 5U + 6U);
  EXPECT_EQ(counters(1).retransmitted_bytes(), 8U + 9U + 10U);
}

TEST(TcpDelta, CountsWhatHappenedBetween) {
  TcpSnapshot from = at(3 * kSecond, {{}, {}});
  TcpSnapshot to = at(3 * kSecond + kSecond / 2, {{}, {}});
  from.flows[0].counters = counters(100);
  to.flows[0].counters = counters(101);
  from.flows[1].counters = counters(7);
  to.flows[1].counters = counters(17);
  from.tx = {100, 90, 6, 4, 2, 1};
  to.tx = {300, 280, 10, 10, 7, 2};
  const TcpSample s = tcp_delta(from, to, kSecond);
  EXPECT_DOUBLE_EQ(s.start_s, 2.0);
  EXPECT_DOUBLE_EQ(s.end_s, 2.5);
  EXPECT_EQ(s.sum, counters(11));
  EXPECT_EQ(s.tx, (TxCounters{200, 190, 4, 6, 5, 1}));
  EXPECT_DOUBLE_EQ(s.xmit_pps, 380);
  EXPECT_DOUBLE_EQ(s.err_pps, 20);
  EXPECT_DOUBLE_EQ(s.goodput_bps, 3 * 11 * 8 / 0.5);
  EXPECT_DOUBLE_EQ(s.again_pps, 15 * 11 / 0.5);
  EXPECT_DOUBLE_EQ(s.slowest_bps, 3 * 8 / 0.5);
  EXPECT_DOUBLE_EQ(s.fastest_bps, 30 * 8 / 0.5);
  EXPECT_EQ(s.flows, 2U);
  EXPECT_EQ(s.compared, 2U);
  EXPECT_EQ(s.l1_bps, 0) << "not known here";
}

TEST(TcpDelta, OnlyFlowsOpenThroughoutAreCompared) {
  const TcpSnapshot from = at(0, {flow(0, FlowEnd::PeerReset), flow(0), flow(0), flow(0)});
  const TcpSnapshot to =
      at(kSecond, {flow(0, FlowEnd::PeerReset), flow(1, FlowEnd::Fin), flow(500), flow(200)});
  const TcpSample s = tcp_delta(from, to, 0);
  EXPECT_EQ(s.flows, 2U);
  EXPECT_EQ(s.compared, 2U);
  EXPECT_DOUBLE_EQ(s.slowest_bps, 1600);
  EXPECT_DOUBLE_EQ(s.fastest_bps, 4000);
  EXPECT_EQ(s.sum.bytes_acked, 701U) << "the sum is over all";
}

TEST(TcpDelta, OverAWholeRunThoseThatEndedWellAreCompared) {
  const TcpSnapshot from = at(0, {});
  const TcpSnapshot to =
      at(kSecond, {flow(100, FlowEnd::Fin), flow(50, FlowEnd::KeptOpen),
                   flow(1, FlowEnd::PeerReset), flow(2, FlowEnd::Lost), flow(0, FlowEnd::NotOpened),
                   flow(3, FlowEnd::Unfinished), flow(4, FlowEnd::Unanswered)});
  const TcpSample s = tcp_delta(from, to, 0);
  EXPECT_EQ(s.flows, 0U);
  EXPECT_EQ(s.compared, 2U);
  EXPECT_DOUBLE_EQ(s.slowest_bps, 400);
  EXPECT_DOUBLE_EQ(s.fastest_bps, 800);
}

TEST(TcpDelta, AStalledFlowIsTheSlowest) {
  const TcpSample s = tcp_delta(at(0, {flow(5), flow(5)}), at(kSecond, {flow(9), flow(5)}), 0);
  EXPECT_EQ(s.compared, 2U);
  EXPECT_EQ(s.slowest_bps, 0);
  EXPECT_DOUBLE_EQ(s.fastest_bps, 32);
}

/// A flow whose data were acknowledged from `first_s` to `last_s` (0: it goes on).
FlowState flowed(std::uint64_t acked, std::uint64_t first_s, std::uint64_t last_s,
                 FlowEnd end = FlowEnd::Running) {
  FlowState out = flow(acked, end);
  out.first_ns = first_s * kSecond;
  out.last_ns = last_s * kSecond;
  return out;
}

TEST(TcpDelta, WaitingAndClosingDiluteNothing) {
  const TcpSnapshot from = at(1 * kSecond, {flow(0), flow(0)});
  TcpSnapshot to =
      at(60 * kSecond, {flowed(1000, 2, 3, FlowEnd::Fin), flowed(2000, 2, 6, FlowEnd::FinOneWay)});
  to.tx.attempts = to.tx.accepted = 40;
  const TcpSample s = tcp_delta(from, to, 1 * kSecond);
  EXPECT_DOUBLE_EQ(s.end_s - s.start_s, 59);
  EXPECT_DOUBLE_EQ(s.flowed_s, 4);
  EXPECT_DOUBLE_EQ(s.goodput_bps, 8 * 3000 / 4.0);
  EXPECT_DOUBLE_EQ(s.xmit_pps, 10);
  EXPECT_DOUBLE_EQ(s.slowest_bps, 8 * 2000 / 4.0) << "over its own time";
  EXPECT_DOUBLE_EQ(s.fastest_bps, 8 * 1000 / 1.0);
  EXPECT_DOUBLE_EQ(to.flows[0].flowed_s(60 * kSecond), 1);
}

TEST(TcpDelta, IntervalsOfAFlowThatEnds) {
  const auto between = [](std::uint64_t from_s, std::uint64_t to_s, std::uint64_t last_s) {
    return tcp_delta(at(from_s * kSecond, {flowed(1000, 1, 0)}),
                     at(to_s * kSecond, {flowed(3000, 1, last_s)}), 0);
  };
  EXPECT_DOUBLE_EQ(between(2, 6, 0).goodput_bps, 4000) << "it flows yet";
  EXPECT_DOUBLE_EQ(between(2, 6, 3).goodput_bps, 16'000);
  EXPECT_DOUBLE_EQ(between(2, 6, 3).slowest_bps, 16'000);
  const TcpSample closing =
      tcp_delta(at(4 * kSecond, {flowed(9, 1, 3)}), at(5 * kSecond, {flowed(9, 1, 3)}), 0);
  EXPECT_EQ(closing.goodput_bps, 0);
  EXPECT_EQ(closing.flowed_s, 0);
  EXPECT_EQ(closing.compared, 0U) << "nothing flows that could be compared";
  EXPECT_EQ(closing.flows, 1U);
  EXPECT_EQ(flowed(9, 0, 0).flowed_s(5), 0) << "never";
  EXPECT_DOUBLE_EQ(flowed(9, 2, 0).flowed_s(5 * kSecond), 3) << "until now";
}

TEST(LatestNs, FindsTheFullTime) {
  for (const std::uint64_t us : {0ULL, 5ULL, 0xffffffffULL, 0x100000000ULL, 0x123456789aULL})
    for (const std::uint64_t later : {0ULL, 1ULL, 70 * 60'000'000ULL})
      EXPECT_EQ(latest_ns(static_cast<std::uint32_t>(us), (us + later) * 1000 + 999), us * 1000);
}

TEST(TcpDelta, NothingToCompare) {
  const TcpSample s = tcp_delta(at(0, {flow(0)}), at(kSecond, {flow(9, FlowEnd::PeerReset)}), 0);
  EXPECT_EQ(s.compared, 0U);
  EXPECT_EQ(s.fastest_bps, 0);
}

TEST(TcpDelta, RttIsTheMeanOfTheOpenFlowsThatHaveOne) {
  const auto rtt = [](std::vector<FlowState> flows) {
    return tcp_delta(at(0, {}), at(kSecond, std::move(flows)), 0).rtt_us;
  };
  EXPECT_EQ(rtt({flow(0, FlowEnd::Running, 100), flow(0, FlowEnd::Running, 201),
                 flow(0, FlowEnd::Running, 0), flow(0, FlowEnd::Fin, 90'000)}),
            151U);
  EXPECT_EQ(rtt({flow(0, FlowEnd::Fin, 100), flow(0, FlowEnd::Rst, 300)}), 200U);
  EXPECT_EQ(rtt({flow(0, FlowEnd::Running, 0)}), 0U);
  EXPECT_EQ(rtt({}), 0U);
  EXPECT_EQ(rtt({flow(0, FlowEnd::Running, ~0U), flow(0, FlowEnd::Running, ~0U)}), ~0U);
}

TEST(TcpDelta, EmptyIntervalHasNoRateAndWhatWentBackCountsAsZero) {
  TcpSnapshot from = at(5, {flow(10)});
  TcpSnapshot to = at(5, {flow(30)});
  EXPECT_EQ(tcp_delta(from, to, 5).goodput_bps, 0);
  EXPECT_EQ(tcp_delta(from, to, 5).sum.bytes_acked, 20U);
  EXPECT_EQ(tcp_delta(to, from, 5).sum.bytes_acked, 0U);
  from.flows[0].counters = counters(9);
  to.flows[0].counters = counters(8);
  EXPECT_EQ(tcp_delta(from, to, 5).sum, FlowCounters{});
  EXPECT_DOUBLE_EQ(tcp_delta(at(0, {}), at(kSecond, {}), kSecond / 2).start_s, -0.5);
}

TEST(FlowEnd, NamesAndBlame) {
  const std::vector<std::tuple<FlowEnd, const char*, bool>> kinds = {
      {FlowEnd::Running, "running", false},
      {FlowEnd::Fin, "fin", false},
      {FlowEnd::FinOneWay, "fin_one_way", false},
      {FlowEnd::FinUnacknowledged, "fin_unacknowledged", true},
      {FlowEnd::Rst, "rst", false},
      {FlowEnd::KeptOpen, "kept_open", false},
      {FlowEnd::PeerReset, "peer_reset", true},
      {FlowEnd::Unanswered, "unanswered", true},
      {FlowEnd::Unfinished, "unfinished", true},
      {FlowEnd::NotOpened, "not_opened", true},
      {FlowEnd::Lost, "lost", true}};
  for (const auto& [end, name, blame] : kinds) {
    EXPECT_EQ(to_string(end), name);
    EXPECT_EQ(is_failure(end), blame) << name;
  }
  EXPECT_EQ(to_string(RetransmitCause::Sack), "sack");
  EXPECT_EQ(to_string(RetransmitCause::Rto), "rto");
  EXPECT_EQ(to_string(RetransmitCause::TailProbe), "tail_probe");
  EXPECT_EQ(to_string(RetransmitCause::Local), "local_drop");
}

class NoGoodputTest : public testing::Test {
protected:
  FlowCounters& sum() { return summary_.total.sum; }
  std::string why() { return explain_no_goodput(summary_); }
  void flows(FlowEnd first, FlowEnd second, std::string detail = "") {
    summary_.flows = {flow(0, first), flow(0, second)};
    summary_.flows[1].detail = std::move(detail);
  }
  TcpSummary summary_;
};

TEST_F(NoGoodputTest, SaysNothingWithoutNeed) {
  flows(FlowEnd::NotOpened, FlowEnd::NotOpened);
  sum().bytes_acked = 1;
  EXPECT_EQ(why(), "");
}

TEST_F(NoGoodputTest, NamesWhatTheFarEndDid) {
  flows(FlowEnd::NotOpened, FlowEnd::NotOpened, "Connection refused");
  EXPECT_EQ(why(), "no connection could be opened: Connection refused");
  flows(FlowEnd::PeerReset, FlowEnd::PeerReset);
  EXPECT_EQ(why(), "the far end reset every connection before it acknowledged data");
  flows(FlowEnd::PeerReset, FlowEnd::NotOpened);
  EXPECT_EQ(why(), "no data was sent");
  sum().zero_window_us = 5;
  EXPECT_EQ(why(), "the far end's window was closed: its program reads nothing");
}

TEST_F(NoGoodputTest, NamesWhatBecameOfTheSegments) {
  sum().segments_sent = 1234;
  EXPECT_EQ(why(), "1,234 data segments were sent, and the far end answered none: they or its "
                   "answers are lost on the way");
  sum().bad_segments = 7;
  EXPECT_EQ(why(), "1,234 data segments were sent, and the far end answered none: none of the 7 "
                   "segments from it is acceptable");
  sum().acks = 3;
  sum().segments_sent = 1;
  EXPECT_EQ(why(), "1 data segment was sent, and the far end's 3 answers acknowledge none of them");
}

TEST_F(NoGoodputTest, UsesWhatWasSeenOfSilence) {
  sum().segments_sent = 10;
  const auto because = [&] { return why().substr(why().find("none: ") + 6); };
  summary_.mss = 1448;
  EXPECT_EQ(because(), "no answer to full segments: a router may drop them and its ICMP be "
                       "filtered; try --mss 1200");
  summary_.mss = 1100;
  EXPECT_TRUE(because().ends_with("try --mss 536"));
  summary_.path_mtu = 1300; // that was it, and is it no longer
  EXPECT_EQ(because(), "they or its answers are lost on the way");
  summary_.seen.refused_headers = 1;
  EXPECT_EQ(because(), "1 segment from it has IP options or extension headers that IP refuses");
  summary_.seen.fragments = 1'200;
  EXPECT_EQ(because(), "1,200 IP fragments came from it, which XDP does not reassemble");
  sum().bad_segments = 3;
  EXPECT_EQ(because(), "none of the 3 segments from it is acceptable");
  summary_.seen.icmp_errors = 4;
  summary_.seen.icmp_type = 3;
  summary_.seen.icmp_code = 13;
  EXPECT_EQ(because(), "a router answers 4 of them by ICMP: administratively prohibited");
}

TEST(TcpSilence, IcmpInWords) {
  const auto words = [](bool ipv6, std::uint32_t type, std::uint32_t code) {
    return icmp_text({.icmp_type = type, .icmp_code = code, .ipv6 = ipv6});
  };
  EXPECT_EQ(words(false, 3, 0), "network unreachable");
  EXPECT_EQ(words(false, 3, 1), "host unreachable");
  EXPECT_EQ(words(false, 3, 3), "port unreachable");
  EXPECT_EQ(words(true, 1, 0), "no route to the destination");
  EXPECT_EQ(words(true, 1, 3), "address unreachable");
  EXPECT_EQ(words(false, 11, 0), "time exceeded: the path has more hops than -l allows");
  EXPECT_EQ(words(true, 3, 0), "time exceeded: the path has more hops than -l allows");
  EXPECT_EQ(words(true, 4, 2), "type 4, code 2");
}

TEST_F(NoGoodputTest, NamesTheDriverAndTheInterrupt) {
  summary_.total.tx.attempts = 5000;
  sum().segments_sent = 5000;
  EXPECT_EQ(why(), "the driver accepted none of 5,000 frames");
  summary_.total.tx = {};
  sum().segments_sent = 0;
  summary_.end = EndReason::Interrupted;
  EXPECT_EQ(why(), "interrupted before any data was sent");
}

} // namespace
} // namespace xtg::stats
