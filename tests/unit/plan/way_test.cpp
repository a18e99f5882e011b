// SPDX-License-Identifier: BSD-2-Clause
#include "plan/way.h"

#include <gtest/gtest.h>

#include "plan/checks.h"

namespace xtg::plan {
namespace {

InterfaceFacts card(std::string driver, std::optional<std::uint64_t> features) {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.driver = std::move(driver);
  iface.up = true;
  iface.xdp_features = features;
  return iface;
}

Way chosen(const InterfaceFacts& iface, bool fix = false, std::uint32_t size = 64) {
  return choose_way(iface, {FrameSize(size)}, fix);
}

TEST(Way, IsXdpWhereThatWorks) {
  const InterfaceFacts iface = card("ixgbe", kXdpBasic | kXdpRedirect | kXdpNdoXmit);
  EXPECT_EQ(chosen(iface).via, WayOut::Xdp);
  EXPECT_EQ(chosen(iface).reason, "");
  // It needs a pass program, which the run attaches.
  EXPECT_EQ(chosen(card("virtio_net", kXdpBasic)).via, WayOut::Xdp);
}

TEST(Way, IsTcForDriversWithoutTransmit) {
  const Way way = chosen(card("e1000e", 0));
  EXPECT_EQ(way.via, WayOut::Tc);
  EXPECT_EQ(way.reason, "the driver of eth1 (e1000e) cannot transmit frames from XDP (no "
                        "ndo_xdp_xmit)");
}

TEST(Way, GoesByTheDriverWhereTheKernelCannotBeAsked) {
  EXPECT_EQ(chosen(card("e1000e", std::nullopt)).via, WayOut::Tc);
  EXPECT_EQ(chosen(card("ixgbe", std::nullopt)).via, WayOut::Xdp);
}

TEST(Way, IsTcForAPeerWithoutRingUnlessThatIsRepaired) {
  InterfaceFacts iface = card("veth", kXdpBasic | kXdpRedirect | kXdpNdoXmit);
  iface.kind = "veth";
  VethPeer peer;
  peer.reachable = peer.up = true;
  peer.mtu = 1500;
  iface.peer = peer;
  EXPECT_EQ(chosen(iface).via, WayOut::Tc);
  EXPECT_EQ(chosen(iface, true).via, WayOut::Xdp);
  iface.peer->gro = true;
  EXPECT_EQ(chosen(iface).via, WayOut::Xdp);
}

TEST(Way, LeavesWhatNeitherCanSendToTheErrorOfXdp) {
  const InterfaceFacts nic = card("ixgbe", kXdpBasic | kXdpNdoXmit);
  EXPECT_EQ(chosen(nic, false, 3'000).via, WayOut::Xdp);
  EXPECT_EQ(chosen(card("e1000e", 0), false, 3'000).via, WayOut::Xdp);
}

TEST(Way, WithoutFramingIsTcAndRefusesWhatNeedsFraming) {
  InterfaceFacts iface = card("wireguard", std::nullopt);
  iface.ethernet = false;
  EXPECT_EQ(chosen(iface).via, WayOut::Tc);
  StreamSpec stream;
  EXPECT_TRUE(check_framing(iface, stream));
  stream.dst_mac = packet::MacRange{};
  EXPECT_FALSE(check_framing(iface, stream));
  HostFacts facts;
  facts.iface = iface;
  EXPECT_FALSE(check_interface(facts, false));
  EXPECT_TRUE(check_interface(facts, false, true));
}

TEST(Way, TcNeedsNoRingAndReceiveNoPeer) {
  InterfaceFacts iface = card("veth", kXdpBasic | kXdpNdoXmit);
  iface.kind = "veth";
  iface.peer.emplace();
  iface.peer->reachable = true;
  iface.peer->name = "veth1";
  EXPECT_EQ(preflight(iface, 64, WayOut::Tc)->id, "peer-down");
  EXPECT_FALSE(preflight(iface, 64, WayOut::Receive));
  iface.peer->up = true;
  iface.peer->mtu = 1500;
  EXPECT_FALSE(preflight(iface, 64, WayOut::Tc));
  EXPECT_EQ(preflight(iface, 64)->id, "peer-no-napi");
}

} // namespace
} // namespace xtg::plan
