// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tx_path.h"

#include <numeric>

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

TxPathChoice chosen(const InterfaceFacts& iface, bool fix = false, std::uint32_t size = 64) {
  return choose_tx_path(iface, {FrameSize(size)}, fix);
}

TEST(TxPath, IsXdpWhereThatWorks) {
  const InterfaceFacts iface = card("ixgbe", kXdpBasic | kXdpRedirect | kXdpNdoXmit);
  EXPECT_EQ(chosen(iface).via, TxPath::Xdp);
  EXPECT_EQ(chosen(iface).reason, "");
  // It needs a pass program, which the run attaches.
  EXPECT_EQ(chosen(card("virtio_net", kXdpBasic)).via, TxPath::Xdp);
}

TEST(TxPath, IsTcForDriversWithoutTransmit) {
  const TxPathChoice choice = chosen(card("e1000e", 0));
  EXPECT_EQ(choice.via, TxPath::Tc);
  EXPECT_EQ(choice.reason, "the driver of eth1 (e1000e) cannot transmit frames from XDP (no "
                           "ndo_xdp_xmit)");
}

TEST(TxPath, GoesByTheDriverWhereTheKernelCannotBeAsked) {
  EXPECT_EQ(chosen(card("e1000e", std::nullopt)).via, TxPath::Tc);
  EXPECT_EQ(chosen(card("ixgbe", std::nullopt)).via, TxPath::Xdp);
}

TEST(TxPath, IsTcForAPeerWithoutRingUnlessThatIsRepaired) {
  InterfaceFacts iface = card("veth", kXdpBasic | kXdpRedirect | kXdpNdoXmit);
  iface.kind = "veth";
  VethPeer peer;
  peer.reachable = peer.up = true;
  peer.mtu = 1500;
  iface.peer = peer;
  EXPECT_EQ(chosen(iface).via, TxPath::Tc);
  EXPECT_EQ(chosen(iface, true).via, TxPath::Xdp);
  iface.peer->gro = true;
  EXPECT_EQ(chosen(iface).via, TxPath::Xdp);
}

/// A plan for a card with four queues, with these of --queues.
Result<Plan> with_queues(QueueLaw queues, TxPath via = TxPath::Auto) {
  Plan plan;
  plan.iface = card("ixgbe", kXdpBasic | kXdpNdoXmit);
  plan.iface.tx_queues = 4;
  plan.spec.ports.push_back({.interface = "eth1", .via = via, .queues = std::move(queues)});
  if (auto ok = decide_tx_path(plan); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  return plan;
}

TEST(TxPath, IsTcForChosenQueues) {
  EXPECT_EQ(with_queues({})->via, TxPath::Xdp);
  EXPECT_TRUE(with_queues({})->queues.empty());
  const auto all = with_queues({.all = true});
  EXPECT_EQ(all->via, TxPath::Tc);
  EXPECT_EQ(all->via_reason, "--queues chooses a transmit queue, which XDP leaves to the CPU");
  EXPECT_EQ(all->queues, (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(with_queues({.count = 2}, TxPath::Tc)->queues, (std::vector{0, 1}));
  EXPECT_EQ(with_queues({.list = {3, 1}})->queues, (std::vector{3, 1}));
}

TEST(Queues, AreNamedAsRanges) {
  std::vector<int> many(101);
  std::iota(many.begin(), many.end(), 0);
  EXPECT_EQ(with_queues({.list = many}).error().message(),
            "--queues 0-100: eth1 has 4 transmit queues, 0 to 3");
  EXPECT_EQ(with_queues({.list = {7}}).error().message(),
            "--queues 7-7: eth1 has 4 transmit queues, 0 to 3");
  EXPECT_EQ(with_queues({.list = {9, 0, 2, 3}}).error().message(),
            "--queues 9,0,2-3: eth1 has 4 transmit queues, 0 to 3");
}

/// Of five streams, by thread.
std::vector<int> queues_of(std::size_t threads, const QueueLaw& law = {},
                           std::optional<unsigned> used = {}, const char* kind = "") {
  auto plan = with_queues(law, TxPath::Tc).value();
  plan.streams.resize(5);
  plan.cpus.resize(threads);
  plan.iface.tx_queues_used = used;
  plan.iface.kind = kind;
  return tx_queues(plan);
}

TEST(TxPath, GivesEachThreadTransmitQueuesOfItsOwn) {
  using Queues = std::vector<int>;
  EXPECT_EQ(queues_of(1), (Queues{0, 1, 2, 3, 0}));
  EXPECT_EQ(queues_of(2), (Queues{0, 2, 0, 2, 0, 1, 3, 1, 3, 1}));
  EXPECT_EQ(queues_of(3), (Queues{0, 3, 0, 3, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2}));
  EXPECT_EQ(queues_of(5).back(), 0) << "more threads than queues";
  EXPECT_EQ(queues_of(2, {}, 3), (Queues{0, 2, 0, 2, 0, 1, 1, 1, 1, 1})) << "those in use";
  EXPECT_EQ(queues_of(2, {}, 0), Queues(10, 0)) << "a driver that says none";
  EXPECT_EQ(queues_of(3, {.list = {3, 1}}), (Queues{3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3}));
}

TEST(TxPath, LeavesTransmitQueuesToTheKernel) {
  EXPECT_EQ(queues_of(1, {}, {}, "bond"), std::vector<int>{}) << "a queue may select a link";
  EXPECT_EQ(queues_of(1, {.list = {3}}, {}, "bond"), std::vector<int>(5, 3));
  auto plan = with_queues({}, TxPath::Xdp).value();
  plan.streams.resize(1);
  plan.cpus.resize(1);
  EXPECT_EQ(tx_queues(plan), std::vector<int>{});
}

TEST(TxPath, RefusesQueuesThatAreNotThere) {
  const auto refused = [](QueueLaw queues, TxPath via = TxPath::Auto) {
    const auto plan = with_queues(std::move(queues), via);
    return plan ? std::string() : plan.error().message();
  };
  EXPECT_EQ(refused({.count = 5}), "--queues 5: eth1 has 4 transmit queues, 0 to 3");
  EXPECT_EQ(refused({.count = ~0U}), "--queues 4294967295: eth1 has 4 transmit queues, 0 to 3");
  EXPECT_EQ(refused({.list = {0, 4}}), "--queues 0,4: eth1 has 4 transmit queues, 0 to 3");
  EXPECT_EQ(refused({.all = true}, TxPath::Xdp),
            "--queues auto: with --via xdp the CPU decides on the queue: --cpus chooses that, or "
            "--via tc");
  EXPECT_EQ(refused({.count = 1}, TxPath::Receive),
            "--queues 1: with --via receive nothing is transmitted");
}

TEST(TxPath, LeavesWhatNeitherCanSendToTheErrorOfXdp) {
  const InterfaceFacts nic = card("ixgbe", kXdpBasic | kXdpNdoXmit);
  EXPECT_EQ(chosen(nic, false, 3'000).via, TxPath::Xdp);
  EXPECT_EQ(chosen(card("e1000e", 0), false, 3'000).via, TxPath::Xdp);
}

TEST(TxPath, IsTcForFramesLongerThanAPage) {
  InterfaceFacts nic = card("ixgbe", kXdpBasic | kXdpNdoXmit);
  nic.mtu = 9'000;
  EXPECT_EQ(chosen(nic, false, 3'412).via, TxPath::Xdp);
  const TxPathChoice choice = chosen(nic, false, 3'413);
  EXPECT_EQ(choice.via, TxPath::Tc);
  EXPECT_EQ(choice.reason, "frames of 3413 bytes are longer than XDP transmit takes (3412)");
}

TEST(TxPath, WithoutFramingIsTcAndRefusesWhatNeedsFraming) {
  InterfaceFacts iface = card("wireguard", std::nullopt);
  iface.ethernet = false;
  EXPECT_EQ(chosen(iface).via, TxPath::Tc);
  StreamSpec stream;
  EXPECT_TRUE(check_framing(iface, stream));
  stream.dst_mac = packet::MacRange{};
  EXPECT_FALSE(check_framing(iface, stream));
  HostFacts facts;
  facts.iface = iface;
  EXPECT_FALSE(check_interface(facts, false));
  EXPECT_TRUE(check_interface(facts, false, true));
}

TEST(TxPath, OverLoopbackIsTcAndItsFramesHaveHeaders) {
  InterfaceFacts lo = card("", std::nullopt);
  lo.name = "lo";
  lo.ethernet = false;
  lo.loopback = true;
  const TxPathChoice choice = chosen(lo);
  EXPECT_EQ(choice.via, TxPath::Tc);
  EXPECT_EQ(choice.reason, "lo is the loopback interface, without XDP transmit and MAC addresses");
  const auto foreign = [&lo](const char* dst) {
    return needs_foreign_source(lo, *packet::Ip::parse(dst));
  };
  EXPECT_FALSE(foreign("127.0.0.1")); // gets a route: xtg_egress
  EXPECT_TRUE(foreign("198.18.0.2"));
  EXPECT_FALSE(foreign("2001:2::2"));
  EXPECT_FALSE(foreign("::1"));
  lo.loopback = false;
  EXPECT_FALSE(foreign("198.18.0.2"));
}

TEST(TxPath, TcNeedsNoRingAndReceiveNoPeer) {
  InterfaceFacts iface = card("veth", kXdpBasic | kXdpNdoXmit);
  iface.kind = "veth";
  iface.peer.emplace();
  iface.peer->reachable = true;
  iface.peer->name = "veth1";
  EXPECT_EQ(preflight(iface, 64, TxPath::Tc)->id, "peer-down");
  EXPECT_FALSE(preflight(iface, 64, TxPath::Receive));
  iface.peer->up = true;
  iface.peer->mtu = 1500;
  EXPECT_FALSE(preflight(iface, 64, TxPath::Tc));
  EXPECT_EQ(preflight(iface, 64)->id, "peer-no-napi");
}

} // namespace
} // namespace xtg::plan
