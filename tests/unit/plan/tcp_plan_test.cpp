// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tcp_plan.h"

#include <functional>

#include <gtest/gtest.h>

#include "packet/frame.h"

namespace xtg::plan {
namespace {

using packet::Family;
using packet::Ip;
using packet::Mac;
using Amounts = std::vector<std::uint64_t>;

static_assert(kMaxLiveIp + 14 + packet::kFcsBytes == 3412);

Ip ip(std::string_view text) {
  return Ip::parse(text).value();
}

TcpSpec plain_spec() {
  TcpSpec spec;
  spec.host = "server1";
  return spec;
}

TcpFacts plain_facts() {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.ifindex = 7;
  iface.driver = "ixgbe";
  iface.mac = Mac::from_u64(0x020000000001);
  iface.up = true;
  iface.addresses = {ip("198.18.0.1"), ip("2001:2::1")};

  RouteFacts route;
  route.dst = ip("198.18.0.2");
  route.ifindex = 7;
  route.src = ip("198.18.0.1");
  route.next_hop = Mac::from_u64(0x020000000002);

  TcpFacts facts;
  facts.host.cpus = {2, 3, 5};
  facts.host.iface = iface;
  facts.host.routes = {route};
  facts.addresses = {ip("198.18.0.2"), ip("2001:2::2")};
  return facts;
}

class TcpPlanTest : public testing::Test {
protected:
  TcpPlan plan() {
    auto out = resolve_tcp(spec_, facts_);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or(TcpPlan{});
  }
  std::string refused() {
    const auto out = resolve_tcp(spec_, facts_);
    EXPECT_FALSE(out);
    return out ? "" : out.error().message();
  }
  std::vector<std::string> notes() { return plan().notes; }
  void use_file(std::optional<std::uint64_t> size) {
    spec_.payload = TcpPayload::File;
    spec_.payload_file = "f";
    facts_.file_size = size;
  }

  TcpSpec spec_ = plain_spec();
  TcpFacts facts_ = plain_facts();
};

TEST_F(TcpPlanTest, AnInterfaceWithoutEthernetNeedsTcAndNoNextHop) {
  facts_.host.iface->ethernet = false;
  facts_.host.routes[0].next_hop.reset();
  facts_.host.routes[0].fault = RouteFault::Failed;
  EXPECT_EQ(plan().via, TxPath::Tc);
  EXPECT_EQ(plan().dst_mac, Mac());
  EXPECT_NE(plan().via_reason.find("no Ethernet framing"), std::string::npos);
}

TEST_F(TcpPlanTest, ADryRunNeedsNoWordForTheDefaultRoute) {
  facts_.host.iface->has_default_route = true;
  spec_.notes = {"-t is the time for a connection to open"};
  EXPECT_FALSE(resolve_tcp(spec_, facts_));
  spec_.dry_run = true;
  EXPECT_EQ(notes(), (std::vector<std::string>{
                         "-t is the time for a connection to open",
                         "eth1 carries the default route: sending needs --allow-default-route"}));
}

TEST_F(TcpPlanTest, DefaultsAreLookedUp) {
  const TcpPlan out = plan();
  EXPECT_EQ(out.iface.name, "eth1");
  EXPECT_EQ(out.dst, ip("198.18.0.2"));
  EXPECT_FALSE(out.src) << "the kernel's choice";
  EXPECT_EQ(out.dst_mac, Mac::from_u64(0x020000000002));
  EXPECT_EQ(out.src_mac, Mac::from_u64(0x020000000001));
  EXPECT_EQ(out.cpus, std::vector<int>{2});
  EXPECT_EQ(out.max_segment_ip, 1500U);
  EXPECT_EQ(out.flow_bytes, Amounts{kNoLimit});
  EXPECT_TRUE(out.flow_segments.empty());
  EXPECT_TRUE(out.notes.empty());
  EXPECT_EQ(out.spec, spec_);
}

TEST_F(TcpPlanTest, AddressIsTheFirstOfTheFamilyAskedFor) {
  const std::vector<Ip> both = {ip("2001:2::2"), ip("198.18.0.2"), ip("198.18.0.3")};
  EXPECT_EQ(choose_address(spec_, both, ""), ip("2001:2::2"));
  spec_.family = Family::V4;
  EXPECT_EQ(choose_address(spec_, both, ""), ip("198.18.0.2"));
  spec_.family.reset();
  spec_.src_addr = ip("198.18.0.1");
  EXPECT_EQ(choose_address(spec_, both, ""), ip("198.18.0.2"));

  spec_.family = Family::V6;
  auto none = choose_address(spec_, {ip("198.18.0.2")}, "");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::NotFound);
  EXPECT_EQ(none.error().message(), "HOST \"server1\": has no IPv6 address, only 198.18.0.2");
  none = choose_address(spec_, {}, "server1: Name or service not known");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::NotFound);
  EXPECT_EQ(none.error().message(), "server1: Name or service not known");
  EXPECT_EQ(choose_address(spec_, {}, "").error().message(), "HOST \"server1\": has no address");
}

TEST_F(TcpPlanTest, SourceMayComeFromTheRouteOrTheInterface) {
  facts_.host.iface->addresses.clear();
  EXPECT_TRUE(resolve_tcp(spec_, facts_)) << "the route's";
  facts_.host.routes[0].src.reset();
  EXPECT_EQ(refused(),
            "eth1 has no IPv4 address to connect to 198.18.0.2 from: give it one with ip "
            "addr add, or name one of this host's with --src-addr");
  facts_.host.iface->addresses = {ip("2001:2::1")};
  EXPECT_FALSE(resolve_tcp(spec_, facts_)) << "another family";
  spec_.src_addr = ip("198.18.0.77");
  EXPECT_EQ(plan().src, ip("198.18.0.77"));
}

TEST_F(TcpPlanTest, SegmentsFitTheMtuThePeersAndALiveFrame) {
  facts_.host.iface->mtu = kMaxLiveIp;
  EXPECT_EQ(plan().max_segment_ip, 3394U);
  EXPECT_TRUE(notes().empty());
  facts_.host.iface->mtu = kMaxLiveIp + 1;
  EXPECT_EQ(plan().max_segment_ip, 3394U);
  facts_.host.iface->mtu = 9000;
  EXPECT_EQ(plan().max_segment_ip, 3394U);
  EXPECT_EQ(notes(),
            std::vector<std::string>{"IP packets have at most 3394 bytes, the limit of a frame "
                                     "sent from XDP; the MTU of eth1 is 9000"});
  VethPeer peer;
  peer.name = "veth1";
  peer.mtu = 1400;
  facts_.host.iface->peer = peer;
  EXPECT_EQ(plan().max_segment_ip, 3394U) << "not known";
  facts_.host.iface->peer->reachable = true;
  EXPECT_EQ(plan().max_segment_ip, 1400U);
  EXPECT_EQ(notes(),
            std::vector<std::string>{"segments fit the MTU of 1400 of the veth peer veth1"});
}

TEST_F(TcpPlanTest, MssIsAtMostWhatThePacketLeaves) {
  spec_.mss = 1460;
  EXPECT_EQ(plan().spec.mss, 1460U);
  spec_.mss = 1461;
  EXPECT_EQ(refused(), "--mss 1461: an IP packet of 1500 bytes leaves at most 1460 for the payload "
                       "of a segment");
  spec_.family = Family::V6;
  facts_.host.routes[0].dst = ip("2001:2::2");
  spec_.mss = 1440;
  EXPECT_EQ(plan().dst, ip("2001:2::2"));
  spec_.mss = 1441;
  EXPECT_FALSE(resolve_tcp(spec_, facts_));
}

TEST_F(TcpPlanTest, AmountsAreSharedWithTheRestToTheFirst) {
  spec_.flows = 3;
  spec_.bytes = 11;
  EXPECT_EQ(plan().flow_bytes, (Amounts{4, 4, 3}));
  EXPECT_TRUE(plan().flow_segments.empty());
  spec_.bytes = ~std::uint64_t{0} - 1;
  const Amounts huge = plan().flow_bytes;
  EXPECT_EQ(huge[0] + huge[1] + huge[2], *spec_.bytes);
  spec_.bytes.reset();
  spec_.bytes_per_flow = 7;
  EXPECT_EQ(plan().flow_bytes, (Amounts{7, 7, 7}));
  spec_.bytes_per_flow.reset();
  spec_.num_packets = 10;
  EXPECT_EQ(plan().flow_segments, (Amounts{4, 3, 3}));
  EXPECT_TRUE(plan().flow_bytes.empty());
  EXPECT_TRUE(notes().empty());
  spec_.num_packets = 2;
  EXPECT_EQ(plan().flow_segments, (Amounts{1, 1, 0}));
  EXPECT_EQ(notes(), std::vector<std::string>{"1 of the 3 flows get nothing to send: the amount is "
                                              "smaller than their number"});
}

TEST_F(TcpPlanTest, AFileIsSentOnceByEachFlow) {
  spec_.flows = 2;
  use_file(1000);
  EXPECT_EQ(plan().flow_bytes, (Amounts{1000, 1000}));
  spec_.bytes_per_flow = 1000;
  EXPECT_EQ(plan().flow_bytes, (Amounts{1000, 1000}));
  spec_.bytes_per_flow = 1001;
  EXPECT_EQ(refused(),
            "--bytes-per-flow 1001 over 2 flows: \"f\" has 1000 bytes for each; --repeat "
            "sends it over and over");
  spec_.bytes_per_flow.reset();
  spec_.bytes = 2000;
  EXPECT_EQ(plan().flow_bytes, (Amounts{1000, 1000}));
  spec_.bytes = 2001;
  EXPECT_EQ(refused(),
            "--bytes 2001 over 2 flows: \"f\" has 1000 bytes for each; --repeat sends it "
            "over and over");
}

TEST_F(TcpPlanTest, ARepeatedFileHasNoEnd) {
  use_file(1000);
  spec_.repeat = true;
  EXPECT_EQ(plan().flow_bytes, Amounts{kNoLimit});
  spec_.bytes = 5000;
  EXPECT_EQ(plan().flow_bytes, Amounts{5000});
  spec_.bytes.reset();
  spec_.num_packets = 9;
  EXPECT_EQ(plan().flow_segments, Amounts{9});
}

TEST_F(TcpPlanTest, RateAboveTheLinksSpeedIsNoted) {
  facts_.host.iface->speed_bps = 10'000'000'000;
  spec_.rate.rate = {Rate::Unit::Bps, 10e9};
  EXPECT_TRUE(notes().empty());
  spec_.rate.rate = {Rate::Unit::Bps, 10.1e9};
  EXPECT_EQ(notes(),
            std::vector<std::string>{"the rate is above the link's speed of 10.00 Gbit/s"});
}

TEST_F(TcpPlanTest, NextHopIsThePeersOrComesLater) {
  facts_.host.routes[0].next_hop.reset();
  VethPeer peer;
  peer.reachable = true;
  peer.name = "veth1";
  peer.mac = Mac::from_u64(0x02000000000f);
  facts_.host.iface->peer = peer;
  EXPECT_EQ(plan().dst_mac, peer.mac);
  EXPECT_EQ(notes().size(), 1U);
  facts_.host.iface->peer.reset();
  spec_.dry_run = true;
  EXPECT_EQ(plan().dst_mac, Mac{});
  EXPECT_EQ(notes(), std::vector<std::string>{
                         "dst-mac is not known yet: a run asks for the next hop of 198.18.0.2"});
}

TEST_F(TcpPlanTest, QuestionIsTheConnections) {
  spec_.src_addr = ip("198.18.0.1");
  spec_.src_port = 99;
  spec_.port = 80;
  spec_.tos = 0x28;
  RouteQuestion expected;
  expected.dst = ip("198.18.0.2");
  expected.src = ip("198.18.0.1");
  expected.tos = 0x28;
  expected.protocol = 6;
  expected.dst_port = 80;
  expected.src_port = 99;
  EXPECT_EQ(question_of(spec_, ip("198.18.0.2")), expected);
  expected.src.reset(); // of the other family: no part of the question
  expected.dst = ip("2001:2::2");
  EXPECT_EQ(question_of(spec_, ip("2001:2::2")), expected);
}

TEST_F(TcpPlanTest, WordsOpenWhatIsClosed) {
  facts_.host.iface->has_default_route = true;
  EXPECT_FALSE(resolve_tcp(spec_, facts_));
  spec_.allow_default_route = true;
  EXPECT_TRUE(resolve_tcp(spec_, facts_));
  facts_.addresses = {ip("8.8.8.8")};
  facts_.host.routes[0].dst = ip("8.8.8.8");
  EXPECT_EQ(refused(), "HOST 8.8.8.8: a public address; --allow-public to send there anyway");
  spec_.allow_public = true;
  EXPECT_TRUE(resolve_tcp(spec_, facts_));
}

struct TcpRefusal {
  const char* name;
  std::function<void(TcpSpec&, TcpFacts&)> spoil;
  Errc code;
  const char* what;
};

class TcpRefusalTest : public testing::TestWithParam<TcpRefusal> {};

TEST_P(TcpRefusalTest, SaysWhatWouldDo) {
  TcpSpec spec = plain_spec();
  TcpFacts facts = plain_facts();
  ASSERT_TRUE(resolve_tcp(spec, facts));
  GetParam().spoil(spec, facts);
  const auto refused = resolve_tcp(spec, facts);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, GetParam().code);
  EXPECT_EQ(refused.error().message(), GetParam().what);
}

void destination(TcpFacts& facts, const char* text) {
  facts.addresses = {ip(text)};
  facts.host.routes[0].dst = ip(text);
}

INSTANTIATE_TEST_SUITE_P(
    TcpPlan, TcpRefusalTest,
    testing::Values(
        TcpRefusal{"NoFlow", [](TcpSpec& s, auto&) { s.flows = 0; }, Errc::InvalidArgument,
                   "--flows 0: 1 to 60000 flows"},
        TcpRefusal{"ManyFlows", [](TcpSpec& s, auto&) { s.flows = 60'001; }, Errc::InvalidArgument,
                   "--flows 60001: 1 to 60000 flows"},
        TcpRefusal{"MoreThreadsThanFlows", [](TcpSpec& s, auto&) { s.threads = 2; },
                   Errc::InvalidArgument,
                   "--threads 2 for 1 flow: every flow is one thread's, so at most as many threads "
                   "as --flows"},
        TcpRefusal{"MoreThreadsThanCpus", [](TcpSpec& s, auto&) { s.threads = s.flows = 4; },
                   Errc::InvalidArgument,
                   "--threads 4: this process may run on 3 CPUs, one thread each"},
        TcpRefusal{"ForeignCpu", [](TcpSpec& s, auto&) { s.cpus = {4}; }, Errc::InvalidArgument,
                   "--cpus: CPU 4 is not one this process may run on (2,3,5); --threads says how "
                   "many threads there "
                   "are"},
        TcpRefusal{"NoneAtATime", [](TcpSpec& s, auto&) { s.parallel = 0; }, Errc::InvalidArgument,
                   "--parallel 0: 1 to 60000 connections are opened at a time"},
        TcpRefusal{"SourcePorts", [](TcpSpec& s, auto&) { s.src_port = 65'534, s.flows = 3; },
                   Errc::InvalidArgument,
                   "--src-port 65534 with 3 flows: from there on there are 2 ports, one for each "
                   "flow"},
        TcpRefusal{"Burst", [](TcpSpec& s, auto&) { s.burst = 65; }, Errc::InvalidArgument,
                   "--burst 65: 1 to 64 segments"},
        TcpRefusal{"EcnBits", [](TcpSpec& s, auto&) { s.tos = 0xb9; }, Errc::InvalidArgument,
                   "--tos 185: the two low bits are for ECN, which TCP sets by itself; 184 has the "
                   "same DSCP"},
        TcpRefusal{"SmallMss", [](TcpSpec& s, auto&) { s.mss = 87; }, Errc::InvalidArgument,
                   "--mss 87: 88 to 3354 bytes"},
        TcpRefusal{"SmallMtu", [](auto&, TcpFacts& f) { f.host.iface->mtu = 127; },
                   Errc::NotSupported,
                   "the MTU of eth1 leaves no room for TCP segments: 128 bytes are the least"},
        TcpRefusal{"MixedFamilies",
                   [](TcpSpec& s, auto&) { s.family = Family::V4, s.src_addr = ip("2001:2::1"); },
                   Errc::InvalidArgument,
                   "--src-addr 2001:2::1 is not an IPv4 address, which -4 asks for"},
        TcpRefusal{"TwoAmounts", [](TcpSpec& s, auto&) { s.bytes = 5, s.num_packets = 6; },
                   Errc::InvalidArgument,
                   "--bytes 5 and --num-packets 6 exclude each other: one amount is accepted"},
        TcpRefusal{"RepeatWithoutFile", [](TcpSpec& s, auto&) { s.repeat = true; },
                   Errc::InvalidArgument,
                   "--repeat needs --payload-file: any other payload repeats anyway"},
        TcpRefusal{"NoFile",
                   [](TcpSpec& s, TcpFacts& f) {
                     s.payload = TcpPayload::File, s.payload_file = "f";
                     f.file_error = "No such file or directory";
                   },
                   Errc::NotFound, "--payload-file \"f\": No such file or directory"},
        TcpRefusal{"EmptyFile",
                   [](TcpSpec& s, TcpFacts& f) {
                     s.payload = TcpPayload::File, s.payload_file = "f", f.file_size = 0;
                   },
                   Errc::InvalidArgument, "--payload-file \"f\": the file is empty"},
        TcpRefusal{"SegmentsOfAFile",
                   [](TcpSpec& s, TcpFacts& f) {
                     s.payload = TcpPayload::File, s.payload_file = "f", f.file_size = 9;
                     s.num_packets = 5;
                   },
                   Errc::InvalidArgument,
                   "--num-packets 5 with --payload-file: how many segments the file makes is known "
                   "only to the connection; give --bytes or --bytes-per-flow, or --repeat"},
        TcpRefusal{"NoAddress",
                   [](auto&, TcpFacts& f) {
                     f.addresses.clear();
                     f.address_error = "server1: Name or service not known";
                     f.host.iface.reset();
                   },
                   Errc::NotFound, "server1: Name or service not known"},
        TcpRefusal{"NoInterface",
                   [](auto&, TcpFacts& f) {
                     f.host.iface.reset();
                     f.host.iface_error = "no interface \"eth9\" here";
                   },
                   Errc::NotFound, "no interface \"eth9\" here"},
        TcpRefusal{"NotEthernet",
                   [](TcpSpec& s, TcpFacts& f) {
                     f.host.iface->ethernet = false;
                     s.via = TxPath::Xdp;
                   },
                   Errc::NotSupported, "eth1 has no Ethernet framing"},
        TcpRefusal{"NoEthernetForXdp",
                   [](TcpSpec& s, TcpFacts& f) {
                     f.host.iface->ethernet = false;
                     s.ingress = Ingress::Xdp;
                   },
                   Errc::InvalidArgument, "--ingress xdp: eth1 has no Ethernet framing"},
        TcpRefusal{"OverLoopback",
                   [](auto&, TcpFacts& f) {
                     f.host.iface->ethernet = false;
                     f.host.iface->loopback = true;
                     f.host.iface->name = "lo";
                   },
                   Errc::InvalidArgument,
                   "HOST 198.18.0.2: an address of this host, reached over lo; TCP needs the "
                   "address of another host or network namespace"},
        TcpRefusal{"Down", [](auto&, TcpFacts& f) { f.host.iface->up = false; }, Errc::NotSupported,
                   "eth1 is down; to repair: ip link set dev eth1 up"},
        TcpRefusal{"Multicast", [](auto&, TcpFacts& f) { destination(f, "239.1.1.1"); },
                   Errc::InvalidArgument,
                   "HOST 239.1.1.1: a multicast address; TCP needs that of a host"},
        TcpRefusal{
            "Broadcast", [](auto&, TcpFacts& f) { destination(f, "255.255.255.255"); },
            Errc::InvalidArgument,
            "HOST 255.255.255.255: the broadcast address, received by every host on the link; TCP "
            "needs the address of another host"},
        TcpRefusal{"Loopback", [](auto&, TcpFacts& f) { destination(f, "127.0.0.1"); },
                   Errc::InvalidArgument,
                   "HOST 127.0.0.1: a loopback address, which never leaves a host; TCP needs the "
                   "address of another host"},
        TcpRefusal{"TentativeSource",
                   [](TcpSpec& s, TcpFacts& f) {
                     destination(f, "2001:2::2");
                     s.src_addr = ip("2001:2::9");
                     f.host.iface->unusable = {{ip("2001:2::9"), false}};
                   },
                   Errc::NotFound,
                   "--src-addr 2001:2::9 on eth1 is not usable yet (tentative: duplicate address "
                   "detection is running)"},
        TcpRefusal{"OwnAddress", [](auto&, TcpFacts& f) { destination(f, "198.18.0.1"); },
                   Errc::InvalidArgument,
                   "HOST 198.18.0.1: an address of this host on eth1; nothing would leave it"},
        TcpRefusal{"Public", [](auto&, TcpFacts& f) { destination(f, "8.8.8.8"); },
                   Errc::InvalidArgument,
                   "HOST 8.8.8.8: a public address; --allow-public to send there anyway"},
        TcpRefusal{"NoNeighbour",
                   [](auto&, TcpFacts& f) {
                     f.host.routes[0].next_hop.reset();
                     f.host.routes[0].error = "no neighbour answered for 198.18.0.2 on eth1";
                   },
                   Errc::Peer,
                   "no next hop for 198.18.0.2 on eth1 (no neighbour answered for 198.18.0.2 on "
                   "eth1): the host or the router to it is down, or --interface names a wrong one"},
        TcpRefusal{"Rate",
                   [](TcpSpec& s, auto&) {
                     s.rate.rate = {Rate::Unit::Pps, 2e9};
                   },
                   Errc::InvalidArgument,
                   "--rate 2Gpps: makes 2e+09 packets per second; 0.01 to 1000000000 can be "
                   "scheduled"},
        TcpRefusal{"LowBitRate",
                   [](TcpSpec& s, auto&) {
                     s.rate = {{Rate::Unit::Bps, 100}, Layer::L3, 1};
                   },
                   Errc::InvalidArgument,
                   "--rate 100bps: makes 0.00833 packets per second; 0.01 to 1000000000 can be "
                   "scheduled"}),
    [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace xtg::plan
