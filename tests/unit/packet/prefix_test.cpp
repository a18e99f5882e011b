// SPDX-License-Identifier: BSD-2-Clause
#include "packet/prefix.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace xtg::packet {
namespace {

IpPrefix prefix(const std::string& text) {
  const auto out = IpPrefix::parse(text);
  EXPECT_TRUE(out) << text;
  return out.value_or(IpPrefix{});
}

TEST(Prefix, IsReadAndCutToItsLength) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"192.0.2.0/24", "192.0.2.0/24"},
      {"192.0.2.77/24", "192.0.2.0/24"},
      {"192.0.2.77/25", "192.0.2.0/25"},
      {"192.0.2.200/25", "192.0.2.128/25"},
      {"192.0.2.77", "192.0.2.77/32"},
      {"1.2.3.4/0", "0.0.0.0/0"},
      {"255.255.255.255/1", "128.0.0.0/1"},
      {"2001:db8::1", "2001:db8::1/128"},
      {"2001:db8:ffff::/33", "2001:db8:8000::/33"},
      {"::1/0", "::/0"}};
  for (const auto& [in, out] : cases)
    EXPECT_EQ(prefix(in).to_string(), out) << in;
}

TEST(Prefix, OthersAreRefused) {
  for (const char* text : {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "any",
                           "192.0.2.0/24/24", "192.0.2/24", "2001:db8::/129", "192.0.2.1-192.0.2.2",
                           " 192.0.2.1", "192.0.2.0/0x8", "fe80::1%eth0"}) {
    const auto out = IpPrefix::parse(text);
    ASSERT_FALSE(out) << text;
    EXPECT_NE(out.error().what.find("is not an address or a prefix"), std::string::npos);
  }
}

TEST(Prefix, ContainsWhatItsBitsSay) {
  const auto holds = [](const char* block, const char* address) {
    return prefix(block).contains(*Ip::parse(address));
  };
  EXPECT_TRUE(holds("172.16.0.0/12", "172.16.0.0"));
  EXPECT_TRUE(holds("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(holds("172.16.0.0/12", "172.32.0.0"));
  EXPECT_FALSE(holds("172.16.0.0/12", "172.15.255.255"));
  EXPECT_TRUE(holds("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1"));
  EXPECT_FALSE(holds("::/0", "1.2.3.4"));
  EXPECT_TRUE(holds("fe80::/10", "febf::1"));
  EXPECT_FALSE(holds("fe80::/10", "fec0::1"));
  EXPECT_TRUE(holds("2001:db8::7", "2001:db8::7"));
  EXPECT_FALSE(holds("2001:db8::7", "2001:db8::6"));
}

TEST(Prefix, NonPublicBlocksAreWhatIsNotPublic) {
  for (const IpPrefix& block : non_public_blocks()) {
    EXPECT_TRUE(block.network.is_non_public()) << block.to_string();
    EXPECT_EQ(prefix(block.to_string()), block);
    EXPECT_FALSE(block.network.is_multicast()) << block.to_string();
  }
  EXPECT_FALSE(Ip::parse("8.8.8.8")->is_non_public());
  EXPECT_FALSE(Ip::parse("2600::1")->is_non_public());
}

} // namespace
} // namespace xtg::packet
