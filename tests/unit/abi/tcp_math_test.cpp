// SPDX-License-Identifier: BSD-2-Clause
#include "support/tcp_env.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

TEST(AbiTcpMath, OrderOfSequenceNumbers) {
  for (const __u32 base : {0U, 1U, 0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU}) {
    EXPECT_FALSE(xtg_before(base, base));
    for (const __u32 ahead : {1U, 2U, 1000U, 0x7fffffffU}) {
      EXPECT_TRUE(xtg_before(base, base + ahead)) << base << " " << ahead;
      EXPECT_FALSE(xtg_before(base + ahead, base)) << base << " " << ahead;
    }
  }
}

TEST(AbiTcpMath, OffsetsGoOnWhereSequenceNumbersWrap) {
  Dice dice(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto isn = static_cast<__u32>(dice.next());
    const std::uint64_t near_off = dice.below(1ULL << (1 + dice.below(50)));
    const auto away = static_cast<std::int64_t>(dice.below(1ULL << 31)) - (1 << 30);
    const std::int64_t off = static_cast<std::int64_t>(near_off) + away;
    ASSERT_EQ(xtg_tcp_offset(isn, near_off, isn + static_cast<__u32>(off)), off);
  }
}

TEST(AbiTcpMath, GridCoversEveryByteOnce) {
  Dice dice(2);
  for (int i = 0; i < 20'000; ++i) {
    xtg_tcp_config c{};
    c.mss = static_cast<__u32>(dice.between(1, 3342));
    c.period = dice.chance(0.2) ? 0 : dice.between(1, 1ULL << (1 + dice.below(40)));
    // As many segments as 32 bits can count.
    if (c.period) c.period = std::min<std::uint64_t>(c.period, 0xfffffff0ULL * c.mss);
    c.period_segs = static_cast<__u32>((c.period + c.mss - 1) / c.mss);
    const std::uint64_t off = dice.below(1ULL << (1 + dice.below(45)));
    const std::uint64_t seg = xtg_tcp_seg(&c, off);
    ASSERT_LE(xtg_tcp_start(&c, seg), off);
    ASSERT_GT(xtg_tcp_start(&c, seg) + xtg_tcp_len(&c, seg), off);
    ASSERT_EQ(xtg_tcp_start(&c, seg) + xtg_tcp_len(&c, seg), xtg_tcp_start(&c, seg + 1));
    ASSERT_EQ(xtg_tcp_seg(&c, xtg_tcp_start(&c, seg)), seg);
    ASSERT_LE(xtg_tcp_len(&c, seg), c.mss);
    ASSERT_GE(xtg_tcp_len(&c, seg), 1U);
    if (c.period) {
      ASSERT_EQ(xtg_tcp_start(&c, seg) / c.period,
                (xtg_tcp_start(&c, seg) + xtg_tcp_len(&c, seg) - 1) / c.period);
      ASSERT_EQ(xtg_tcp_seg(&c, off + c.period), seg + c.period_segs);
    }
  }
}

TEST(AbiTcpMath, BitsAsCounted) {
  Dice dice(3);
  const auto judge = [](std::uint64_t x) {
    unsigned count = 0;
    unsigned lowest = 64;
    unsigned highest = 0;
    for (unsigned i = 0; i < 64; ++i) {
      if (!(x >> i & 1)) continue;
      count++;
      if (lowest == 64) lowest = i;
      highest = i;
    }
    ASSERT_EQ(xtg_bits(x), count) << x;
    ASSERT_EQ(xtg_lowest(x), lowest) << x;
    ASSERT_TRUE(!x || xtg_highest(x) == highest) << x;
  };
  judge(0);
  judge(~0ULL);
  for (unsigned i = 0; i < 64; ++i) {
    judge(1ULL << i);
    judge(~0ULL << i);
    judge(~0ULL >> i);
  }
  for (int i = 0; i < 10'000; ++i)
    judge(dice.next() & dice.next() & dice.next());
}

TEST(AbiTcpMath, Masks) {
  for (unsigned from = 0; from <= 64; ++from) {
    for (unsigned to = from; to <= 64; ++to) {
      std::uint64_t expected = 0;
      for (unsigned i = from; i < to; ++i)
        expected |= 1ULL << i;
      ASSERT_EQ(xtg_mask(from, to), expected) << from << " " << to;
      ASSERT_EQ(xtg_word_mask(1ULL << 40, (1ULL << 46) + from, (1ULL << 46) + to), expected);
    }
  }
  EXPECT_EQ(xtg_word_mask(3, 0, 192), 0U);
  EXPECT_EQ(xtg_word_mask(3, 256, 300), 0U);
  EXPECT_EQ(xtg_word_mask(3, 0, 1000), ~0ULL);
  EXPECT_EQ(xtg_word_mask(3, 5, 5), 0U);
}

TEST(AbiTcpMath, CubeRoot) {
  for (std::uint64_t root = 1; root < 65536; root += 7) {
    ASSERT_EQ(xtg_tcp_cbrt(root * root * root), root);
    ASSERT_EQ(xtg_tcp_cbrt(root * root * root - 1), root - 1);
  }
}

} // namespace
