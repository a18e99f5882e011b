// SPDX-License-Identifier: BSD-2-Clause
// The whole sender against a model receiver over bad paths, in virtual time.
#include "support/tcp_sim.h"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

/// Everything at random, by the seed alone.
TcpScenario any(std::uint64_t seed) {
  Dice dice(seed);
  TcpScenario s;
  s.seed = seed;
  s.config.silence_us = s.config.give_up_us = 600'000'000;
  s.config.mss = std::array{536U, 1000U, 1448U, 3342U}[dice.below(4)];
  s.config.congestion = static_cast<__u32>(dice.below(3));
  s.config.sack = dice.chance(0.75);
  s.config.timestamps = dice.chance(0.5);
  s.config.ecn = dice.chance(0.3);
  s.config.burst = static_cast<__u32>(dice.between(1, 64));
  s.config.period = dice.chance(0.5) ? dice.between(1, 40 * s.config.mss) : 0;
  s.board_words = 2U << dice.below(5);
  s.isn = dice.chance(0.5) ? static_cast<__u32>(0U - dice.below(300'000))
                           : static_cast<__u32>(dice.next());
  s.first_seg = dice.chance(0.3) ? dice.below(1ULL << 34) : 0;
  s.bytes = dice.between(1, 600) * s.config.mss - dice.below(s.config.mss);
  if (s.config.period) // many small segments otherwise
    s.bytes = std::min(s.bytes, 600 * std::min<std::uint64_t>(s.config.period, s.config.mss));
  s.fin = dice.chance(0.5);
  s.start_us = dice.chance(0.5) ? (1ULL << 32) - dice.below(5'000'000) : dice.below(1ULL << 40);
  s.rtt_us = dice.chance(0.8) ? 300 : 0;
  for (PathSpec* path : {&s.out, &s.back}) {
    path->delay_us = std::array{20ULL, 500ULL, 5'000ULL, 50'000ULL}[dice.below(4)];
    path->loss = std::array{0.0, 0.001, 0.01, 0.05, 0.2}[dice.below(5)];
    path->duplicate = std::array{0.0, 0.0, 0.01, 0.1}[dice.below(4)];
    path->reorder = std::array{0.0, 0.0, 0.01, 0.3}[dice.below(4)];
    path->reorder_us = dice.between(1, path->delay_us * 2);
    path->us_per_frame = std::array{0ULL, 0ULL, 1ULL, 12ULL}[dice.below(4)];
    path->queue = dice.between(4, 300);
  }
  if (s.config.ecn) s.out.mark = 0.02;
  s.receiver.wscale = static_cast<std::uint32_t>(dice.below(15));
  s.receiver.buffer = dice.chance(0.3) ? dice.between(1, 4 * s.config.mss)
                                       : dice.between(s.config.mss, 400 * s.config.mss);
  s.receiver.buffer = std::max<std::uint64_t>(s.receiver.buffer, 1ULL << s.receiver.wscale);
  s.receiver.buffer = std::min<std::uint64_t>(s.receiver.buffer, 65535ULL << s.receiver.wscale);
  s.receiver.ack_every = static_cast<std::uint32_t>(dice.between(1, 8));
  s.receiver.shrinks = dice.chance(0.3);
  s.bytes = std::min(s.bytes, 400 * s.receiver.buffer); // a tiny window takes long
  s.bytes = std::min(s.bytes, 400 * s.receiver.buffer); // a tiny window takes long
  if (s.receiver.shrinks) {
    const std::uint64_t least =
        std::max<std::uint64_t>(1ULL << s.receiver.wscale, s.config.mss / 4);
    for (std::uint64_t at = 0; at < 3'000'000; at += 100'000)
      s.receiver.buffers.emplace_back(
          at, dice.between(std::min(least, s.receiver.buffer), s.receiver.buffer));
  }
  if (dice.chance(0.3)) s.receiver.read_per_us = static_cast<double>(dice.between(1, 100)) / 10.0;
  if (dice.chance(0.3)) {
    const std::uint64_t from = dice.below(100'000);
    s.receiver.no_reads.emplace_back(from, from + dice.between(1'000, 3'000'000));
  }
  s.receiver.forgets = dice.chance(0.1) ? 0.01 : 0;
  s.receiver.says_every_us = dice.chance(0.2) ? dice.between(1'000, 300'000) : 0;
  s.receiver.keepalive_us = dice.chance(0.1) ? 700'000 : 0;
  s.refused = std::array{0.0, 0.0, 0.01, 0.2}[dice.below(4)];
  s.tick_us = dice.chance(0.5) ? dice.between(1, 300) : 0;
  s.burst_us = dice.chance(0.2) ? dice.between(1, 200) : 0;
  if (dice.chance(0.2)) s.stop_us = dice.between(1, 200'000);
  s.hears = static_cast<std::uint32_t>(dice.between(1, 128));
  if (dice.chance(0.2)) {
    const std::uint64_t from = dice.below(100'000);
    s.stalls.emplace_back(from, from + dice.between(1'000, 2'000'000));
  }
  return s;
}

TEST(AbiTcpSim, DeliversWhateverThePathDoes) {
  int faults = 0;
  for (std::uint64_t seed = 1; seed <= 1500 && faults < 5; ++seed) {
    TcpSim sim(any(seed));
    const std::string fault = sim.run();
    EXPECT_EQ(fault, "");
    faults += !fault.empty();
  }
}

/// What twenty flows of 2000 segments counted together.
struct Sum {
  std::uint64_t lost = 0; ///< data segments
  std::uint64_t retransmits = 0;
  std::uint64_t again_local = 0;
  std::uint64_t refused = 0;
  std::uint64_t twice = 0; ///< arrived although they had before
  std::uint64_t late = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t spurious = 0;
  double seconds = 0; ///< of one flow
};

/// A round trip of a millisecond and a window of a mebibyte, changed by `change`.
template <typename Change>
Sum twenty(__u32 congestion, bool sack, Change change) {
  Sum sum;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TcpScenario s;
    s.seed = seed;
    s.config.congestion = congestion;
    s.config.sack = sack;
    s.config.timestamps = seed % 2;
    s.bytes = 2'000'000;
    s.board_words = 32;
    s.out.delay_us = s.back.delay_us = 500;
    s.rtt_us = 1000;
    s.isn = static_cast<__u32>(0U - 100'000 * seed);
    change(s);
    TcpSim sim(s);
    EXPECT_EQ(sim.run(), "");
    sum.lost += sim.lost_data;
    sum.retransmits += sim.retransmitted();
    sum.again_local += sim.flow().retransmits[XTG_TCP_RETRANSMIT_LOCAL];
    sum.refused += sim.refused;
    sum.twice += sim.receiver().duplicates;
    sum.late += sim.out().late;
    sum.timeouts += sim.flow().rto_fired;
    sum.spurious += sim.flow().spurious;
    sum.seconds += static_cast<double>(sim.passed_us()) / 20e6;
  }
  return sum;
}

class AbiTcpSimCongestion : public ::testing::TestWithParam<__u32> {};
INSTANTIATE_TEST_SUITE_P(, AbiTcpSimCongestion,
                         ::testing::Values(XTG_TCP_CC_NONE, XTG_TCP_CC_RENO, XTG_TCP_CC_CUBIC));

TEST_P(AbiTcpSimCongestion, CleanPathSeesEverySegmentOnce) {
  for (const bool sack : {true, false}) {
    for (const std::uint64_t delay_us : {10ULL, 500ULL, 30'000ULL}) {
      for (const std::uint32_t ack_every : {1U, 2U, 45U}) {
        const Sum sum = twenty(GetParam(), sack, [&](TcpScenario& s) {
          s.clean = true;
          s.out.delay_us = s.back.delay_us = delay_us;
          s.rtt_us = static_cast<__u32>(2 * delay_us);
          s.receiver.ack_every = ack_every;
          s.bytes = 10'000 + s.seed * 10'000;
          if (s.seed % 3 == 0) s.config.period = 10'000 + s.seed;
        });
        EXPECT_EQ(sum.retransmits, 0U);
        EXPECT_EQ(sum.timeouts, 0U);
        EXPECT_EQ(sum.twice, 0U);
      }
    }
  }
}

TEST_P(AbiTcpSimCongestion, SendsAgainWhatIsLostAndLittleElse) {
  for (const double loss : {0.01, 0.05}) {
    const Sum sum = twenty(GetParam(), true, [&](TcpScenario& s) { s.out.loss = loss; });
    EXPECT_GT(sum.lost, loss * 35'000);
    EXPECT_LE(sum.retransmits * 100, sum.lost * 102);
    EXPECT_LE(sum.timeouts * 50, sum.lost);
  }
}

TEST_P(AbiTcpSimCongestion, LongRoundTripsAreNoLosses) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) {
    s.out.loss = 0.01;
    s.out.delay_us = s.back.delay_us = 50'000;
    s.rtt_us = 100'000;
  });
  EXPECT_LE(sum.retransmits * 100, sum.lost * 102);
  EXPECT_LE(sum.timeouts, 3U);
}

TEST_P(AbiTcpSimCongestion, FullQueueIsNoStorm) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) {
    s.out.us_per_frame = 12; // 24 ms for all
    s.out.queue = 50;
  });
  EXPECT_LE(sum.retransmits, sum.lost + sum.lost / 20);
  EXPECT_LE(sum.lost, GetParam() == XTG_TCP_CC_NONE ? 22'000U : 10'000U); // the first window: 950
  EXPECT_LE(sum.seconds, 0.1);
}

TEST_P(AbiTcpSimCongestion, BottleneckWithLosses) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) {
    s.out.us_per_frame = 12;
    s.out.queue = 2000;
    s.out.loss = 0.01;
  });
  EXPECT_LE(sum.retransmits, sum.lost + sum.lost / 15);
}

TEST_P(AbiTcpSimCongestion, SmallWindowWithLosses) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) {
    s.out.loss = 0.01;
    s.receiver.buffer = 10'000;
  });
  EXPECT_LE(sum.retransmits * 100, sum.lost * 102);
  EXPECT_LE(sum.timeouts, 8U);
}

TEST_P(AbiTcpSimCongestion, WithoutSackOneHoleInARoundTrip) {
  const Sum sum = twenty(GetParam(), false, [](TcpScenario& s) {
    s.out.loss = 0.01;
    s.receiver.buffer = 20'000; // few losses in a window
  });
  EXPECT_LE(sum.retransmits, sum.lost * 3);
  EXPECT_LE(sum.timeouts * 6, sum.lost);
}

TEST_P(AbiTcpSimCongestion, LostAcknowledgmentsCostNothing) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) { s.back.loss = 0.2; });
  EXPECT_LE(sum.retransmits, 20U); // the last one's: a tail probe
  EXPECT_EQ(sum.timeouts, 0U);
}

TEST_P(AbiTcpSimCongestion, DuplicatesOfThePathCostNothing) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) { s.out.duplicate = 0.1; });
  EXPECT_EQ(sum.retransmits, 0U);
  EXPECT_GT(sum.spurious, 2'000U); // and more after the last one was acknowledged
}

TEST_P(AbiTcpSimCongestion, ReorderingCostsLittle) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) {
    s.out.reorder = 0.01;
    s.out.reorder_us = 200; // less than a quarter of the round trip
  });
  EXPECT_GT(sum.late, 350U);
  EXPECT_LE(sum.retransmits, 300U); // before the flow has seen that it happens
  EXPECT_EQ(sum.timeouts, 0U);
}

TEST_P(AbiTcpSimCongestion, RefusedFramesAreSentAtOnceAndArriveOnce) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) { s.refused = 0.1; });
  EXPECT_GT(sum.refused, 3'500U);
  EXPECT_EQ(sum.again_local, sum.refused);
  EXPECT_EQ(sum.retransmits, 0U);
  EXPECT_EQ(sum.twice, 0U);
  EXPECT_EQ(sum.timeouts, 0U);
  EXPECT_LE(sum.seconds, 0.06);
}

TEST_P(AbiTcpSimCongestion, RoundTripMuchLongerThanItWasIsLearnt) {
  for (const bool sack : {true, false}) {
    const Sum sum = twenty(GetParam(), sack, [](TcpScenario& s) {
      s.out.delay_us = s.back.delay_us = 1'500'000;
      s.bytes = 200'000;
    });
    EXPECT_LE(sum.timeouts, 20U * 18); // and not some in every round trip for ever
  }
}

// What came meanwhile answers the timers that became due: nothing was lost.
TEST_P(AbiTcpSimCongestion, StallOfTheThreadIsNoLoss) {
  for (const bool sack : {true, false}) {
    const Sum sum = twenty(GetParam(), sack, [](TcpScenario& s) {
      s.receiver.ack_every = 1;
      s.bytes = 10'000'000;
      s.board_words = 64;
      for (std::uint64_t at = 3'000 + s.seed * 100; at < 5'000'000; at += 520'000)
        s.stalls.emplace_back(at, at + 500'000);
    });
    EXPECT_EQ(sum.timeouts, 0U);
    EXPECT_EQ(sum.retransmits, 0U);
  }
}

// A mobile path's pause: the time-out goes off, and nothing was lost. One segment goes again at
// each time-out, and not all that was under way; and the window stays what it was.
TEST(AbiTcpSim, TimeoutForNothingIsUndone) {
  for (const __u32 congestion : {XTG_TCP_CC_NONE, XTG_TCP_CC_RENO, XTG_TCP_CC_CUBIC}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      TcpScenario s;
      s.seed = seed;
      s.config.congestion = congestion;
      s.config.sack = seed % 2;
      s.config.timestamps = 1;
      s.bytes = 4'000'000;
      s.board_words = 32;
      s.out.delay_us = s.back.delay_us = 10'000;
      s.out.us_per_frame = 10;
      s.out.queue = 2'000;
      s.rtt_us = 20'000;
      s.out.held = {150'000 + seed * 1'000, 650'000};
      TcpSim sim(s);
      EXPECT_EQ(sim.run(), "");
      EXPECT_GE(sim.flow().rto_fired, 1U);
      EXPECT_EQ(sim.flow().undone, 1U);
      const std::uint32_t first = congestion == XTG_TCP_CC_NONE ? XTG_TCP_CWND_FIRST : 1;
      EXPECT_LE(sim.retransmitted(), first * sim.flow().rto_fired + 1); // and a tail probe
      EXPECT_GE(sim.flow().ssthresh, std::uint32_t{XTG_TCP_CWND_MAX});
    }
  }
}

TEST_P(AbiTcpSimCongestion, ReceiverThatStopsReadingForLong) {
  const Sum sum = twenty(GetParam(), true, [](TcpScenario& s) {
    s.receiver.buffer = 100'000;
    s.receiver.no_reads = {{2'000, 60'000'000}};
    s.back.loss = s.seed % 2 ? 0.3 : 0; // the window update may be lost
  });
  EXPECT_LE(sum.retransmits, 30U);
  EXPECT_LE(sum.seconds, 70); // probed often enough
}

} // namespace
