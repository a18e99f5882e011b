// SPDX-License-Identifier: BSD-2-Clause
#include "report/probe_transmit.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace xtg::report {
namespace {

using plan::InterfaceFacts;

InterfaceFacts device(std::string name, std::string kind, std::uint64_t features) {
  InterfaceFacts iface;
  iface.name = std::move(name);
  iface.driver = iface.kind = std::move(kind);
  iface.up = iface.carrier = true;
  iface.xdp_features = features;
  return iface;
}

InterfaceFacts pair_without_gro() {
  InterfaceFacts iface =
      device("veth0", "veth", plan::kXdpBasic | plan::kXdpRedirect | plan::kXdpNdoXmit);
  plan::VethPeer peer;
  peer.reachable = peer.up = true;
  peer.name = "veth1";
  peer.mtu = 1500;
  iface.peer = peer;
  return iface;
}

Check check_of(const std::vector<Check>& checks, const std::string& id) {
  return *std::ranges::find(checks, id, &Check::id);
}

TEST(ProbeTransmit, TcIsEnoughWhereXdpTransmitIsMissing) {
  for (const char* kind : {"macvlan", "vxlan", "bridge"}) {
    const auto checks = transmit_checks(device("x0", kind, 0), {});
    EXPECT_TRUE(usable(checks)) << kind;
    EXPECT_EQ(check_of(checks, "xdp-transmit").verdict, Verdict::Info) << kind;
    EXPECT_EQ(check_of(checks, "xdp-transmit").repair, "") << kind;
    EXPECT_TRUE(
        check_of(checks, "transmit-paths").value.starts_with("tc is what auto takes: the driver"));
    EXPECT_EQ(check_of(checks, "path-xdp").value, "not available") << kind;
  }
  InterfaceFacts tun = device("tun0", "tun", plan::kXdpBasic | plan::kXdpNdoXmit);
  tun.ethernet = false;
  EXPECT_TRUE(usable(transmit_checks(tun, {})));
  EXPECT_EQ(check_of(transmit_checks(tun, {}), "xdp-transmit").value,
            "not used: tun0 has no Ethernet framing");
}

TEST(ProbeTransmit, ARepairThatMakesItFasterIsKept) {
  InterfaceFacts iface = pair_without_gro();
  auto checks = transmit_checks(iface, {});
  EXPECT_TRUE(usable(checks));
  EXPECT_EQ(check_of(checks, "xdp-transmit").verdict, Verdict::Fixable);
  EXPECT_EQ(check_of(checks, "xdp-transmit").repair, "ethtool -K veth1 gro on");
  EXPECT_TRUE(check_of(checks, "transmit-paths").value.starts_with("tc is what auto takes: veth0"));
  iface.peer->gro = true;
  checks = transmit_checks(iface, {});
  EXPECT_EQ(check_of(checks, "xdp-transmit").verdict, Verdict::Passed);
  EXPECT_EQ(check_of(checks, "transmit-paths").value, "xdp is what auto takes");
}

TEST(ProbeTransmit, WhatNoPathCanDoIsAFailure) {
  InterfaceFacts iface = pair_without_gro();
  iface.peer->up = false;
  auto checks = transmit_checks(iface, {});
  EXPECT_FALSE(usable(checks));
  EXPECT_EQ(check_of(checks, "xdp-transmit").repair, "ip link set dev veth1 up");
  EXPECT_EQ(check_of(checks, "transmit-paths").value,
            "none works: the veth peer veth1 of veth0 is down");
  EXPECT_NE(check_of(checks, "path-receive").value, "not available");
  iface.up = false;
  checks = transmit_checks(iface, {});
  EXPECT_FALSE(usable(checks));
  EXPECT_EQ(check_of(checks, "xdp-transmit").repair, "ip link set dev veth0 up");
}

TEST(ProbeTransmit, ADriverThatRefusesTheProgramLeavesTc) {
  const InterfaceFacts iface = device("eth1", "virtio_net", plan::kXdpBasic);
  EXPECT_EQ(check_of(transmit_checks(iface, {}), "xdp-transmit").verdict, Verdict::Info);
  EXPECT_EQ(check_of(transmit_checks(iface, {true, {}}), "xdp-transmit").verdict, Verdict::Passed);
  const plan::Diagnosis refusal{"xdp-refused", "the driver refuses", "ethtool -K eth1 lro off",
                                plan::Fix::None};
  const auto checks = transmit_checks(iface, {true, refusal});
  EXPECT_TRUE(usable(checks));
  EXPECT_EQ(check_of(checks, "xdp-transmit").verdict, Verdict::Fixable);
  EXPECT_EQ(check_of(checks, "transmit-paths").value, "tc is what auto takes: the driver refuses");
}

TEST(ProbeTransmit, TheLargestFrameDependsOnThePath) {
  InterfaceFacts iface = pair_without_gro();
  iface.mtu = 65535;
  EXPECT_EQ(mtu_check(iface).value,
            "65535: frames up to 1518 bytes with FCS by tc, 9220 by receive");
  iface.peer->gro = true;
  iface.peer->mtu = 9000;
  EXPECT_EQ(mtu_check(iface).value,
            "65535: frames up to 3412 by xdp, 9018 bytes with FCS by tc, 9220 by receive");
}

} // namespace
} // namespace xtg::report
