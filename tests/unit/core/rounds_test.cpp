// SPDX-License-Identifier: BSD-2-Clause
#include "core/rounds.h"

#include <vector>

#include <gtest/gtest.h>

namespace xtg {
namespace {

struct World {
  std::uint64_t now = 1000;
  std::vector<std::size_t> seen;
  std::uint64_t cost = 0;
  Rounds rounds;

  bool slice(std::size_t items, std::uint64_t budget) {
    return rounds.slice(
        items, budget,
        [this](std::size_t item) {
          seen.push_back(item);
          now += cost;
          return cost != 0;
        },
        [this] { return now; });
  }
};

TEST(RoundsTest, CheapItemsAreOneSlice) {
  World world;
  EXPECT_TRUE(world.slice(10'000, 1));
  EXPECT_EQ(world.seen.size(), 10'000U);
}

TEST(RoundsTest, ASliceEndsWithItsTime) {
  World world;
  world.cost = 100;
  std::size_t slices = 1;
  for (; !world.slice(10'000, 1'000); slices++)
    ASSERT_EQ(world.seen.size(), 10 * slices);
  EXPECT_EQ(slices, 1'000U);
  ASSERT_EQ(world.seen.size(), 10'000U);
  for (std::size_t i = 0; i < world.seen.size(); i++)
    ASSERT_EQ(world.seen[i], i) << "none twice, none left out";
  EXPECT_FALSE(world.slice(10'000, 1'000)) << "the next round";
  EXPECT_EQ(world.seen.back(), 9U);
}

TEST(RoundsTest, TheClockIsAskedNowAndThen) {
  World world;
  world.cost = 0;
  std::size_t asked = 0;
  EXPECT_FALSE(world.rounds.slice(
      10'000, 5, [](std::size_t) { return false; }, [&asked] { return 2 * asked++; }));
}

TEST(RoundsTest, None) {
  World world;
  EXPECT_TRUE(world.slice(0, 0));
  EXPECT_TRUE(world.seen.empty());
}

} // namespace
} // namespace xtg
