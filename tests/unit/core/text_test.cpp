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
  EXPECT_EQ(xtg::quoted("\x1b[2J\xc2\x9b"), R"("\x1b[2J\xc2\x9b")");
  EXPECT_EQ(xtg::quoted("say \"x\\y\""), "\"say \\\"x\\\\y\\\"\"");
}

TEST(Printable, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("\x1b[2Ja\tb\n\x7f"), R"(\x1b[2Ja\x09b\x0a\x7f)");
  EXPECT_EQ(printable("\x1b[2Ja\tb\n", "\n\t"), "\\x1b[2Ja\tb\n");
  EXPECT_EQ(printable("\xc2\x9b[2J"), R"(\xc2\x9b[2J)") << "CSI in UTF-8";
  EXPECT_EQ(printable("a\x9b[2J"), R"(a\x9b[2J)") << "CSI in one byte";
  const std::string text = "Gr\xc3\x9c\xc3\x9f"
                           "e \xe2\x80\x93 \xf0\x9f\x98\x80 \xc2\xb5s";
  EXPECT_EQ(printable(text), text);
  for (std::size_t cut = 1; cut < text.size(); cut++)
    EXPECT_EQ(printable(text.substr(0, cut)) + printable(text.substr(cut), {}, text[cut - 1]),
              text);
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
