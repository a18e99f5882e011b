// SPDX-License-Identifier: BSD-2-Clause
#include "core/insistence.h"

#include <gtest/gtest.h>

namespace xtg {
namespace {

constexpr std::uint64_t kAt = 5'000'000'000;

TEST(Insistence, NothingUntilASignal) {
  EXPECT_EQ(Insistence().asked(), Asked::Nothing);
}

TEST(Insistence, TheFirstStopsAndALaterOneLeaves) {
  Insistence signals;
  signals.hear(kAt);
  EXPECT_EQ(signals.asked(), Asked::Stop);
  signals.hear(kAt + Insistence::kOneNs);
  EXPECT_EQ(signals.asked(), Asked::Leave);
}

TEST(Insistence, WhatComesAtOnceIsStillTheFirst) {
  Insistence signals;
  for (const std::uint64_t after : {std::uint64_t{0}, std::uint64_t{1}, Insistence::kOneNs - 1})
    signals.hear(kAt + after);
  EXPECT_EQ(signals.asked(), Asked::Stop);
  signals.hear(kAt + 2 * Insistence::kOneNs - 2);
  EXPECT_EQ(signals.asked(), Asked::Leave) << "counted from the first, not from the last";
}

TEST(Insistence, ALaterSignalTakesNothingBack) {
  Insistence signals;
  for (const std::uint64_t after : {std::uint64_t{0}, Insistence::kOneNs, Insistence::kOneNs + 1})
    signals.hear(kAt + after);
  EXPECT_EQ(signals.asked(), Asked::Leave);
}

} // namespace
} // namespace xtg
