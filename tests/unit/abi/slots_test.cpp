// SPDX-License-Identifier: BSD-2-Clause
#include "xtg/abi/slots.h"

#include <gtest/gtest.h>

namespace xtg {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

struct Interval {
  std::uint64_t ns;
  std::uint32_t frac;
};
Interval of_rate(long double pps) {
  const long double ns = 1e9L / pps;
  const auto whole = static_cast<std::uint64_t>(ns);
  return {whole,
          static_cast<std::uint32_t>((ns - static_cast<long double>(whole)) * 4294967296.0L)};
}

TEST(Slots, ARateTimesADurationAreAsManySlots) {
  for (const long double pps : {3.0L, 7.0L, 9.0L, 11.0L, 999.0L, 70'001.0L, 1'000'000.0L})
    for (const std::uint64_t seconds : {1U, 3U, 4U, 5U, 60U}) {
      const Interval i = of_rate(pps);
      EXPECT_EQ(xtg_slots_before(0, seconds * kSecond, i.ns, i.frac),
                static_cast<std::uint64_t>(pps) * seconds)
          << static_cast<double>(pps) << " for " << seconds;
    }
}

TEST(Slots, TheEndIsExclusive) {
  EXPECT_EQ(xtg_slots_before(100, 100, 10, 0), 0U);
  EXPECT_EQ(xtg_slots_before(101, 100, 10, 0), 0U);
  EXPECT_EQ(xtg_slots_before(99, 100, 10, 0), 1U);
  EXPECT_EQ(xtg_slots_before(90, 100, 10, 0), 1U);
  EXPECT_EQ(xtg_slots_before(89, 100, 10, 0), 2U);
  EXPECT_EQ(xtg_slots_before(0, 100 * kSecond, 10 * kSecond, 0), 10U);
  EXPECT_EQ(xtg_slots_before(0, 100 * kSecond + 1, 10 * kSecond, 0), 11U);
}

TEST(Slots, ADeadlineIsRoundedToTheNearest) {
  EXPECT_EQ(xtg_slot_ns(7, 0x7fffffff), 7U);
  EXPECT_EQ(xtg_slot_ns(7, 0x80000000), 8U);
}

} // namespace
} // namespace xtg
