// SPDX-License-Identifier: BSD-2-Clause
#include "plan/diagnose.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "support/called_xtg.h"

namespace xtg::plan {
namespace {

constexpr std::uint32_t kFrame = 64;

InterfaceFacts nic() {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.ifindex = 7;
  iface.driver = "ixgbe";
  iface.up = true;
  iface.xdp_features = kXdpBasic | kXdpRedirect | kXdpNdoXmit;
  return iface;
}

/// With a peer of its own namespace that takes frames.
InterfaceFacts veth() {
  InterfaceFacts iface = nic();
  iface.name = "veth0";
  iface.driver = "veth";
  iface.kind = "veth";
  VethPeer peer;
  peer.ifindex = 9;
  peer.reachable = true;
  peer.name = "veth1";
  peer.netns = "far";
  peer.up = true;
  peer.gro = true;
  peer.mtu = 1500;
  iface.peer = peer;
  return iface;
}

Diagnosis found(const InterfaceFacts& iface, std::uint32_t frame_size = kFrame) {
  const auto out = preflight(iface, frame_size);
  EXPECT_TRUE(out) << "nothing found";
  return out.value_or(Diagnosis{});
}

TEST(Paragraph, JoinsCauseAndRepair) {
  EXPECT_EQ((Diagnosis{"id", "eth1 is down", "ip link", Fix::None}).paragraph(),
            "eth1 is down; to repair: ip link");
  EXPECT_EQ((Diagnosis{"id", "eth1 was removed", "", Fix::None}).paragraph(), "eth1 was removed");
}

TEST(Preflight, FindsNothingAgainstWhatWorks) {
  EXPECT_FALSE(preflight(nic(), kFrame));
  EXPECT_FALSE(preflight(veth(), kFrame));
  InterfaceFacts old_kernel = nic();
  old_kernel.xdp_features.reset();
  EXPECT_FALSE(preflight(old_kernel, kFrame));
}

TEST(Preflight, InterfaceDown) {
  InterfaceFacts iface = nic();
  iface.up = false;
  EXPECT_EQ(found(iface),
            (Diagnosis{"interface-down", "eth1 is down", "ip link set dev eth1 up", Fix::None}));
}

/// The kernel allows for a VLAN tag beyond the MTU, which these frames do not have.
TEST(Preflight, FrameAboveTheMtu) {
  EXPECT_FALSE(preflight(nic(), 1'518));
  EXPECT_EQ(found(nic(), 1'519).id, "frame-above-mtu");
  EXPECT_EQ(found(nic(), 1'522).repair, "ip link set dev eth1 mtu 1504, or a smaller --pkt-size");
  EXPECT_EQ(found(nic(), 1'523),
            (Diagnosis{"frame-above-mtu",
                       "a frame of 1523 bytes (with FCS) does not fit through eth1, whose MTU is "
                       "1500",
                       "ip link set dev eth1 mtu 1505, or a smaller --pkt-size", Fix::None}));
  InterfaceFacts raised = nic();
  raised.mtu = 1'505;
  EXPECT_FALSE(preflight(raised, 1'523));
}

TEST(Preflight, NoXdpTransmit) {
  InterfaceFacts iface = nic();
  iface.driver = "e1000e";
  iface.xdp_features = 0;
  const Diagnosis none = found(iface);
  EXPECT_EQ(none.id, "no-xdp-transmit");
  EXPECT_EQ(none.cause,
            "the driver of eth1 (e1000e) cannot transmit frames from XDP (no ndo_xdp_xmit)");
  EXPECT_EQ(none.fix, Fix::None);
  EXPECT_NE(none.repair.find("veth, tap, virtio_net"), std::string::npos);
  iface.driver.clear();
  EXPECT_EQ(found(iface).cause,
            "the driver of eth1 (unnamed) cannot transmit frames from XDP (no ndo_xdp_xmit)");
  // Queues that come with a pass program are nothing against it.
  iface.xdp_features = kXdpBasic;
  EXPECT_FALSE(preflight(iface, kFrame));
  // Unless a program is attached and they are still not there.
  iface.xdp_prog_ids = {4};
  EXPECT_EQ(found(iface).id, "no-xdp-transmit");
}

TEST(Preflight, VethPeerWithoutReceiveRing) {
  InterfaceFacts iface = veth();
  iface.peer->gro = false;
  EXPECT_EQ(
      found(iface),
      (Diagnosis{"peer-no-napi",
                 "veth0 is a veth whose peer veth1 has neither GRO nor an XDP program, so the "
                 "kernel has no receive ring there for frames sent from XDP",
                 "ip netns exec far ethtool -K veth1 gro on", Fix::PeerRing}));
  iface.peer->netns.clear();
  iface.peer->netns_pid = 4'711;
  EXPECT_EQ(found(iface).repair, "nsenter -t 4711 -n ethtool -K veth1 gro on");
  iface.peer->netns_pid = 0;
  iface.peer->same_netns = true;
  EXPECT_EQ(found(iface).repair, "ethtool -K veth1 gro on");
  EXPECT_EQ(found(iface).fix, Fix::PeerRing);

  iface.peer->xdp_generic = true; // makes no ring
  EXPECT_EQ(found(iface).id, "peer-no-napi");
  EXPECT_EQ(found(iface).fix, Fix::None) << "and keeps other programs away";
  iface.peer->xdp_native = true;
  EXPECT_FALSE(preflight(iface, kFrame));
}

/// What cannot be seen of the far end shows in the near end's features, where the kernel tells
/// them.
TEST(Preflight, VethPeerOutOfSight) {
  InterfaceFacts iface = veth();
  iface.peer = VethPeer{};
  iface.peer->ifindex = 9;
  EXPECT_FALSE(preflight(iface, kFrame));
  iface.xdp_features = kXdpBasic | kXdpRedirect;
  EXPECT_EQ(
      found(iface),
      (Diagnosis{"peer-no-napi",
                 "veth0 is a veth whose other end (interface 9 in another namespace) has "
                 "neither GRO nor an XDP program, so the kernel has no receive ring there for "
                 "frames sent from XDP",
                 "at the other end: ethtool -K PEER gro on", Fix::None}));
  iface.xdp_features.reset();
  EXPECT_FALSE(preflight(iface, kFrame));
}

TEST(Preflight, VethPeerDown) {
  InterfaceFacts iface = veth();
  iface.peer->up = false;
  EXPECT_EQ(found(iface), (Diagnosis{"peer-down", "the veth peer veth1 of veth0 is down",
                                     "ip netns exec far ip link set dev veth1 up", Fix::None}));
  iface.peer->netns.clear();
  EXPECT_EQ(found(iface).repair, "ip link set dev veth1 up");
}

TEST(Preflight, FrameAboveThePeersMtu) {
  InterfaceFacts iface = veth();
  iface.mtu = 9'000;
  EXPECT_FALSE(preflight(iface, 1'518));
  EXPECT_EQ(found(iface, 1'600),
            (Diagnosis{"frame-above-mtu",
                       "a frame of 1600 bytes (with FCS) does not fit through veth1, the veth peer "
                       "of veth0, whose MTU is 1500",
                       "ip netns exec far ip link set dev veth1 mtu 1582", Fix::None}));
}

TEST(NeedsPassProgram, AsksTheKernelWhereItTells) {
  InterfaceFacts iface = nic();
  iface.driver = "virtio_net";
  EXPECT_FALSE(needs_pass_program(iface)) << "transmits as it is";
  iface.xdp_features = kXdpBasic | kXdpRedirect;
  EXPECT_TRUE(needs_pass_program(iface));
  iface.xdp_prog_ids = {4};
  EXPECT_FALSE(needs_pass_program(iface)) << "a program is attached";
  iface.xdp_mode = "generic";
  EXPECT_TRUE(needs_pass_program(iface)) << "one behind the driver is none in it";
  iface.xdp_mode = "native";
  EXPECT_FALSE(needs_pass_program(iface));
  iface.xdp_prog_ids.clear();
  iface.xdp_features = 0;
  EXPECT_FALSE(needs_pass_program(iface)) << "takes no program";
}

TEST(Preflight, AProgramBehindTheDriverKeepsOthersOut) {
  InterfaceFacts iface = nic();
  iface.driver = "virtio_net";
  iface.xdp_features = kXdpBasic | kXdpRedirect;
  EXPECT_FALSE(preflight(iface, kFrame));
  iface.xdp_prog_ids = {4};
  iface.xdp_mode = "generic";
  EXPECT_EQ(found(iface).id, "generic-program");
  iface.xdp_mode = "native";
  iface.xdp_features = kXdpBasic | kXdpRedirect | kXdpNdoXmit;
  EXPECT_FALSE(preflight(iface, kFrame));
}

TEST(NeedsPassProgram, KnowsTheDriversOfOlderKernels) {
  InterfaceFacts iface = nic();
  iface.xdp_features.reset();
  for (const char* driver :
       {"virtio_net", "ixgbe", "ixgbevf", "i40e", "ice", "igb", "igc", "ena"}) {
    iface.driver = driver;
    EXPECT_TRUE(needs_pass_program(iface)) << driver;
  }
  for (const char* driver : {"mlx5_core", "e1000e", ""}) {
    iface.driver = driver;
    EXPECT_FALSE(needs_pass_program(iface)) << driver;
  }
}

TEST(NeedsPassProgram, VirtualLinksDoNot) {
  for (const char* kind : {"veth", "tun"}) {
    InterfaceFacts iface = nic();
    iface.kind = kind;
    iface.xdp_features = kXdpBasic | kXdpRedirect;
    EXPECT_FALSE(needs_pass_program(iface)) << kind;
  }
}

Diagnosis silence(const InterfaceFacts& iface, std::map<int, std::uint64_t> errnos) {
  return diagnose_silence(iface, kFrame, errnos);
}

TEST(DiagnoseSilence, WhatIsSeenComesFirst) {
  InterfaceFacts iface = nic();
  iface.up = false;
  EXPECT_EQ(silence(iface, {{EMSGSIZE, 5}}).id, "interface-down");
}

TEST(DiagnoseSilence, ErrnosTell) {
  EXPECT_EQ(silence(nic(), {{EOPNOTSUPP, 5}}).id, "no-xdp-transmit");
  EXPECT_EQ(silence(nic(), {{ENETDOWN, 5}}).paragraph(),
            "eth1 is down; to repair: ip link set dev eth1 up");
  EXPECT_EQ(silence(nic(), {{EMSGSIZE, 5}}).id, "frame-above-mtu");
  EXPECT_EQ(silence(nic(), {{ENODEV, 5}}),
            (Diagnosis{"interface-gone", "eth1 was removed", "", Fix::None}));
  EXPECT_EQ(
      silence(nic(), {{ENXIO, 5}}),
      (Diagnosis{"no-xdp-queues",
                 "the driver of eth1 (ixgbe) has no transmit queues for XDP: it needs as many "
                 "more queues as the machine has CPUs",
                 "ethtool -L eth1 combined N with a smaller N, or another driver version",
                 Fix::None}));
  EXPECT_EQ(silence(nic(), {{EIO, 5}}),
            (Diagnosis{"driver-error", "eth1 refuses every frame: Input/output error",
                       "xdp-trafficgen probe -i eth1", Fix::None}));
  const test::CalledXtg called;
  EXPECT_EQ(silence(nic(), {{EIO, 5}}).repair, "xtg probe -i eth1");
}

/// A kernel that says ENXIO for a veth does not tell features: the peer may be out of sight, or may
/// have changed since it was looked at.
TEST(DiagnoseSilence, SilentVethPeer) {
  InterfaceFacts iface = veth();
  iface.xdp_features.reset();
  EXPECT_EQ(silence(iface, {{ENXIO, 5}}).repair, "ip netns exec far ethtool -K veth1 gro on");
  iface.peer->reachable = false;
  const Diagnosis hidden = silence(iface, {{ENXIO, 5}});
  EXPECT_EQ(hidden.id, "peer-no-napi");
  EXPECT_EQ(hidden.fix, Fix::None);
  EXPECT_NE(hidden.cause.find("interface 9 in another namespace"), std::string::npos);
}

TEST(DiagnoseSilence, TheCommonestErrnoCounts) {
  EXPECT_EQ(silence(nic(), {{ENETDOWN, 5}, {ENODEV, 6}}).id, "interface-gone");
  EXPECT_EQ(silence(nic(), {{ENETDOWN, 7}, {ENODEV, 6}}).id, "interface-down");
}

TEST(DiagnoseSilence, DropsWithoutAReason) {
  const Diagnosis expected{
      "all-dropped",
      "eth1 accepted no frame and its driver gave no reason; its transmit ring is full or its far "
      "end reads nothing",
      "ip -s link show dev eth1, and the same at the far end", Fix::None};
  EXPECT_EQ(silence(nic(), {}), expected);
  EXPECT_EQ(silence(nic(), {{0, 100}}), expected);
}

TEST(DiagnoseSilence, TheQueueingDisciplineIsNotTheDriver) {
  InterfaceFacts iface = nic();
  iface.carrier = true;
  const auto by = [&iface](QueueLoss queue, TxPath via = TxPath::Tc,
                           const std::map<int, std::uint64_t>& errnos = {}) {
    return diagnose_silence(iface, kFrame, errnos, via, queue);
  };
  EXPECT_EQ(by({200, 0}),
            (Diagnosis{"queue-drops",
                       "the queueing discipline of eth1, or a tc program at its egress, dropped "
                       "every frame",
                       "tc -s qdisc show dev eth1", Fix::None}));
  EXPECT_EQ(by({0, 200}).id, "queue-holds");
  EXPECT_EQ(by({200, 0}, TxPath::Receive).id, "backlog-drops");
  EXPECT_EQ(by({1, 0}, TxPath::Tc, {{ENODEV, 5}}).id, "interface-gone") << "the larger part";
  iface.carrier = false;
  EXPECT_EQ(by({200, 0}).id, "no-carrier");
}

TEST(GroCommand, NamesTheNamespace) {
  EXPECT_EQ(gro_command(*veth().peer), "ip netns exec far ethtool -K veth1 gro on");
}

} // namespace
} // namespace xtg::plan
