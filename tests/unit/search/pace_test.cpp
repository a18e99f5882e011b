// SPDX-License-Identifier: BSD-2-Clause
#include "search/pace.h"

#include <gtest/gtest.h>

namespace xtg::search {
namespace {

TEST(PaceTest, FewFramesOrTheTimeThatIsLeft) {
  EXPECT_DOUBLE_EQ(preliminary(0.3, 1000, std::nullopt), 0.3);
  EXPECT_DOUBLE_EQ(preliminary(0.3, 10, std::nullopt), 0.5);
  EXPECT_DOUBLE_EQ(preliminary(0.3, 1, 14.0), 14.0 / 8);
  EXPECT_DOUBLE_EQ(preliminary(0.3, 1, -1.0), 0.01);
}

TEST(PaceTest, LatencyTrialsShareWhatIsLeft) {
  const Pace pace{.latency = 0.2};
  const auto free = latency_trial(0, 10, pace, 0.3, std::nullopt);
  ASSERT_TRUE(free);
  EXPECT_DOUBLE_EQ(free->load, 1);
  EXPECT_DOUBLE_EQ(free->duration, 5);
  EXPECT_FALSE(free->shortened);
  double left = 4;
  for (std::size_t i = 0; i < kLatencyShares.size(); i++) {
    const auto trial = latency_trial(i, 10, pace, 0.3, left);
    ASSERT_TRUE(trial);
    EXPECT_TRUE(trial->shortened);
    left -= trial->duration + 0.3;
  }
  EXPECT_NEAR(left, 0, 1e-9);
  EXPECT_FALSE(latency_trial(3, 10, pace, 0.3, left)) << "no time is left";
}

} // namespace
} // namespace xtg::search
