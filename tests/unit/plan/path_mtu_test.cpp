// SPDX-License-Identifier: BSD-2-Clause
#include "plan/path_mtu.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

using packet::Family;

TEST(PathMtu, SmallerOnesAreAdopted) {
  EXPECT_EQ(adopt_mtu(1300, 1500, Family::V4), 1300U);
  EXPECT_EQ(adopt_mtu(1280, 1500, Family::V6), 1280U);
  EXPECT_EQ(adopt_mtu(1500, 1500, Family::V4), std::nullopt);
  EXPECT_EQ(adopt_mtu(9000, 1500, Family::V4), std::nullopt);
}

TEST(PathMtu, NobodyTalksItDownToNothing) {
  EXPECT_EQ(adopt_mtu(68, 1500, Family::V4), 552U);
  EXPECT_EQ(adopt_mtu(68, 552, Family::V4), std::nullopt);
  EXPECT_EQ(adopt_mtu(1000, 1500, Family::V6), 1280U);
  EXPECT_EQ(adopt_mtu(1000, 1280, Family::V6), std::nullopt);
}

TEST(PathMtu, OldRoutersTellNone) {
  EXPECT_EQ(adopt_mtu(0, 9000, Family::V4), 8166U);
  EXPECT_EQ(adopt_mtu(0, 1500, Family::V4), 1492U);
  EXPECT_EQ(adopt_mtu(0, 1492, Family::V4), 1006U);
  EXPECT_EQ(adopt_mtu(0, 1006, Family::V4), 552U);
  EXPECT_EQ(adopt_mtu(0, 552, Family::V4), std::nullopt);
}

} // namespace
} // namespace xtg::plan
