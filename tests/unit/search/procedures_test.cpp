// SPDX-License-Identifier: BSD-2-Clause
#include "search/procedures.h"

#include <random>

#include <gtest/gtest.h>

namespace xtg::search {
namespace {

Outcome through(const Trial& trial, double limit) {
  const auto asked = static_cast<std::uint64_t>(trial.load * trial.duration);
  const auto received = std::min(asked, static_cast<std::uint64_t>(limit * trial.duration));
  return {.load = trial.load,
          .duration = trial.duration,
          .asked = asked,
          .lost = asked - received,
          .received = received};
}

TEST(LossSweepTest, EndsWithTwoLosslessTrials) {
  LossSweep sweep(1e6, 1);
  while (const auto trial = sweep.next())
    sweep.record(through(*trial, 650e3));
  ASSERT_EQ(sweep.points().size(), 6U); // 100, 90, 80, 70, 60, 50 %
  EXPECT_DOUBLE_EQ(sweep.points()[0].loss_ratio(), 0.35);
  EXPECT_GT(sweep.points()[3].loss_ratio(), 0);
  EXPECT_EQ(sweep.points()[4].loss_ratio(), 0);
  EXPECT_NEAR(sweep.points()[5].load, 500e3, 1e-3);
}

TEST(LossSweepTest, EndsAtTheSmallestStep) {
  LossSweep sweep(1e6, 1);
  while (const auto trial = sweep.next()) {
    EXPECT_GT(trial->load, 0);
    sweep.record(through(*trial, 0));
  }
  EXPECT_EQ(sweep.points().size(), 10U);
}

std::uint64_t lost_of(std::uint64_t burst, std::uint64_t queue) {
  return burst > queue ? burst - queue : 0;
}

TEST(BackToBackTest, ExactToTheFrame) {
  for (const std::uint64_t queue : {1U, 2U, 255U, 256U, 257U, 99'999U, 100'000U}) {
    BackToBack search({.most = 100'000, .repeats = 3});
    unsigned trials = 0;
    while (const auto burst = search.next()) {
      search.record(lost_of(*burst, queue));
      ASSERT_LT(++trials, 3U * 40);
    }
    EXPECT_EQ(search.found(), std::vector<std::uint64_t>(3, queue));
  }
}

/// A long burst takes seconds: what arrived of it tells where to look.
TEST(BackToBackTest, FewBursts) {
  BackToBack search({.most = 10'000'000, .repeats = 50});
  std::vector<std::uint64_t> first;
  unsigned trials = 0;
  while (const auto burst = search.next()) {
    if (search.found().empty()) first.push_back(*burst);
    search.record(lost_of(*burst, 5000));
    trials++;
  }
  EXPECT_EQ(search.found(), std::vector<std::uint64_t>(50, 5000));
  EXPECT_EQ(first, (std::vector<std::uint64_t>{10'000'000, 10'000'000, 5000, 5001, 5001}));
  EXPECT_EQ(trials, 5 + 49U * 3);
}

/// A queue that is emptied meanwhile lets more of a long burst through.
TEST(BackToBackTest, AQueueThatDrains) {
  for (const double drain : {0.1, 0.5, 0.9, 0.99, 0.9999}) {
    BackToBack search({.most = 1'000'000, .repeats = 3});
    unsigned trials = 0;
    while (const auto burst = search.next()) {
      const auto passes = static_cast<std::uint64_t>(static_cast<double>(*burst) * drain) + 90;
      search.record(lost_of(*burst, passes));
      ASSERT_LT(++trials, 200U) << drain;
    }
    for (const std::uint64_t found : search.found())
      EXPECT_NEAR(static_cast<double>(found), 90 / (1 - drain), 1 / (1 - drain)) << drain;
  }
}

TEST(BackToBackTest, ADeviceThatChangesIsFoundAgain) {
  const std::vector<std::uint64_t> queues = {5000, 100'000, 1, 0, 77, 78, 60'000, 3};
  BackToBack search({.most = 100'000, .repeats = 8});
  unsigned trials = 0;
  while (const auto burst = search.next()) {
    search.record(lost_of(*burst, queues[search.found().size()]));
    ASSERT_LT(++trials, 8U * 60);
  }
  EXPECT_EQ(search.found(), queues);
}

TEST(BackToBackTest, NothingPasses) {
  BackToBack search({.most = 1000, .repeats = 1});
  while (search.next())
    search.record(1);
  EXPECT_EQ(search.found(), std::vector<std::uint64_t>{0});
}

TEST(BackToBackTest, OneHiccupIsNoLimit) {
  std::mt19937 random(7);
  BackToBack search({.most = 100'000, .repeats = 50, .verify = 3});
  while (const auto burst = search.next())
    search.record(random() % 50 == 0 ? 1 : lost_of(*burst, 5000));
  EXPECT_EQ(search.found(), std::vector<std::uint64_t>(50, 5000));
}

TEST(BackToBackTest, Report) {
  const BurstReport report = burst_report({900, 1000, 1100}, 1e6, 250e3);
  EXPECT_EQ(report.searches, 3U);
  EXPECT_DOUBLE_EQ(report.mean, 1000);
  EXPECT_NEAR(report.deviation, 81.65, 0.01);
  EXPECT_EQ(report.least, 900U);
  EXPECT_EQ(report.most, 1100U);
  EXPECT_DOUBLE_EQ(report.implied_buffer_s, 1e-3);
  EXPECT_DOUBLE_EQ(report.corrected_buffer_s.value_or(0), 0.75e-3);
  EXPECT_FALSE(burst_report({900}, 1e6, std::nullopt).corrected_buffer_s);
  EXPECT_EQ(burst_report({}, 1e6, 0).searches, 0U);
}

} // namespace
} // namespace xtg::search
