// SPDX-License-Identifier: BSD-2-Clause
// The true offset of simulated clocks lies within the stated error, whatever the path does.
#include "core/clock_offset.h"

#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>

namespace xtg {
namespace {

constexpr double kUs = 1e3, kMs = 1e6, kSecond = 1e9;

/// Two clocks and a path between them. Time is that of the near clock.
struct TwoClocks {
  double offset = 0;    ///< of the far clock at time 0, ns
  double drift_ppm = 0; ///< constant
  std::function<double(double)> wander = [](double) { return 0.0; };
  double forward = 50 * kUs, back = 50 * kUs; ///< least delays
  double jitter = 0;                          ///< mean of what queues add to each
  std::mt19937_64 random{1};

  [[nodiscard]] double offset_at(double at) const {
    return offset + drift_ppm * 1e-6 * at + wander(at);
  }
  double queue() {
    return jitter == 0 ? 0 : std::exponential_distribution<double>(1 / jitter)(random);
  }
  ClockSample exchange(double at) {
    const double there = at + forward + queue(), answered = there + 3 * kUs,
                 here = answered + back + queue();
    const auto far = [&](double when) { return std::llround(when + offset_at(when)); };
    return {std::llround(at), far(there), far(answered), std::llround(here)};
  }
  std::vector<ClockSample> burst(double at, int n = 16) {
    std::vector<ClockSample> out;
    for (int i = 0; i < n; i++)
      out.push_back(exchange(at + i * kMs));
    return out;
  }
  /// Before and after a run of ten seconds.
  std::vector<ClockSample> around() {
    std::vector<ClockSample> all = burst(0);
    for (const ClockSample& s : burst(10 * kSecond))
      all.push_back(s);
    return all;
  }
};

constexpr std::int64_t kFrom = 100'000'000, kTo = 9'900'000'000;

void expect_true_offset_within(const TwoClocks& world, const ClockOffset& found) {
  for (double at = kFrom; at <= kTo; at += 1e8)
    EXPECT_LE(std::abs(world.offset_at(at) - static_cast<double>(found.offset_ns)),
              static_cast<double>(found.error_ns) + 2)
        << "at " << at / kSecond << " s, forward " << world.forward << ", back " << world.back
        << ", drift " << world.drift_ppm;
}

TEST(ClockOffset, ClocksAnHourApart) {
  for (const double offset : {3600 * kSecond, -3600 * kSecond, 0.0, 1e14}) {
    TwoClocks world;
    world.offset = offset;
    const auto found = estimate_offset(world.around(), kFrom, kTo);
    ASSERT_TRUE(found);
    expect_true_offset_within(world, *found);
    EXPECT_NEAR(static_cast<double>(found->offset_ns), offset, 100) << "the path is symmetric";
    EXPECT_LE(found->error_ns, 51'000U);
    EXPECT_TRUE(found->steady);
    EXPECT_EQ(found->round_trip_ns, 100'000U);
  }
}

TEST(ClockOffset, AnAsymmetricPathIsWithinTheError) {
  TwoClocks world;
  world.forward = 900 * kUs;
  world.back = 10 * kUs;
  const auto found = estimate_offset(world.around(), kFrom, kTo);
  ASSERT_TRUE(found);
  expect_true_offset_within(world, *found);
  EXPECT_GT(found->offset_ns, 400'000) << "it cannot be seen that the way back is short";
}

TEST(ClockOffset, DriftIsFoundAndPartOfTheError) {
  TwoClocks world;
  world.drift_ppm = 40;
  const auto found = estimate_offset(world.around(), kFrom, kTo);
  ASSERT_TRUE(found);
  expect_true_offset_within(world, *found);
  EXPECT_NEAR(found->drift_ppm.value(), 40, 11);
  EXPECT_GE(found->error_ns, 190'000U) << "over ten seconds the offset changes by 400 us";
  // At one moment it is much better known.
  const auto moment = estimate_offset(world.around(), kTo, kTo);
  EXPECT_LE(moment->error_ns, 55'000U);
}

TEST(ClockOffset, AnyClocksAndAnyPath) {
  std::mt19937_64 random(7);
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (int i = 0; i < 300; i++) {
    TwoClocks world;
    world.random.seed(random());
    world.offset = between(-1e15, 1e15);
    world.drift_ppm = between(-600, 600);
    world.forward = between(1, 2000) * kUs;
    world.back = between(1, 2000) * kUs;
    world.jitter = between(0, 500) * kUs;
    const auto found = estimate_offset(world.around(), kFrom, kTo);
    ASSERT_TRUE(found);
    ASSERT_TRUE(found->steady);
    expect_true_offset_within(world, *found);
  }
}

TEST(ClockOffset, TestFramesAreSamplesOfTheirOwn) {
  std::mt19937_64 random(9);
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (int i = 0; i < 200; i++) {
    TwoClocks world; // the control connection takes long
    world.random.seed(random());
    world.offset = between(-1e15, 1e15);
    world.drift_ppm = between(-100, 100);
    world.forward = world.back = 2 * kMs;
    const double sent = between(kFrom, kTo), returned = between(kFrom, kTo);
    const double there = 20 * kUs, back = 30 * kUs;
    OffsetLimits limits;
    limits.most = std::llround(world.offset_at(sent + there) + there);
    limits.least = std::llround(world.offset_at(returned) - back);
    const auto plain = estimate_offset(world.around(), kFrom, kTo);
    const auto found = estimate_offset(world.around(), kFrom, kTo, limits);
    ASSERT_TRUE(found && plain);
    ASSERT_TRUE(found->steady);
    expect_true_offset_within(world, *found);
    EXPECT_LE(found->error_ns, plain->error_ns);
  }
  // A test in both directions between clocks that do not drift apart.
  TwoClocks still;
  still.forward = still.back = 2 * kMs;
  const auto found =
      estimate_offset(still.around(), kFrom, kTo, {.least = -30'000, .most = 20'000});
  EXPECT_LT(found->error_ns, 2'000'000U);
}

TEST(ClockOffset, TheFastestSamplesCount) {
  TwoClocks world;
  world.jitter = 5000 * kUs;
  std::vector<ClockSample> all = world.around();
  world.jitter = 0;
  for (const double at : {0.02 * kSecond, 10.02 * kSecond})
    all.push_back(world.exchange(at));
  const auto found = estimate_offset(all, kFrom, kTo);
  ASSERT_TRUE(found);
  EXPECT_LE(found->error_ns, 60'000U);
  EXPECT_EQ(fastest(all, 2).back().round_trip(), 100'000);
  EXPECT_EQ(fastest(all, 1000).size(), all.size());
}

TEST(ClockOffset, ARateThatChangesIsNoticed) {
  TwoClocks world;
  world.wander = [](double at) { return at < 5 * kSecond ? 0 : (at - 5 * kSecond) * 400e-6; };
  std::vector<ClockSample> all = world.around();
  for (const ClockSample& s : world.burst(5 * kSecond))
    all.push_back(s);
  const auto found = estimate_offset(all, kFrom, kTo);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->steady);
  EXPECT_FALSE(found->drift_ppm);
  expect_true_offset_within(world, *found);
}

TEST(ClockOffset, NothingIsMadeOfUnsoundSamples) {
  EXPECT_FALSE(estimate_offset({}, 0, 1));
  const ClockSample later{100, 5, 300, 200}; // longer at the far end than under way
  EXPECT_FALSE(estimate_offset(std::vector{later}, 0, 1));
  const ClockSample backwards{200, 5, 5, 100};
  EXPECT_FALSE(estimate_offset(std::vector{backwards}, 0, 1));
  // One sample bounds the offset at its time, and the largest drift does for other times.
  TwoClocks world;
  const std::vector one{world.exchange(0)};
  const auto now = estimate_offset(one, 0, 100'000),
             later_on = estimate_offset(one, 0, 1'000'000'000);
  ASSERT_TRUE(now && later_on);
  EXPECT_LE(now->error_ns, 51'000U);
  EXPECT_GE(later_on->error_ns, 600'000U);
  EXPECT_FALSE(now->drift_ppm) << "it takes two moments";
}

TEST(ClockAgreement, IsWhatBothKnow) {
  EXPECT_EQ(agreement_of({7, kNotInStep}, {7, kNotInStep}).relation, ClockRelation::Same);
  EXPECT_EQ(agreement_of({0, kNotInStep}, {0, kNotInStep}).relation, ClockRelation::Unknown);
  const auto in_step = agreement_of({7, 1000}, {8, 2000});
  EXPECT_EQ(in_step.relation, ClockRelation::InStep);
  EXPECT_EQ(in_step.error_ns, 3000U);
  EXPECT_EQ(agreement_of({7, 1000}, {8, kNotInStep}).relation, ClockRelation::Unknown);
  EXPECT_EQ(agreement_of({7, kNotInStep}, {8, 1}).relation, ClockRelation::Unknown);
}

} // namespace
} // namespace xtg
