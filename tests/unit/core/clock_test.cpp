// SPDX-License-Identifier: BSD-2-Clause
#include "core/clock.h"

#include <gtest/gtest.h>

namespace xtg {
namespace {

TEST(TimeNamespace, ReadsTheMonotonicOffset) {
  EXPECT_EQ(
      parse_monotonic_offset("monotonic           0         0\nboottime            0         0\n"),
      0);
  EXPECT_EQ(
      parse_monotonic_offset("monotonic      864000         5\nboottime          -7         0\n"),
      864'000'000'000'005);
  EXPECT_EQ(
      parse_monotonic_offset("boottime            9         0\nmonotonic          -1 999999999\n"),
      -1);
  EXPECT_EQ(parse_monotonic_offset("1         -10         0\n7          10         0\n"),
            -10'000'000'000);
}

TEST(TimeNamespace, WithoutTheFileThereIsNone) {
  EXPECT_EQ(parse_monotonic_offset(""), 0);
  EXPECT_EQ(parse_monotonic_offset("monotonic\n"), 0);
}

TEST(TimeNamespace, SleepsGoByTheOwnClock) {
  const std::uint64_t now = monotonic_ns();
  const timespec own = own_monotonic(now);
  const std::uint64_t after = clock_ns(CLOCK_MONOTONIC);
  const auto at = static_cast<std::uint64_t>(own.tv_sec) * 1'000'000'000 +
                  static_cast<std::uint64_t>(own.tv_nsec);
  EXPECT_LE(at, after);
  EXPECT_LT(after - at, 60'000'000'000);
}

} // namespace
} // namespace xtg
