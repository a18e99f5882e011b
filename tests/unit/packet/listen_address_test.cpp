// SPDX-License-Identifier: BSD-2-Clause
#include "packet/listen_address.h"

#include <gtest/gtest.h>

namespace xtg::packet {
namespace {

TEST(ListenAddress, WithAndWithoutAPort) {
  const auto text = [](const char* typed) {
    return ListenAddress::parse(typed, 9950).value().to_string();
  };
  EXPECT_EQ(text("198.18.0.1"), "198.18.0.1:9950");
  EXPECT_EQ(text("198.18.0.1:80"), "198.18.0.1:80");
  EXPECT_EQ(text("2001:db8::1"), "[2001:db8::1]:9950");
  EXPECT_EQ(text("[2001:db8::1]"), "[2001:db8::1]:9950");
  EXPECT_EQ(text("[2001:db8::1]:80"), "[2001:db8::1]:80");
  EXPECT_EQ(text("any"), "[::]:9950");
  EXPECT_EQ(text("any:0"), "[::]:0");
  for (const char* wrong : {"", ":80", "host", "198.18.0.1:", "198.18.0.1:65536", "198.18.0.1:a",
                            "[2001:db8::1", "[2001:db8::1]80", "2001:db8::1:99999", "any:x"})
    EXPECT_FALSE(ListenAddress::parse(wrong, 9950)) << wrong;
}

TEST(ListenAddress, AsServerTakesIt) {
  EXPECT_EQ(host_and_port(ListenAddress::parse("198.18.0.1", 9950).value(), 9950), "198.18.0.1");
  EXPECT_EQ(host_and_port(ListenAddress::parse("2001:db8::1", 80).value(), 9950),
            "[2001:db8::1]:80");
}

} // namespace
} // namespace xtg::packet
