// SPDX-License-Identifier: BSD-2-Clause
// The same source that the kernel program runs.
#include "xtg/abi/csum.h"

#include <array>
#include <bit>
#include <random>

#include <gtest/gtest.h>

namespace {

TEST(AbiCsum, Rfc1071Example) {
  // Bytes 00 01 f2 03 f4 f5 f6 f7: the sum is ddf2 (section 3).
  const std::uint64_t sum = 0x0001 + 0xf203 + 0xf4f5 + 0xf6f7;
  EXPECT_EQ(xtg_csum_fold(sum), 0xddf2);
  EXPECT_EQ(xtg_csum_ip(sum), 0xffff & ~0xddf2);
  // The same bytes loaded as one word fold to the same sum, in memory order.
  const std::uint64_t word = std::bit_cast<std::uint64_t>(
      std::array<std::uint8_t, 8>{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7});
  const auto stored =
      std::bit_cast<std::array<std::uint8_t, 2>>(xtg_csum_fold(xtg_csum_add64(0, word)));
  EXPECT_EQ(stored, (std::array<std::uint8_t, 2>{0xdd, 0xf2}));
}

TEST(AbiCsum, FoldIsTheValueModulo65535) {
  std::mt19937_64 random(1);
  const auto check = [](std::uint64_t acc) {
    const std::uint64_t folded = xtg_csum_fold(acc);
    EXPECT_EQ(folded % 0xffff, acc % 0xffff) << acc;
    EXPECT_EQ(folded == 0, acc == 0) << acc; // only nothing sums to 0
  };
  for (const std::uint64_t edge :
       {0ULL, 1ULL, 0xfffeULL, 0xffffULL, 0x10000ULL, 0x1ffffULL, 0xffffffffULL, 0x100000000ULL,
        0xffffffff00000000ULL, 0xfffffffffffffffeULL, 0xffffffffffffffffULL}) {
    check(edge);
  }
  for (int i = 0; i < 100'000; ++i)
    check(random() >> (random() % 64));
}

TEST(AbiCsum, AddedWordsLoseNoCarry) {
  std::uint64_t acc = 0;
  for (int i = 0; i < 1000; ++i)
    acc = xtg_csum_add64(acc, 0xffffffffffffffffULL);
  EXPECT_EQ(acc, 1000 * 2 * 0xffffffffULL);
  EXPECT_EQ(xtg_csum_fold(acc), 0xffff);
}

TEST(AbiCsum, UdpNeverSendsZero) {
  EXPECT_EQ(xtg_csum_udp(0xffff), 0xffff);
  EXPECT_EQ(xtg_csum_ip(0xffff), 0);
  EXPECT_EQ(xtg_csum_udp(0xfffe), 1);
  EXPECT_EQ(xtg_csum_udp(0), 0xffff);
}

} // namespace
