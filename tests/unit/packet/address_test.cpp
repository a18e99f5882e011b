// SPDX-License-Identifier: BSD-2-Clause
#include "packet/address.h"

#include <gtest/gtest.h>

namespace xtg::packet {
namespace {

template <class T>
std::string refusal(const Result<T>& result) {
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, Errc::InvalidArgument);
  EXPECT_EQ(result.error().what.find('\n'), std::string::npos);
  return result.error().what;
}

Ip ip(const char* text) {
  return Ip::parse(text).value();
}

TEST(Mac, ReadsBothNotations) {
  const Mac mac{{0x02, 0, 0, 0xab, 0xcd, 0x0e}};
  EXPECT_EQ(Mac::parse("02:00:00:ab:cd:0e").value(), mac);
  EXPECT_EQ(Mac::parse("02-00-00-AB-CD-0E").value(), mac);
  EXPECT_EQ(Mac::parse("2:0:0:ab:CD:e").value(), mac);
  EXPECT_EQ(mac.to_string(), "02:00:00:ab:cd:0e");
  EXPECT_EQ(mac.to_u64(), 0x020000abcd0eU);
  EXPECT_EQ(Mac::from_u64(0xffff'020000abcd0eU), mac); // the top 16 bits do not count
}

TEST(Mac, RefusesTheRest) {
  for (const char* bad :
       {"", ":", "02:00:00:00:00", "02:00:00:00:00:01:02", "02:00:00:00:00:", ":02:00:00:00:00:01",
        "02:00-00:00:00:01", "02:00:00:00:00:1g", "02:00:00:00:00:001", "020000000001",
        "02:00:00:00:00:-1", "02:00:00:00:00: 1", "0x2:00:00:00:00:01", "02::00:00:00:01"}) {
    EXPECT_NE(refusal(Mac::parse(bad)).find("is not a MAC address"), std::string::npos) << bad;
  }
}

TEST(Mac, GroupBit) {
  EXPECT_TRUE(Mac::parse("ff:ff:ff:ff:ff:ff")->is_group());
  EXPECT_TRUE(Mac::parse("01:00:5e:00:00:01")->is_group());
  EXPECT_FALSE(Mac::parse("02:00:00:00:00:01")->is_group());
}

TEST(Ip, ReadsAndWrites) {
  const std::pair<const char*, const char*> cases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8::1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, // one group of zero stays (RFC 5952 4.2.2)
      {"fe80::1", "fe80::1"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
  };
  for (const auto& [text, written] : cases) {
    const Result<Ip> parsed = Ip::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->to_string(), written);
  }
  EXPECT_EQ(ip("192.0.2.1").size(), 4U);
  EXPECT_EQ(ip("2001:db8::1").size(), 16U);
}

TEST(Ip, RefusesTheRest) {
  for (const char* bad :
       {"",           "1",        "1.2.3",      "1.2.3.4.5",      "1.2.3.256",
        "01.2.3.4",   "1.2.3.4 ", " 1.2.3.4",   "0x1.2.3.4",      "1.2.3.-4",
        ":",          ":::",      "1::2::3",    "1:2:3:4:5:6:7",  "1:2:3:4:5:6:7:8:9",
        "g::",        "12345::",  "fe80::1%lo", "2001:db8::1/64", "[::1]",
        "1.2.3.4/24", "localhost"}) {
    EXPECT_NE(refusal(Ip::parse(bad)).find("is not an IP address"), std::string::npos) << bad;
  }
  EXPECT_FALSE(Ip::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(Ip::parse(std::string(1000, '1')));
}

TEST(Ip, LowPart) {
  EXPECT_EQ(ip("192.0.2.1").low(), 0xc0000201U);
  EXPECT_EQ(ip("192.0.2.1").with_low(0xc0000203U), ip("192.0.2.3"));
  EXPECT_EQ(ip("2001:db8::1:2").low(), 0x10002U);
  EXPECT_EQ(ip("2001:db8::1").with_low(0xffff), ip("2001:db8::ffff"));
}

TEST(Ip, Kinds) {
  EXPECT_TRUE(ip("224.0.0.1").is_multicast());
  EXPECT_TRUE(ip("239.255.255.255").is_multicast());
  EXPECT_FALSE(ip("223.255.255.255").is_multicast());
  EXPECT_FALSE(ip("240.0.0.0").is_multicast());
  EXPECT_TRUE(ip("ff02::1").is_multicast());
  EXPECT_FALSE(ip("fe80::1").is_multicast());
  EXPECT_TRUE(ip("169.254.0.1").is_link_local());
  EXPECT_TRUE(ip("fe80::1").is_link_local());
  EXPECT_TRUE(ip("febf::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_TRUE(ip("::").is_unspecified());
  EXPECT_FALSE(ip("::1").is_unspecified());
  EXPECT_FALSE(ip("0.0.0.1").is_unspecified());
}

// First and last of every range that needs no word from the user, with the neighbours that do.
TEST(Ip, PublicOrNot) {
  for (const char* inside :
       {"10.0.0.0",     "10.255.255.255",  "172.16.0.0",      "172.31.255.255",
        "192.168.0.0",  "192.168.255.255", "127.0.0.1",       "127.255.255.255",
        "169.254.0.0",  "169.254.255.255", "192.0.2.0",       "192.0.2.255",
        "198.51.100.0", "198.51.100.255",  "203.0.113.0",     "203.0.113.255",
        "198.18.0.0",   "198.19.255.255",  "100.64.0.0",      "100.127.255.255",
        "239.0.0.0",    "239.255.255.255", "224.0.0.0",       "224.0.0.255",
        "::1",          "fc00::",          "fdff:ffff::1",    "fe80::",
        "febf:ffff::1", "2001:db8::",      "2001:db8:ffff::", "3fff::",
        "3fff:fff::1",  "2001:2::",        "2001:2:0:ffff::", "ff02::1",
        "ff0d::1",      "ff15::1",         "ff01::1"}) {
    EXPECT_TRUE(ip(inside).is_non_public()) << inside;
  }
  for (const char* outside : {"9.255.255.255",   "11.0.0.0",     "172.15.255.255", "172.32.0.0",
                              "192.167.255.255", "192.169.0.0",  "126.255.255.1",  "128.0.0.0",
                              "169.253.255.255", "169.255.0.0",  "192.0.1.255",    "192.0.3.0",
                              "198.51.99.255",   "198.51.101.0", "203.0.112.255",  "203.0.114.0",
                              "198.17.255.1",    "198.20.0.0",   "100.63.255.255", "100.128.0.0",
                              "238.255.255.1",   "224.0.1.0",    "8.8.8.8",        "::2",
                              "fbff::1",         "fe00::1",      "fec0::1",        "2001:db7::",
                              "2001:db9::",      "3ffe::1",      "3fff:1000::",    "2001:2:1::",
                              "2001:1::",        "ff0e::1",      "ff0f::1",        "ff1e::1",
                              "2600::1"}) {
    EXPECT_FALSE(ip(outside).is_non_public()) << outside;
  }
}

TEST(MacRange, ReadsAndWrites) {
  const MacRange range = MacRange::parse("02:00:00:00:00:fe-02:00:00:00:01:01").value();
  EXPECT_EQ(range.count, 4U);
  EXPECT_EQ(range.at(0).to_string(), "02:00:00:00:00:fe");
  EXPECT_EQ(range.at(2).to_string(), "02:00:00:00:01:00");
  EXPECT_EQ(range.to_string(), "02:00:00:00:00:fe-02:00:00:00:01:01");
  EXPECT_EQ(MacRange::parse("02-00-00-00-00-01").value().to_string(), "02:00:00:00:00:01");
  EXPECT_EQ(MacRange::parse("2:0:0:0:0:1-2:0:0:0:0:1").value().count, 1U);
  EXPECT_EQ(MacRange::parse("00:00:00:00:00:00-00:00:ff:ff:ff:ff").value().count, kMaxRangeCount);
}

TEST(MacRange, RefusesTheRest) {
  for (const char* bad : {"", "-", "02:00:00:00:00:01-", "-02:00:00:00:00:01",
                          "02:00:00:00:00:01-ff", "02:00:00:00:00:01-02-00-00-00-00-02",
                          "02:00:00:00:00:01-02:00:00:00:00:02-02:00:00:00:00:03"}) {
    EXPECT_NE(refusal(MacRange::parse(bad)).find("MAC address"), std::string::npos) << bad;
  }
  EXPECT_NE(refusal(MacRange::parse("02:00:00:00:00:02-02:00:00:00:00:01")).find("backwards"),
            std::string::npos);
  EXPECT_NE(refusal(MacRange::parse("00:00:00:00:00:00-00:01:00:00:00:00")).find("2^32"),
            std::string::npos);
}

TEST(IpRange, ReadsAndWrites) {
  struct Case {
    const char* text;
    std::uint64_t count;
    const char* written;
  };
  const Case cases[] = {
      {"192.0.2.1", 1, "192.0.2.1"},
      {"192.0.2.1-192.0.2.9", 9, "192.0.2.1-192.0.2.9"},
      {"192.0.2.1-192.0.2.1", 1, "192.0.2.1"},
      {"10.0.0.7/24", 256, "10.0.0.0-10.0.0.255"},
      {"10.0.0.7/32", 1, "10.0.0.7"},
      {"0.0.0.0/0", kMaxRangeCount, "0.0.0.0-255.255.255.255"},
      {"192.0.2.250-192.0.3.5", 12, "192.0.2.250-192.0.3.5"},
      {"2001:db8::/112", 65536, "2001:db8::-2001:db8::ffff"},
      {"2001:db8::1:2:3/96", kMaxRangeCount, "2001:db8::1:0:0-2001:db8::1:ffff:ffff"},
      {"2001:db8::5/128", 1, "2001:db8::5"},
      {"2001:db8::1-2001:db8::ff", 255, "2001:db8::1-2001:db8::ff"},
      {"2001:db8::-2001:db8::ffff:ffff", kMaxRangeCount, "2001:db8::-2001:db8::ffff:ffff"},
  };
  for (const Case& c : cases) {
    const Result<IpRange> range = IpRange::parse(c.text);
    ASSERT_TRUE(range) << c.text << ": " << range.error().what;
    EXPECT_EQ(range->count, c.count) << c.text;
    EXPECT_EQ(range->to_string(), c.written);
    EXPECT_EQ(IpRange::parse(range->to_string()).value(), *range);
  }
  EXPECT_EQ(IpRange::parse("192.0.2.254-192.0.3.1")->at(2).to_string(), "192.0.3.0");
  EXPECT_EQ(IpRange::parse("0.0.0.0/0")->last().to_string(), "255.255.255.255");
}

TEST(IpRange, RefusesTheRest) {
  for (const char* bad : {"", "-", "/", "/24", "192.0.2.1-", "-192.0.2.1", "192.0.2.1-9",
                          "192.0.2.1-192.0.2.2-192.0.2.3", "192.0.2.1-2001:db8::1", "192.0.2.0/33",
                          "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/24/24", "2001:db8::/129",
                          "192.0.2.0/24-192.0.3.0/24", "example.org"}) {
    EXPECT_NE(refusal(IpRange::parse(bad)).find("is not a"), std::string::npos) << bad;
  }
  EXPECT_NE(refusal(IpRange::parse("192.0.2.2-192.0.2.1")).find("backwards"), std::string::npos);
  EXPECT_NE(refusal(IpRange::parse("2001:db8::/95")).find("at least 96"), std::string::npos);
  EXPECT_NE(refusal(IpRange::parse("::/0")).find("at least 96"), std::string::npos);
  EXPECT_NE(refusal(IpRange::parse("2001:db8::-2001:db8::1:0:0")).find("2^32"), std::string::npos);
  EXPECT_NE(refusal(IpRange::parse("2001:db8::-2001:db8::ffff:ffff:ffff:ffff")).find("2^32"),
            std::string::npos);
  EXPECT_NE(refusal(IpRange::parse("2001:db8::1-2001:db8:0:1::1")).find("/64"), std::string::npos);
}

TEST(PortRange, ReadsAndWrites) {
  EXPECT_EQ(PortRange::parse("1000").value(), (PortRange{1000, 1}));
  EXPECT_EQ(PortRange::parse("1000-1999").value(), (PortRange{1000, 1000}));
  EXPECT_EQ(PortRange::parse("0-65535").value(), (PortRange{0, 65536}));
  EXPECT_EQ(PortRange::parse("65535").value().at(0), 65535);
  EXPECT_EQ(PortRange::parse("0-65535").value().at(65535), 65535);
  EXPECT_EQ(PortRange::parse("0-65535").value().to_string(), "0-65535");
  EXPECT_EQ(PortRange::parse("9-9").value().to_string(), "9");
}

TEST(PortRange, RefusesTheRest) {
  for (const char* bad :
       {"", "-", "-1", "1-", "65536", "0-65536", "1-2-3", "+1", "1 ", "http", "1.5"}) {
    EXPECT_NE(refusal(PortRange::parse(bad)).find("is not a port"), std::string::npos) << bad;
  }
  EXPECT_NE(refusal(PortRange::parse("2-1")).find("backwards"), std::string::npos);
}

} // namespace
} // namespace xtg::packet
