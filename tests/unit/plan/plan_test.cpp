// SPDX-License-Identifier: BSD-2-Clause
#include "plan/plan.h"

#include <functional>

#include <gtest/gtest.h>

#include "packet/checksum.h"
#include "xtg/abi/base.h"
#include "xtg/abi/signature.h"

namespace xtg::plan {
namespace {

using packet::Family;
using packet::FieldKind;
using packet::Ip;
using packet::IpRange;
using packet::Mac;
using packet::MacRange;
using packet::PortRange;

constexpr std::uint32_t kRunId = 0x5e551017;

Ip ip(std::string_view text) {
  return Ip::parse(text).value();
}
Mac mac(std::string_view text) {
  return Mac::parse(text).value();
}
IpRange ips(std::string_view text) {
  return IpRange::parse(text).value();
}

HostFacts plain_host() {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.ifindex = 7;
  iface.driver = "ixgbe";
  iface.mac = mac("02:00:00:00:00:01");
  iface.up = true;
  iface.carrier = true;
  iface.xdp_features = kXdpBasic | kXdpRedirect | kXdpNdoXmit;
  iface.addresses = {ip("fe80::1"), ip("198.18.0.1"), ip("2001:2::1")};

  RouteFacts route;
  route.dst = ip("198.18.0.2");
  route.ifindex = 7;
  route.interface = "eth1";
  route.src = ip("198.18.0.9");
  route.next_hop = mac("02:00:00:00:00:02");

  HostFacts facts;
  facts.kernel = "6.1.0";
  facts.cpus = {2, 3, 5};
  facts.iface = iface;
  facts.routes = {route};
  return facts;
}

TestSpec plain_spec() {
  TestSpec spec;
  spec.ports.resize(1);
  spec.ports[0].interface = "eth1";
  spec.ports[0].streams.resize(1);
  return spec;
}

/// The veth peer whose MAC may stand in for a next hop.
VethPeer peer() {
  VethPeer out;
  out.ifindex = 9;
  out.reachable = true;
  out.name = "veth1";
  out.up = true;
  out.gro = true;
  out.mtu = 1500;
  out.mac = mac("02:00:00:00:00:0f");
  return out;
}

class PlanTest : public testing::Test {
protected:
  PortSpec& port() { return spec_.ports[0]; }
  StreamSpec& stream() { return port().streams[0]; }
  Plan plan() {
    auto out = resolve(spec_, facts_, kRunId);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or(Plan{});
  }
  packet::FrameSpec frame() { return plan().streams.at(0).frame.spec; }
  std::vector<std::string> notes() { return plan().notes; }

  TestSpec spec_ = plain_spec();
  HostFacts facts_ = plain_host();
};

TEST_F(PlanTest, EachStreamTakesTheWayOfItsOwnFrames) {
  port().streams.push_back(stream());
  port().streams[1].tos = packet::ByteRange{0x10}; // rules may look at it
  facts_.routes.push_back(facts_.routes[0]);
  facts_.routes[1].next_hop = mac("02:00:00:00:00:77");
  const Plan out = plan();
  EXPECT_EQ(out.streams[0].frame.spec.dst_mac, mac("02:00:00:00:00:02"));
  EXPECT_EQ(out.streams[1].frame.spec.dst_mac, mac("02:00:00:00:00:77"));
}

TEST_F(PlanTest, DefaultsAreLookedUp) {
  const Plan out = plan();
  EXPECT_EQ(out.iface.name, "eth1");
  EXPECT_EQ(out.cpus, std::vector<int>{2});
  EXPECT_EQ(out.batch, 224U);
  EXPECT_EQ(out.run_id, kRunId);
  EXPECT_FALSE(out.duration);
  EXPECT_EQ(out.interval, Nanoseconds(1'000'000'000));
  EXPECT_EQ(out.pace, Pace::Auto);
  EXPECT_FALSE(out.fix);
  EXPECT_FALSE(out.attach_pass);
  EXPECT_TRUE(out.notes.empty());
  EXPECT_EQ(out.spec, spec_);
  ASSERT_EQ(out.streams.size(), 1U);

  const StreamPlan& stream = out.streams[0];
  EXPECT_EQ(stream.id, 0);
  EXPECT_EQ(stream.stamp, Stamp::Batch);
  EXPECT_FALSE(stream.pacing);
  EXPECT_FALSE(stream.num_packets);
  EXPECT_EQ(stream.l1_bits, 84U * 8);
  EXPECT_EQ(stream.l2_bits, 64U * 8);
  EXPECT_EQ(stream.l3_bits, 46U * 8);

  packet::FrameSpec expected;
  expected.dst_mac = mac("02:00:00:00:00:02");
  expected.src_mac = mac("02:00:00:00:00:01");
  expected.dst_addr = ip("198.18.0.2");
  expected.src_addr = ip("198.18.0.9");
  expected.dst_port = 1000;
  expected.src_port = 1;
  expected.hop_limit = 64;
  expected.frame_size = 64;
  expected.payload_seed = 1;
  expected.run_id = kRunId;
  EXPECT_EQ(stream.frame.spec, expected);
  EXPECT_TRUE(stream.frame.sweep.fields.empty());
  EXPECT_TRUE(packet::checksums_valid(packet::render(stream.frame, 0, 0, 0)));
}

TEST_F(PlanTest, AnnouncementsAndTheSharedClockNeedTheirRoom) {
  const auto error = [&] {
    const auto out = resolve(spec_, facts_, kRunId);
    return out ? std::string() : out.error().message();
  };
  spec_.announce = true;
  EXPECT_TRUE(plan().announce);
  stream().clock = StampClock::Tai;
  EXPECT_NE(error().find("--clock tai"), std::string::npos);
  EXPECT_NE(error().find("frames of 78 bytes"), std::string::npos) << error();
  stream().frame_size = 78;
  EXPECT_EQ(plan().streams.at(0).clock, StampClock::Tai);
  EXPECT_EQ(frame().signature_flags, XTG_SIG_F_TAI);
  stream().stamp = Stamp::Each;
  EXPECT_EQ(frame().signature_flags, XTG_SIG_F_TAI | XTG_SIG_F_STAMP_EACH);

  stream() = {};
  stream().dst_addr = ips("2001:db8::9");
  stream().dst_mac = MacRange{mac("02:00:00:00:00:77"), 1};
  stream().frame_size = 66;
  EXPECT_NE(error().find("--announce"), std::string::npos);
  EXPECT_NE(error().find("frames of 82 bytes"), std::string::npos) << error();
  stream().frame_size = 82;
  EXPECT_EQ(error(), "");
}

TEST_F(PlanTest, WhatIsAskedIsTaken) {
  StreamSpec& s = stream();
  s.dst_mac = MacRange{mac("02:00:00:00:00:77"), 1};
  s.src_mac = MacRange{mac("02:00:00:00:00:78"), 1};
  s.dst_addr = ips("2001:db8::9");
  s.src_addr = ips("2001:db8::8");
  s.dst_port = {53, 1};
  s.src_port = {54, 1};
  s.hop_limit = 3;
  s.tos = 0xb8;
  s.frame_size = 200;
  s.payload = packet::Payload::Text;
  s.seed = 42;
  s.stamp = Stamp::Each;
  s.num_packets = 1'000;
  port().threads = 3;
  port().cpus = {5, 2, 3};
  spec_.duration = Nanoseconds(10);
  spec_.interval = Nanoseconds(20);
  port().pace = Pace::Busy;
  spec_.fix = true;
  facts_.routes.clear();

  const Plan out = plan();
  EXPECT_EQ(out.cpus, (std::vector<int>{5, 2, 3}));
  EXPECT_EQ(out.duration, Nanoseconds(10));
  EXPECT_EQ(out.interval, Nanoseconds(20));
  EXPECT_EQ(out.pace, Pace::Busy);
  EXPECT_TRUE(out.fix);
  EXPECT_TRUE(out.notes.empty());
  const StreamPlan& stream = out.streams.at(0);
  EXPECT_EQ(stream.num_packets, 1'000U);
  EXPECT_EQ(stream.stamp, Stamp::Each);
  EXPECT_EQ(stream.l3_bits, (200U - 18) * 8);

  packet::FrameSpec expected;
  expected.dst_mac = mac("02:00:00:00:00:77");
  expected.src_mac = mac("02:00:00:00:00:78");
  expected.dst_addr = ip("2001:db8::9");
  expected.src_addr = ip("2001:db8::8");
  expected.dst_port = 53;
  expected.src_port = 54;
  expected.hop_limit = 3;
  expected.tos = 0xb8;
  expected.frame_size = 200;
  expected.payload = packet::Payload::Text;
  expected.payload_seed = 42;
  expected.run_id = kRunId;
  expected.signature_flags = XTG_SIG_F_STAMP_EACH;
  EXPECT_EQ(stream.frame.spec, expected);
}

TEST_F(PlanTest, RangesSweepInOdometerOrder) {
  StreamSpec& s = stream();
  s.dst_mac = MacRange{mac("02:00:00:00:00:10"), 5};
  s.src_mac = MacRange{mac("02:00:00:00:00:20"), 6};
  s.dst_addr = ips("198.18.1.0/24");
  s.src_addr = ips("198.18.2.1-198.18.2.7");
  s.dst_port = {100, 3};
  s.src_port = {200, 4};
  s.vary = packet::Vary::Product;
  s.seed = 9;
  const packet::Sweep sweep = plan().streams.at(0).frame.sweep;
  EXPECT_EQ(sweep.vary, packet::Vary::Product);
  EXPECT_EQ(sweep.seed, 9U);
  std::vector<std::tuple<FieldKind, std::uint64_t, std::uint64_t>> fields;
  for (const packet::Field& field : sweep.fields)
    fields.emplace_back(field.kind, field.first, field.count);
  EXPECT_EQ(fields, (decltype(fields){{FieldKind::DstPort, 100, 3},
                                      {FieldKind::SrcPort, 200, 4},
                                      {FieldKind::DstAddr, 0xc6120100, 256},
                                      {FieldKind::SrcAddr, 0xc6120201, 7},
                                      {FieldKind::DstMac, 0x020000000010, 5},
                                      {FieldKind::SrcMac, 0x020000000020, 6}}));
}

TEST_F(PlanTest, DynPortsAreARangeOfDestinationPorts) {
  stream().dyn_ports = 10;
  const packet::Sweep sweep = plan().streams.at(0).frame.sweep;
  ASSERT_EQ(sweep.fields.size(), 1U);
  EXPECT_EQ(sweep.fields[0].kind, FieldKind::DstPort);
  EXPECT_EQ(sweep.fields[0].first, 1'000U);
  EXPECT_EQ(sweep.fields[0].count, 10U);
  stream().dst_port = {65'526, 1};
  EXPECT_EQ(plan().streams.at(0).frame.sweep.fields[0].count, 10U);
  for (const std::uint32_t one : {0U, 1U}) {
    stream().dyn_ports = one;
    EXPECT_TRUE(plan().streams.at(0).frame.sweep.fields.empty());
  }
}

TEST_F(PlanTest, TheSmallestSizeHasRoomForASignature) {
  EXPECT_EQ(frame().frame_size, 64U);
  stream().dst_addr = ips("2001:db8::2");
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  EXPECT_EQ(frame().frame_size, 82U);
  EXPECT_TRUE(notes().empty());
  stream().frame_size = 66;
  EXPECT_EQ(frame().frame_size, 66U);
  EXPECT_EQ(notes(), std::vector<std::string>{"frames of 66 bytes have no room for a signature"});
  stream().frame_size.reset();
  stream().signature = false;
  EXPECT_EQ(frame().frame_size, 66U);
  EXPECT_TRUE(notes().empty());
}

TEST_F(PlanTest, RoomForReflectorTimestamps) {
  stream().round_trip = true;
  EXPECT_TRUE(frame().reflector);
  EXPECT_EQ(frame().frame_size, 102U);
  stream().frame_size = 102;
  EXPECT_EQ(frame().frame_size, 102U);
  stream().frame_size.reset();
  stream().dst_addr = ips("2001:db8::2");
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  EXPECT_EQ(frame().frame_size, 122U);
}

TEST_F(PlanTest, DestinationFollowsTheSourcesFamily) {
  EXPECT_EQ(destination_of({}), ip("198.18.0.2"));
  StreamSpec s;
  s.src_addr = ips("192.0.2.1");
  EXPECT_EQ(destination_of(s), ip("198.18.0.2"));
  s.src_addr = ips("2001:db8::1");
  EXPECT_EQ(destination_of(s), ip("2001:2::2"));
  s.dst_addr = ips("2001:db8::7-2001:db8::9");
  EXPECT_EQ(destination_of(s), ip("2001:db8::7"));
}

TEST_F(PlanTest, SourceAddressComesFromTheRouteThenTheInterface) {
  EXPECT_EQ(frame().src_addr, ip("198.18.0.9"));
  facts_.routes[0].src.reset();
  EXPECT_EQ(frame().src_addr, ip("198.18.0.1"));
  EXPECT_TRUE(notes().empty());

  stream().dst_addr = ips("2001:db8::2");
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  stream().frame_size = 128;
  EXPECT_EQ(frame().src_addr, ip("2001:2::1")) << "link-local only where there is nothing else";
  facts_.iface->addresses = {ip("198.18.0.1"), ip("fe80::1")};
  EXPECT_EQ(frame().src_addr, ip("fe80::1"));
  EXPECT_TRUE(notes().empty());
}

TEST_F(PlanTest, MadeUpSourceAddressIsNoted) {
  facts_.routes[0].src.reset();
  facts_.iface->addresses.clear();
  EXPECT_EQ(frame().src_addr, ip("198.18.0.1"));
  EXPECT_EQ(notes(), std::vector<std::string>{
                         "eth1 has no IPv4 address: frames are sent from 198.18.0.1 (RFC 2544); "
                         "--src-addr sets another"});
  stream().dst_addr = ips("2001:db8::2");
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  stream().frame_size = 128;
  EXPECT_EQ(frame().src_addr, ip("2001:2::1"));
  EXPECT_EQ(notes(), std::vector<std::string>{
                         "eth1 has no IPv6 address: frames are sent from 2001:2::1 (RFC 5180); "
                         "--src-addr sets another"});
}

TEST_F(PlanTest, NextHopIsTheRoutes) {
  facts_.iface->peer = peer();
  EXPECT_EQ(frame().dst_mac, mac("02:00:00:00:00:02"));
  EXPECT_TRUE(notes().empty());
}

TEST_F(PlanTest, VethPeerStandsInForAnUnknownNextHop) {
  facts_.iface->peer = peer();
  const std::vector<std::string> note = {
      "dst-mac is that of the veth peer veth1: the host knows no next hop for 198.18.0.2"};
  facts_.routes[0].next_hop.reset();
  EXPECT_EQ(frame().dst_mac, mac("02:00:00:00:00:0f"));
  EXPECT_EQ(notes(), note);
  // A route over another interface does not count.
  facts_.routes[0].next_hop = mac("02:00:00:00:00:02");
  facts_.routes[0].ifindex = 8;
  EXPECT_EQ(frame().dst_mac, mac("02:00:00:00:00:0f"));
  EXPECT_EQ(notes(), note);
}

TEST_F(PlanTest, VethPeerDoesNotStandInAgainstWhatIsKnown) {
  facts_.iface->peer = peer();
  facts_.routes[0].next_hop.reset();
  for (const RouteFault fault : {RouteFault::NoRoute, RouteFault::CannotAsk}) {
    facts_.routes[0].fault = fault;
    EXPECT_EQ(frame().dst_mac, mac("02:00:00:00:00:0f")) << static_cast<int>(fault);
  }
  facts_.routes[0].error = "no neighbour answered for 198.18.0.2 on eth1";
  for (const RouteFault fault : {RouteFault::Refused, RouteFault::OwnAddress, RouteFault::NotAsked,
                                 RouteFault::NoAnswer, RouteFault::Failed}) {
    facts_.routes[0].fault = fault;
    const auto refused = resolve(spec_, facts_, 1);
    ASSERT_FALSE(refused) << static_cast<int>(fault);
    EXPECT_EQ(refused.error().code, Errc::NotFound);
    EXPECT_NE(refused.error().what.find("no neighbour answered for 198.18.0.2"), std::string::npos);
  }
  // A dry run asks nobody; what is forbidden is known without asking.
  spec_.dry_run = true;
  facts_.routes[0].fault = RouteFault::NotAsked;
  EXPECT_EQ(frame().dst_mac, Mac{});
  facts_.routes[0].fault = RouteFault::Refused;
  EXPECT_FALSE(resolve(spec_, facts_, 1));
}

TEST_F(PlanTest, ADryRunNeedsNoWordForTheDefaultRoute) {
  facts_.iface->has_default_route = true;
  EXPECT_FALSE(resolve(spec_, facts_, 1));
  spec_.dry_run = true;
  EXPECT_EQ(notes(), std::vector<std::string>{
                         "eth1 carries the default route: sending needs --allow-default-route"});
  spec_.allow_default_route = true;
  EXPECT_TRUE(notes().empty());
}

TEST_F(PlanTest, VethPeerThatIsABridgePortDoesNotStandIn) {
  facts_.iface->peer = peer();
  facts_.iface->peer->has_master = true;
  facts_.routes.clear();
  const auto refused = resolve(spec_, facts_, 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("veth1 is a port of a bridge"), std::string::npos);
}

TEST_F(PlanTest, GroupsHaveTheirOwnMacs) {
  facts_.routes.clear();
  stream().dst_addr = ips("239.129.1.1-239.129.1.4");
  EXPECT_EQ(frame().dst_mac, mac("01:00:5e:01:01:01"));
  EXPECT_EQ(plan().streams[0].frame.sweep.hop_law, packet::HopLaw::Group);
  stream().dst_addr = ips("ff05::1:3");
  EXPECT_EQ(frame().dst_mac, mac("33:33:00:01:00:03"));
  // One given is everyone's.
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  stream().dst_addr = ips("239.129.1.1-239.129.1.4");
  EXPECT_EQ(plan().streams[0].frame.sweep.hop_law, packet::HopLaw::Fixed);
}

TEST_F(PlanTest, HostsOnTheLinkHaveTheirOwnMacs) {
  stream().dst_addr = ips("198.18.0.2-198.18.0.4");
  facts_.routes[0].on_link_length = 24;
  facts_.routes[0].hosts = {mac("02:00:00:00:00:02"), mac("02:00:00:00:00:09"),
                            mac("02:00:00:00:00:04")};
  const packet::Sweep sweep = plan().streams[0].frame.sweep;
  EXPECT_EQ(sweep.hop_law, packet::HopLaw::Listed);
  EXPECT_EQ(sweep.next_hops,
            (std::vector<std::uint64_t>{0x020000000002, 0x020000000009, 0x020000000004}));
  facts_.routes[0].hosts[1].reset();
  facts_.routes[0].hosts[2].reset();
  const auto refused = resolve(spec_, facts_, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::NotFound);
  EXPECT_EQ(refused.error().what,
            "no neighbour answered for 2 of 3 addresses on eth1: 198.18.0.3-198.18.0.4; name one "
            "with --dst-mac, or another destination with --dst-addr");
  spec_.dry_run = true;
  EXPECT_EQ(notes(),
            std::vector<std::string>{"dst-mac is not known yet for 2 of 3 addresses: a run "
                                     "asks for them"});
}

TEST_F(PlanTest, NetworkAndBroadcastAddressesAreLeftOut) {
  stream().dst_addr = ips("198.18.0.0/30");
  facts_.routes[0].dst = ip("198.18.0.0");
  facts_.routes[0].on_link_length = 30;
  facts_.routes[0].hosts = {mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02")};
  EXPECT_EQ(frame().dst_addr, ip("198.18.0.1"));
  EXPECT_EQ(plan().streams[0].frame.sweep.next_hops.size(), 2U);
  EXPECT_EQ(notes(), std::vector<std::string>{
                         "frames go to 198.18.0.1-198.18.0.2: the network's own and the broadcast "
                         "address are no hosts"});
}

TEST_F(PlanTest, TooManyHostsOnTheLinkAreRefused) {
  stream().dst_addr = ips("198.18.0.0/16");
  facts_.routes[0].dst = ip("198.18.0.0");
  EXPECT_EQ(frame().dst_mac, mac("02:00:00:00:00:02")) << "behind a gateway one look-up serves all";
  facts_.routes[0].on_link_length = 16;
  const auto refused = resolve(spec_, facts_, 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("at most 256 are looked up"), std::string::npos);
}

TEST_F(PlanTest, QuestionIsTheFirstFrames) {
  stream().dst_addr = ips("203.0.113.1-203.0.113.9");
  stream().src_addr = ips("198.18.0.1-198.18.0.4");
  stream().dst_port = {2'000, 5};
  stream().src_port = {77, 3};
  stream().tos = 0x28;
  RouteQuestion expected;
  expected.dst = ip("203.0.113.1");
  expected.src = ip("198.18.0.1");
  expected.tos = 0x28;
  expected.protocol = 17;
  expected.dst_port = 2'000;
  expected.src_port = 77;
  EXPECT_EQ(question_of(stream()), expected);
}

TEST_F(PlanTest, OddAddressesAreCalledWhatTheyAre) {
  for (const auto& [address, words] : {
           std::pair{"0.0.0.0", "the unspecified address"},
           {"::", "the unspecified address"},
           {"0.1.2.3", "an address of \"this network\""},
           {"127.0.0.1", "a loopback address"},
           {"::1", "a loopback address"},
           {"240.0.0.1", "a reserved address"},
           {"255.255.255.255", "the broadcast address"},
           {"239.255.255.0-240.0.0.1", "a reserved address"},
           {"224.1.1.1", "a multicast address of global scope"},
           {"ff0e::1", "a multicast address of global scope"},
           {"8.8.8.8", "a public address"},
       }) {
    TestSpec spec = plain_spec();
    spec.ports[0].streams[0].dst_addr = ips(address);
    spec.ports[0].streams[0].dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
    const auto refused = resolve(spec, facts_, 1);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, Errc::InvalidArgument);
    EXPECT_NE(refused.error().what.find(words), std::string::npos) << refused.error().what;
    spec.allow_public = true;
    EXPECT_TRUE(resolve(spec, facts_, 1)) << address;
  }
}

TEST_F(PlanTest, OddSourcesAreCalledWhatTheyAre) {
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  for (const auto& [address, words] : {
           std::pair{"239.1.1.1", "a multicast address"},
           {"ff02::1", "a multicast address"},
           {"0.0.0.0", "the unspecified address"},
           {"255.255.255.255", "the broadcast address"},
           {"127.0.0.1", "a loopback address"},
           {"198.18.0.1-240.0.0.9", ""},
           {"8.8.8.8", nullptr},
       }) {
    stream().src_addr = ips(address);
    stream().dst_addr = ips(stream().src_addr->first.is_v4() ? "198.18.0.2" : "2001:2::2");
    spec_.allow_public = false;
    const auto refused = resolve(spec_, facts_, 1);
    ASSERT_EQ(refused.has_value(), words == nullptr) << address;
    if (refused) continue;
    EXPECT_NE(refused.error().what.find("--src-addr"), std::string::npos);
    EXPECT_NE(refused.error().what.find(words), std::string::npos) << refused.error().what;
    spec_.allow_public = true;
    EXPECT_TRUE(resolve(spec_, facts_, 1)) << address;
  }
  spec_.allow_public = false;
  stream().src_addr.reset();
  stream().dst_addr.reset();
  stream().src_mac = MacRange{mac("01:00:5e:00:00:01"), 1};
  const auto refused = resolve(spec_, facts_, 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("a group address"), std::string::npos);
}

TEST_F(PlanTest, UnusableAddressesAreNamed) {
  stream().dst_addr = ips("2001:db8::2");
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  facts_.routes.clear();
  facts_.iface->addresses = {ip("198.18.0.1"), ip("fe80::1")};
  facts_.iface->unusable = {{ip("2001:db8::1"), true}};
  stream().frame_size = 128;
  EXPECT_EQ(frame().src_addr, ip("fe80::1"));
  EXPECT_EQ(notes(),
            std::vector<std::string>{
                "2001:db8::1 on eth1 is not usable, another host has it (duplicate address "
                "detection failed): frames are sent from fe80::1"});
  facts_.iface->unusable[0].failed = false;
  stream().src_addr = ips("2001:db8::1");
  EXPECT_EQ(notes(), std::vector<std::string>{
                         "2001:db8::1 on eth1 is not usable yet (tentative: duplicate address "
                         "detection is running): frames are sent from it all the same"});
  // Nothing to say where it is not missed.
  stream().src_addr.reset();
  stream().dst_addr = ips("fe80::2");
  EXPECT_TRUE(notes().empty());
}

TEST_F(PlanTest, SmallAmountsHaveSmallBatches) {
  for (const auto& [amount, batch] : {std::pair{0U, 1U}, {1U, 1U}, {223U, 223U}, {1'000U, 224U}}) {
    stream().num_packets = amount;
    EXPECT_EQ(plan().batch, batch);
  }
}

TEST_F(PlanTest, PassProgramIsAttachedWhereTheDriverNeedsIt) {
  facts_.iface->driver = "virtio_net";
  facts_.iface->xdp_features = kXdpBasic | kXdpRedirect;
  EXPECT_TRUE(plan().attach_pass);
}

TEST_F(PlanTest, RateAboveTheLinksSpeedIsNoted) {
  facts_.iface->speed_bps = 10'000'000'000;
  stream().rate.rate = {Rate::Unit::Bps, 10e9};
  EXPECT_TRUE(notes().empty());
  stream().rate.rate = {Rate::Unit::Bps, 10.1e9};
  EXPECT_EQ(notes(),
            std::vector<std::string>{"the rate is above the link's speed of 10.00 Gbit/s"});
  facts_.iface->speed_bps = 0;
  EXPECT_TRUE(notes().empty());
}

TEST_F(PlanTest, EveryStreamHasItsNumber) {
  port().streams.resize(XTG_MAX_STREAMS);
  const Plan out = plan();
  ASSERT_EQ(out.streams.size(), std::size_t{XTG_MAX_STREAMS});
  for (std::uint16_t i = 0; i < XTG_MAX_STREAMS; i++) {
    EXPECT_EQ(out.streams[i].id, i);
    EXPECT_EQ(out.streams[i].frame.spec.stream, i);
  }
}

// Destinations that need the user's word, and their neighbours that do not.

TEST_F(PlanTest, PublicDestinationNeedsAWord) {
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  for (const char* open :
       {"10.255.255.255", "10.0.0.0/8", "172.31.255.255", "198.19.255.255", "239.255.255.255",
        "fd00::1", "fe80::1", "2001:2::/96", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    stream().dst_addr = ips(open);
    EXPECT_TRUE(resolve(spec_, facts_, 1)) << open;
  }
  for (const char* closed :
       {"11.0.0.0", "9.255.255.255-10.0.0.5", "10.255.255.0-11.0.0.0", "172.32.0.0", "198.20.0.0",
        "8.8.8.8", "0.0.0.0/0", "224.0.1.1", "2001:2:1::1", "2001:db9::1", "ff0e::1"}) {
    stream().dst_addr = ips(closed);
    const auto refused = resolve(spec_, facts_, 1);
    ASSERT_FALSE(refused) << closed;
    EXPECT_EQ(refused.error().code, Errc::InvalidArgument);
    spec_.allow_public = true;
    EXPECT_TRUE(resolve(spec_, facts_, 1)) << closed;
    spec_.allow_public = false;
  }
}

TEST_F(PlanTest, PublicAddressesWithinARangeAreFound) {
  stream().dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
  for (const char* closed :
       {"10.0.0.0-192.168.0.1", "10.255.255.255-172.16.0.0", "198.18.0.0-198.51.100.0",
        "192.0.2.0-198.18.0.0", "127.0.0.0-198.51.100.255"}) {
    stream().dst_addr = ips(closed);
    EXPECT_FALSE(resolve(spec_, facts_, 1)) << closed;
  }
  stream().dst_addr = ips("198.18.0.200-198.19.255.255");
  EXPECT_TRUE(resolve(spec_, facts_, 1));
}

TEST_F(PlanTest, DefaultRouteNeedsAWord) {
  facts_.iface->has_default_route = true;
  EXPECT_FALSE(resolve(spec_, facts_, 1));
  spec_.allow_default_route = true;
  EXPECT_TRUE(resolve(spec_, facts_, 1));
}

TEST_F(PlanTest, TheLimitOfThreadsIsTheHosts) {
  facts_.cpus.clear();
  for (int cpu = 0; cpu < 100; cpu++)
    facts_.cpus.push_back(cpu);
  port().threads = XTG_MAX_WORKERS;
  EXPECT_EQ(plan().cpus.size(), std::size_t{XTG_MAX_WORKERS});
}

struct Refusal {
  const char* name;
  std::function<void(TestSpec&, StreamSpec&, HostFacts&)> spoil;
  Errc code;
  const char* what;
};

class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, SaysWhatWouldDo) {
  TestSpec spec = plain_spec();
  HostFacts facts = plain_host();
  ASSERT_TRUE(resolve(spec, facts, 1));
  GetParam().spoil(spec, spec.ports[0].streams[0], facts);
  const auto refused = resolve(spec, facts, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, GetParam().code);
  EXPECT_EQ(refused.error().message(), GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Plan, RefusalTest,
    testing::Values(
        Refusal{"NoInterface", [](auto&, auto&, HostFacts& f) { f.iface.reset(); }, Errc::NotFound,
                "no interface to send on"},
        Refusal{"InterfaceNotThere",
                [](auto&, auto&, HostFacts& f) {
                  f.iface.reset();
                  f.iface_error = "no interface \"eth9\" here";
                },
                Errc::NotFound, "no interface \"eth9\" here"},
        Refusal{"NotEthernet", [](auto&, auto&, HostFacts& f) { f.iface->ethernet = false; },
                Errc::NotSupported, "eth1 has no Ethernet framing"},
        Refusal{"NoStream", [](TestSpec& s, auto&, auto&) { s.ports[0].streams.clear(); },
                Errc::InvalidArgument, "1 to 64 streams make a run"},
        Refusal{"ManyStreams", [](TestSpec& s, auto&, auto&) { s.ports[0].streams.resize(65); },
                Errc::InvalidArgument, "1 to 64 streams make a run"},
        Refusal{"NoThread", [](TestSpec& s, auto&, auto&) { s.ports[0].threads = 0; },
                Errc::InvalidArgument, "--threads 0: 1 to 64 threads"},
        Refusal{"ManyThreads", [](TestSpec& s, auto&, auto&) { s.ports[0].threads = 65; },
                Errc::InvalidArgument, "--threads 65: 1 to 64 threads"},
        Refusal{"MoreThreadsThanCpus", [](TestSpec& s, auto&, auto&) { s.ports[0].threads = 4; },
                Errc::InvalidArgument,
                "--threads 4: this process may run on 3 CPUs, one thread each"},
        Refusal{"ForeignCpu", [](TestSpec& s, auto&, auto&) { s.ports[0].cpus = {4}; },
                Errc::InvalidArgument,
                "--cpus: CPU 4 is not one this process may run on (2,3,5); --threads says how many "
                "threads there "
                "are"},
        Refusal{"DefaultRoute",
                [](auto&, auto&, HostFacts& f) { f.iface->has_default_route = true; },
                Errc::InvalidArgument,
                "eth1 carries the default route: a flood there can cut this host off; "
                "--allow-default-route to send anyway"},
        Refusal{"Public", [](auto&, StreamSpec& s, auto&) { s.dst_addr = ips("8.8.8.0/24"); },
                Errc::InvalidArgument,
                "--dst-addr 8.8.8.0-8.8.8.255: a public address; --allow-public to send there all "
                "the same"},
        Refusal{"MixedFamilies",
                [](auto&, StreamSpec& s, auto&) {
                  s.dst_addr = ips("2001:db8::2");
                  s.src_addr = ips("192.0.2.1");
                },
                Errc::InvalidArgument,
                "--src-addr 192.0.2.1: not of the family of --dst-addr 2001:db8::2"},
        Refusal{"NoRoute", [](auto&, auto&, HostFacts& f) { f.routes.clear(); }, Errc::NotFound,
                "no next hop for 198.18.0.2 on eth1 (no route to it): name one with --dst-mac, or "
                "another destination with --dst-addr"},
        Refusal{"NoNeighbour",
                [](auto&, auto&, HostFacts& f) {
                  f.routes[0].next_hop.reset();
                  f.routes[0].error = "192.0.2.254 does not answer";
                },
                Errc::NotFound,
                "no next hop for 198.18.0.2 on eth1 (192.0.2.254 does not answer): name one with "
                "--dst-mac, or another destination with --dst-addr"},
        Refusal{"UnreachablePeer",
                [](auto&, auto&, HostFacts& f) {
                  f.routes.clear();
                  f.iface->peer = VethPeer{};
                },
                Errc::NotFound,
                "no next hop for 198.18.0.2 on eth1 (no route to it): name one with --dst-mac, or "
                "another destination with --dst-addr"},
        Refusal{"DynPorts",
                [](auto&, StreamSpec& s, auto&) {
                  s.dst_port = {65'530, 1};
                  s.dyn_ports = 7;
                },
                Errc::InvalidArgument, "--dyn-ports 7: from port 65530 on there are 6 ports"},
        Refusal{"SmallFrame", [](auto&, StreamSpec& s, auto&) { s.frame_size = 63; },
                Errc::InvalidArgument,
                "--pkt-size 63: the headers of UDP over IPv4 take at least 64 bytes with FCS, 3412 "
                "are the most"},
        Refusal{"NoRoomForAMirrorsWords",
                [](auto&, StreamSpec& s, auto&) {
                  s.round_trip = true;
                  s.frame_size = 101;
                },
                Errc::InvalidArgument,
                "--pkt-size 101: --round-trip takes at least 102 bytes over IPv4, with FCS, for "
                "reflector timestamps and the full signature"},
        Refusal{"NoRoomForAMirrorsWordsOverIpv6",
                [](auto&, StreamSpec& s, auto&) {
                  s.dst_addr = ips("2001:db8::2");
                  s.dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
                  s.round_trip = true;
                  s.frame_size = 121;
                },
                Errc::InvalidArgument,
                "--pkt-size 121: --round-trip takes at least 122 bytes over IPv6, with FCS, for "
                "reflector timestamps and the full signature"},
        Refusal{"LargeFrame", [](auto&, StreamSpec& s, auto&) { s.frame_size = 3'413; },
                Errc::InvalidArgument,
                "--pkt-size 3413: a frame of 3413 bytes is too large: at most 3412 with FCS (what "
                "one page leaves for a frame when the kernel sends it)"},
        Refusal{"NoChecksumOverIpv6",
                [](auto&, StreamSpec& s, auto&) {
                  s.dst_addr = ips("2001:db8::2");
                  s.dst_mac = MacRange{mac("02:00:00:00:00:02"), 1};
                  s.udp_checksum = false;
                },
                Errc::InvalidArgument,
                "--no-udp-checksum: IPv6 needs the UDP checksum (RFC 8200 8.1), only IPv4 goes "
                "without"},
        Refusal{"Rate",
                [](auto&, StreamSpec& s, auto&) {
                  s.rate.rate = {Rate::Unit::Pps, 2e9};
                },
                Errc::InvalidArgument,
                "--rate 2Gpps: makes 2e+09 packets per second; 0.01 to 1000000000 can be "
                "scheduled"}),
    [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace xtg::plan
