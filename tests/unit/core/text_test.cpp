// SPDX-License-Identifier: BSD-2-Clause
#include "core/text.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace xtg {
namespace {

TEST(Quoted, StaysOnOneLine) {
  EXPECT_EQ(xtg::quoted("abc"), "\"abc\"");
  EXPECT_EQ(xtg::quoted(""), "\"\"");
  EXPECT_EQ(xtg::quoted("a\nb\x7f"), "\"a\\x0ab\\x7f\"");
  EXPECT_EQ(xtg::quoted("say \"x\\y\""), "\"say \\\"x\\\\y\\\"\"");
}

TEST(Quoted, CutsLongInput) {
  EXPECT_EQ(xtg::quoted(std::string(60, 'x')), '"' + std::string(60, 'x') + '"');
  EXPECT_EQ(xtg::quoted(std::string(61, 'x')), '"' + std::string(60, 'x') + "...\"");
}

TEST(ParseUnsigned, TakesDigitsThatFit) {
  EXPECT_EQ(parse_unsigned<std::uint8_t>("255"), 255);
  EXPECT_EQ(parse_unsigned<std::uint8_t>("fF", 16), 255);
  EXPECT_EQ(parse_unsigned<std::uint16_t>("007"), 7);
  for (const char* bad : {"256", "", "-1", "+1", " 1", "1 ", "1.0", "0x1", "a"}) {
    EXPECT_FALSE(parse_unsigned<std::uint8_t>(bad)) << bad;
  }
}

} // namespace
} // namespace xtg
