// SPDX-License-Identifier: BSD-2-Clause
#include "stats/hdr_histogram.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "xtg/abi/hist.h"

namespace xtg::stats {
namespace {

std::vector<HdrCell> there_and_back(const Histogram& histogram, std::uint64_t least = 0,
                                    std::uint64_t most = ~std::uint64_t{0}) {
  const auto cells = hdr_decode(hdr_encode(histogram, least, most));
  EXPECT_TRUE(cells) << cells.error().message();
  return cells.value_or(std::vector<HdrCell>{});
}

/// Written by hdr-histogram-js 3.0.1 with 2 digits: 1, two of 200, 300 of 1,000,000.
constexpr const char* kOfTheLibrary =
    "HISTFAAAACl4nJNpmSzMwMDAycDAwMjAwMDEAAGMEC4cMDIwdTOzXJW4wQIASCYDsw==";
/// With 3 digits: 12,345 and two of 200,000.
constexpr const char* kOfThreeDigits =
    "HISTFAAAACt4nJNpmSzMwMDAxsDAwMjAwMDMAAGMDAzMbgY7FjDA+L0eTIsdWABgmATi";

TEST(HdrHistogram, WritesWhatTheLibraryWrites) {
  Histogram histogram;
  histogram.add(1);
  histogram.add(200, 2);
  histogram.add(1'000'000, 300);
  const auto ours = there_and_back(histogram, 1, 1'000'000);
  const auto theirs = hdr_decode(kOfTheLibrary);
  ASSERT_TRUE(theirs);
  ASSERT_EQ(theirs->size(), 3u);
  EXPECT_EQ((*theirs)[0], (HdrCell{1, 1, 1}));
  EXPECT_EQ((*theirs)[1], (HdrCell{200, 200, 2}));
  EXPECT_EQ((*theirs)[2].count, 300u);
  EXPECT_LE((*theirs)[2].low, 1'000'000u);
  EXPECT_GE((*theirs)[2].high, 1'000'000u);
  EXPECT_EQ(ours.size(), 3u);
}

TEST(HdrHistogram, ReadsAnyPrecision) {
  const auto cells = hdr_decode(kOfThreeDigits);
  ASSERT_TRUE(cells);
  ASSERT_EQ(cells->size(), 2u);
  EXPECT_EQ((*cells)[0], (HdrCell{12344, 12351, 1}));
  EXPECT_EQ((*cells)[1], (HdrCell{199'936, 200'063, 2}));
}

TEST(HdrHistogram, KeepsEveryCount) {
  std::mt19937_64 random(7);
  Histogram histogram;
  std::uint64_t total = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t times = random() % 1000 + 1;
    histogram.add(random() >> (24 + random() % 40), times);
    total += times;
  }
  std::uint64_t decoded = 0;
  for (const HdrCell& cell : there_and_back(histogram))
    decoded += cell.count;
  EXPECT_EQ(decoded, total);
}

TEST(HdrHistogram, EveryCellOfOursIsWithinOnePercent) {
  for (std::uint32_t cell = 0; cell + 1 < XTG_HIST_CELLS; ++cell) {
    const std::uint64_t value = xtg_hist_floor(cell);
    Histogram histogram;
    histogram.add(value);
    const auto cells = there_and_back(histogram);
    ASSERT_EQ(cells.size(), 1u);
    EXPECT_LE(cells[0].low, xtg_hist_floor(cell + 1) - 1);
    EXPECT_GE(cells[0].high, value);
    EXPECT_LE(static_cast<double>(cells[0].high), static_cast<double>(value) * 1.0079 + 1);
  }
}

TEST(HdrHistogram, NoValueIsBeyondTheMeasuredExtremes) {
  Histogram histogram;
  histogram.add(1'000'000, 3);
  const auto cells = there_and_back(histogram, 1'000'000, 1'000'000);
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_LE(cells[0].low, 1'000'000u);
  EXPECT_GE(cells[0].high, 1'000'000u);
  EXPECT_EQ(cells[0].count, 3u);
}

TEST(HdrHistogram, NoValuesAndVeryManyAreFine) {
  EXPECT_TRUE(there_and_back(Histogram()).empty());
  Histogram full;
  full.add(~std::uint64_t{0}, std::uint64_t{1} << 62);
  full.add(0, 1);
  const auto cells = there_and_back(full);
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0], (HdrCell{0, 0, 1}));
  EXPECT_EQ(cells[1].count, std::uint64_t{1} << 62);
}

TEST(HdrHistogram, RefusesWhatIsNone) {
  Histogram histogram;
  histogram.add(1000, 5);
  const std::string good = hdr_encode(histogram);
  for (const std::string& bad :
       {std::string(), std::string("HIST"), std::string("????"), good.substr(4),
        good.substr(0, good.size() - 4), "AAAA" + good, std::string(64, 'A')})
    EXPECT_FALSE(hdr_decode(bad)) << bad;
  // No damage crashes it, and none makes more cells than there can be.
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    const auto cells = hdr_decode(damaged);
    EXPECT_LE(cells ? cells->size() : 0, 8192u);
  }
}

} // namespace
} // namespace xtg::stats
