// SPDX-License-Identifier: BSD-2-Clause
#include "search/estimate.h"

#include <gtest/gtest.h>

namespace xtg::search {
namespace {

constexpr Limits kLimits{.min_load = 10, .max_load = 1e6};

double estimate(Preset preset, Limits limits = kLimits) {
  return estimate_seconds(preset, goals_of(preset), limits, 0.2);
}

/// Two loads of at least half the sum are confirmed; what leads there takes less than that.
TEST(EstimateTest, OfThePresets) {
  EXPECT_GT(estimate(Preset::Default), 30);
  EXPECT_LT(estimate(Preset::Default), 120);
  EXPECT_GT(estimate(Preset::Rfc2544), 10 * 60);
  EXPECT_LT(estimate(Preset::Rfc2544), 60 * 60);
}

TEST(EstimateTest, NeverAboveTheLimit) {
  Limits limits = kLimits;
  for (const double budget : {1.0, 14.0, 100.0}) {
    limits.budget = budget;
    EXPECT_LE(estimate(Preset::Default, limits), budget);
    EXPECT_GT(estimate(Preset::Default, limits), budget * 0.4);
  }
}

TEST(EstimateTest, SlowLoadsTakeLonger) {
  EXPECT_GT(estimate(Preset::Default, {.min_load = 0.5, .max_load = 1}),
            estimate(Preset::Default) + 40);
}

} // namespace
} // namespace xtg::search
