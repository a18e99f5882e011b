// SPDX-License-Identifier: BSD-2-Clause
#include "net/veth_test_bed.h"

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

class VethTestBedTest : public NetTest {};

Result<LinkCounters> counters(const NetNs& ns, const VethTestBedEnd& end) {
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

TEST_F(VethTestBedTest, CarriesBothFamiliesAndNothingElse) {
  auto bed = VethTestBed::create({.queues = 4});
  ASSERT_OK(bed);
  ASSERT_TRUE(bed->ipv6());
  auto before = counters(bed->far_ns(), bed->far());
  auto near_before = counters(bed->near_ns(), bed->near());
  ASSERT_OK(before);
  ASSERT_OK(near_before);
  for (auto [from, to] :
       {std::pair{bed->near().v4, bed->far().v4}, std::pair{bed->near().v6, bed->far().v6}}) {
    auto out = bound(bed->near_ns(), from);
    auto in = bound(bed->far_ns(), to);
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
  auto after = counters(bed->far_ns(), bed->far());
  auto near_after = counters(bed->near_ns(), bed->near());
  ASSERT_OK(after);
  ASSERT_OK(near_after);
  EXPECT_EQ(after->rx_packets - before->rx_packets, 2U);
  EXPECT_EQ(after->tx_packets - before->tx_packets, 0U);
  EXPECT_EQ(near_after->tx_packets - near_before->tx_packets, 2U);
  EXPECT_EQ(near_after->rx_packets - near_before->rx_packets, 0U);
  EXPECT_GT(after->rx_bytes, before->rx_bytes);
}

TEST_F(VethTestBedTest, IsWhatWasAskedFor) {
  auto bed = VethTestBed::create({.queues = 3,
                                  .mtu = 3000,
                                  .gro = false,
                                  .threaded = false,
                                  .near_name = "n0",
                                  .far_name = "f0"});
  ASSERT_OK(bed);
  auto f = bed->near_ns().run([] { return interface_facts("n0"); });
  ASSERT_OK(f);
  EXPECT_EQ(f->ifindex, bed->near().ifindex);
  EXPECT_EQ(f->mac, bed->near().mac);
  EXPECT_EQ(f->mtu, 3000U);
  EXPECT_EQ(f->tx_queues, 3U);
  EXPECT_EQ(f->rx_queues, 3U);
  EXPECT_TRUE(f->up && f->carrier);
  EXPECT_EQ(f->addresses, (std::vector{bed->near().v4, bed->near().v6}));
  ASSERT_TRUE(f->peer);
  EXPECT_EQ(f->peer->netns, bed->far_ns_name());
  EXPECT_EQ(f->peer->name, "f0");
  EXPECT_EQ(f->peer->mac, bed->far().mac);
  EXPECT_EQ(f->peer->mtu, 3000U);
  EXPECT_FALSE(f->peer->gro);
  EXPECT_EQ(f->peer->ifindex, bed->far().ifindex);
}

TEST_F(VethTestBedTest, SmallMtuMeansNoIpv6) {
  auto bed = VethTestBed::create({.mtu = 600});
  ASSERT_OK(bed);
  EXPECT_FALSE(bed->ipv6());
  auto f = bed->near_ns().run([] { return interface_facts("xtg0"); });
  ASSERT_OK(f);
  EXPECT_EQ(f->addresses, (std::vector{bed->near().v4}));
}

TEST_F(VethTestBedTest, FarEndInThreads) {
  auto bed = VethTestBed::create({.threaded = true});
  ASSERT_OK(bed);
  EXPECT_EQ(
      std::system(fmt::format("test \"$(ip netns exec {} cat /sys/class/net/xtg1/threaded)\" = 1",
                              bed->far_ns_name())
                      .c_str()),
      0);
}

TEST_F(VethTestBedTest, LeavesNothingBehind) {
  ASSERT_TRUE(own_namespaces().empty());
  {
    auto bed = VethTestBed::create();
    ASSERT_OK(bed);
    auto second = VethTestBed::create();
    ASSERT_OK(second);
    EXPECT_EQ(own_namespaces().size(), 4U);
    EXPECT_NE(bed->near_ns_name(), second->near_ns_name());
    VethTestBed moved(std::move(*bed));
    EXPECT_EQ(own_namespaces().size(), 4U);
  }
  EXPECT_TRUE(own_namespaces().empty());
}

TEST_F(VethTestBedTest, LeavesNothingBehindWhenItFailsMidway) {
  for (const VethTestBedSpec& spec : {
           VethTestBedSpec{.mtu = 1 << 20},    // the pair is refused
           VethTestBedSpec{.queues = 100'000}, // so here
           VethTestBedSpec{.far_name = "x/y"}, // a name that no interface may have
           VethTestBedSpec{.gro = false,
           .threaded = true} // all is there, but has no receive queue to thread
       }) {
    auto bed = VethTestBed::create(spec);
    ASSERT_FALSE(bed);
    EXPECT_EQ(bed.error().what.rfind("make a wire: ", 0), 0U) << bed.error().message();
    EXPECT_TRUE(own_namespaces().empty()) << bed.error().message();
  }
}

TEST_F(VethTestBedTest, WithoutPrivilegesSaysSo) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!keep_only({})) return "capset";
              auto bed = VethTestBed::create();
              if (bed) return "made";
              return bed.error().code == Errc::NoPermission ? "" : bed.error().message();
            }),
            "");
}

} // namespace
} // namespace xtg::net
