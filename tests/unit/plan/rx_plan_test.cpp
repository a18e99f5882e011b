// SPDX-License-Identifier: BSD-2-Clause
#include "plan/rx_plan.h"

#include <functional>

#include <gtest/gtest.h>

#include "plan/checks.h"

namespace xtg::plan {
namespace {

RxSpec plain_spec() {
  RxSpec spec;
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

class RxPlanTest : public testing::Test {
protected:
  RxPlan plan() {
    auto out = resolve_rx(spec_, facts_);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or(RxPlan{});
  }

  RxSpec spec_ = plain_spec();
  HostFacts facts_ = plain_facts();
};

TEST_F(RxPlanTest, TakesTheSpecAndTheInterface) {
  spec_.run_id = 0x1a2b3c4d;
  spec_.expect = {{Expected::Lost, Relation::Equal, 0, "lost=0"}};
  const RxPlan out = plan();
  EXPECT_EQ(out.spec, spec_);
  EXPECT_EQ(out.iface.name, "eth1");
  EXPECT_EQ(out.iface.ifindex, 7);
  EXPECT_TRUE(out.notes.empty());
}

TEST_F(RxPlanTest, AsManyFiltersAsTheProgramTakes) {
  spec_.match.assign(kMaxRxFilters, *packet::Filter::parse("udp"));
  spec_.drop_matched = true;
  EXPECT_EQ(plan().spec.match.size(), kMaxRxFilters);
  spec_.match.push_back(spec_.match.front());
  const auto many = resolve_rx(spec_, facts_);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().what, "--match is given 17 times: at most 16");
  spec_.match.clear();
  const auto none = resolve_rx(spec_, facts_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::InvalidArgument);
  EXPECT_EQ(none.error().what, "--drop-matched needs a --match that selects frames");
}

TEST_F(RxPlanTest, WhatTheDriverCanDoDecidesOnTheMode) {
  for (const RxMode mode : {RxMode::Auto, RxMode::Native, RxMode::Generic}) {
    spec_.mode = mode;
    facts_.iface->xdp_features.reset();
    EXPECT_TRUE(plan().notes.empty()) << "not known: it is tried";
    facts_.iface->xdp_features = kXdpBasic | kXdpRedirect;
    EXPECT_TRUE(plan().notes.empty());
  }
  facts_.iface->xdp_features = kXdpNdoXmit; // sends from XDP, and yet runs no program
  spec_.mode = RxMode::Generic;
  EXPECT_TRUE(plan().notes.empty()) << "as asked";
  spec_.mode = RxMode::Auto;
  EXPECT_EQ(plan().notes,
            std::vector<std::string>{"its driver has no XDP: received in generic mode, slower"});
}

TEST_F(RxPlanTest, WhereXdpIsNoPlaceTcIngressIs) {
  EXPECT_EQ(why_tc(*facts_.iface), "");
  facts_.iface->xdp_prog_ids = {12, 13};
  EXPECT_EQ(why_tc(plan().iface), "XDP on eth1 belongs to program 12, 13");
  facts_.iface->ethernet = false;
  facts_.iface->xdp_features = 0;
  for (const RxMode mode : {RxMode::Auto, RxMode::Tc}) {
    spec_.mode = mode;
    EXPECT_EQ(why_tc(plan().iface), "eth1 has no Ethernet framing");
    EXPECT_TRUE(plan().notes.empty()) << "not in generic mode";
  }
  EXPECT_EQ(tc_note("received", "it is so"),
            "received at tc ingress, after the driver, which is slower: it is so");
}

TEST_F(RxPlanTest, LimitsThemselvesAreAccepted) {
  for (const std::uint32_t window : {1'024U, 2'048U, 1'048'576U}) {
    spec_.window = window;
    EXPECT_EQ(plan().spec.window, window);
  }
  for (const std::uint32_t streams : {1U, 65'536U}) {
    spec_.streams = streams;
    EXPECT_EQ(plan().spec.streams, streams);
  }
}

TEST_F(RxPlanTest, CorruptSamplesAreFoundByVerifying) {
  spec_.sample = {.corrupt = true};
  EXPECT_FALSE(plan().spec.verify) << "nothing is written";
  spec_.pcap_path = "a.pcap";
  EXPECT_TRUE(plan().spec.verify);
  spec_.sample = {.late = true};
  EXPECT_FALSE(plan().spec.verify);
}

struct RxRefusal {
  const char* name;
  std::function<void(RxSpec&, HostFacts&)> spoil;
  Errc code;
  const char* what;
};

class RxRefusalTest : public testing::TestWithParam<RxRefusal> {};

TEST_P(RxRefusalTest, SaysWhatWouldDo) {
  RxSpec spec = plain_spec();
  HostFacts facts = plain_facts();
  ASSERT_TRUE(resolve_rx(spec, facts));
  GetParam().spoil(spec, facts);
  const auto refused = resolve_rx(spec, facts);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, GetParam().code);
  EXPECT_EQ(refused.error().message(), GetParam().what);
}

constexpr const char* kNoNative = "the driver of eth1 (ixgbe) has no XDP, which --mode native "
                                  "needs; --mode generic receives after "
                                  "the driver, slower";

INSTANTIATE_TEST_SUITE_P(
    RxPlan, RxRefusalTest,
    testing::Values(
        RxRefusal{"SmallWindow", [](RxSpec& s, auto&) { s.window = 512; }, Errc::InvalidArgument,
                  "--window 512: a power of two from 1024 to 1048576"},
        RxRefusal{"LargeWindow", [](RxSpec& s, auto&) { s.window = 2'097'152; },
                  Errc::InvalidArgument, "--window 2097152: a power of two from 1024 to 1048576"},
        RxRefusal{"OddWindow", [](RxSpec& s, auto&) { s.window = 65'535; }, Errc::InvalidArgument,
                  "--window 65535: a power of two from 1024 to 1048576"},
        RxRefusal{"NoStream", [](RxSpec& s, auto&) { s.streams = 0; }, Errc::InvalidArgument,
                  "--streams 0: 1 to 65536 streams"},
        RxRefusal{"ManyStreams", [](RxSpec& s, auto&) { s.streams = 65'537; },
                  Errc::InvalidArgument, "--streams 65537: 1 to 65536 streams"},
        RxRefusal{"NoInterface",
                  [](auto&, HostFacts& f) {
                    f.iface.reset();
                    f.iface_error = "no interface \"eth9\" here";
                  },
                  Errc::NotFound, "no interface \"eth9\" here"},
        RxRefusal{"NoReason", [](auto&, HostFacts& f) { f.iface.reset(); }, Errc::NotFound,
                  "no interface to receive on"},
        RxRefusal{
            "NotEthernet",
            [](RxSpec& s, HostFacts& f) { s.mode = RxMode::Generic, f.iface->ethernet = false; },
            Errc::NotSupported, "eth1 has no Ethernet framing"},
        RxRefusal{"Down", [](auto&, HostFacts& f) { f.iface->up = false; }, Errc::NotSupported,
                  "eth1 is down; to repair: ip link set dev eth1 up"},
        RxRefusal{"AnotherZone", [](RxSpec& s, HostFacts&) { s.zone = "eth9"; },
                  Errc::InvalidArgument, "%eth9: frames are received on eth1, not there"},
        RxRefusal{"NativeWithoutXdp",
                  [](RxSpec& s, HostFacts& f) {
                    s.mode = RxMode::Native, f.iface->xdp_features = kXdpNdoXmit;
                  },
                  Errc::NotSupported, kNoNative},
        RxRefusal{
            "NoDriversName",
            [](RxSpec& s, HostFacts& f) {
              s.mode = RxMode::Native, f.iface->xdp_features = 0, f.iface->driver.clear();
            },
            Errc::NotSupported,
            "the driver of eth1 (unnamed) has no XDP, which --mode native needs; --mode generic "
            "receives after the driver, slower"},
        RxRefusal{
            "SlotTaken",
            [](RxSpec& s, HostFacts& f) { s.mode = RxMode::Native, f.iface->xdp_prog_ids = {12}; },
            Errc::NotSupported,
            "eth1 has an XDP program already (id 12), which is left alone: ip link show dev "
            "eth1 names it; rx needs it detached, or --mode tc"},
        RxRefusal{"SlotTakenAlsoForGeneric",
                  [](RxSpec& s, HostFacts& f) {
                    s.mode = RxMode::Generic, f.iface->xdp_prog_ids = {12, 13};
                  },
                  Errc::NotSupported,
                  "eth1 has an XDP program already (id 12, 13), which is left alone: ip link show "
                  "dev eth1 names it; rx needs it detached, or --mode tc"}),
    [](const auto& info) { return std::string(info.param.name); });

struct Expectation {
  const char* text;
  Expected what;
  Relation relation;
  double bound;
};

// Every name, relation and way to write a value.
const std::vector<Expectation> kExpectations = {
    {"loss<0.001%", Expected::Loss, Relation::Less, 0.00001},
    {"loss<0.00001", Expected::Loss, Relation::Less, 0.00001},
    {"loss<1e-5", Expected::Loss, Relation::Less, 0.00001},
    {"loss=0", Expected::Loss, Relation::Equal, 0},
    {"loss==0%", Expected::Loss, Relation::Equal, 0},
    {"loss<=100%", Expected::Loss, Relation::LessEqual, 1},
    {"loss<=1", Expected::Loss, Relation::LessEqual, 1},
    {"lost<10", Expected::Lost, Relation::Less, 10},
    {"rx=10000", Expected::Received, Relation::Equal, 10'000},
    {"rx>=1.5M", Expected::Received, Relation::GreaterEqual, 1'500'000},
    {"dup==0", Expected::Duplicates, Relation::Equal, 0},
    {"reordered<=2k", Expected::Reordered, Relation::LessEqual, 2'000},
    {"late=0", Expected::Late, Relation::Equal, 0},
    {"min>100ns", Expected::Min, Relation::Greater, 100},
    {"min>=0", Expected::Min, Relation::GreaterEqual, 0},
    {"mean<50us", Expected::Mean, Relation::Less, 50'000},
    {"p50<1.5ms", Expected::P50, Relation::Less, 1'500'000},
    {"p90<2s", Expected::P90, Relation::Less, 2e9},
    {"p99<1m", Expected::P99, Relation::Less, 60e9},
    {"p99.9<1h", Expected::P999, Relation::Less, 3600e9},
    {"p99.99<0.5us", Expected::P9999, Relation::Less, 500},
    {"max<1ms", Expected::Max, Relation::Less, 1e6},
    {"jitter<10us", Expected::Jitter, Relation::Less, 10'000},
    {"pps>1G", Expected::Pps, Relation::Greater, 1e9},
    {"streams=16", Expected::Streams, Relation::Equal, 16},
};

TEST(RxExpect, EveryNameRelationAndValue) {
  for (const auto& [text, what, relation, bound] : kExpectations) {
    const auto out = parse_expect(text);
    ASSERT_TRUE(out) << out.error().message();
    EXPECT_EQ(*out, (std::vector<Condition>{{what, relation, bound, text}})) << text;
    const std::string_view words = text;
    EXPECT_EQ(words.substr(0, words.find_first_of("<=>")), to_string(what));
  }
}

TEST(RxExpect, CommasSeparateAndSpacesDoNotCount) {
  const auto out = parse_expect("loss<0.001%, p99 <=  50us ,rx= 10000 ");
  ASSERT_TRUE(out) << out.error().message();
  const std::vector<Condition> expected = {
      {Expected::Loss, Relation::Less, 0.00001, "loss<0.001%"},
      {Expected::P99, Relation::LessEqual, 50'000, "p99 <=  50us"},
      {Expected::Received, Relation::Equal, 10'000, "rx= 10000"}};
  EXPECT_EQ(*out, expected);
  const auto between = parse_expect("pps>=1M,pps<=2M");
  ASSERT_TRUE(between) << "a name may be bounded from both sides";
  EXPECT_EQ(between->size(), 2U);
}

TEST(RxExpect, PortsAndSharesAreForWhoSeesBothEnds) {
  const auto one = [](std::string_view text) { return parse_expect(text).value().front(); };
  EXPECT_EQ(one("rx@eth2 = 10/11"),
            (Condition{Expected::Received, Relation::Equal, 10, "rx@eth2 = 10/11", "eth2", 11}));
  EXPECT_EQ(one("p99@veth0.7<5us").port, "veth0.7");
  EXPECT_EQ(one("rx=1/1").share_of, 1U);
  for (const char* bad : {"rx@=1", "rx=2/1", "rx=1/0", "rx=1/", "dup=1/2", "rx=1/2/3"})
    EXPECT_FALSE(parse_expect(bad)) << bad;
}

TEST(RxExpect, WhatTheSenderMissedIsACountOrAShare) {
  for (const auto& [name, what] :
       {std::pair{"refused", Expected::Refused}, std::pair{"unsent", Expected::Unsent},
        std::pair{"not_sent", Expected::Unsent}}) {
    const Condition share = parse_expect(std::string(name) + "<0.1%").value().front();
    EXPECT_EQ(share.what, what);
    EXPECT_DOUBLE_EQ(share.bound, 0.001);
    EXPECT_TRUE(share.of_asked);
    const Condition count = parse_expect(std::string(name) + "<10").value().front();
    EXPECT_EQ(count.what, what);
    EXPECT_EQ(count.bound, 10);
    EXPECT_FALSE(count.of_asked);
  }
  EXPECT_FALSE(parse_expect("unsent<101%"));
  EXPECT_FALSE(parse_expect("dropped<1%"));
}

TEST_F(RxPlanTest, AReceiverAloneDoesNotKnowTheSender) {
  for (const char* text : {"rx@eth2=1", "rx=1/2", "refused=0", "unsent=0", "dropped=0"}) {
    spec_.expect = parse_expect(text).value();
    const auto out = resolve_rx(spec_, facts_);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code, Errc::InvalidArgument);
    EXPECT_NE(out.error().message().find(text), std::string::npos);
  }
}

TEST(RxExpect, SaysWhatWouldBeAccepted) {
  constexpr const char* kForm =
      "expected a name, one of < <= = >= > and a value, such as loss<0.001% or p99<50us";
  constexpr const char* kNames = " is not counted: expected one of loss, lost, rx, dup, reordered, "
                                 "late, min, mean, p50, p90, p99, p99.9, p99.99, max, jitter, pps, "
                                 "streams, bytes, refused, unsent, not_sent, dropped";
  constexpr const char* kShare = "expected a share of at most 100%, such as 0.001% or 0.00001";
  constexpr const char* kDelay =
      "expected a time with its unit (ns, us, ms, s, m or h), such as 50us or 1.5ms";
  constexpr const char* kCount = "expected a whole number, such as 10000, 64k or 1.5M";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", std::string("\"\": ") + kForm},
      {"loss", std::string("\"loss\": ") + kForm},
      {"<5", std::string("\"<5\": ") + kForm},
      {"rx=1,", std::string("\"\": ") + kForm},
      {"rx=1,,dup=0", std::string("\"\": ") + kForm},
      {"p98<1us", std::string("\"p98<1us\": \"p98\"") + kNames},
      {"Loss<1%", std::string("\"Loss<1%\": \"Loss\"") + kNames},
      {"rx!=5", std::string("\"rx!=5\": \"rx!\"") + kNames},
      {"dup=0,foo < 1", std::string("\"foo < 1\": \"foo\"") + kNames},
  };
  for (const auto& [text, message] : cases) {
    const auto out = parse_expect(text);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code, Errc::InvalidArgument);
    EXPECT_EQ(out.error().message(), message);
  }
  const auto refuse_values = [](const std::string& name, const char* reason,
                                const std::vector<std::string>& values) {
    for (const auto& value : values) {
      const std::string text = name + "<" + value;
      const auto out = parse_expect(text);
      ASSERT_FALSE(out) << text;
      EXPECT_EQ(out.error().code, Errc::InvalidArgument);
      EXPECT_EQ(out.error().message(), "\"" + text + "\": " + reason);
    }
  };
  refuse_values("loss", kShare,
                {"", "%", "5", "1.0001", "100.1%", "-1%", "1 %", "nan", "inf", "1e-5%", "0.1x"});
  refuse_values("p99", kDelay, {"", "50", "50US", "us", "-1us", "0.5ns", "1d", "50us5"});
  refuse_values("rx", kCount, {"", "1.5", "-1", "1kk", "10us", ">5"});
}

TEST(RxExpect, RelationsHoldAtTheirSideOfTheBound) {
  const auto sides = [](Relation relation) {
    const Condition condition{Expected::Lost, relation, 5, ""};
    return std::vector<bool>{holds(condition, 4.999), holds(condition, 5), holds(condition, 5.001)};
  };
  EXPECT_EQ(sides(Relation::Less), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(sides(Relation::LessEqual), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(sides(Relation::Equal), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(sides(Relation::GreaterEqual), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(sides(Relation::Greater), (std::vector<bool>{false, false, true}));
}

TEST(RxNames, AreThoseTheUserWrites) {
  for (const char* relation : {"<", "<=", "=", ">=", ">"}) {
    const auto out = parse_expect(std::string("rx") + relation + "1");
    ASSERT_TRUE(out);
    EXPECT_EQ(to_string(out->front().relation), relation);
  }
  EXPECT_EQ(to_string(Expected::P9999), "p99.99");
  EXPECT_EQ(to_string(Expected::Received), "rx");
  EXPECT_EQ(to_string(RxMode::Auto), "auto");
  EXPECT_EQ(to_string(RxMode::Native), "native");
  EXPECT_EQ(to_string(RxMode::Generic), "generic");
}

} // namespace
} // namespace xtg::plan
