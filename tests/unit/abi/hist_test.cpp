// SPDX-License-Identifier: BSD-2-Clause
// The same source that the kernel program runs.
#include "xtg/abi/hist.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace {

void check(std::uint64_t ns) {
  const std::uint32_t cell = xtg_hist_cell(ns);
  ASSERT_LT(cell, XTG_HIST_CELLS) << ns;
  ASSERT_LE(xtg_hist_floor(cell), ns);
  if (cell + 1 < XTG_HIST_CELLS) {
    ASSERT_GT(xtg_hist_floor(cell + 1), ns);
    const std::uint64_t width = xtg_hist_floor(cell + 1) - xtg_hist_floor(cell);
    ASSERT_LE(width, std::max<std::uint64_t>(1, ns / XTG_HIST_SUB)) << ns;
  }
}

TEST(AbiHist, MostSignificantBit) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t low = std::uint64_t{1} << bit;
    EXPECT_EQ(xtg_hist_msb(low), bit);
    EXPECT_EQ(xtg_hist_msb(low | (low - 1)), bit);
  }
}

TEST(AbiHist, CellsHoldTheirValues) {
  for (std::uint64_t ns = 0; ns < 70'000; ++ns)
    check(ns);
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::int64_t near : {-1, 0, 1}) {
      check((std::uint64_t{1} << bit) + static_cast<std::uint64_t>(near));
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i)
    check(random() >> (random() % 64));
}

TEST(AbiHist, CellsAreContiguousAndRise) {
  for (std::uint32_t cell = 0; cell + 1 < XTG_HIST_CELLS; ++cell) {
    ASSERT_LT(xtg_hist_floor(cell), xtg_hist_floor(cell + 1));
    ASSERT_EQ(xtg_hist_cell(xtg_hist_floor(cell)), cell);
    ASSERT_EQ(xtg_hist_cell(xtg_hist_floor(cell + 1) - 1), cell);
  }
}

TEST(AbiHist, LastCellTakesTheRest) {
  EXPECT_EQ(xtg_hist_floor(XTG_HIST_CELLS), std::uint64_t{1} << XTG_HIST_MAX_BITS);
  EXPECT_EQ(xtg_hist_cell((std::uint64_t{1} << XTG_HIST_MAX_BITS) - 1), XTG_HIST_CELLS - 1);
  EXPECT_EQ(xtg_hist_cell(std::uint64_t{1} << XTG_HIST_MAX_BITS), XTG_HIST_CELLS - 1);
  EXPECT_EQ(xtg_hist_cell(~std::uint64_t{0}), XTG_HIST_CELLS - 1);
}

} // namespace
