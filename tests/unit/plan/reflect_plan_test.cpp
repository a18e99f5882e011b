// SPDX-License-Identifier: BSD-2-Clause
#include "plan/reflect_plan.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

ReflectSpec plain_spec() {
  ReflectSpec spec;
  spec.interface = "eth1";
  return spec;
}

HostFacts plain_facts() {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.ifindex = 7;
  iface.driver = "ixgbe";
  iface.up = true;
  HostFacts facts;
  facts.iface = iface;
  return facts;
}

HostFacts veth_facts(bool reachable, bool program) {
  HostFacts facts = plain_facts();
  facts.iface->kind = facts.iface->driver = "veth";
  VethPeer peer;
  peer.name = "peer";
  peer.reachable = reachable;
  peer.up = peer.gro = true;
  peer.mtu = 1500;
  peer.xdp_native = program;
  facts.iface->peer = peer;
  return facts;
}

class ReflectPlanTest : public testing::Test {
protected:
  ReflectPlan plan() {
    auto out = resolve_reflect(spec_, facts_);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or(ReflectPlan{});
  }

  ReflectSpec spec_ = plain_spec();
  HostFacts facts_ = plain_facts();
};

TEST_F(ReflectPlanTest, TakesTheSpecAndTheInterface) {
  spec_.run_id = 0x1a2b3c4d;
  const ReflectPlan out = plan();
  EXPECT_EQ(out.spec, spec_);
  EXPECT_EQ(out.iface.ifindex, 7);
  EXPECT_FALSE(out.redirect);
  EXPECT_EQ(out.rate_step, 0U);
  EXPECT_TRUE(out.notes.empty());
}

TEST_F(ReflectPlanTest, AnswersWhatIsNotPublicUnlessToldOtherwise) {
  const auto answers = [this](const char* address) {
    const ReflectPlan out = plan();
    return std::any_of(out.sources.begin(), out.sources.end(),
                       [&](const auto& s) { return s.contains(*packet::Ip::parse(address)); });
  };
  for (const char* address : {"10.1.2.3", "198.18.0.1", "169.254.1.1", "fe80::1", "2001:2::1"})
    EXPECT_TRUE(answers(address)) << address;
  for (const char* address : {"8.8.8.8", "224.0.0.1", "239.1.1.1", "2600::1", "ff02::1"})
    EXPECT_FALSE(answers(address)) << address;
  spec_.allow = {*packet::IpPrefix::parse("8.8.0.0/16")};
  EXPECT_TRUE(answers("8.8.8.8"));
  EXPECT_FALSE(answers("10.1.2.3"));
  spec_.allow_any = true;
  EXPECT_TRUE(plan().sources.empty());
}

TEST_F(ReflectPlanTest, TheHighestRateIsNeverExceeded) {
  const auto at = [this](double pps) {
    spec_.max_rate = {Rate::Unit::Pps, pps};
    return plan();
  };
  EXPECT_EQ(at(1e6).rate_step, 256'000U);
  EXPECT_EQ(at(1e6).rate_depth, 20'000'000ULL * 256);
  EXPECT_EQ(at(3e6).rate_step, 85'334U) << "rounded up";
  EXPECT_EQ(at(1).rate_step, 256'000'000'000U);
  EXPECT_EQ(at(1).rate_depth, 16 * 256'000'000'000U);
  EXPECT_EQ(at(1e15).rate_step, 1U);
}

TEST_F(ReflectPlanTest, WaysBack) {
  spec_.via = Via::Redirect;
  EXPECT_TRUE(plan().redirect);
  EXPECT_TRUE(leaves_by_xdp(plan()));
  for (const Via via : {Via::Auto, Via::Xdp, Via::Tx}) {
    spec_.via = via;
    EXPECT_FALSE(plan().redirect);
    EXPECT_FALSE(leaves_by_xdp(plan())) << "XDP_TX asks nothing more of a driver";
  }
}

/// XDP_TX of a veth wakes a far end only where that has a program.
TEST_F(ReflectPlanTest, WaysBackOverAVeth) {
  for (const auto& [reachable, program] : {std::pair{true, false}, {false, true}}) {
    facts_ = veth_facts(reachable, program);
    for (const Via via : {Via::Auto, Via::Xdp}) {
      spec_.via = via;
      EXPECT_TRUE(plan().redirect);
      EXPECT_TRUE(plan().notes.empty());
    }
    spec_.via = Via::Tx;
    if (reachable) {
      EXPECT_EQ(
          resolve_reflect(spec_, facts_).error().message(),
          "--via tx: frames would stay in the ring of peer, the far end of eth1, which has no "
          "XDP program; --via redirect needs none");
      continue;
    }
    EXPECT_FALSE(plan().redirect);
    EXPECT_EQ(plan().notes.size(), 1U);
  }
  facts_ = veth_facts(true, true);
  for (const Via via : {Via::Auto, Via::Xdp, Via::Tx}) {
    spec_.via = via;
    EXPECT_FALSE(plan().redirect);
    EXPECT_TRUE(plan().notes.empty());
    EXPECT_TRUE(leaves_by_xdp(plan()));
  }
  facts_ = veth_facts(true, false);
  spec_.mode = RxMode::Generic; // as the host's own frames
  EXPECT_TRUE(plan().notes.empty());
  EXPECT_FALSE(plan().redirect);
  EXPECT_FALSE(leaves_by_xdp(plan()));
}

TEST_F(ReflectPlanTest, TcIsAModeAndAWayAtOnce) {
  for (const auto& [mode, via] :
       {std::pair(RxMode::Tc, Via::Auto), std::pair(RxMode::Auto, Via::Tc),
        std::pair(RxMode::Tc, Via::Tc)}) {
    facts_ = veth_facts(true, false);
    spec_.mode = mode;
    spec_.via = via;
    EXPECT_TRUE(by_tc(plan()));
    EXPECT_FALSE(plan().redirect);
    EXPECT_FALSE(leaves_by_xdp(plan()));
    EXPECT_EQ(plan().tc_reason, "") << "asked for";
  }
  for (const auto& [mode, via, what] :
       {std::tuple(RxMode::Generic, Via::Tc, "--via tc needs --mode tc, not generic"),
        std::tuple(RxMode::Tc, Via::Tx,
                   "--mode tc: frames leave through tc as well, not by XDP")}) {
    spec_.mode = mode;
    spec_.via = via;
    const auto out = resolve_reflect(spec_, facts_);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, Errc::InvalidArgument);
    EXPECT_EQ(out.error().message(), what);
  }
}

TEST_F(ReflectPlanTest, WhereXdpIsNoWayTcIs) {
  facts_.iface->xdp_prog_ids = {12};
  EXPECT_EQ(plan().tc_reason, "XDP on eth1 belongs to program 12");
  for (const auto& [via, word] : {std::pair(Via::Xdp, "xdp"), std::pair(Via::Tx, "tx"),
                                  std::pair(Via::Redirect, "redirect")}) {
    spec_.via = via;
    const auto out = resolve_reflect(spec_, facts_);
    ASSERT_FALSE(out);
    EXPECT_EQ(
        out.error().message(),
        fmt::format("--via {} is not possible: XDP on eth1 belongs to program 12; --via tc is",
                    word));
  }
  spec_.via = Via::Auto;
  facts_ = veth_facts(true, false);
  EXPECT_EQ(plan().tc_reason, "");
  facts_.iface->peer->gro = false; // no ring
  EXPECT_NE(plan().tc_reason.find("neither GRO"), std::string::npos) << plan().tc_reason;
  spec_.fix = true;
  EXPECT_EQ(plan().tc_reason, "");
  spec_.fix = false;
  facts_.iface->peer->up = false; // which keeps frames of tc from leaving, too
  EXPECT_EQ(plan().tc_reason, "");
}

TEST_F(ReflectPlanTest, ADriverWithoutXdp) {
  facts_.iface->xdp_features = kXdpNdoXmit;
  EXPECT_EQ(plan().notes,
            std::vector<std::string>{"its driver has no XDP: sent back in generic mode, slower"});
  spec_.via = Via::Redirect;
  EXPECT_FALSE(leaves_by_xdp(plan()));
}

TEST_F(ReflectPlanTest, RefusesAsTheReceiverDoes) {
  const auto refused = [this] {
    const auto out = resolve_reflect(spec_, facts_);
    return out ? Error{} : out.error();
  };
  facts_.iface->xdp_prog_ids = {12};
  spec_.mode = RxMode::Native;
  EXPECT_EQ(refused().code, Errc::NotSupported);
  EXPECT_EQ(refused().message(),
            "eth1 has an XDP program already (id 12), which is left alone: ip link show dev eth1 "
            "names it; reflect needs it detached, or --mode tc");
  facts_ = plain_facts();
  spec_.mode = RxMode::Auto;
  spec_.zone = "eth2";
  EXPECT_EQ(refused().code, Errc::InvalidArgument);
  spec_.zone = "eth1";
  EXPECT_TRUE(resolve_reflect(spec_, facts_));
  facts_.iface->xdp_features = 0;
  spec_.mode = RxMode::Native;
  EXPECT_EQ(refused().code, Errc::NotSupported);
  facts_.iface.reset();
  facts_.iface_error = "no interface \"eth9\" here";
  EXPECT_EQ(refused().code, Errc::NotFound);
}

} // namespace
} // namespace xtg::plan
