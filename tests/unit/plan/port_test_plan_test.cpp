// SPDX-License-Identifier: BSD-2-Clause
#include "plan/port_test_plan.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

constexpr std::uint32_t kRunId = 0x1a2b3c4d;

HostFacts host(const std::string& name, int ifindex, const std::string& address) {
  InterfaceFacts iface;
  iface.name = name;
  iface.ifindex = ifindex;
  iface.up = true;
  iface.mac = packet::Mac::from_u64(0x020000000000ULL + static_cast<unsigned>(ifindex));
  iface.addresses = {packet::Ip::parse(address).value()};
  HostFacts facts;
  facts.cpus = {2, 3, 5};
  facts.iface = iface;
  return facts;
}

PortSpec sender(const std::string& name, bool receives = false) {
  PortSpec port{name, {StreamSpec{}}, receives};
  port.streams[0].dst_addr = packet::IpRange::parse("10.0.2.2").value();
  port.streams[0].dst_mac = packet::MacRange::parse("02:00:00:00:00:99").value();
  return port;
}

class PortTestPlanTest : public testing::Test {
protected:
  PortTestPlan plan() {
    auto out = resolve_port_test(spec_, facts_, kRunId);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or(PortTestPlan{});
  }
  std::string refused(Errc code = Errc::InvalidArgument) {
    const auto out = resolve_port_test(spec_, facts_, kRunId);
    if (out) {
      ADD_FAILURE() << "accepted";
      return {};
    }
    EXPECT_EQ(out.error().code, code);
    return out.error().message();
  }

  TestSpec spec_ = [] {
    TestSpec spec;
    spec.ports = {sender("eth1"), {"eth2", {}, true}};
    return spec;
  }();
  std::vector<HostFacts> facts_ = {host("eth1", 7, "10.0.1.1"), host("eth2", 8, "10.0.2.1")};
};

TEST_F(PortTestPlanTest, OneSendsAndTheOtherReceivesItsSession) {
  const PortTestPlan out = plan();
  ASSERT_EQ(out.ports.size(), 2U);
  EXPECT_FALSE(out.ports[0].receive);
  EXPECT_FALSE(out.ports[1].send);
  EXPECT_EQ(out.ports[0].send->run_id, kRunId);
  EXPECT_EQ(out.ports[1].receive->spec.run_id, kRunId);
  EXPECT_EQ(out.ports[1].receive->spec.run_id_mask, ~0U);
  EXPECT_EQ(out.ports[1].iface.name, "eth2");
}

TEST_F(PortTestPlanTest, SessionsOfSeveralDifferUnderTheMask) {
  spec_.ports[1] = sender("eth2", true);
  spec_.ports.push_back(sender("eth3", true));
  facts_.push_back(host("eth3", 9, "10.0.3.1"));
  const PortTestPlan out = plan();
  for (std::uint32_t i = 0; i < 3; i++) {
    const std::uint32_t run_id = out.ports[i].send->run_id;
    EXPECT_EQ(run_id, (kRunId & ~3U) | i);
    const RxSpec& rx = out.ports[1].receive->spec;
    EXPECT_EQ(run_id & rx.run_id_mask, *rx.run_id);
  }
}

TEST_F(PortTestPlanTest, SendersGetCpusOfTheirOwnWhileThereAreEnough) {
  spec_.ports[0].threads = 2;
  spec_.ports[1] = sender("eth2", true);
  EXPECT_EQ(plan().ports[0].send->cpus, (std::vector<int>{2, 3}));
  EXPECT_EQ(plan().ports[1].send->cpus, (std::vector<int>{5}));
  spec_.ports[1].threads = 2;
  EXPECT_EQ(plan().ports[1].send->cpus, (std::vector<int>{5, 2}));
  spec_.ports[1].cpus = {3};
  EXPECT_EQ(plan().ports[1].send->cpus, (std::vector<int>{3}));
  spec_.ports[0].threads = 4;
  EXPECT_NE(refused().find("--threads 4"), std::string::npos);
}

TEST_F(PortTestPlanTest, AReceiverOnTheSendersPortStandsInForThePassProgram) {
  facts_[0].iface->driver = "virtio_net";
  EXPECT_TRUE(plan().ports[0].send->attach_pass);
  spec_.ports[0].receive = true;
  EXPECT_FALSE(plan().ports[0].send->attach_pass);
}

TEST_F(PortTestPlanTest, RefusesWhatIsNoExchange) {
  const TestSpec good = spec_;
  spec_.ports[1].receive = false;
  EXPECT_EQ(refused(), "no port receives");
  spec_ = good;
  spec_.ports[0].streams.clear();
  EXPECT_EQ(refused(), "no port sends");
  spec_ = good;
  spec_.ports[1].interface = "eth1";
  EXPECT_NE(refused().find("eth1 is named twice"), std::string::npos);
  spec_ = good;
  spec_.ports.resize(kMaxPorts + 1, spec_.ports[1]);
  EXPECT_NE(refused().find("17 ports"), std::string::npos);
}

TEST_F(PortTestPlanTest, FramesNeedRoomForASignature) {
  spec_.ports[0].streams[0].dst_addr = packet::IpRange::parse("2001:db8::2").value();
  plan();
  spec_.ports[0].streams[0].frame_size = 66;
  const std::string message = refused();
  EXPECT_NE(message.find("66 bytes from eth1"), std::string::npos) << message;
  EXPECT_NE(message.find("--pkt-size 82"), std::string::npos) << message;
  spec_.ports[0].streams[0].frame_size = 82;
  plan();
}

TEST_F(PortTestPlanTest, ErrorsOfThePortsAreTheirs) {
  facts_[1].iface.reset();
  facts_[1].iface_error = "no interface \"eth2\" here";
  EXPECT_NE(refused(Errc::NotFound).find("eth2"), std::string::npos);
}

TEST_F(PortTestPlanTest, ADryRunLooksForTheReceivingInterface) {
  spec_.dry_run = true;
  facts_[1].iface->up = false;
  plan();
  facts_[1].iface.reset();
  facts_[1].iface_error = "no interface \"eth2\" here";
  EXPECT_NE(refused(Errc::NotFound).find("eth2"), std::string::npos);
}

TEST_F(PortTestPlanTest, WhatIsExpectedAtAPortIsCountedThere) {
  const auto expecting = [&](const std::string& text) { spec_.expect = *parse_expect(text); };
  expecting("rx@eth2=1/1,loss@eth2<1%,p99@eth2<1ms,refused=0");
  plan();
  for (const char* text : {"rx@eht2=0", "rx@eth1=0"}) {
    expecting(text);
    EXPECT_NE(refused().find("does not receive"), std::string::npos);
  }
  expecting("rx@eth2@if3=0");
  EXPECT_NE(refused().find(": the name is eth2"), std::string::npos);
  for (const char* text : {"refused@eth2=0", "unsent@eth2=0", "dropped@eth2=0"}) {
    expecting(text);
    EXPECT_NE(refused().find("at the sender"), std::string::npos);
  }
}

TEST_F(PortTestPlanTest, TheReturnPathIsTheReverse) {
  spec_.bidir = true;
  StreamSpec& there = spec_.ports[0].streams[0];
  there.src_port = {7, 1};
  there.dst_port = {1000, 1};
  there.dyn_ports = 4;
  const TestSpec out = with_return_paths(spec_, facts_[0]);
  EXPECT_TRUE(out.ports[0].receive);
  EXPECT_EQ(out.ports[1].interface, "eth2");
  ASSERT_TRUE(out.ports[1].sends());
  const StreamSpec& back = out.ports[1].streams[0];
  EXPECT_EQ(back.dst_addr->to_string(), "10.0.1.1"); // the interface's own, looked up
  EXPECT_EQ(back.src_addr->to_string(), "10.0.2.2");
  EXPECT_EQ(back.src_port.to_string(), "1000-1003");
  EXPECT_EQ(back.dyn_ports, 0U);
  EXPECT_EQ(back.dst_port.first, 7);
  EXPECT_EQ(back.src_mac, there.dst_mac);
  EXPECT_FALSE(back.dst_mac) << "looked up";
}

TEST_F(PortTestPlanTest, WithoutBidirNothingIsAdded) {
  EXPECT_EQ(with_return_paths(spec_, facts_[0]), spec_);
}

TEST_F(PortTestPlanTest, OneInterfaceHasOneNameInPortsAndConditions) {
  const auto own = [](const std::string& name) {
    return name == "lan0" ? std::string("eth1") : name == "lan1" ? std::string("eth2") : name;
  };
  spec_.ports = {sender("lan0", true), {"eth2", {}, true}};
  spec_.expect = *parse_expect("rx@eth1=0,rx@lan1=1,rx@lan0=0,loss=0");
  spec_ = with_own_names(spec_, own);
  const PortTestPlan out = plan();
  EXPECT_EQ(out.spec.ports[0].interface, "eth1");
  ASSERT_EQ(out.spec.expect.size(), 4U);
  EXPECT_EQ(out.spec.expect[0].port, "eth1");
  EXPECT_EQ(out.spec.expect[1].port, "eth2");
  EXPECT_EQ(out.spec.expect[1].text, "rx@lan1=1") << "as it was written";
  EXPECT_EQ(out.spec.expect[2].port, "eth1");
  EXPECT_EQ(out.spec.expect[3].port, "");
  spec_.ports[1].interface = "lan0";
  spec_ = with_own_names(spec_, own);
  EXPECT_EQ(refused(), "port eth1 is named twice");
}

/// A search needs to know before its first trial.
TEST_F(PortTestPlanTest, FramesThatDoNotFitAreFoundBeforeSending) {
  facts_[0].iface->mtu = 1500;
  spec_.ports[0].streams[0].frame_size = packet::SizeLaw(1518);
  EXPECT_TRUE(check_frames(plan()));
  spec_.ports[0].streams[0].frame_size = packet::SizeLaw(9000);
  const Status fit = check_frames(plan());
  ASSERT_FALSE(fit);
  EXPECT_EQ(fit.error().code, Errc::NotSupported);
  EXPECT_NE(fit.error().what.find("whose MTU is 1500"), std::string::npos) << fit.error().what;
}

TEST_F(PortTestPlanTest, TheReceiverAtAVethPeerTakesFramesFromXdp) {
  InterfaceFacts& veth = *facts_[0].iface;
  veth.kind = veth.driver = "veth";
  veth.mtu = 1500;
  VethPeer& peer = veth.peer.emplace();
  peer.ifindex = 8;
  peer.reachable = peer.same_netns = peer.up = true;
  peer.mtu = 1500;
  for (const bool dry_run : {false, true}) {
    spec_.dry_run = dry_run;
    PortTestPlan out = plan();
    EXPECT_EQ(out.ports[0].send->via, TxPath::Tc);
    settle_paths(out);
    EXPECT_EQ(out.ports[0].send->via, TxPath::Xdp);
    EXPECT_EQ(out.ports[0].send->via_reason, "");
    EXPECT_TRUE(check_frames(out)) << check_frames(out).error().what;
    out.ports[0].iface.peer->mtu = 40;
    EXPECT_FALSE(check_frames(out)) << "the receiver changes no MTU";
  }
  spec_.dry_run = false;
  spec_.ports[0].via = TxPath::Tc;
  PortTestPlan out = plan();
  settle_paths(out);
  EXPECT_EQ(out.ports[0].send->via, TxPath::Tc) << "as requested";
}

} // namespace
} // namespace xtg::plan
