// SPDX-License-Identifier: BSD-2-Clause
// Acknowledgments: the window, duplicates, SACK, ECN, recovery without SACK.
#include "support/tcp_flow.h"

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

constexpr __u32 kSmooth = XTG_TCP_SMOOTH;
constexpr __u32 kFast = XTG_TCP_FAST;

TEST(AbiTcpInput, DuplicatesAreWhatRfc5681CallsSo) {
  TcpFlow t;
  t.measured(1000);
  t.ack({0}); // nothing outstanding
  EXPECT_EQ(t.f.dup_acks, 0U);
  t.send_new(5);
  t.ack({0});
  EXPECT_EQ(t.f.dup_acks, 1U);
  t.ack({.ack = 0, .window = 120'000}); // a window update
  EXPECT_EQ(t.f.dup_acks, 1U);
  t.ack({.ack = 0, .len = 10, .window = 120'000}); // with data
  t.peer_seq += 10;
  EXPECT_EQ(t.f.dup_acks, 1U);
  t.ack({.ack = 0, .flags = XTG_TCP_FIN, .window = 120'000});
  t.peer_seq += 1;
  EXPECT_EQ(t.f.dup_acks, 1U);
  t.ack({.ack = 1, .window = 120'000});
  EXPECT_EQ(t.f.dup_acks, 1U);
  t.ack({.ack = 0, .window = 120'000}); // an old one
  EXPECT_EQ(t.f.dup_acks, 1U);
  t.ack({.ack = 1, .sack = {{2, 3}}, .window = 128'000}); // RFC 6675: tells something new
  EXPECT_EQ(t.f.dup_acks, 2U);
  t.ack({.ack = 1, .sack = {{2, 3}}, .window = 136'000});
  EXPECT_EQ(t.f.dup_acks, 2U);
}

TEST(AbiTcpInput, AcknowledgmentOfWhatWasNotSent) {
  TcpFlow t;
  t.send_new(5);
  t.ack({6});
  EXPECT_EQ(t.f.una, 0U);
  EXPECT_EQ(t.f.bad_segments, 1U);
  EXPECT_TRUE(t.f.want & XTG_TCP_WANT_ACK);
  EXPECT_EQ(t.f.acks, 0U);
}

TEST(AbiTcpInput, AcknowledgmentFarTooOld) {
  TcpFlow t(10);
  for (int i = 1; i <= 5; ++i) {
    t.send_new(10);
    t.ack({10.0 * i});
  }
  t.ack({45}); // may be late
  EXPECT_EQ(t.f.bad_segments, 0U);
  t.ack({39}); // RFC 5961, 5.2: further back than the largest window
  EXPECT_EQ(t.f.bad_segments, 1U);
}

TEST(AbiTcpInput, WindowGrowsWithAnUpdate) {
  TcpFlow t(10);
  t.ack({.ack = 0, .window = 20'000});
  EXPECT_EQ(t.f.edge, 20'000U);
  EXPECT_EQ(t.f.max_window, 20'000U);
  t.send_new(5);
  t.ack({.ack = 5, .window = 8'000});
  EXPECT_EQ(t.f.edge, 13'000U);
  EXPECT_EQ(t.f.max_window, 20'000U);
}

TEST(AbiTcpInput, SmallerWindowOfAnOvertakenSegmentIsNotTaken) {
  TcpFlow t(10);
  t.ack({.ack = 0, .window = 20'000});
  t.ack({.ack = 0, .window = 16'000});
  EXPECT_EQ(t.f.edge, 20'000U);
  t.ack({.ack = 0, .window = 0}); // but a closed one is
  EXPECT_EQ(t.f.edge, 0U);
  t.ack({.ack = 0, .window = 16'000});
  EXPECT_EQ(t.f.edge, 16'000U);
}

TEST(AbiTcpInput, WindowIsTakenFromLaterDataOnly) {
  TcpFlow t(10);
  t.ack({.ack = 0, .len = 100, .window = 20'000});
  t.peer_seq += 100;
  t.ack({.ack = 0, .len = 100, .window = 16'000}); // later data: whatever it says
  EXPECT_EQ(t.f.edge, 16'000U);
}

TEST(AbiTcpInput, ShrunkWindowStopsNewData) {
  TcpFlow t(20);
  t.f.cwnd = 100;
  t.send();
  EXPECT_EQ(t.f.nxt_seg, 20U);
  t.ack({.ack = 1, .window = 4'000});
  EXPECT_EQ(t.f.edge, 5'000U);
  EXPECT_TRUE(t.send().empty());
  t.ack({.ack = 20, .window = 4'000});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_NEW), (Segs{20, 21, 22, 23}));
}

TEST(AbiTcpInput, BackoffEndsWhenTheWindowOpens) {
  TcpFlow t(4);
  t.measured(1000);
  t.send_new(4);
  t.ack({.ack = 4, .window = 0});
  t.send();
  for (int i = 0; i < 6; ++i) {
    t.expire();
    t.send();
    t.now += 1000;
    t.ack({.ack = 4, .window = 0});
  }
  EXPECT_EQ(t.f.backoff, 6U);
  t.ack({.ack = 4, .window = 4'000});
  EXPECT_EQ(t.f.backoff, 0U);
  t.f.srtt_us8 = 0; // no tail probe
  t.send_new(1);
  EXPECT_EQ(t.f.timer_us, t.now + 200'000);
}

TEST(AbiTcpInput, ClosedWindowHasNoDuplicates) {
  TcpFlow t(4);
  t.env.config.sack = 0;
  t.f.max_window = 1000;
  t.f.edge = 3'500;
  t.f.cwnd = 10;
  t.send(); // 3.5 segments
  EXPECT_EQ(t.f.sent_end, 3'500U);
  t.ack({.ack = 3.5, .window = 0});
  for (int i = 0; i < 10; ++i)
    t.ack({.ack = 3.5, .window = 0}); // answers to probes
  EXPECT_EQ(t.f.dup_acks, 0U);
  EXPECT_EQ(t.f.recovery, kSmooth);
}

TEST(AbiTcpInput, DsackBelowTheAcknowledgmentOrWithinTheSecondBlock) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(20);
  t.ack({2, {{5, 8}}});
  EXPECT_EQ(t.f.spurious, 0U);
  t.ack({2, {{6, 7}, {5, 8}}});
  EXPECT_EQ(t.f.spurious, 1U);
  t.ack({4, {{1, 3.5}}});
  EXPECT_EQ(t.f.spurious, 4U);
  t.ack({4, {{3, 4}, {5, 8}}});
  EXPECT_EQ(t.f.spurious, 5U);
  EXPECT_EQ(t.sacked(), (Segs{5, 6, 7}));
}

TEST(AbiTcpInput, DsackOfWhatCanBeNowhereIsIgnored) {
  TcpFlow t(100);
  t.measured(1000);
  for (int i = 0; i < 5; ++i) {
    t.send_new(100);
    t.ack({static_cast<double>(t.f.nxt_seg)});
  }
  t.send_new(10);
  const auto with = [&](std::uint32_t left, std::uint32_t right) {
    xtg_tcp_event e = t.event({500});
    e.n_sack = 1;
    e.sack[0][0] = left;
    e.sack[0][1] = right;
    t.input(e);
  };
  with(t.seq(500) - 0x7fffffff, t.seq(500)); // 2^31 bytes
  with(t.seq(300), t.seq(301));              // two windows back
  with(t.seq(450), t.seq(450));
  with(t.seq(451), t.seq(450));
  with(t.f.isn - 1000, t.f.isn);
  EXPECT_EQ(t.f.spurious, 0U);
  EXPECT_EQ(t.f.reorder_steps, 1U);
  with(t.seq(450), t.seq(452));
  EXPECT_EQ(t.f.spurious, 2U);
}

// RFC 3168, 6.1.3: what the path marks in the far end's data is told until it says that it heard.
TEST(AbiTcpInput, CongestionOfTheFarEndsDataIsEchoed) {
  TcpFlow t;
  const auto data = [&](std::uint32_t flags) {
    t.ack({.ack = 0, .flags = flags, .len = 10});
    t.peer_seq += 10;
  };
  data(XTG_TCP_HAS_CE);
  EXPECT_EQ(t.f.ece, 0U); // not agreed on
  t.env.config.ecn = 1;
  t.ack({.ack = 0, .flags = XTG_TCP_HAS_CE}); // no data: not ECN-capable, so nonsense
  EXPECT_EQ(t.f.ece, 0U);
  data(XTG_TCP_HAS_CE);
  EXPECT_EQ(t.f.ece, 1U);
  data(0);
  EXPECT_EQ(t.f.ece, 1U);
  data(XTG_TCP_CWR);
  EXPECT_EQ(t.f.ece, 0U);
  data(XTG_TCP_CWR | XTG_TCP_HAS_CE); // marked again
  EXPECT_EQ(t.f.ece, 1U);
}

// CWR says that less is sent, so less is sent: what a round trip without marks adds.
TEST(AbiTcpInput, EcnReducesWithoutCongestionControlToo) {
  TcpFlow t(600);
  t.env.config.ecn = 1;
  t.env.config.congestion = XTG_TCP_CC_NONE;
  t.f.cwnd = t.f.ssthresh = 10'000; // grown beyond what was ever in flight
  t.send();
  const std::uint32_t flight = xtg_tcp_in_flight(&t.f);
  t.ack({.ack = 160, .flags = XTG_TCP_ECE});
  EXPECT_EQ(t.f.ecn_reductions, 1U);
  EXPECT_EQ(t.f.cwnd, flight - (flight + 15) / 16);
  EXPECT_TRUE(t.f.want & XTG_TCP_WANT_CWR);
}

TEST(AbiTcpInput, SackThatWasNotAgreedOnIsIgnored) {
  TcpFlow t;
  t.env.config.sack = 0;
  t.send_new(10);
  t.ack({0, {{2, 5}}});
  EXPECT_EQ(t.f.sacked_out, 0U);
  t.ack({4, {{1, 2}}});
  EXPECT_EQ(t.f.spurious, 0U);
}

TEST(AbiTcpInput, EcnReducesOnceInAWindow) {
  TcpFlow t;
  t.env.config.ecn = 1;
  t.f.cwnd = 20;
  t.f.limit = 20'000;
  t.send();
  for (int i = 1; i <= 20; ++i)
    t.ack({.ack = static_cast<double>(i), .flags = XTG_TCP_ECE});
  EXPECT_EQ(t.f.ecn_reductions, 1U);
  EXPECT_EQ(t.f.cwnd, 10U);
  t.f.limit = 30'000;
  const auto bursts = t.send();
  ASSERT_FALSE(bursts.empty());
  EXPECT_EQ(bursts[0].cwr, 1U);
  for (std::size_t i = 1; i < bursts.size(); ++i)
    EXPECT_EQ(bursts[i].cwr, 0U);
}

TEST(AbiTcpInput, EcnOfOneAcknowledgmentForAllHalves) {
  TcpFlow t;
  t.env.config.ecn = 1;
  t.f.cwnd = 20;
  t.f.ssthresh = 20;
  t.send();
  t.ack({.ack = 20, .flags = XTG_TCP_ECE});
  EXPECT_EQ(t.f.cwnd, 10U);
}

TEST(AbiTcpInput, CwrNotOnARetransmission) {
  TcpFlow t;
  t.env.config.ecn = 1;
  t.measured(1000);
  t.f.cwnd = 10;
  t.send();
  t.now += 1000;
  t.ack({.ack = 0, .sack = {{1, 10}}, .flags = XTG_TCP_ECE});
  t.f.cwnd = 10;
  const auto bursts = t.send();
  ASSERT_GE(bursts.size(), 2U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_RETRANSMIT));
  EXPECT_EQ(bursts[0].cwr, 0U);
  EXPECT_EQ(bursts[1].cwr, 1U);
}

TEST(AbiTcpInput, WithoutEcnItMeansNothing) {
  TcpFlow t;
  t.send_new(5);
  t.ack({.ack = 5, .flags = XTG_TCP_ECE});
  EXPECT_EQ(t.f.ecn_reductions, 0U);
  EXPECT_FALSE(t.f.want & XTG_TCP_WANT_CWR);
}

class AbiTcpNewReno : public ::testing::Test {
protected:
  AbiTcpNewReno() {
    t.env.config.sack = 0;
    t.measured(1000);
    t.f.cwnd = 20;
    t.f.ssthresh = 20;
    t.f.limit = 20'000;
    t.send();
    t.now += 1000;
  }
  void dups(int n) {
    for (int i = 0; i < n; ++i)
      t.ack({static_cast<double>(t.f.una_seg)});
  }
  TcpFlow t;
};

TEST_F(AbiTcpNewReno, ThirdDuplicateSendsTheFirst) {
  dups(2);
  EXPECT_TRUE(t.send().empty());
  dups(1);
  EXPECT_EQ(t.f.recovery, kFast);
  EXPECT_EQ(t.f.cwnd, 10U);
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0});
  dups(10);
  EXPECT_TRUE(t.segments(XTG_TCP_SEND_RETRANSMIT).empty());
}

TEST_F(AbiTcpNewReno, DuplicatesMakeRoomForNewData) {
  t.f.limit = 100'000;
  dups(3);
  t.send();
  EXPECT_EQ(t.f.nxt_seg, 20U + 0); // 17 in flight, 10 allowed
  dups(8);
  t.send();
  EXPECT_EQ(xtg_tcp_in_flight(&t.f), 10U);
  EXPECT_GT(t.f.nxt_seg, 20U);
}

TEST_F(AbiTcpNewReno, EachPartialAcknowledgmentSendsTheNext) {
  dups(3);
  t.send();
  t.now += 1000;
  t.ack({5});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{5});
  t.now += 1000;
  t.ack({9});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{9});
  EXPECT_EQ(t.f.recovery, kFast);
  EXPECT_EQ(t.f.cwnd, 10U); // reduced once
  t.ack({20});
  EXPECT_EQ(t.f.recovery, kSmooth);
  EXPECT_EQ(t.f.dupacks, 0U);
  EXPECT_EQ(xtg_tcp_in_flight(&t.f), 0U);
}

TEST_F(AbiTcpNewReno, DuplicatesOfWhatTheTimeoutRepeatedAreNoLoss) {
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  t.send();
  t.ack({20});
  EXPECT_EQ(t.f.recovery, kSmooth);
  t.f.limit = 40'000;
  t.send();
  dups(3); // RFC 6582, 3.2, step 2
  EXPECT_EQ(t.f.recovery, kSmooth);
  t.ack({21});
  t.send();
  dups(3);
  EXPECT_EQ(t.f.recovery, kFast);
}

TEST_F(AbiTcpNewReno, TimeoutForgetsDuplicates) {
  dups(8);
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0});
}

TEST_F(AbiTcpNewReno, NoMoreDuplicatesThanSegments) {
  dups(1000);
  EXPECT_LE(t.f.dupacks, 20U);
}

} // namespace
