// SPDX-License-Identifier: BSD-2-Clause
#include "packet/size_law.h"

#include <map>

#include <gtest/gtest.h>

namespace xtg::packet {
namespace {

SizeLaw law(std::string_view text) {
  auto parsed = SizeLaw::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(SizeLaw());
}

TEST(SizeLaw, RoundTrips) {
  for (const char* text :
       {"64", "1518", "64-1518", "64-1518/128", "64,512,1518", "64:7,594:4,1500:1", "imix",
        "imix:random", "64-3412:random", "64:2,128:3:random", "128:random"})
    EXPECT_EQ(law(text).to_string(), text);
  EXPECT_EQ(law("64:7,594:4,1518:1"), law("imix"));
  EXPECT_EQ(law("64:14,594:8,1518:2").to_string(), "imix") << "weights in lowest terms";
  EXPECT_EQ(law("imix").describe(), "imix (64:7,594:4,1518:1)");
}

TEST(SizeLaw, RefusesWhatIsNone) {
  for (const char* text : {"", "63", "9221", "64-", "-64", "64-9221", "64:0", "64:7,", "64:7:3",
                           "imax", "64-128/0", "1518-64", "64-1518/x", "random", "64:4096,65:1"})
    EXPECT_FALSE(SizeLaw::parse(text)) << text;
}

TEST(SizeLaw, RangesFitTheTable) {
  EXPECT_TRUE(SizeLaw::parse("64-4159"));
  const auto larger = SizeLaw::parse("64-4160");
  ASSERT_FALSE(larger);
  EXPECT_NE(larger.error().what.find("as in 64-4160/2"), std::string::npos) << larger.error().what;
  EXPECT_TRUE(SizeLaw::parse("64-4160/2"));
  EXPECT_FALSE(SizeLaw::parse("64-9220"));
  EXPECT_TRUE(SizeLaw::parse("64-9220/3"));
}

/// In any run of packets as long as the weights' sum each size is there by its weight.
TEST(SizeLaw, SharesAreExactOverEveryPeriod) {
  const SizeMix imix = law("imix").mix();
  ASSERT_EQ(imix.sizes().size(), 12U);
  for (std::size_t from = 0; from < 40; ++from) {
    std::map<std::uint32_t, int> seen;
    for (std::size_t i = from; i < from + 12; ++i)
      seen[imix.sizes()[i % 12]]++;
    EXPECT_EQ(seen, (std::map<std::uint32_t, int>{{64, 7}, {594, 4}, {1518, 1}})) << from;
  }
  // Evenly: no two large ones in a row, where there are more small ones than of all others.
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_TRUE(imix.sizes()[i] == 64 || imix.sizes()[(i + 1) % 12] == 64) << i;
}

TEST(SizeLaw, RangesGoThroughEverySize) {
  const SizeMix all = law("64-1518").mix();
  ASSERT_EQ(all.sizes().size(), 1455U);
  EXPECT_EQ(all.sizes().front(), 64U);
  EXPECT_EQ(all.sizes().back(), 1518U);
  EXPECT_EQ(law("64-1518/128").mix().sizes().back(), 64U + 11 * 128);
  EXPECT_EQ(law("64-1518/128").largest(), 64U + 11 * 128);
  EXPECT_EQ(law("64-1518/128").smallest(), 64U);
}

TEST(SizeMix, BytesAreAPrefixSum) {
  const SizeMix imix = law("imix").mix();
  std::uint64_t sum = 0;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    ASSERT_EQ(imix.bytes(n), sum);
    sum += imix.sizes()[n % 12];
  }
  EXPECT_EQ(imix.bytes(12), 7U * 64 + 4 * 594 + 1518);
  EXPECT_DOUBLE_EQ(imix.mean(), 4342.0 / 12);
  EXPECT_EQ(imix.bits(12, 14, xtg::Layer::L1), (4342U + 12 * 20) * 8);
  EXPECT_EQ(imix.bits(12, 14, xtg::Layer::L2), 4342U * 8);
  EXPECT_EQ(imix.bits(12, 18, xtg::Layer::L3), (4342U - 12 * 22) * 8);
  EXPECT_DOUBLE_EQ(imix.mean_bits(14, xtg::Layer::L1), (4342.0 / 12 + 20) * 8);
  EXPECT_EQ(law("64:1,128:1:random").mix().bytes(3), 288U) << "the mean";
}

} // namespace
} // namespace xtg::packet
