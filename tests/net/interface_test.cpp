// SPDX-License-Identifier: BSD-2-Clause
#include "net/interface.h"

#include <algorithm>

#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;

/// A veth pair between two named namespaces: v0 in `near`, v1 in `far`.
class InterfaceTest : public NetTest {
protected:
  void SetUp() override {
    XTG_REQUIRE_CAPS("netns");
    auto near = NamedNetNs::create(unique_name("near"));
    ASSERT_OK(near);
    near_.emplace(std::move(*near));
    auto far = NamedNetNs::create(unique_name("far"));
    ASSERT_OK(far);
    far_.emplace(std::move(*far));
    ASSERT_OK(create_veth({.near = {"v0", &near_->ns(), mac("02:00:00:00:00:01"), 66},
                           .far = {"v1", &far_->ns(), mac("02:00:00:00:00:02"), 77},
                           .queues = 3,
                           .mtu = 1400,
                           .up = true}));
  }
  Result<plan::InterfaceFacts> facts(const std::string& name = "v0") {
    return near_->ns().run([&] { return interface_facts(name); });
  }

  std::optional<NamedNetNs> near_;
  std::optional<NamedNetNs> far_;
};

TEST_F(InterfaceTest, FactsOfAVeth) {
  ASSERT_TRUE(run_ip(near_->name(), "addr add 192.0.2.1/24 dev v0"));
  ASSERT_TRUE(run_ip(near_->name(), "addr add 192.0.2.129/32 peer 192.0.2.130 dev v0"));
  ASSERT_TRUE(run_ip(near_->name(), "addr add 2001:db8::1/64 dev v0 nodad"));
  auto f = facts();
  ASSERT_OK(f);
  EXPECT_EQ(f->name, "v0");
  EXPECT_GT(f->ifindex, 0);
  EXPECT_EQ(f->kind, "veth");
  EXPECT_EQ(f->driver, "veth");
  EXPECT_EQ(f->mac, mac("02:00:00:00:00:01"));
  EXPECT_TRUE(f->ethernet);
  EXPECT_EQ(f->mtu, 1400U);
  EXPECT_TRUE(f->up);
  EXPECT_TRUE(f->carrier);
  EXPECT_EQ(f->tx_queues, 3U);
  EXPECT_EQ(f->rx_queues, 3U);
  EXPECT_EQ(f->speed_bps, 10'000'000'000U) << "what ethtool says of a veth";
  EXPECT_TRUE(f->xdp_prog_ids.empty());
  EXPECT_EQ(f->xdp_mode, "");
  const auto has = [&](std::string_view a) {
    return std::count(f->addresses.begin(), f->addresses.end(), ip(a)) == 1;
  };
  EXPECT_TRUE(has("192.0.2.1"));
  EXPECT_TRUE(has("192.0.2.129")) << "the near address of a point-to-point link";
  EXPECT_FALSE(has("192.0.2.130"));
  EXPECT_TRUE(has("2001:db8::1"));

  auto same = near_->ns().run([&] { return interface_facts(f->ifindex); });
  ASSERT_OK(same);
  EXPECT_EQ(same->name, "v0");
}

TEST_F(InterfaceTest, FactsFollowChanges) {
  ASSERT_OK(
      near_->ns().run([] { return change_link("v0", {.up = {}, .mtu = 1300, .auto_ipv6 = {}}); }));
  ASSERT_OK(
      far_->ns().run([] { return change_link("v1", {.up = false, .mtu = {}, .auto_ipv6 = {}}); }));
  auto f = facts();
  ASSERT_OK(f);
  EXPECT_EQ(f->mtu, 1300U);
  EXPECT_TRUE(f->up);
  EXPECT_FALSE(f->carrier);
  ASSERT_TRUE(f->peer);
  EXPECT_FALSE(f->peer->up);
  EXPECT_EQ(f->peer->mtu, 1400U);
}

TEST_F(InterfaceTest, AlternativeNamesWorkAsWell) {
  const std::string longer = "a-name-longer-than-fifteen";
  ASSERT_TRUE(run_ip(near_->name(), "link property add dev v0 altname short0"));
  ASSERT_TRUE(run_ip(near_->name(), "link property add dev v0 altname " + longer));
  for (const std::string& name : {std::string("short0"), longer}) {
    auto f = facts(name);
    ASSERT_OK(f);
    EXPECT_EQ(f->name, "v0");
  }
}

TEST_F(InterfaceTest, MissingOneIsNamed) {
  auto f = facts("eth9");
  ASSERT_FALSE(f);
  EXPECT_EQ(f.error().code, Errc::NotFound);
  EXPECT_EQ(f.error().message(), "no interface \"eth9\" here");
  EXPECT_EQ(facts("").error().code, Errc::NotFound);
  EXPECT_EQ(facts(std::string(300, 'x')).error().code, Errc::NotFound);
  EXPECT_EQ(facts("nobody-has-a-name-like-this").error().code, Errc::NotFound);
  for (int index : {0, -1, 4711}) {
    auto by_index = near_->ns().run([&] { return interface_facts(index); });
    ASSERT_FALSE(by_index);
    EXPECT_EQ(by_index.error().code, Errc::NotFound) << index;
  }
}

TEST_F(InterfaceTest, PeerInANamedNamespace) {
  auto f = facts();
  ASSERT_OK(f);
  ASSERT_TRUE(f->peer);
  EXPECT_EQ(f->peer->ifindex, 77);
  EXPECT_TRUE(f->peer->reachable);
  EXPECT_FALSE(f->peer->same_netns);
  EXPECT_EQ(f->peer->netns, far_->name());
  EXPECT_EQ(f->peer->netns_pid, 0);
  EXPECT_EQ(f->peer->name, "v1");
  EXPECT_TRUE(f->peer->up);
  EXPECT_FALSE(f->peer->gro);
  EXPECT_FALSE(f->peer->xdp_native);
  EXPECT_EQ(f->peer->mtu, 1400U);
  EXPECT_EQ(f->peer->mac, mac("02:00:00:00:00:02"));
  auto ns = netns_of(*f->peer);
  ASSERT_OK(ns);
  EXPECT_EQ(ns->inode(), far_->ns().inode());
}

TEST_F(InterfaceTest, PeerInTheSameNamespace) {
  ASSERT_OK(near_->ns().run([] {
    return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
  }));
  auto f = facts("a");
  ASSERT_OK(f);
  ASSERT_TRUE(f->peer);
  EXPECT_TRUE(f->peer->same_netns);
  EXPECT_TRUE(f->peer->reachable);
  EXPECT_EQ(f->peer->name, "b");
}

TEST_F(InterfaceTest, PeerFoundThroughAProcess) {
  auto hidden = NetNs::create_private();
  ASSERT_OK(hidden);
  Inhabitant somebody(*hidden);
  ASSERT_TRUE(somebody.there());
  ASSERT_OK(create_veth({.near = {"a", &near_->ns(), {}, 0}, .far = {"b", &*hidden, {}, 0}}));
  auto f = facts("a");
  ASSERT_OK(f);
  ASSERT_TRUE(f->peer);
  EXPECT_TRUE(f->peer->reachable);
  EXPECT_EQ(f->peer->name, "b");
  EXPECT_EQ(f->peer->netns, "");
  EXPECT_EQ(f->peer->netns_pid, somebody.pid());
  auto ns = netns_of(*f->peer);
  ASSERT_OK(ns);
  EXPECT_EQ(ns->inode(), hidden->inode());
}

TEST_F(InterfaceTest, PeerNobodyCanSeeIsUnreachable) {
  auto hidden = NetNs::create_private();
  ASSERT_OK(hidden);
  ASSERT_OK(create_veth({.near = {"a", &near_->ns(), {}, 0}, .far = {"b", &*hidden, {}, 0}}));
  auto f = facts("a");
  ASSERT_OK(f);
  ASSERT_TRUE(f->peer);
  EXPECT_FALSE(f->peer->reachable);
  EXPECT_FALSE(f->peer->same_netns);
  EXPECT_EQ(netns_of(*f->peer).error().code, Errc::NotFound);
}

TEST_F(InterfaceTest, PeerThatMayNotBeEnteredKeepsItsNamespacesName) {
  EXPECT_EQ(in_child([&]() -> std::string {
              if (auto ok = near_->ns().enter(); !ok) return ok.error().message();
              if (!keep_only({})) return "capset";
              auto f = interface_facts("v0");
              if (!f) return f.error().message();
              if (!f->peer || f->peer->reachable) return "reachable";
              return f->peer->netns == far_->name() ? "" : "named \"" + f->peer->netns + "\"";
            }),
            "");
}

TEST_F(InterfaceTest, GroCanBeSwitched) {
  for (bool on : {true, false, true}) {
    ASSERT_OK(set_gro(far_->ns(), "v1", on));
    auto now = gro(far_->ns(), "v1");
    ASSERT_OK(now);
    EXPECT_EQ(*now, on);
    auto f = facts();
    ASSERT_OK(f);
    ASSERT_TRUE(f->peer);
    EXPECT_EQ(f->peer->gro, on);
  }
  auto missing = gro(far_->ns(), "v9");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::NotFound);
}

TEST_F(InterfaceTest, XdpTransmitDependsOnThePeersGro) {
  auto before = facts();
  ASSERT_OK(before);
  if (!before->xdp_features) XTG_SKIP("netns", "netdev XDP features (Linux 6.3)");
  EXPECT_EQ(*before->xdp_features & plan::kXdpNdoXmit, 0U);
  ASSERT_OK(set_gro(far_->ns(), "v1", true));
  auto after = facts();
  ASSERT_OK(after);
  ASSERT_TRUE(after->xdp_features);
  EXPECT_EQ(*after->xdp_features & plan::kXdpNdoXmit, plan::kXdpNdoXmit);
}

TEST_F(InterfaceTest, AttachedXdpPrograms) {
  for (auto [flags, mode] :
       {std::pair{XDP_FLAGS_DRV_MODE, "native"}, std::pair{XDP_FLAGS_SKB_MODE, "generic"}}) {
    auto attached = far_->ns().run([flags = flags] { return attach_pass(77, flags); });
    ASSERT_OK(attached);
    auto here = far_->ns().run([] { return interface_facts("v1"); });
    ASSERT_OK(here);
    EXPECT_EQ(here->xdp_mode, mode);
    ASSERT_EQ(here->xdp_prog_ids.size(), 1U);
    EXPECT_NE(here->xdp_prog_ids[0], 0U);
    auto there = facts();
    ASSERT_OK(there);
    ASSERT_TRUE(there->peer);
    EXPECT_EQ(there->peer->xdp_native, std::string_view(mode) == "native");
    EXPECT_EQ(there->peer->xdp_generic, std::string_view(mode) == "generic");
  }
  auto after = facts();
  ASSERT_OK(after);
  EXPECT_FALSE(after->peer->xdp_native);
}

struct DefaultRoute {
  const char* add;
  bool through_v0;
};

TEST_F(InterfaceTest, DefaultRoutes) {
  ASSERT_TRUE(run_ip(near_->name(), "addr add 192.0.2.1/24 dev v0"));
  ASSERT_TRUE(run_ip(near_->name(), "addr add 2001:db8::1/64 dev v0 nodad"));
  ASSERT_OK(near_->ns().run([] {
    return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
  }));
  ASSERT_TRUE(run_ip(near_->name(), "addr add 198.51.100.1/24 dev a"));
  const auto through = [&](const char* name) {
    auto f = facts(name);
    EXPECT_OK(f);
    return f && f->has_default_route;
  };
  EXPECT_FALSE(through("v0"));
  EXPECT_FALSE(through("lo"));
  for (const auto& [route, v0] : {
           DefaultRoute{"default via 192.0.2.2 dev v0", true},
           DefaultRoute{"default dev v0 scope link", true},
           DefaultRoute{"default nexthop via 198.51.100.2 dev a nexthop via 192.0.2.2 dev v0",
                        true},
           DefaultRoute{"default via 198.51.100.2 dev a", false},
           DefaultRoute{"198.18.0.0/15 via 192.0.2.2 dev v0", false},
           DefaultRoute{"unreachable default", false},
           DefaultRoute{"2001:db8:2::/48 via 2001:db8::2 dev v0", false},
       }) {
    ASSERT_TRUE(run_ip(near_->name(), std::string("route add ") + route));
    EXPECT_EQ(through("v0"), v0) << route;
    EXPECT_FALSE(through("lo")) << route;
    ASSERT_TRUE(run_ip(near_->name(), std::string("route del ") + route));
    EXPECT_FALSE(through("v0")) << route;
  }
  for (const auto& [route, v0] : {
           DefaultRoute{"default via 2001:db8::2 dev v0", true},
           DefaultRoute{"default nexthop via 2001:db8::3 dev v0 nexthop via 2001:db8::2 dev v0",
                        true},
           DefaultRoute{"unreachable default dev lo", false},
       }) {
    ASSERT_TRUE(run_ip(near_->name(), std::string("-6 route add ") + route));
    EXPECT_EQ(through("v0"), v0) << route;
    EXPECT_FALSE(through("lo")) << route;
    ASSERT_TRUE(run_ip(near_->name(), std::string("-6 route del ") + route));
  }
}

/// What `ip` is told, and whether a default route leads through v0 afterwards.
struct RouteSet {
  std::vector<std::string> commands;
  bool through_v0;
};

TEST_F(InterfaceTest, DefaultRoutesInEveryForm) {
  ASSERT_OK(near_->ns().run([] {
    return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
  }));
  const std::string sysctl =
      fmt::format("ip netns exec {} sysctl -q -w net.ipv4.nexthop_compat_mode=", near_->name());
  for (const char* compat : {"1", "0"}) {
    ASSERT_EQ(std::system((sysctl + compat).c_str()), 0);
    for (const auto& [commands, through_v0] : {
             RouteSet{{"nexthop add id 1 via 192.0.2.2 dev v0", "route add default nhid 1"}, true},
             RouteSet{{"nexthop add id 1 via 198.51.100.2 dev a", "route add default nhid 1"},
                      false},
             RouteSet{{"nexthop add id 1 via 198.51.100.2 dev a",
                       "nexthop add id 2 via 192.0.2.2 dev v0", "nexthop add id 3 group 1/2",
                       "route add default nhid 3"},
                      true},
             RouteSet{{"nexthop add id 4 via 2001:db8::2 dev v0", "-6 route add default nhid 4"},
                      true},
             RouteSet{{"nexthop add id 4 via 2001:db8::2 dev v0",
                       "nexthop add id 5 via 2001:db8::3 dev v0", "nexthop add id 6 group 4/5",
                       "-6 route add default nhid 6"},
                      true},
             RouteSet{{"route add 0.0.0.0/1 via 192.0.2.2", "route add 128.0.0.0/1 via 192.0.2.2"},
                      true},
             RouteSet{{"-6 route add 2000::/3 via 2001:db8::2"}, true},
             RouteSet{{"route add 16.0.0.0/4 via 192.0.2.2"}, false},
             RouteSet{{"route add default via 192.0.2.2 table 77"}, false},
             RouteSet{
                 {"route add default via 192.0.2.2 table 77", "rule add from 10.0.0.0/8 table 77"},
                 true},
             RouteSet{{"route add default via 192.0.2.2 table 77",
                       "rule add table 77 suppress_prefixlength 0"},
                      false},
             RouteSet{{"-6 route add default via 2001:db8::2 table 77"}, false},
             RouteSet{
                 {"-6 route add default via 2001:db8::2 table 77", "-6 rule add fwmark 1 table 77"},
                 true},
         }) {
      ASSERT_TRUE(run_ip(near_->name(), "link set dev v0 up"));
      ASSERT_TRUE(run_ip(near_->name(), "link set dev a up"));
      ASSERT_TRUE(run_ip(near_->name(), "link set dev b up"));
      ASSERT_TRUE(run_ip(near_->name(), "addr replace 192.0.2.1/24 dev v0"));
      ASSERT_TRUE(run_ip(near_->name(), "addr replace 198.51.100.1/24 dev a"));
      ASSERT_TRUE(run_ip(near_->name(), "addr replace 2001:db8::1/64 dev v0 nodad"));
      for (const std::string& command : commands)
        ASSERT_TRUE(run_ip(near_->name(), command));
      auto f = facts("v0");
      ASSERT_OK(f);
      EXPECT_EQ(f->has_default_route, through_v0) << commands.back() << ", compat mode " << compat;
      for (const char* undo :
           {"nexthop flush", "route flush table 77", "-6 route flush table 77", "rule del table 77",
            "-6 rule del table 77", "addr flush dev v0", "addr flush dev a", "route flush root 0/0",
            "-6 route flush root ::/0"})
        (void)std::system(fmt::format("ip -n {} {} >/dev/null 2>&1", near_->name(), undo).c_str());
    }
  }
}

TEST_F(InterfaceTest, AddressesThatCannotBeUsedYet) {
  ASSERT_TRUE(run_ip(near_->name(), "addr add 2001:db8::5/64 dev v0 nodad"));
  // Duplicate address detection cannot begin without carrier, so that it stays tentative.
  ASSERT_OK(
      far_->ns().run([] { return change_link("v1", {.up = false, .mtu = {}, .auto_ipv6 = {}}); }));
  ASSERT_TRUE(run_ip(near_->name(), "addr add 2001:db8::6/64 dev v0"));
  auto f = facts("v0");
  ASSERT_OK(f);
  EXPECT_NE(std::ranges::find(f->addresses, ip("2001:db8::5")), f->addresses.end());
  EXPECT_EQ(std::ranges::find(f->addresses, ip("2001:db8::6")), f->addresses.end());
  const plan::UnusableAddress checked{ip("2001:db8::6"), false};
  EXPECT_NE(std::ranges::find(f->unusable, checked), f->unusable.end());
}

TEST_F(InterfaceTest, LinksWithLinkLocalAddresses) {
  ASSERT_OK(near_->ns().run([] {
    return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
  }));
  for (const char* command : {"addr add fe80::1/64 dev a nodad", "addr add fe80::2/64 dev v0 nodad",
                              "addr add fe80::3/64 dev b nodad", "link set dev a up",
                              "link set dev v0 up", "link set dev b down"})
    ASSERT_TRUE(run_ip(near_->name(), command));
  auto links = near_->ns().run([] { return link_local_interfaces(0); });
  ASSERT_OK(links);
  std::ranges::sort(*links);
  EXPECT_EQ(*links, (std::vector<std::string>{"a", "v0"})) << "b is down";
}

TEST_F(InterfaceTest, LinkStateToTheEnd) {
  auto f = facts();
  ASSERT_OK(f);
  const auto state = [&] { return near_->ns().run([&] { return link_state(f->ifindex); }); };
  auto up = state();
  ASSERT_OK(up);
  EXPECT_TRUE(up->exists && up->up && up->running);
  EXPECT_EQ(up->mtu, 1400U);
  ASSERT_OK(
      near_->ns().run([] { return change_link("v0", {.up = false, .mtu = {}, .auto_ipv6 = {}}); }));
  auto down = state();
  ASSERT_OK(down);
  EXPECT_TRUE(down->exists);
  EXPECT_FALSE(down->up || down->running);
  ASSERT_OK(near_->ns().run([] { return remove_link("v0"); }));
  auto gone = state();
  ASSERT_OK(gone);
  EXPECT_FALSE(gone->exists || gone->up || gone->running);
  auto counters = near_->ns().run([&] { return link_counters(f->ifindex); });
  ASSERT_FALSE(counters);
  EXPECT_EQ(counters.error().code, Errc::NotFound);
  EXPECT_EQ(near_->ns().run([] { return remove_link("v0"); }).error().code, Errc::NotFound);
}

TEST_F(InterfaceTest, RefusedRequestSaysWhat) {
  auto made = create_veth({.near = {"v0", &near_->ns(), {}, 0}, .far = {"v9", &far_->ns(), {}, 0}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().sys, EEXIST);
  EXPECT_EQ(made.error().what.rfind("create veth pair v0 and v9", 0), 0U) << made.error().message();
}

} // namespace
} // namespace xtg::net
