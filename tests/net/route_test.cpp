// SPDX-License-Identifier: BSD-2-Clause
#include "net/route.h"

#include "net/wire.h"
#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr RouteOptions kReadOnly{.resolve = false};
constexpr RouteOptions kImpatient{.timeout = 150ms};

/// All questions are asked in the near namespace of a wire.
class RouteTest : public NetTest {
protected:
  void SetUp() override {
    XTG_REQUIRE_CAPS("netns");
    auto wire = Wire::create();
    ASSERT_OK(wire);
    wire_.emplace(std::move(*wire));
  }
  plan::RouteFacts route(std::string_view dst, std::optional<int> oif = {},
                         const RouteOptions& options = {}) {
    auto facts = wire_->near_ns().run(
        [&]() -> Result<plan::RouteFacts> { return route_to(ip(dst), oif, options); });
    EXPECT_OK(facts);
    return facts.value_or(plan::RouteFacts{});
  }
  void forget(const packet::Ip& address) {
    ASSERT_OK(
        wire_->near_ns().run([&] { return remove_neighbour(wire_->near().ifindex, address); }));
  }
  testing::AssertionResult near_ip(const std::string& arguments) {
    return run_ip(wire_->near_ns_name(), arguments);
  }

  std::optional<Wire> wire_;
};

TEST(MulticastMac, IsMapped) {
  EXPECT_EQ(multicast_mac(ip("224.0.0.251")), mac("01:00:5e:00:00:fb"));
  EXPECT_EQ(multicast_mac(ip("239.129.2.3")), mac("01:00:5e:01:02:03")) << "23 bits only";
  EXPECT_EQ(multicast_mac(ip("ff02::1:ff00:12ab")), mac("33:33:ff:00:12:ab"));
}

TEST_F(RouteTest, OnLinkWithKnownNeighbour) {
  for (auto [dst, src] : {std::pair{wire_->far().v4, wire_->near().v4},
                          std::pair{wire_->far().v6, wire_->near().v6}}) {
    auto f = route(dst.to_string(), {}, kReadOnly);
    EXPECT_EQ(f.error, "");
    EXPECT_EQ(f.dst, dst);
    EXPECT_EQ(f.interface, "xtg0");
    EXPECT_EQ(f.ifindex, wire_->near().ifindex);
    EXPECT_FALSE(f.gateway);
    EXPECT_EQ(f.src, src);
    EXPECT_EQ(f.next_hop, wire_->far().mac);
  }
}

TEST_F(RouteTest, AsksForAMissingNeighbour) {
  for (const packet::Ip& dst : {wire_->far().v4, wire_->far().v6}) {
    forget(dst);
    auto unasked = route(dst.to_string(), {}, kReadOnly);
    EXPECT_FALSE(unasked.next_hop);
    EXPECT_EQ(unasked.error, "no neighbour entry for " + dst.to_string() + " on xtg0");
    EXPECT_EQ(unasked.src, dst.is_v4() ? wire_->near().v4 : wire_->near().v6);
    auto asked = route(dst.to_string());
    EXPECT_EQ(asked.error, "");
    EXPECT_EQ(asked.next_hop, wire_->far().mac);
  }
}

TEST_F(RouteTest, AsksWithoutPrivilegesToo) {
  for (const packet::Ip& dst : {wire_->far().v4, wire_->far().v6}) {
    forget(dst);
    EXPECT_EQ(in_child([&]() -> std::string {
                if (auto ok = wire_->near_ns().enter(); !ok) return ok.error().message();
                if (!keep_only({})) return "capset";
                auto f = route_to(dst);
                return f.next_hop == wire_->far().mac ? "" : "no answer: " + f.error;
              }),
              "");
  }
}

TEST_F(RouteTest, SilentNeighbourIsNamedInBoundedTime) {
  ASSERT_TRUE(near_ip("addr add 192.0.2.1/24 dev xtg0"));
  for (const char* dst : {"192.0.2.99", "2001:2::99"}) {
    const auto start = std::chrono::steady_clock::now();
    auto f = route(dst, {}, kImpatient);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 600ms);
    EXPECT_EQ(f.error, std::string("no neighbour answered for ") + dst + " on xtg0");
    EXPECT_FALSE(f.next_hop);
    EXPECT_EQ(f.interface, "xtg0");
  }
}

TEST_F(RouteTest, AsksAgainAfterAFailure) {
  forget(wire_->far().v4);
  ASSERT_TRUE(near_ip("neigh add 198.18.0.2 dev xtg0 nud failed"));
  EXPECT_EQ(route("198.18.0.2").next_hop, wire_->far().mac);
}

TEST_F(RouteTest, ThroughGateways) {
  ASSERT_TRUE(near_ip("route add 203.0.113.0/24 via 198.18.0.2"));
  ASSERT_TRUE(near_ip("route add 198.51.100.0/24 via inet6 2001:2::2 dev xtg0"));
  ASSERT_TRUE(near_ip("route add 2001:db8::/32 via 2001:2::2"));
  forget(wire_->far().v4);
  auto v4 = route("203.0.113.7");
  EXPECT_EQ(v4.error, "");
  EXPECT_EQ(v4.gateway, wire_->far().v4);
  EXPECT_EQ(v4.src, wire_->near().v4);
  EXPECT_EQ(v4.next_hop, wire_->far().mac);
  auto mixed = route("198.51.100.7");
  EXPECT_EQ(mixed.gateway, wire_->far().v6);
  EXPECT_EQ(mixed.next_hop, wire_->far().mac);
  auto v6 = route("2001:db8::7");
  EXPECT_EQ(v6.gateway, wire_->far().v6);
  EXPECT_EQ(v6.src, wire_->near().v6);
  EXPECT_EQ(v6.next_hop, wire_->far().mac);
}

TEST_F(RouteTest, NoRoute) {
  ASSERT_TRUE(near_ip("route add unreachable 203.0.113.0/24"));
  ASSERT_TRUE(near_ip("route add blackhole 198.51.100.0/24"));
  ASSERT_TRUE(near_ip("-6 route add unreachable 2001:db8::/32"));
  for (const char* dst :
       {"192.0.2.1", "203.0.113.1", "198.51.100.1", "2001:db8::1", "2001:db9::1"}) {
    auto f = route(dst);
    EXPECT_EQ(f.error.rfind(std::string("no route to ") + dst, 0), 0U) << dst << ": " << f.error;
    EXPECT_EQ(f.ifindex, 0) << dst;
    auto name = wire_->near_ns().run([&] { return interface_for(ip(dst)); });
    ASSERT_FALSE(name) << dst;
    EXPECT_EQ(name.error().code, Errc::NotFound);
  }
  auto name = wire_->near_ns().run([&] { return interface_for(wire_->far().v6); });
  ASSERT_OK(name);
  EXPECT_EQ(*name, "xtg0");
}

TEST_F(RouteTest, OfAGivenInterfaceOnly) {
  ASSERT_OK(wire_->near_ns().run([] {
    return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
  }));
  auto a = wire_->near_ns().run([] { return interface_facts("a"); });
  ASSERT_OK(a);
  auto f = route("198.18.0.2", a->ifindex, kReadOnly);
  EXPECT_NE(f.interface, "xtg0");
  EXPECT_FALSE(f.next_hop);
  EXPECT_NE(f.error, "");
}

TEST_F(RouteTest, AddressesOfThisHost) {
  ASSERT_TRUE(near_ip("link set lo up"));
  for (const char* dst : {"127.0.0.1", "::1", "198.18.0.1", "2001:2::1"}) {
    auto f = route(dst);
    EXPECT_FALSE(f.next_hop) << dst;
    EXPECT_EQ(f.error, std::string(dst) + " is an address of this host");
  }
}

TEST_F(RouteTest, GroupsNeedNoNeighbour) {
  const int oif = wire_->near().ifindex;
  auto v4 = route("239.1.2.3", oif, kReadOnly);
  EXPECT_EQ(v4.error, "");
  EXPECT_EQ(v4.interface, "xtg0");
  EXPECT_EQ(v4.next_hop, mac("01:00:5e:01:02:03"));
  EXPECT_EQ(v4.src, wire_->near().v4);
  auto v6 = route("ff05::1:3", oif, kReadOnly);
  EXPECT_EQ(v6.error, "");
  EXPECT_EQ(v6.next_hop, mac("33:33:00:01:00:03"));
  EXPECT_EQ(route("198.18.0.3").next_hop, mac("ff:ff:ff:ff:ff:ff")) << "the subnet's broadcast";
}

TEST_F(RouteTest, DevicesWithoutNeighbours) {
  ASSERT_TRUE(near_ip("tuntap add mode tun name t0"));
  ASSERT_TRUE(near_ip("addr add 192.0.2.1/24 dev t0"));
  ASSERT_TRUE(near_ip("link set t0 up"));
  EXPECT_EQ(route("192.0.2.2").error, "t0 has no Ethernet addresses");
  ASSERT_TRUE(near_ip("link set xtg0 arp off"));
  auto f = route("2001:2::77", {}, kImpatient);
  EXPECT_FALSE(f.next_hop);
  EXPECT_NE(f.error.find("NOARP"), std::string::npos) << f.error;
}

} // namespace
} // namespace xtg::net
