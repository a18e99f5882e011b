// SPDX-License-Identifier: BSD-2-Clause
// Steps and lists of every kind of field, and the ranges of small fields.
#include "packet/ranges.h"

#include <gtest/gtest.h>

#include "packet/address.h"

namespace xtg::packet {
namespace {

TEST(Ranges, StepsAndListsRoundTrip) {
  for (const char* text : {"0", "7-9", "10-20/5", "1,5,3", "65535"})
    EXPECT_EQ(PortRange::parse(text).value().to_string(), text);
  for (const char* text :
       {"10.0.0.1", "10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9/4", "10.0.0.9,10.0.0.1",
        "2001:db8::1-2001:db8::ff01/256", "2001:db8::1,2001:db8::7"})
    EXPECT_EQ(IpRange::parse(text).value().to_string(), text);
  for (const char* text : {"02:00:00:00:00:01", "02:00:00:00:00:01-02:00:00:00:00:09/2",
                           "02:00:00:00:00:05,02:00:00:00:00:01"})
    EXPECT_EQ(MacRange::parse(text).value().to_string(), text);
  for (const char* text :
       {"0", "100", "100:5", "100-199", "100-199:5", "100-200/50:7", "1,2,4094:3"})
    EXPECT_EQ(VlanRange::parse(text).value().to_string(), text);
}

TEST(Ranges, StepEndsAtOrBeforeTheLast) {
  const PortRange ports = PortRange::parse("10-24/5").value();
  EXPECT_EQ(ports.count, 3U);
  EXPECT_EQ(ports.at(2), 20U);
  EXPECT_EQ(ports.to_string(), "10-20/5");
  EXPECT_EQ(PortRange::parse("10-12/5").value().to_string(), "10") << "one value";
}

TEST(Ranges, ListsOfRangesAreListsOfValues) {
  EXPECT_EQ(PortRange::parse("5,10-12,9-1").error().code, Errc::InvalidArgument);
  EXPECT_EQ(PortRange::parse("5,10-12").value().list, (std::vector<std::uint64_t>{5, 10, 11, 12}));
  EXPECT_TRUE(PortRange::parse("0-4095,").error().what.size() > 0);
  EXPECT_FALSE(PortRange::parse("1,0-4095")) << "more than are kept";
  EXPECT_FALSE(IpRange::parse("10.0.0.1,2001:db8::1"));
  EXPECT_FALSE(IpRange::parse("2001:db8::1,2001:db9::1"));
  EXPECT_EQ(IpRange::parse("10.0.0.9,10.0.0.1").value().hull().to_string(), "10.0.0.1-10.0.0.9");
  EXPECT_EQ(IpRange::parse("10.0.0.0/30").value().count, 4U) << "a prefix, no step";
}

TEST(Ranges, RefuseWhatIsNone) {
  for (const char* text : {"", "4095", "100:8", "100:", ":5", "100-4095", "199-100", "1,,2", "0x10",
                           "100-199/0", "-1"})
    EXPECT_FALSE(VlanRange::parse(text)) << text;
  for (const char* text : {"10-20/0", "10-20/", "10/5", "1,", "70000"})
    EXPECT_FALSE(PortRange::parse(text)) << text;
  for (const char* text : {"", "0x5ff", "1500", "0x10000", "0x8100,", "vlan"})
    EXPECT_FALSE(parse_tpids(text)) << text;
  EXPECT_EQ(parse_tpids("0x88a8,33024").value(), (std::vector<std::uint16_t>{0x88a8, 0x8100}));
}

TEST(Ranges, Bytes) {
  EXPECT_EQ(ByteRange::parse("0xb8").value(), ByteRange(184));
  EXPECT_EQ(ByteRange::parse("0-252/4").value().values().count, 64U);
  EXPECT_EQ(ByteRange::parse("0x10,184").value().to_string(), "16,184");
  EXPECT_FALSE(ByteRange::parse("0", 1));
  EXPECT_FALSE(ByteRange::parse("256"));
}

TEST(Tpids, InnermostIs8021QAndOuterOnes8021AD) {
  EXPECT_EQ(default_tpid(0, 1), 0x8100);
  EXPECT_EQ(default_tpid(0, 2), 0x88a8);
  EXPECT_EQ(default_tpid(1, 2), 0x8100);
  EXPECT_EQ(default_tpid(2, 4), 0x88a8);
}

} // namespace
} // namespace xtg::packet
