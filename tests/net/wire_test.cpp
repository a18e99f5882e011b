// SPDX-License-Identifier: BSD-2-Clause
#include "net/wire.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "net_test.h"

namespace xtg::net {
namespace {

using namespace test;
using namespace std::chrono_literals;

class WireTest : public NetTest {};

Result<LinkCounters> counters(const NetNs& ns, const WireEnd& end) {
  return ns.run([&] { return link_counters(end.ifindex); });
}

/// A UDP socket bound in the namespace.
Result<UniqueFd> bound(const NetNs& ns, const packet::Ip& address) {
  return ns.run([&]() -> Result<UniqueFd> {
    UniqueFd fd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(4000);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), address.size());
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(4000);
    std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
    const auto* to =
        address.is_v4() ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
    if (bind(fd.get(), to, address.is_v4() ? sizeof(v4) : sizeof(v6)) != 0)
      return fail_sys(errno, "bind");
    return fd;
  });
}

TEST_F(WireTest, CarriesBothFamiliesAndNothingElse) {
  auto wire = Wire::create({.queues = 4});
  ASSERT_OK(wire);
  ASSERT_TRUE(wire->ipv6());
  auto before = counters(wire->far_ns(), wire->far());
  auto near_before = counters(wire->near_ns(), wire->near());
  ASSERT_OK(before);
  ASSERT_OK(near_before);
  for (auto [from, to] :
       {std::pair{wire->near().v4, wire->far().v4}, std::pair{wire->near().v6, wire->far().v6}}) {
    auto out = bound(wire->near_ns(), from);
    auto in = bound(wire->far_ns(), to);
    ASSERT_OK(out);
    ASSERT_OK(in);
    sockaddr_storage where{};
    socklen_t length = sizeof(where);
    ASSERT_EQ(getsockname(in->get(), reinterpret_cast<sockaddr*>(&where), &length), 0);
    ASSERT_EQ(sendto(out->get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&where), length), 1);
    pollfd readable{in->get(), POLLIN, 0};
    EXPECT_EQ(poll(&readable, 1, 1000), 1) << to.to_string();
  }
  std::this_thread::sleep_for(1500ms); // long enough for what a kernel says unasked
  auto after = counters(wire->far_ns(), wire->far());
  auto near_after = counters(wire->near_ns(), wire->near());
  ASSERT_OK(after);
  ASSERT_OK(near_after);
  EXPECT_EQ(after->rx_packets - before->rx_packets, 2U);
  EXPECT_EQ(after->tx_packets - before->tx_packets, 0U);
  EXPECT_EQ(near_after->tx_packets - near_before->tx_packets, 2U);
  EXPECT_EQ(near_after->rx_packets - near_before->rx_packets, 0U);
  EXPECT_GT(after->rx_bytes, before->rx_bytes);
}

TEST_F(WireTest, IsWhatWasAskedFor) {
  auto wire = Wire::create({.queues = 3,
                            .mtu = 3000,
                            .gro = false,
                            .threaded = false,
                            .near_name = "n0",
                            .far_name = "f0"});
  ASSERT_OK(wire);
  auto f = wire->near_ns().run([] { return interface_facts("n0"); });
  ASSERT_OK(f);
  EXPECT_EQ(f->ifindex, wire->near().ifindex);
  EXPECT_EQ(f->mac, wire->near().mac);
  EXPECT_EQ(f->mtu, 3000U);
  EXPECT_EQ(f->tx_queues, 3U);
  EXPECT_EQ(f->rx_queues, 3U);
  EXPECT_TRUE(f->up && f->carrier);
  EXPECT_EQ(f->addresses, (std::vector{wire->near().v4, wire->near().v6}));
  ASSERT_TRUE(f->peer);
  EXPECT_EQ(f->peer->netns, wire->far_ns_name());
  EXPECT_EQ(f->peer->name, "f0");
  EXPECT_EQ(f->peer->mac, wire->far().mac);
  EXPECT_EQ(f->peer->mtu, 3000U);
  EXPECT_FALSE(f->peer->gro);
  EXPECT_EQ(f->peer->ifindex, wire->far().ifindex);
}

TEST_F(WireTest, SmallMtuMeansNoIpv6) {
  auto wire = Wire::create({.mtu = 600});
  ASSERT_OK(wire);
  EXPECT_FALSE(wire->ipv6());
  auto f = wire->near_ns().run([] { return interface_facts("xtg0"); });
  ASSERT_OK(f);
  EXPECT_EQ(f->addresses, (std::vector{wire->near().v4}));
}

TEST_F(WireTest, FarEndInThreads) {
  auto wire = Wire::create({.threaded = true});
  ASSERT_OK(wire);
  EXPECT_EQ(
      std::system(fmt::format("test \"$(ip netns exec {} cat /sys/class/net/xtg1/threaded)\" = 1",
                              wire->far_ns_name())
                      .c_str()),
      0);
}

TEST_F(WireTest, LeavesNothingBehind) {
  ASSERT_TRUE(own_namespaces().empty());
  {
    auto wire = Wire::create();
    ASSERT_OK(wire);
    auto second = Wire::create();
    ASSERT_OK(second);
    EXPECT_EQ(own_namespaces().size(), 4U);
    EXPECT_NE(wire->near_ns_name(), second->near_ns_name());
    Wire moved(std::move(*wire));
    EXPECT_EQ(own_namespaces().size(), 4U);
  }
  EXPECT_TRUE(own_namespaces().empty());
}

TEST_F(WireTest, LeavesNothingBehindWhenItFailsMidway) {
  for (const WireSpec& spec : {
           WireSpec{.mtu = 1 << 20},    // the pair is refused
           WireSpec{.queues = 100'000}, // so here
           WireSpec{.far_name = "x/y"}, // a name that no interface may have
           WireSpec{.gro = false,
           .threaded = true} // all is there, but has no receive queue to thread
       }) {
    auto wire = Wire::create(spec);
    ASSERT_FALSE(wire);
    EXPECT_EQ(wire.error().what.rfind("make a wire: ", 0), 0U) << wire.error().message();
    EXPECT_TRUE(own_namespaces().empty()) << wire.error().message();
  }
}

TEST_F(WireTest, WithoutPrivilegesSaysSo) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!keep_only({})) return "capset";
              auto wire = Wire::create();
              if (wire) return "made";
              return wire.error().code == Errc::NoPermission ? "" : wire.error().message();
            }),
            "");
}

} // namespace
} // namespace xtg::net
