// SPDX-License-Identifier: BSD-2-Clause
#include "packet/filter.h"

#include <gtest/gtest.h>

namespace xtg::packet {
namespace {

using Kind = Primitive::Kind;
using Side = Primitive::Side;

Primitive only(std::string_view text) {
  const auto filter = Filter::parse(text);
  EXPECT_TRUE(filter) << text << (filter ? "" : filter.error().what);
  return filter ? filter->primitives.at(0) : Primitive{};
}

TEST(Filter, EachPrimitive) {
  const Ip v4 = *Ip::parse("198.18.0.2"), v6 = *Ip::parse("2001:2::2");
  const Mac mac = *Mac::parse("02:00:00:00:00:01");
  const std::vector<std::pair<std::string_view, Primitive>> cases = {
      {"ip", {.kind = Kind::Ip}},
      {"ip6", {.kind = Kind::Ip6}},
      {"arp", {.kind = Kind::Arp}},
      {"udp", {.kind = Kind::Udp}},
      {"tcp", {.kind = Kind::Tcp}},
      {"icmp", {.kind = Kind::Icmp}},
      {"icmp6", {.kind = Kind::Icmp6}},
      {"proto 0", {.kind = Kind::Proto}},
      {"proto 255", {.kind = Kind::Proto, .low = 255}},
      {"ip proto 17", {.kind = Kind::Proto, .of = Kind::Ip, .low = 17}},
      {"ip6 proto 17", {.kind = Kind::Proto, .of = Kind::Ip6, .low = 17}},
      {"host 198.18.0.2", {.kind = Kind::Host, .address = v4}},
      {"src host 198.18.0.2", {.kind = Kind::Host, .side = Side::Source, .address = v4}},
      {"dst host 2001:2::2", {.kind = Kind::Host, .side = Side::Destination, .address = v6}},
      {"net 198.18.0.2/31", {.kind = Kind::Net, .address = v4, .prefix = 31}},
      {"src net 2001:2::2/128",
       {.kind = Kind::Net, .side = Side::Source, .address = v6, .prefix = 128}},
      {"port 0", {.kind = Kind::Port}},
      {"dst port 10000",
       {.kind = Kind::Port, .side = Side::Destination, .low = 10'000, .high = 10'000}},
      {"udp src port 65535",
       {.kind = Kind::Port, .side = Side::Source, .of = Kind::Udp, .low = 65'535, .high = 65'535}},
      {"tcp portrange 1-9", {.kind = Kind::Port, .of = Kind::Tcp, .low = 1, .high = 9}},
      {"vlan", {.kind = Kind::Vlan}},
      {"vlan 0", {.kind = Kind::Vlan, .numbered = true}},
      {"vlan 4095", {.kind = Kind::Vlan, .numbered = true, .low = 4'095}},
      {"ether host 02:00:00:00:00:01", {.kind = Kind::Ether, .mac = mac}},
      {"ether dst host 02:00:00:00:00:01",
       {.kind = Kind::Ether, .side = Side::Destination, .mac = mac}},
      {"less 64", {.kind = Kind::Less, .low = 64}},
      {"greater 65535", {.kind = Kind::Greater, .low = 65'535}}};
  for (const auto& [text, primitive] : cases) {
    EXPECT_EQ(only(text), primitive) << text;
    EXPECT_EQ(primitive.to_string(), text);
  }
}

TEST(Filter, PrimitivesAreJoinedByAnd) {
  const auto filter = Filter::parse(" udp\t&& dst  net 198.18.0.0/15 and less 100\n");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->primitives.size(), 3U);
  EXPECT_EQ(filter->to_string(), "udp and dst net 198.18.0.0/15 and less 100");
  EXPECT_EQ(Filter::parse(filter->to_string()), *filter);
}

TEST(Filter, AnAddressSaysItsFamily) {
  EXPECT_EQ(only("ip src host 198.18.0.2"), only("src host 198.18.0.2"));
  EXPECT_EQ(only("ip6 net 2001:2::/48"), only("net 2001:2::/48"));
}

TEST(Filter, WhatIsWrongIsNamedAndWhatWouldDo) {
  const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> cases = {
      {"", {"expected a filter", "udp dst port 10000"}},
      {" \t", {"expected a filter"}},
      {"upd", {"\"upd\" is not known", "udp", "greater"}},
      {"UDP", {"\"UDP\" is not known"}},
      {"udp or tcp", {"\"or\" is not supported", "--match"}},
      {"udp || tcp", {"\"||\" is not supported", "--match"}},
      {"not udp", {"\"not\" is not supported", "which frames match"}},
      {"!udp", {"\"!udp\" is not supported"}},
      {"udp and (port 5)", {"\"(port\" has a parenthesis", "--match"}},
      {"and", {"\"and\" needs a primitive", "before it"}},
      {"and udp", {"\"and\" needs a primitive", "before it"}},
      {"udp and", {"\"and\" needs a primitive", "after it"}},
      {"udp and and tcp", {"\"and\" needs a primitive", "after it"}},
      {"udp tcp", {"\"tcp\" cannot follow \"udp\"", "joined by \"and\""}},
      {"udp 5", {"\"5\" cannot follow \"udp\""}},
      {"icmp src host 198.18.0.1", {"\"src\" cannot follow \"icmp\""}},
      {"udp src host 198.18.0.1",
       {"\"udp\" goes with port and portrange, not with \"host\"",
        "say \"udp and src host 198.18.0.1\""}},
      {"udp proto 5", {"\"udp\" goes with port", "say \"udp and proto 5\""}},
      {"ip port 80", {"\"ip\" goes with proto, host and net", "say \"ip and port 80\""}},
      {"ip6 host 198.18.0.1", {"\"198.18.0.1\" is not an address of \"ip6\""}},
      {"198.18.0.1", {"\"198.18.0.1\" needs a keyword before it", "\"dst host 198.18.0.1\""}},
      {"host", {"\"host\" needs an IP address after it"}},
      {"host and udp", {"\"host\" needs an IP address after it"}},
      {"host example.org", {"\"example.org\" is not an IP address", "198.18.0.2"}},
      {"host 198.18.0.0/15", {"\"198.18.0.0/15\" is not an IP address"}},
      {"net 198.18.0.0", {"\"198.18.0.0\" is not a network", "198.18.0.0/15"}},
      {"net 198.18.0.0/33", {"\"198.18.0.0/33\" is not a network"}},
      {"net 2001:2::/129", {"\"2001:2::/129\" is not a network"}},
      {"net 198.18.0.7/24", {"bits beyond its prefix", "use 198.18.0.0/24"}},
      {"net /8", {"\"/8\" is not a network"}},
      {"src", {"\"src\" needs host, net, port or portrange after it"}},
      {"src udp", {"\"src\" needs host"}},
      {"src proto 5", {"\"src\" needs host"}},
      {"src and dst port 5", {"\"src\" needs host"}},
      {"port", {"\"port\" needs a port, 0 to 65535 after it"}},
      {"port http", {"\"http\" is not a port, 0 to 65535"}},
      {"port 65536", {"\"65536\" is not a port"}},
      {"port -1", {"\"-1\" is not a port"}},
      {"port 5-9", {"\"5-9\" is a range", "portrange 5-9"}},
      {"portrange 9-5", {"\"9-5\" is not a range of ports", "1000-1999"}},
      {"proto 256", {"\"256\" is not the number of an IP protocol, 0 to 255"}},
      {"proto udp", {"\"udp\" is not the number of an IP protocol"}},
      {"vlan 4096", {"\"4096\" is not a VLAN identifier, 0 to 4095"}},
      {"vlan udp", {"\"udp\" is not a VLAN identifier"}},
      {"less", {"\"less\" needs a length in bytes, 0 to 65535 after it"}},
      {"greater 65536", {"\"65536\" is not a length"}},
      {"ether 02:00:00:00:00:01", {"\"ether\" needs host and a MAC address"}},
      {"ether src 02:00:00:00:00:01", {"\"src\" needs host and a MAC address"}},
      {"ether host 198.18.0.1", {"\"198.18.0.1\""}},
      {"host 198.18.0.1 x\x01", {"\"x\\x01\" cannot follow \"198.18.0.1\""}}};
  for (const auto& [text, parts] : cases) {
    const auto filter = Filter::parse(text);
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error().code, Errc::InvalidArgument);
    for (const auto part : parts)
      EXPECT_NE(filter.error().what.find(part), std::string::npos)
          << text << ": " << filter.error().what;
  }
}

TEST(Filter, WhatNoFrameFitsIsRefused) {
  for (const std::string_view text :
       {"ip and ip6", "arp and ip", "udp and tcp", "icmp and ip6", "icmp6 and ip", "arp and udp",
        "arp and host 198.18.0.1", "ip6 and net 198.18.0.0/15", "icmp and port 5",
        "udp port 5 and tcp port 5", "host 198.18.0.1 and host 2001:2::1",
        "ip6 proto 17 and host 198.18.0.1", "less 60 and greater 61"}) {
    const auto filter = Filter::parse(text);
    ASSERT_FALSE(filter) << text;
    EXPECT_NE(filter.error().what.find("no frame fits both \""), std::string::npos)
        << filter.error().what;
  }
  EXPECT_TRUE(Filter::parse("less 60 and greater 60"));
  EXPECT_TRUE(Filter::parse("arp and vlan and ether src host 02:00:00:00:00:01"));
  EXPECT_TRUE(Filter::parse("tcp and port 5 and tcp dst port 5 and proto 6 and ip"));
}

TEST(Filter, AsManyAsTheProgramTakes) {
  std::string text = "udp and ip and less 100 and greater 60 and vlan"; // no values to compare
  for (int i = 0; i < XTG_RX_TERMS; i++)
    text += " and port 5";
  ASSERT_TRUE(Filter::parse(text));
  EXPECT_EQ(encode(*Filter::parse(text)).n_terms, XTG_RX_TERMS);
  const auto more = Filter::parse(text + " and vlan 5");
  ASSERT_FALSE(more);
  EXPECT_NE(more.error().what.find("9 primitives with a value: at most 8"), std::string::npos);
  EXPECT_TRUE(Filter::parse("vlan 1 and vlan 1"));
  EXPECT_FALSE(Filter::parse("vlan and vlan and vlan 1"));
}

} // namespace
} // namespace xtg::packet
