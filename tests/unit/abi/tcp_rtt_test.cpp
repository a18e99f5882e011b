// SPDX-License-Identifier: BSD-2-Clause
#include "support/tcp_flow.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

TEST(AbiTcpRtt, EstimatesByRfc6298) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    Dice dice(seed);
    xtg_tcp_flow f{};
    double srtt = 0;
    double rttvar = 0;
    const std::uint64_t scale = 1ULL << dice.between(4, 24);
    for (int i = 0; i < 500; ++i) {
      const auto rtt = static_cast<__u32>(1 + scale + dice.below(scale));
      xtg_tcp_rtt_update(&f, rtt);
      if (i == 0) {
        srtt = rtt;
        rttvar = rtt / 2.0;
      } else {
        rttvar = 0.75 * rttvar + 0.25 * std::abs(srtt - rtt);
        srtt = 0.875 * srtt + 0.125 * rtt;
      }
      ASSERT_NEAR(f.srtt_us8 / 8.0, srtt, 2) << seed << " " << i;
      ASSERT_NEAR(f.rttvar_us4 / 4.0, rttvar, 4) << seed << " " << i;
      ASSERT_NEAR(f.rto_us, std::clamp(srtt + 4 * rttvar, 200e3, 120e6), 20) << seed << " " << i;
    }
  }
}

TEST(AbiTcpRtt, FloorCeilingAndFirst) {
  xtg_tcp_flow f{};
  EXPECT_EQ(xtg_tcp_rto(&f), 1'000'000U); // RFC 6298, (2.1)
  xtg_tcp_rtt_update(&f, 0);
  EXPECT_EQ(f.srtt_us8, 8U);
  EXPECT_EQ(f.rto_us, 200'000U);
  for (int i = 0; i < 100; ++i)
    xtg_tcp_rtt_update(&f, 0);
  EXPECT_GT(f.srtt_us8, 0U); // 0 would mean: none
  xtg_tcp_flow slow{};
  xtg_tcp_rtt_update(&slow, 110'000'000);
  EXPECT_EQ(slow.rto_us, 120'000'000U);
}

TEST(AbiTcpRtt, NonsenseIsNoSample) {
  xtg_tcp_flow f{};
  xtg_tcp_rtt_update(&f, 500);
  const xtg_tcp_flow before = f;
  xtg_tcp_rtt_update(&f, 0xffffff00U); // an answer before the question
  EXPECT_EQ(f.srtt_us8, before.srtt_us8);
  EXPECT_EQ(f.rto_us, before.rto_us);
  EXPECT_EQ(f.rtt_min_us, 500U);
}

TEST(AbiTcpRtt, BacksOffUpToTheCeiling) {
  xtg_tcp_flow f{};
  xtg_tcp_rtt_update(&f, 1000);
  std::uint64_t expected = 200'000;
  for (f.backoff = 0; f.backoff < 200; ++f.backoff) {
    ASSERT_EQ(xtg_tcp_rto(&f), std::min<std::uint64_t>(expected, 120'000'000)) << f.backoff;
    if (expected < 120'000'000) expected *= 2;
  }
  xtg_tcp_rtt_update(&f, 1000); // measured anew (RFC 6298, (5.7))
  EXPECT_EQ(xtg_tcp_rto(&f), 200'000U);
}

TEST(AbiTcpRtt, TakesOneSampleAtATime) {
  TcpFlow t;
  t.send_new(5);
  t.now += 700;
  t.send_new(5);
  t.now += 300;
  t.ack({5});
  EXPECT_EQ(t.env.rtts, std::vector<std::uint32_t>{1000});
  t.ack({10}); // of the second five none was timed
  EXPECT_EQ(t.env.rtts.size(), 1U);
}

TEST(AbiTcpRtt, SampleBySack) {
  TcpFlow t;
  t.send_new(5); // the last one is timed
  t.now += 1000;
  t.ack({0, {{4, 5}}});
  EXPECT_EQ(t.env.rtts, std::vector<std::uint32_t>{1000});
}

TEST(AbiTcpRtt, NoSampleFromWhatWasSentAgain) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(1);
  t.now += 200'000;
  t.f.tail_out = 1;
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.timer();
  t.send();
  t.now += 10;
  t.ack({1});
  EXPECT_TRUE(t.env.rtts.empty());
}

TEST(AbiTcpRtt, WithoutSackNoSampleBehindWhatWasSentAgain) {
  TcpFlow t;
  t.env.config.sack = 0;
  t.measured(1000);
  t.send_new(5); // the last is timed, the first is lost
  t.now += 1000;
  for (int i = 0; i < 3; ++i)
    t.ack({0});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0});
  t.now += 1000;
  t.ack({5}); // held up by the first
  EXPECT_TRUE(t.env.rtts.empty());
}

TEST(AbiTcpRtt, WithSackASampleDespiteAHole) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(6); // the last is timed
  t.now += 500;
  xtg_tcp_refused(&t.f, 2);
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{2});
  t.now += 500;
  t.ack({2, {{3, 6}}});
  EXPECT_EQ(t.env.rtts, std::vector<std::uint32_t>{1000});
}

TEST(AbiTcpRtt, BackoffStaysUntilSomethingSentOnceIsAnswered) {
  TcpFlow t;
  t.env.config.sack = 0;
  t.measured(1000);
  t.f.cwnd = 3;
  t.send();
  for (int i = 0; i < 4; ++i) {
    t.expire();
    t.send();
  }
  EXPECT_EQ(t.f.backoff, 4U);
  t.now += 1'000'000; // the round trip has become a second: this answers the original
  t.ack({3});
  EXPECT_EQ(t.f.backoff, 4U);
  t.send(); // something new, timed
  t.now += 1'000'000;
  t.ack({static_cast<double>(t.f.nxt_seg)});
  EXPECT_EQ(t.f.backoff, 0U);
  EXPECT_GT(xtg_tcp_rto(&t.f), 1'000'000U);
}

} // namespace
