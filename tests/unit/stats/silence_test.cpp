// SPDX-License-Identifier: BSD-2-Clause
#include "stats/silence.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

constexpr std::uint64_t kPatience = 1'000;

TxCounters counted(std::uint64_t attempts, std::uint64_t accepted) {
  return {.attempts = attempts, .accepted = accepted, .driver_drops = attempts - accepted};
}

TEST(Silence, LastsFromTheFirstLookThatFoundAttemptsOnly) {
  Silence silence;
  silence.begin({}, 5'000);
  EXPECT_FALSE(silence.lasts(counted(10, 0), 5'999, kPatience));
  EXPECT_TRUE(silence.lasts(counted(20, 0), 6'000, kPatience));
  EXPECT_FALSE(silence.ever_accepted());
}

TEST(Silence, IsBrokenByAFrameThatIsAccepted) {
  Silence silence;
  silence.begin({}, 0);
  EXPECT_FALSE(silence.lasts(counted(10, 0), 900, kPatience));
  EXPECT_FALSE(silence.lasts(counted(20, 1), 1'500, kPatience));
  EXPECT_TRUE(silence.ever_accepted());
  EXPECT_FALSE(silence.lasts(counted(30, 1), 2'499, kPatience));
  EXPECT_TRUE(silence.lasts(counted(40, 1), 2'500, kPatience));
}

/// There may be nothing to send: that is no fault of the interface.
TEST(Silence, IsNoneWhileNothingIsTried) {
  Silence silence;
  silence.begin(counted(20, 0), 0);
  EXPECT_FALSE(silence.lasts(counted(20, 0), 5'000, kPatience));
  EXPECT_FALSE(silence.lasts(counted(21, 0), 5'999, kPatience)) << "it counts from 5,000";
  EXPECT_TRUE(silence.lasts(counted(22, 0), 6'000, kPatience));
}

/// TCP tries again after a while only.
TEST(Silence, LastsWhileFramesAreTriedNowAndThen) {
  Silence silence;
  silence.begin(counted(100, 100), 0);
  for (std::uint64_t now = 100; now < kPatience; now += 100)
    EXPECT_FALSE(silence.lasts(counted(now < 500 ? 101 : 102, 100), now, kPatience)) << now;
  EXPECT_TRUE(silence.lasts(counted(102, 100), kPatience, kPatience));
  EXPECT_FALSE(silence.lasts(counted(103, 101), 1'100, kPatience));
}

/// One that is lost in a full ring says nothing, when nothing is to be sent after it.
TEST(Silence, IsNotASingleRefusal) {
  Silence silence;
  silence.begin(counted(100, 100), 0);
  EXPECT_FALSE(silence.lasts(counted(101, 100), 100, kPatience));
  EXPECT_FALSE(silence.lasts(counted(101, 100), 9'000, kPatience));
  EXPECT_TRUE(silence.lasts(counted(102, 100), 9'100, kPatience));
}

TEST(Silence, WhatWasCountedBeforeIsNotTheRuns) {
  Silence silence;
  silence.begin(counted(100, 50), 0);
  EXPECT_TRUE(silence.ever_accepted());
  EXPECT_FALSE(silence.lasts(counted(100, 50), 10'000, kPatience));
  EXPECT_FALSE(silence.lasts(counted(101, 50), 10'500, kPatience));
  EXPECT_TRUE(silence.lasts(counted(102, 50), 11'000, kPatience));
}

} // namespace
} // namespace xtg::stats
