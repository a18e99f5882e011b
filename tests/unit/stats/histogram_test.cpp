// SPDX-License-Identifier: BSD-2-Clause
#include "stats/histogram.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "xtg/abi/hist.h"

namespace xtg::stats {
namespace {

TEST(Histogram, EmptyIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t ns = 1; ns <= 20; ++ns)
    histogram.add(ns);
  EXPECT_EQ(histogram.count(), 20U);
  EXPECT_EQ(histogram.quantile(0), 1U);
  EXPECT_EQ(histogram.quantile(0.05), 1U);
  EXPECT_EQ(histogram.quantile(0.051), 2U);
  EXPECT_EQ(histogram.quantile(0.5), 10U);
  EXPECT_EQ(histogram.quantile(0.95), 19U);
  EXPECT_EQ(histogram.quantile(0.951), 20U);
  EXPECT_EQ(histogram.max(), 20U);
}

TEST(Histogram, RanksAreNotLostToRounding) {
  Histogram histogram;
  histogram.add(1, 7);
  histogram.add(9, 93);
  EXPECT_EQ(histogram.quantile(0.07), 1U); // 0.07 * 100 is 7.000000000000001
  EXPECT_EQ(histogram.quantile(0.0701), 9U);
}

TEST(Histogram, QuantilesOutsideAreClamped) {
  Histogram histogram;
  histogram.add(3);
  histogram.add(8);
  EXPECT_EQ(histogram.quantile(-1), 3U);
  EXPECT_EQ(histogram.quantile(2), 8U);
}

TEST(Histogram, WithinTheCellOfTheExactPercentile) {
  std::mt19937_64 random(3);
  std::vector<std::uint64_t> values;
  Histogram histogram;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(random() >> (24 + random() % 40));
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(q * 10'000 + 0.5);
    const std::uint64_t exact = values[rank - 1];
    EXPECT_EQ(xtg_hist_cell(histogram.quantile(q)), xtg_hist_cell(exact)) << q;
    EXPECT_LE(histogram.quantile(q, values.front(), values.back()), values.back()) << q;
    EXPECT_GE(histogram.quantile(q, values.front(), values.back()), values.front()) << q;
  }
  EXPECT_GE(histogram.max(), values.back());
  EXPECT_LE(histogram.max(), values.back() + values.back() / XTG_HIST_SUB);
}

TEST(Histogram, InterpolatesWithinACell) {
  constexpr std::uint64_t kLow = 200'704, kWidth = 2048; // the cell of 200 us and more
  ASSERT_EQ(xtg_hist_floor(xtg_hist_cell(kLow)), kLow);
  ASSERT_EQ(xtg_hist_floor(xtg_hist_cell(kLow) + 1), kLow + kWidth);
  Histogram even;
  for (std::uint64_t i = 0; i < kWidth; i += 8)
    even.add(kLow + i);
  for (const double q : {0.1, 0.5, 0.9, 0.99})
    EXPECT_NEAR(static_cast<double>(even.quantile(q)), kLow + q * kWidth, 9) << q;
  Histogram narrow; // all of it between 201.0 and 201.2 us
  narrow.add(201'000, 10);
  narrow.add(201'200, 10);
  EXPECT_EQ(narrow.quantile(0.5, 201'000, 201'200), 201'000U + 201U * 95 / 200);
  EXPECT_EQ(narrow.quantile(1.0, 201'000, 201'200), 201'200U);
  Histogram single;
  single.add(kLow + 3, 5);
  EXPECT_EQ(single.quantile(0.5, kLow + 3, kLow + 3), kLow + 3);
  EXPECT_EQ(single.quantile(0.5, 0, 7), kLow) << "bounds that cannot be are no bounds";
}

TEST(Histogram, MergesTheKernelsCells) {
  std::vector<std::uint64_t> cells(XTG_HIST_CELLS);
  cells[xtg_hist_cell(5)] = 3;
  cells[xtg_hist_cell(1'000'000)] = 1;
  Histogram histogram;
  histogram.add(2, 4);
  histogram.merge(cells);
  EXPECT_EQ(histogram.count(), 8U);
  EXPECT_EQ(histogram.quantile(0.5), 2U);
  EXPECT_EQ(histogram.quantile(0.51), 5U);
  EXPECT_GE(histogram.max(), 1'000'000U);
  EXPECT_LE(histogram.max(), 1'032'000U);
  cells.resize(XTG_HIST_CELLS + 10, 1); // more than there is room for is left aside
  Histogram wide;
  wide.merge(cells);
  EXPECT_EQ(wide.count(), 4U);
}

TEST(Histogram, TheLongestFallInTheLastCell) {
  Histogram histogram;
  histogram.add(~std::uint64_t{0});
  EXPECT_EQ(histogram.max(), (std::uint64_t{1} << XTG_HIST_MAX_BITS) - 1);
}

} // namespace
} // namespace xtg::stats
