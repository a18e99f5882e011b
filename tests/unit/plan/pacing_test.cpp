// SPDX-License-Identifier: BSD-2-Clause
#include "plan/pacing.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

__extension__ using Wide = unsigned __int128;

StreamPlan stream(Rate rate, std::uint32_t burst = 1, Layer layer = Layer::L1) {
  StreamPlan out;
  out.rate.rate = rate;
  out.rate.layer = layer;
  out.rate.burst = burst;
  out.l1_bits = 84 * 8;
  out.l2_bits = 64 * 8;
  out.l3_bits = 46 * 8;
  return out;
}
Rate pps(double value) {
  return {Rate::Unit::Pps, value};
}
Rate bps(double value) {
  return {Rate::Unit::Bps, value};
}

Pacing pacing(const StreamPlan& stream, std::uint32_t threads = 1, Pace pace = Pace::Auto) {
  const auto out = make_pacing(stream, threads, pace);
  EXPECT_TRUE(out) << out.error().message();
  EXPECT_TRUE(out->has_value());
  return out->value_or(Pacing{});
}

/// The interval in 2^-32 ns.
Wide fixed(const Pacing& p) {
  return Wide{p.interval_ns} << 32 | p.interval_frac;
}
Wide fixed(const Phase& p) {
  return Wide{p.ns} << 32 | p.frac;
}

TEST(MakePacing, MaxHasNoSchedule) {
  const auto out = make_pacing(stream({}), 4, Pace::Auto);
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->has_value());
}

TEST(MakePacing, IntervalsAreKnown) {
  const Pacing p = pacing(stream(pps(1e6)));
  EXPECT_EQ(p.target_pps, 1e6);
  EXPECT_EQ(p.interval_ns, 1'000U);
  EXPECT_EQ(p.interval_frac, 0U);
  EXPECT_EQ(p.frames_per_slot, 1U);
  EXPECT_EQ(p.slots_per_batch, 1U);
  EXPECT_FALSE(p.sleep);

  const Pacing third = pacing(stream(pps(3e6)));
  EXPECT_EQ(third.interval_ns, 333U);
  EXPECT_EQ(third.interval_frac, 0x55555555U);
}

TEST(MakePacing, ThreadsShareTheRate) {
  const Pacing p = pacing(stream(pps(1e6)), 3);
  EXPECT_EQ(p.target_pps, 1e6);
  EXPECT_EQ(p.interval_ns, 3'000U);
}

TEST(MakePacing, BurstsKeepTheMeanRate) {
  const Pacing p = pacing(stream(pps(1e6), 32), 2);
  EXPECT_EQ(p.frames_per_slot, 32U);
  EXPECT_EQ(p.interval_ns, 64'000U);
}

/// A billion slots later the schedule is still within a quarter of a nanosecond: the fraction has
/// 2^-32 ns.
TEST(MakePacing, NothingAddsUpOverABillionSlots) {
  constexpr std::uint64_t kSlots = 1'000'000'000;
  std::mt19937_64 random(3);
  for (int i = 0; i < 200; i++) {
    const double rate = std::exp(std::uniform_real_distribution<>(0, std::log(1e8))(random));
    const auto burst = static_cast<std::uint32_t>(1 + random() % 256);
    const auto threads = static_cast<std::uint32_t>(1 + random() % 64);
    const Pacing p = pacing(stream(pps(rate), burst), threads);
    // slots * burst * threads * 1e9 / rate, with the rate as the exact fraction that a double is.
    int exponent = 0;
    const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(rate, &exponent), 53));
    const long double exact = static_cast<long double>(kSlots) * burst * threads * 1e9L /
                              static_cast<long double>(mantissa) *
                              std::pow(2.0L, static_cast<long double>(53 - exponent));
    const Wide sum = fixed(p) * kSlots;
    const long double ours =
        static_cast<long double>(sum >> 32) +
        static_cast<long double>(static_cast<std::uint32_t>(sum)) / 4294967296.0L;
    // Beside the fraction's own grain: what the long double of the interval itself leaves out.
    EXPECT_NEAR(static_cast<double>(ours - exact), 0, 0.25 + static_cast<double>(exact) * 2e-19)
        << rate << " " << burst << " " << threads;
  }
}

TEST(MakePacing, BitRatesCountTheirLayer) {
  EXPECT_DOUBLE_EQ(pacing(stream(bps(672e6), 1, Layer::L1)).target_pps, 1e6);
  EXPECT_DOUBLE_EQ(pacing(stream(bps(512e6), 1, Layer::L2)).target_pps, 1e6);
  EXPECT_DOUBLE_EQ(pacing(stream(bps(368e6), 1, Layer::L3)).target_pps, 1e6);
  EXPECT_NEAR(pacing(stream(bps(10e9)), 16).target_pps, 14'880'952.38, 0.01);
}

TEST(MakePacing, HighRatesShareReleases) {
  const auto slots = [](double rate, std::uint32_t burst = 1, std::uint32_t threads = 1) {
    return pacing(stream(pps(rate), burst), threads).slots_per_batch;
  };
  EXPECT_EQ(slots(kSingleReleasePps), 1U);
  EXPECT_EQ(slots(kSingleReleasePps * 1.001), 2U);
  EXPECT_EQ(slots(2.4e6), 4U);
  EXPECT_EQ(slots(3.4e6), 8U);
  EXPECT_EQ(slots(1e7), 64U);
  // What counts is the rate of a thread, and what a burst releases together already.
  EXPECT_EQ(slots(2 * kSingleReleasePps, 1, 2), 1U);
  EXPECT_EQ(slots(1e7, 16), 4U);
  EXPECT_EQ(slots(1e7, 100), 1U);
  for (double rate = 1; rate < 1e9; rate *= 1.7) {
    for (const std::uint32_t burst : {1U, 3U, 100U, 256U})
      EXPECT_LE(burst * slots(rate, burst), 256U) << rate << " " << burst;
  }
}

TEST(MakePacing, LongGapsAreSlept) {
  EXPECT_TRUE(pacing(stream(pps(1'000))).sleep);
  EXPECT_FALSE(pacing(stream(pps(1'000)), 1, Pace::Busy).sleep);
  EXPECT_TRUE(pacing(stream(pps(1e9 / kSleepGapNs))).sleep);
  EXPECT_FALSE(pacing(stream(pps(1e9 / kSleepGapNs * 1.001))).sleep);
  // The gap of a thread counts, after its bursts.
  EXPECT_TRUE(pacing(stream(pps(4'000)), 2).sleep);
  EXPECT_TRUE(pacing(stream(pps(1e5), 100)).sleep);
}

TEST(MakePacing, RefusesWhatItCannotSchedule) {
  const auto what = [](const StreamPlan& s) {
    const auto out = make_pacing(s, 1, Pace::Auto);
    if (out) return std::string("accepted");
    EXPECT_EQ(out.error().code, Errc::InvalidArgument);
    return out.error().what;
  };
  EXPECT_EQ(what(stream(pps(0.009))),
            "--rate 0.009pps: makes 0.009 packets per second; 0.01 to 1000000000 can be scheduled");
  EXPECT_EQ(what(stream(pps(0.01))), "accepted");
  EXPECT_EQ(what(stream(pps(1e9))), "accepted");
  EXPECT_EQ(what(stream(bps(1e12))),
            "--rate 1Tbps: makes 1.49e+09 packets per second; 0.01 to 1000000000 can be scheduled");
  EXPECT_EQ(what(stream(pps(std::nan("")))).substr(0, 6), "--rate");
  EXPECT_EQ(what(stream(pps(10), 0)), "--burst 0: 1 to 256 frames");
  EXPECT_EQ(what(stream(pps(10), 257)), "--burst 257: 1 to 256 frames");
  EXPECT_EQ(what(stream(pps(10), 256)), "accepted");
}

/// With n threads, slot i of thread l is slot i*n + l of one even schedule.
TEST(PhaseOf, ThreadsTakeTurnsEvenly) {
  std::mt19937_64 random(4);
  for (const std::uint32_t threads : {1U, 2U, 3U, 7U, 64U}) {
    for (int i = 0; i < 50; i++) {
      Pacing p;
      p.interval_ns = random() >> (14 + random() % 40);
      p.interval_frac = static_cast<std::uint32_t>(random());
      EXPECT_TRUE(fixed(phase_of(p, 0, threads)) == 0);
      for (std::uint32_t worker = 0; worker < threads; worker++)
        ASSERT_TRUE(fixed(phase_of(p, worker, threads)) == fixed(p) * worker / threads)
            << threads << " " << worker;
    }
  }
}

std::vector<StreamPlan> with_pacing(std::vector<StreamPlan> streams) {
  for (StreamPlan& one : streams)
    one.pacing = make_pacing(one, 1, Pace::Auto).value();
  return streams;
}

TEST(Streams, APacedOneAmongOthersMakesBatchesShort) {
  StreamPlan flood, few;
  few.num_packets = 5;
  EXPECT_EQ(flood_batch({flood}), kFloodBatch);
  EXPECT_EQ(flood_batch({few}), 5U);
  EXPECT_EQ(flood_batch({few, flood}), kFloodBatch);
  EXPECT_EQ(flood_batch(with_pacing({stream(pps(10)), flood})), kMixedBatch);
}

TEST(Streams, AThreadSleepsWhereAllGapsAreLong) {
  EXPECT_TRUE(may_sleep(with_pacing({stream(pps(1'000)), stream(pps(900))})));
  EXPECT_FALSE(may_sleep(with_pacing({stream(pps(1'500)), stream(pps(1'000))}))) << "together";
  EXPECT_FALSE(may_sleep(with_pacing({stream(pps(10)), stream(pps(100'000))})));
  EXPECT_FALSE(may_sleep(with_pacing({stream(pps(10)), StreamPlan{}})));
}

TEST(Streams, ATargetIsOfAllOrNone) {
  EXPECT_EQ(target_of(with_pacing({stream(pps(10)), stream(pps(30))})), 40.0);
  EXPECT_EQ(target_of(with_pacing({stream(pps(10)), StreamPlan{}})), std::nullopt);
}

TEST(SharePace, EachFlowHasTheSame) {
  // Three flows of two threads: two thirds of the slots for two of them.
  EXPECT_EQ(share_pace(1'000'000, {2, 1}), (std::vector<std::uint64_t>{1'500'000, 3'000'000}));
  EXPECT_EQ(share_pace(1'000'000, {1, 1, 1, 1}), (std::vector<std::uint64_t>(4, 4'000'000)));
}

TEST(SharePace, WhoIsDoneLeavesItsShareToTheOthers) {
  EXPECT_EQ(share_pace(1'000'000, {2, 0}), (std::vector<std::uint64_t>{1'000'000, 0}));
  EXPECT_EQ(share_pace(1'000'000, {0, 0}), (std::vector<std::uint64_t>{0, 0}));
}

TEST(SharePace, HoldsForTheSlowestRate) {
  const std::uint64_t hour = 3'600'000'000'000ULL << 20; // in the sender's units
  EXPECT_EQ(share_pace(hour, {1, 3}), (std::vector<std::uint64_t>{4 * hour, hour / 3 * 4}));
}

TEST(PhaseOf, HoldsForTheLongestInterval) {
  const Pacing p = pacing(stream(pps(0.01), 256), 64);
  EXPECT_TRUE(fixed(phase_of(p, 63, 64)) == fixed(p) * 63 / 64);
}

} // namespace
} // namespace xtg::plan
