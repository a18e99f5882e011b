// SPDX-License-Identifier: BSD-2-Clause
// The same source that the kernel program runs.
#include "xtg/abi/sweep.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace {

TEST(AbiSweep, MixIsSplitMix64) {
  // First outputs of the published generator for seed 1234567.
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
        4593380528125082431ULL, 16408922859458223821ULL}) {
    state += 0x9e3779b97f4a7c15ULL;
    EXPECT_EQ(xtg_mix64(state), expected);
  }
}

TEST(AbiSweep, RandomStaysInRange) {
  for (const std::uint64_t count :
       {1ULL, 2ULL, 3ULL, 10ULL, 65536ULL, 0xffffffffULL, 0x100000000ULL}) {
    for (std::uint64_t k = 0; k < 1000; ++k) {
      EXPECT_LT(xtg_sweep_random(42, 3, k, count), count);
    }
  }
  EXPECT_EQ(xtg_sweep_random(42, 3, 7, 1), 0U);
}

TEST(AbiSweep, RandomRepeatsInEveryRelease) {
  // Computed separately from the definition: who noted a seed gets the same frames again.
  const std::vector<std::uint64_t> first{566, 745, 971, 444, 444, 762};
  const std::vector<std::uint64_t> third{595, 105, 786, 705, 446, 476};
  for (std::uint64_t k = 0; k < first.size(); ++k) {
    EXPECT_EQ(xtg_sweep_random(1, 0, k, 1000), first[k]);
    EXPECT_EQ(xtg_sweep_random(1, 2, k, 1000), third[k]);
  }
  EXPECT_EQ(xtg_sweep_random(1, 5, 1'000'000'000'000, std::uint64_t{1} << 32), 3299823458U);
}

TEST(AbiSweep, RandomIsEven) {
  constexpr std::uint64_t kCount = 10;
  constexpr int kDraws = 100'000;
  for (std::uint32_t field = 0; field < 6; ++field) {
    std::vector<int> hits(kCount);
    for (std::uint64_t k = 0; k < kDraws; ++k)
      ++hits[xtg_sweep_random(1, field, k, kCount)];
    double chi2 = 0;
    for (const int hit : hits)
      chi2 += std::pow(hit - kDraws / 10.0, 2) / (kDraws / 10.0);
    EXPECT_LT(chi2, 33.7) << "field " << field; // 9 degrees of freedom, p = 0.0001
  }
}

TEST(AbiSweep, FieldsAndSeedsAreIndependent) {
  int same_field = 0;
  int same_seed = 0;
  for (std::uint64_t k = 0; k < 10'000; ++k) {
    const std::uint64_t value = xtg_sweep_random(1, 0, k, 100);
    same_field += value == xtg_sweep_random(1, 1, k, 100);
    same_seed += value == xtg_sweep_random(2, 0, k, 100);
  }
  EXPECT_NEAR(same_field, 100, 50); // by chance one in a hundred
  EXPECT_NEAR(same_seed, 100, 50);
}

/// Three flows at a time, each of four packets, then three new ones.
TEST(AbiSweep, FlowsFollowEachOther) {
  std::vector<std::uint64_t> first;
  for (std::uint64_t k = 0; k < 15; ++k)
    first.push_back(xtg_flow_at(k, 3, 4));
  EXPECT_EQ(first, (std::vector<std::uint64_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(xtg_flow_at(12'345, 0, 0), 12'345U) << "no flows";
  EXPECT_EQ(xtg_flow_at(12'345, 100, 0), 45U) << "flows without end";
  EXPECT_EQ(xtg_flow_at(12'345, 1, 1), 12'345U);
  // 2^64 - 1 = (2^32 - 1)^2 + 2 (2^32 - 1)
  EXPECT_EQ(xtg_flow_at(~std::uint64_t{0}, 0xffffffff, 0xffffffff), 0xffffffffULL);
}

TEST(AbiSweep, StepsMayGoDown) {
  EXPECT_EQ(xtg_field_value(100, 5, 3), 115U);
  EXPECT_EQ(xtg_field_value(100, ~std::uint64_t{0}, 3), 97U);
}

} // namespace
