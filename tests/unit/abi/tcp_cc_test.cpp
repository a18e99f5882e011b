// SPDX-License-Identifier: BSD-2-Clause
#include "support/tcp_flow.h"

#include <cmath>

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

/// A flow that keeps its congestion window full.
class Full {
public:
  explicit Full(__u32 congestion) { env.config.congestion = congestion; }
  void open(__u32 cwnd, __u32 ssthresh) {
    f.cwnd = cwnd;
    f.ssthresh = ssthresh;
    f.nxt_seg = cwnd;
  }
  void acked(__u32 segs, __u32 now_us) {
    f.una_seg += segs;
    xtg_tcp_cc_acked(&env.config, &f, segs, now_us);
    f.nxt_seg = f.una_seg + f.cwnd;
  }
  TcpEnv env;
  xtg_tcp_flow& f = env.flow;
};

TEST(AbiTcpCongestion, SlowStartDoublesInARoundTrip) {
  for (const __u32 kind : {XTG_TCP_CC_RENO, XTG_TCP_CC_CUBIC}) {
    Full t(kind);
    t.open(10, 1000);
    for (int i = 0; i < 10; ++i)
      t.acked(1, 0);
    EXPECT_EQ(t.f.cwnd, 20U);
  }
}

TEST(AbiTcpCongestion, RenoAddsOneInARoundTrip) {
  Full t(XTG_TCP_CC_RENO);
  t.open(100, 50);
  for (__u32 cwnd = 100; cwnd < 200; ++cwnd) {
    for (__u32 i = 0; i < cwnd; i += 2)
      t.acked(2, 0);
    ASSERT_NEAR(t.f.cwnd, cwnd + 1, 1);
  }
}

TEST(AbiTcpCongestion, DoesNotGrowWhatIsNotUsed) {
  for (const __u32 kind : {XTG_TCP_CC_RENO, XTG_TCP_CC_CUBIC}) {
    Full t(kind);
    t.open(100, 50);
    t.f.nxt_seg = 10;
    t.f.una_seg = 5;
    xtg_tcp_cc_acked(&t.env.config, &t.f, 5, 0);
    EXPECT_EQ(t.f.cwnd, 100U);
    EXPECT_EQ(t.f.cwnd_part, 0U);
  }
}

TEST(AbiTcpCongestion, RenoHalves) {
  Full t(XTG_TCP_CC_RENO);
  t.open(100, 1000);
  xtg_tcp_cc_loss(&t.env.config, &t.f, 100);
  EXPECT_EQ(t.f.cwnd, 50U);
  EXPECT_EQ(t.f.ssthresh, 50U);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_FAST));
  EXPECT_EQ(t.f.recovery_end, t.f.nxt_seg);
  xtg_tcp_cc_acked(&t.env.config, &t.f, 40, 0); // not in recovery
  EXPECT_EQ(t.f.cwnd, 50U);
  xtg_tcp_cc_reduce(&t.env.config, &t.f, 3);
  EXPECT_EQ(t.f.ssthresh, 2U); // RFC 5681, equation 4
}

TEST(AbiTcpCongestion, TimeoutBeginsAnewOnceForTheSameData) {
  Full t(XTG_TCP_CC_RENO);
  t.open(100, 1000);
  xtg_tcp_cc_timeout(&t.env.config, &t.f, 100);
  EXPECT_EQ(t.f.cwnd, 1U);
  EXPECT_EQ(t.f.ssthresh, 50U);
  xtg_tcp_cc_timeout(&t.env.config, &t.f, 1);
  EXPECT_EQ(t.f.ssthresh, 50U);
}

TEST(AbiTcpCongestion, CubicFollowsRfc9438) {
  for (const __u32 peak : {50U, 300U, 2000U, 12'000U}) {
    Full t(XTG_TCP_CC_CUBIC);
    t.open(peak, 1);
    xtg_tcp_rtt_update(&t.f, 100'000);
    xtg_tcp_cc_loss(&t.env.config, &t.f, peak);
    t.f.recovery = XTG_TCP_SMOOTH;
    const double w_max = peak;
    const double start = std::floor(peak * 0.7);
    EXPECT_EQ(t.f.cwnd, static_cast<__u32>(start));
    const double k = std::cbrt((w_max - start) / 0.4);
    double reno = start;
    const __u32 epoch = 0xfff00000U; // the clock wraps
    t.f.nxt_seg = t.f.una_seg + t.f.cwnd;
    for (int round = 0; round < 400; ++round) {
      const __u32 now = epoch + static_cast<__u32>(round) * 100'000;
      const __u32 in_round = t.f.cwnd;
      for (__u32 i = 0; i < in_round; ++i)
        t.acked(1, now);
      reno += (reno < w_max ? 9.0 / 17 : 1) * in_round / t.f.cwnd;
      // Equation 1, one round trip ahead; each round makes up for what is missing but for 1/e.
      const double time = round * 0.1 + 0.1;
      const double cubic = 0.4 * std::pow(time - k, 3) + w_max;
      const double expected = std::min({std::max({cubic, reno, start}), 65536.0});
      if (round < 10 || expected > 10'000) continue;
      ASSERT_NEAR(t.f.cwnd, expected, 3 + expected * 0.07) << peak << " " << round;
    }
    EXPECT_GT(t.f.cwnd, peak);
    EXPECT_NEAR(t.f.cubic_k_ms, k * 1000, 2);
  }
}

// RFC 9438, 5.8: what is not used is no time of the epoch, and no time is too long.
TEST(AbiTcpCongestion, CubicDoesNotCountIdleTime) {
  for (const __u32 idle_us : {20'000'000U, 4'294'967'295U}) {
    Full t(XTG_TCP_CC_CUBIC);
    t.open(1000, 1);
    xtg_tcp_rtt_update(&t.f, 100'000);
    xtg_tcp_cc_loss(&t.env.config, &t.f, 1000);
    t.f.recovery = XTG_TCP_SMOOTH;
    t.f.nxt_seg = t.f.una_seg + t.f.cwnd;
    __u32 now = 0;
    const auto round = [&] {
      now += 100'000;
      for (__u32 i = 0, n = t.f.cwnd; i < n; i += 10)
        t.acked(10, now);
    };
    round();
    const __u32 before = t.f.cwnd;
    now += idle_us;
    round();
    round();
    EXPECT_LE(t.f.cwnd, before + 150U) << idle_us; // as after three rounds, not after 20 seconds
  }
}

TEST(AbiTcpCongestion, CubicTimeDoesNotWrap) {
  Full t(XTG_TCP_CC_CUBIC);
  t.open(1000, 1);
  xtg_tcp_rtt_update(&t.f, 10'000'000); // long round trips, for the test's sake
  xtg_tcp_cc_loss(&t.env.config, &t.f, 1000);
  t.f.recovery = XTG_TCP_SMOOTH;
  t.f.nxt_seg = t.f.una_seg + t.f.cwnd;
  __u32 now = 0;
  std::uint64_t last = 0;
  for (int i = 0; i < 900; ++i) { // 150 minutes
    now += 10'000'000;
    t.acked(1, now);
    EXPECT_GE(t.f.cubic_t_us, last);
    last = t.f.cubic_t_us;
  }
  EXPECT_GT(last, 8'000'000'000U);
}

TEST(AbiTcpCongestion, CubicConvergesFast) {
  Full t(XTG_TCP_CC_CUBIC);
  t.open(1000, 1);
  xtg_tcp_cc_loss(&t.env.config, &t.f, 1000);
  EXPECT_EQ(t.f.cubic_max, 1000U);
  EXPECT_EQ(t.f.cwnd, 700U);
  xtg_tcp_cc_loss(&t.env.config, &t.f, 800); // before it came back to 1000
  EXPECT_EQ(t.f.cubic_max, 680U);            // RFC 9438, 4.7: times (1 + beta) / 2
  EXPECT_EQ(t.f.cwnd, 560U);
}

TEST(AbiTcpCongestion, CubicIsNoSlowerThanReno) {
  Full t(XTG_TCP_CC_CUBIC);
  t.open(20, 1);
  xtg_tcp_rtt_update(&t.f, 1000); // a short path: cubic growth would take seconds
  t.f.cubic_max = 100;
  for (int round = 0; round < 40; ++round)
    for (__u32 i = 0, n = t.f.cwnd; i < n; ++i)
      t.acked(1, static_cast<__u32>(round) * 1000);
  EXPECT_NEAR(t.f.cwnd, 20 + 40 * 9.0 / 17, 3);
}

TEST(AbiTcpCongestion, NoneIsHeldToWhatThePathCarried) {
  Full t(XTG_TCP_CC_NONE);
  xtg_tcp_cc_open(&t.env.config, &t.f);
  EXPECT_EQ(t.f.cwnd, 24U);
  xtg_tcp_cc_acked(&t.env.config, &t.f, 976, 0); // not limited by what is in flight
  EXPECT_EQ(t.f.cwnd, 1000U);
  t.f.nxt_seg = 1000;
  xtg_tcp_cc_loss(&t.env.config, &t.f, xtg_tcp_flight_size(&t.f));
  xtg_tcp_cc_lost(&t.env.config, &t.f, 900);
  EXPECT_EQ(t.f.cwnd, 100U);
  xtg_tcp_cc_lost(&t.env.config, &t.f, 10);
  EXPECT_EQ(t.f.cwnd, 90U);
  xtg_tcp_cc_acked(&t.env.config, &t.f, 160, 0);
  EXPECT_EQ(t.f.cwnd, 100U);
  xtg_tcp_cc_lost(&t.env.config, &t.f, 1000);
  EXPECT_EQ(t.f.cwnd, t.env.config.floor_segs);
  t.f.recovery = XTG_TCP_SMOOTH;
  xtg_tcp_cc_acked(&t.env.config, &t.f, 10'000'000, 0);
  EXPECT_EQ(t.f.cwnd, 65536U);
}

} // namespace
