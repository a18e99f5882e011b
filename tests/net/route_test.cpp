// SPDX-License-Identifier: BSD-2-Clause
#include "net/route.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>

#include "net/neighbour.h"
#include "net/veth_test_bed.h"
#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr RouteOptions kReadOnly{.resolve = false};
constexpr RouteOptions kImpatient{.timeout = 150ms};

plan::RouteQuestion question(std::string_view dst, int oif = 0) {
  plan::RouteQuestion out;
  out.dst = ip(dst);
  out.interface = oif;
  return out;
}

/// All questions are asked in the near namespace of a wire.
class RouteTest : public NetTest {
protected:
  void SetUp() override {
    XTG_REQUIRE_CAPS("netns");
    auto bed = VethTestBed::create();
    ASSERT_OK(bed);
    bed_.emplace(std::move(*bed));
  }
  plan::RouteFacts route(const plan::RouteQuestion& question, const RouteOptions& options = {}) {
    auto facts = bed_->near_ns().run(
        [&]() -> Result<plan::RouteFacts> { return route_to(question, options); });
    EXPECT_OK(facts);
    return facts.value_or(plan::RouteFacts{});
  }
  plan::RouteFacts route(std::string_view dst, int oif = 0, const RouteOptions& options = {}) {
    return route(question(dst, oif), options);
  }
  void forget(const packet::Ip& address) {
    ASSERT_OK(bed_->near_ns().run([&] { return remove_neighbour(bed_->near().ifindex, address); }));
  }
  testing::AssertionResult near_ip(const std::string& arguments) {
    return run_ip(bed_->near_ns_name(), arguments);
  }

  std::optional<VethTestBed> bed_;
};

TEST(MulticastMac, IsMapped) {
  EXPECT_EQ(multicast_mac(ip("224.0.0.251")), mac("01:00:5e:00:00:fb"));
  EXPECT_EQ(multicast_mac(ip("239.129.2.3")), mac("01:00:5e:01:02:03")) << "23 bits only";
  EXPECT_EQ(multicast_mac(ip("ff02::1:ff00:12ab")), mac("33:33:ff:00:12:ab"));
}

TEST_F(RouteTest, OnLinkWithKnownNeighbour) {
  for (auto [dst, src] :
       {std::pair{bed_->far().v4, bed_->near().v4}, std::pair{bed_->far().v6, bed_->near().v6}}) {
    auto f = route(dst.to_string(), 0, kReadOnly);
    EXPECT_EQ(f.error, "");
    EXPECT_EQ(f.dst, dst);
    EXPECT_EQ(f.interface, "xtg0");
    EXPECT_EQ(f.ifindex, bed_->near().ifindex);
    EXPECT_FALSE(f.gateway);
    EXPECT_EQ(f.src, src);
    EXPECT_EQ(f.next_hop, bed_->far().mac);
  }
}

TEST_F(RouteTest, AsksForAMissingNeighbour) {
  for (const packet::Ip& dst : {bed_->far().v4, bed_->far().v6}) {
    forget(dst);
    auto unasked = route(dst.to_string(), 0, kReadOnly);
    EXPECT_FALSE(unasked.next_hop);
    EXPECT_EQ(unasked.error, "no neighbour entry for " + dst.to_string() + " on xtg0");
    EXPECT_EQ(unasked.src, dst.is_v4() ? bed_->near().v4 : bed_->near().v6);
    auto asked = route(dst.to_string());
    EXPECT_EQ(asked.error, "");
    EXPECT_EQ(asked.next_hop, bed_->far().mac);
  }
}

TEST_F(RouteTest, AsksWithoutPrivilegesToo) {
  for (const packet::Ip& dst : {bed_->far().v4, bed_->far().v6}) {
    forget(dst);
    EXPECT_EQ(in_child([&]() -> std::string {
                if (auto ok = bed_->near_ns().enter(); !ok) return ok.error().message();
                if (!keep_only({})) return "capset";
                auto f = route_to(question(dst.to_string()));
                return f.next_hop == bed_->far().mac ? "" : "no answer: " + f.error;
              }),
              "");
  }
}

TEST_F(RouteTest, SilentNeighbourIsNamedInBoundedTime) {
  ASSERT_TRUE(near_ip("addr add 192.0.2.1/24 dev xtg0"));
  for (const char* dst : {"192.0.2.99", "2001:2::99"}) {
    const auto start = std::chrono::steady_clock::now();
    auto f = route(dst, 0, kImpatient);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 600ms);
    EXPECT_EQ(f.error, std::string("no neighbour answered for ") + dst + " on xtg0");
    EXPECT_FALSE(f.next_hop);
    EXPECT_EQ(f.interface, "xtg0");
  }
}

TEST_F(RouteTest, AsksAgainAfterAFailure) {
  forget(bed_->far().v4);
  ASSERT_TRUE(near_ip("neigh add 198.18.0.2 dev xtg0 nud failed"));
  EXPECT_EQ(route("198.18.0.2").next_hop, bed_->far().mac);
}

TEST_F(RouteTest, ThroughGateways) {
  ASSERT_TRUE(near_ip("route add 203.0.113.0/24 via 198.18.0.2"));
  ASSERT_TRUE(near_ip("route add 198.51.100.0/24 via inet6 2001:2::2 dev xtg0"));
  ASSERT_TRUE(near_ip("route add 2001:db8::/32 via 2001:2::2"));
  forget(bed_->far().v4);
  auto v4 = route("203.0.113.7");
  EXPECT_EQ(v4.error, "");
  EXPECT_EQ(v4.gateway, bed_->far().v4);
  EXPECT_EQ(v4.src, bed_->near().v4);
  EXPECT_EQ(v4.next_hop, bed_->far().mac);
  auto mixed = route("198.51.100.7");
  EXPECT_EQ(mixed.gateway, bed_->far().v6);
  EXPECT_EQ(mixed.next_hop, bed_->far().mac);
  auto v6 = route("2001:db8::7");
  EXPECT_EQ(v6.gateway, bed_->far().v6);
  EXPECT_EQ(v6.src, bed_->near().v6);
  EXPECT_EQ(v6.next_hop, bed_->far().mac);
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
    auto name = bed_->near_ns().run([&] { return interface_for(question(dst)); });
    ASSERT_FALSE(name) << dst;
    EXPECT_EQ(name.error().code, Errc::NotFound);
  }
  auto name =
      bed_->near_ns().run([&] { return interface_for(question(bed_->far().v6.to_string())); });
  ASSERT_OK(name);
  EXPECT_EQ(*name, "xtg0");
}

TEST_F(RouteTest, OfAGivenInterfaceOnly) {
  ASSERT_OK(bed_->near_ns().run([] {
    return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
  }));
  auto a = bed_->near_ns().run([] { return interface_facts("a"); });
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
  const int oif = bed_->near().ifindex;
  auto v4 = route("239.1.2.3", oif, kReadOnly);
  EXPECT_EQ(v4.error, "");
  EXPECT_EQ(v4.interface, "xtg0");
  EXPECT_EQ(v4.next_hop, mac("01:00:5e:01:02:03"));
  EXPECT_EQ(v4.src, bed_->near().v4);
  auto v6 = route("ff05::1:3", oif, kReadOnly);
  EXPECT_EQ(v6.error, "");
  EXPECT_EQ(v6.next_hop, mac("33:33:00:01:00:03"));
  EXPECT_EQ(route("198.18.0.3").next_hop, mac("ff:ff:ff:ff:ff:ff")) << "the subnet's broadcast";
}

/// A second way out of the near namespace, "a", by table 77, to a neighbour that is known. Without
/// a rule everything takes the first one.
class PolicyTest : public RouteTest {
protected:
  void SetUp() override {
    RouteTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_OK(bed_->near_ns().run([] {
      return create_veth({.near = {"a", nullptr, {}, 0}, .far = {"b", nullptr, {}, 0}});
    }));
    for (const char* command :
         {"link set dev b up", "link set dev a up", "addr add 192.0.2.1/24 dev a",
          "-6 addr add 2001:db8:a::1/64 dev a nodad",
          "neigh add 192.0.2.2 lladdr 02:00:00:00:00:aa dev a nud permanent",
          "neigh add 2001:db8:a::2 lladdr 02:00:00:00:00:aa dev a nud permanent",
          "route add 203.0.113.0/24 via 198.18.0.2", "-6 route add 2001:db8:f::/48 via 2001:2::2",
          "route add 203.0.113.0/24 via 192.0.2.2 dev a table 77",
          "-6 route add 2001:db8:f::/48 via 2001:db8:a::2 dev a table 77"})
      ASSERT_TRUE(near_ip(command));
  }
  /// With the rule, and without it, which way the question goes.
  void expect_way(const std::string& rule, const plan::RouteQuestion& asked, bool second) {
    const std::string family = asked.dst.is_v4() ? "-4" : "-6";
    ASSERT_TRUE(near_ip(family + " rule add " + rule + " table 77 pref 100")) << rule;
    const auto with = route(asked);
    auto name = bed_->near_ns().run([&] { return interface_for(asked); });
    ASSERT_TRUE(near_ip(family + " rule del pref 100"));
    EXPECT_EQ(with.error, "") << rule;
    EXPECT_EQ(with.interface, second ? "a" : "xtg0") << rule << ", " << asked.dst.to_string();
    EXPECT_EQ(with.next_hop, second ? mac("02:00:00:00:00:aa") : bed_->far().mac) << rule;
    ASSERT_OK(name);
    EXPECT_EQ(*name, with.interface) << rule;
    EXPECT_EQ(route(asked).interface, "xtg0") << rule;
  }
};

TEST_F(PolicyTest, RulesSeeTheWholePacket) {
  for (const char* dst : {"203.0.113.9", "2001:db8:f::9"}) {
    const plan::RouteQuestion plain = question(dst);
    plan::RouteQuestion asked = plain;
    const bool v4 = plain.dst.is_v4();
    const std::string own = v4 ? "192.0.2.1" : "2001:db8:a::1";
    asked.src = ip(own);
    expect_way("from " + own, asked, true);
    expect_way("from " + own, plain, false);
    asked = plain;
    asked.protocol = plan::kProtocolTcp;
    asked.dst_port = 7777;
    expect_way("ipproto tcp dport 7777", asked, true);
    expect_way("ipproto udp dport 7777", asked, false);
    expect_way("ipproto tcp dport 7778", asked, false);
    asked.src_port = 99;
    expect_way("ipproto tcp sport 99", asked, true);
    asked = plain;
    asked.tos = 0x10 | 1; // the ECN bits are no part of the question
    expect_way("tos 0x10", asked, true);
    expect_way("tos 0x10", plain, false);
    asked = plain;
    asked.mark = 7;
    expect_way("fwmark 7", asked, true);
    expect_way("fwmark 7", plain, false);
  }
}

TEST_F(PolicyTest, AnAddressOfNoneOfOursIsAskedForWithoutIt) {
  for (const char* dst : {"203.0.113.9", "2001:db8:f::9"}) {
    plan::RouteQuestion asked = question(dst);
    asked.src = ip(asked.dst.is_v4() ? "203.0.113.77" : "2001:db8:77::1");
    auto f = route(asked);
    EXPECT_EQ(f.error, "");
    EXPECT_EQ(f.interface, "xtg0");
    EXPECT_EQ(f.src, asked.src);
  }
}

TEST_F(PolicyTest, ASourceDoesNotLeadAwayFromTheInterface) {
  plan::RouteQuestion asked = question("2001:db8:f::9", bed_->near().ifindex);
  asked.src = ip("2001:db8:a::1");
  ASSERT_TRUE(near_ip("-6 rule add from 2001:db8:a::1 table 77 pref 100"));
  EXPECT_EQ(route(asked).interface, "xtg0");
}

TEST_F(PolicyTest, VrfHasATableOfItsOwn) {
  if (!near_ip("link add red type vrf table 77 2>/dev/null"))
    GTEST_SKIP() << "this kernel has no VRF devices";
  // "a" loses its IPv6 addresses when it gets a master: IPv4 only.
  ASSERT_TRUE(near_ip("link set red up"));
  ASSERT_TRUE(near_ip("link set a master red"));
  ASSERT_TRUE(near_ip("route replace 203.0.113.0/24 via 192.0.2.2 dev a table 77"));
  ASSERT_TRUE(near_ip("neigh replace 192.0.2.2 lladdr 02:00:00:00:00:aa dev a nud permanent"));
  auto red = bed_->near_ns().run([] { return interface_facts("red"); });
  auto a = bed_->near_ns().run([] { return interface_facts("a"); });
  ASSERT_OK(red);
  ASSERT_OK(a);
  plan::RouteQuestion asked = question("203.0.113.9");
  EXPECT_EQ(route(asked).interface, "xtg0");
  asked.vrf = red->ifindex;
  auto f = route(asked);
  EXPECT_EQ(f.error, "");
  EXPECT_EQ(f.interface, "a");
  EXPECT_EQ(f.next_hop, mac("02:00:00:00:00:aa"));
  asked.interface = a->ifindex;
  EXPECT_EQ(route(asked).next_hop, mac("02:00:00:00:00:aa"));
}

/// Marks and binds the sockets of its cgroup, as `ip vrf exec` does.
Result<UniqueFd> attach_to_sockets(int cgroup, int device, int mark) {
  const bpf_insn code[] = {
      {BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, device},
      {BPF_STX | BPF_MEM | BPF_W, 1, 2, offsetof(bpf_sock, bound_dev_if), 0},
      {BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, mark},
      {BPF_STX | BPF_MEM | BPF_W, 1, 2, offsetof(bpf_sock, mark), 0},
      {BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1},
      {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
  };
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_SOCK;
  load.expected_attach_type = BPF_CGROUP_INET_SOCK_CREATE;
  load.insns = reinterpret_cast<std::uint64_t>(code);
  load.insn_cnt = std::size(code);
  load.license = reinterpret_cast<std::uint64_t>("GPL");
  UniqueFd program(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load)));
  if (!program.valid()) return fail_sys(errno, "load program");
  bpf_attr link{};
  link.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
  link.link_create.target_fd = static_cast<std::uint32_t>(cgroup);
  link.link_create.attach_type = BPF_CGROUP_INET_SOCK_CREATE;
  UniqueFd attached(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof link)));
  if (!attached.valid()) return fail_sys(errno, "attach program");
  return attached;
}

std::string cgroup2_mount() {
  std::ifstream mounts("/proc/mounts");
  std::string device, where, type, rest;
  while (mounts >> device >> where >> type && std::getline(mounts, rest))
    if (type == "cgroup2") return where;
  return {};
}

TEST_F(RouteTest, SocketDefaultsAreWhatTheCgroupGives) {
  EXPECT_EQ(bed_->near_ns().run([]() -> Result<plan::SocketDefaults> { return socket_defaults(); }),
            plan::SocketDefaults{});
  const std::string mount = cgroup2_mount();
  const std::string group = fmt::format("{}/{}", mount, unique_name("sockets"));
  if (mount.empty() || mkdir(group.c_str(), 0755) != 0) GTEST_SKIP() << "no cgroup2 to write to";
  const int device = bed_->near().ifindex;
  const std::string failed = in_child([&]() -> std::string {
    if (auto ok = bed_->near_ns().enter(); !ok) return ok.error().message();
    UniqueFd cgroup(open(group.c_str(), O_RDONLY | O_DIRECTORY));
    auto attached = attach_to_sockets(cgroup.get(), device, 0x77);
    if (!attached) return attached.error().message();
    std::ofstream(group + "/cgroup.procs") << getpid();
    const auto defaults = socket_defaults();
    std::ofstream(mount + "/cgroup.procs") << getpid();
    if (defaults.vrf == device && defaults.mark == 0x77) return {};
    return fmt::format("bound to {}, mark {}", defaults.vrf, defaults.mark);
  });
  rmdir(group.c_str());
  EXPECT_EQ(failed, "");
}

TEST_F(RouteTest, EveryValidStateOfANeighbourCounts) {
  ASSERT_TRUE(near_ip("addr add 192.0.2.1/24 dev xtg0"));
  for (const char* state : {"noarp", "permanent", "stale", "reachable"}) {
    ASSERT_TRUE(near_ip(
        std::string("neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev xtg0 nud ") + state));
    EXPECT_EQ(route("192.0.2.9", 0, kReadOnly).next_hop, mac("02:00:00:00:00:09")) << state;
  }
}

TEST_F(RouteTest, HostsOfARangeAreLookedUpEach) {
  ASSERT_TRUE(near_ip("addr add 192.0.2.1/28 dev xtg0"));
  for (int host : {2, 3, 5})
    ASSERT_TRUE(near_ip(fmt::format(
        "neigh add 192.0.2.{} lladdr 02:00:00:00:00:0{} dev xtg0 nud permanent", host, host)));
  const auto range = [&](const char* first, std::uint64_t count, const RouteOptions& options) {
    auto facts = bed_->near_ns().run([&]() -> Result<plan::RouteFacts> {
      return route_to_range(question(first, bed_->near().ifindex),
                            {.first = ip(first), .count = count}, options);
    });
    EXPECT_OK(facts);
    return facts.value_or(plan::RouteFacts{});
  };
  using Hosts = std::vector<std::optional<packet::Mac>>;
  const auto three = range("192.0.2.2", 4, kImpatient);
  EXPECT_EQ(three.on_link_length, 28U);
  EXPECT_EQ(three.hosts, (Hosts{mac("02:00:00:00:00:02"), mac("02:00:00:00:00:03"), std::nullopt,
                                mac("02:00:00:00:00:05")}));
  // The edges of the prefix are left out.
  const auto all = range("192.0.2.0", 16, kReadOnly);
  EXPECT_EQ(all.dst, ip("192.0.2.0"));
  EXPECT_EQ(all.hosts.size(), 14U);
  EXPECT_EQ(all.hosts.at(1), mac("02:00:00:00:00:02"));
  // One look-up serves what lies behind one gateway, and what is too much is not asked for.
  ASSERT_TRUE(near_ip("route add 203.0.113.0/24 via 198.18.0.2"));
  const auto behind = range("203.0.113.0", 256, kReadOnly);
  EXPECT_EQ(behind.on_link_length, 0U);
  EXPECT_TRUE(behind.hosts.empty());
  EXPECT_EQ(behind.next_hop, bed_->far().mac);
  EXPECT_TRUE(range("2001:2::2", 1'000, kReadOnly).hosts.empty());
  EXPECT_EQ(range("2001:2::2", 2, kReadOnly).hosts, (Hosts{bed_->far().mac, std::nullopt}));
}

TEST_F(RouteTest, WhatIsKnownAgainstANextHop) {
  using plan::RouteFault;
  const int oif = bed_->near().ifindex;
  for (const char* command :
       {"link set lo up", "route add blackhole 198.51.100.0/24",
        "route add unreachable 203.0.113.0/24", "route add prohibit 192.0.2.0/24",
        "-6 route add blackhole 2001:db8::/32"})
    ASSERT_TRUE(near_ip(command));
  for (int out_of : {0, oif}) { // asked about one interface, IPv4 would take all to be on its link
    for (const char* dst : {"198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"}) {
      const auto f = route(dst, out_of, kImpatient);
      EXPECT_EQ(f.fault, RouteFault::Refused) << dst << ": " << f.error;
      EXPECT_FALSE(f.next_hop) << dst;
    }
    for (const char* dst : {"127.0.0.1", "::1", "198.18.0.1", "2001:2::1"})
      EXPECT_EQ(route(dst, out_of, kImpatient).fault, RouteFault::OwnAddress) << dst;
  }
  EXPECT_EQ(route("2001:2::99", oif, kImpatient).fault, RouteFault::NoAnswer);
  EXPECT_EQ(route("2001:2::98", oif, kReadOnly).fault, RouteFault::NotAsked);
  EXPECT_EQ(route("10.1.1.1", 0).fault, RouteFault::NoRoute);
  ASSERT_TRUE(near_ip("-4 addr flush dev xtg0"));
  EXPECT_EQ(route("10.1.1.1", oif, kImpatient).fault, RouteFault::CannotAsk)
      << "nobody answers a question from no address";
}

TEST_F(RouteTest, DevicesWithoutNeighbours) {
  ASSERT_TRUE(near_ip("tuntap add mode tun name t0"));
  ASSERT_TRUE(near_ip("addr add 192.0.2.1/24 dev t0"));
  ASSERT_TRUE(near_ip("link set t0 up"));
  EXPECT_EQ(route("192.0.2.2").error, "t0 has no Ethernet addresses");
  ASSERT_TRUE(near_ip("link set xtg0 arp off"));
  auto f = route("2001:2::77", 0, kImpatient);
  EXPECT_FALSE(f.next_hop);
  EXPECT_NE(f.error.find("NOARP"), std::string::npos) << f.error;
}

} // namespace
} // namespace xtg::net
