// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_slots.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

constexpr std::uint64_t kNow = 100'000'000'000;

TEST(RxSlots, SinglePacketsGoFirstAndThenWhatWasQuietForLongest) {
  const std::vector<SlotUse> uses = {{0, 9, kNow - 50'000'000'000},
                                     {1, 1, kNow - 3'000'000'000},
                                     {2, 2, kNow - 60'000'000'000},
                                     {3, 1, kNow - 5'000'000'000},
                                     {4, 0, kNow - 4'000'000'000}};
  using Numbers = std::vector<std::uint32_t>;
  EXPECT_EQ(slots_to_take_back(uses, kNow, 9), (Numbers{3, 4, 1, 2, 0}));
  EXPECT_EQ(slots_to_take_back(uses, kNow, 4), (Numbers{3, 4, 1, 2}));
  EXPECT_EQ(slots_to_take_back(uses, kNow, 0), Numbers{});
}

TEST(RxSlots, WhatGoesOnStays) {
  EXPECT_TRUE(
      slots_to_take_back({{0, 1, kNow - kSlotIdleNs + 1}, {1, 1, kNow + 5}}, kNow, 9).empty());
  EXPECT_EQ(slots_to_take_back({{7, 1, kNow - kSlotIdleNs}}, kNow, 9).size(), 1U);
}

} // namespace
} // namespace xtg::stats
