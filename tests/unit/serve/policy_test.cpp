// SPDX-License-Identifier: BSD-2-Clause
// What a server lets its clients do, without a server.
#include "serve/policy.h"

#include <gtest/gtest.h>

#include "plan/checks.h"
#include "spec/profile.h"

namespace xtg::serve {
namespace {

class PolicyTest : public testing::Test {
protected:
  PolicyTest() {
    policy.interfaces = {"eth1", "eth2"};
    policy.send_to = {packet::IpPrefix::parse("198.18.9.0/24").value(),
                      packet::IpPrefix::parse("239.1.0.0/16").value()};
    served.resize(2);
    served[0].name = "eth1";
    served[0].addresses = {packet::Ip::parse("198.18.0.1").value(),
                           packet::Ip::parse("198.18.0.3").value(),
                           packet::Ip::parse("2001:2::1").value()};
    served[1].name = "eth2";
    served[1].addresses = {packet::Ip::parse("198.18.1.1").value()};
  }
  /// The test as it would run, or why it does not.
  Result<spec::Test> ask(const std::string& options, const std::string& command = "udp") {
    const std::string body =
        R"({"command":")" + command + R"(","interface":"eth1",)" + options + "}";
    auto draft = spec::profile_draft(body, "test", nullptr);
    if (!draft) return tl::unexpected<Error>(draft.error());
    auto test = spec::build(*draft);
    if (!test) return test;
    if (auto ok = settle(*test, policy, {}); !ok) return tl::unexpected<Error>(ok.error());
    if (auto ok = check_destinations(*test, policy, proven); !ok)
      return tl::unexpected<Error>(ok.error());
    if (auto ok = check_sources(*test, policy, proven, served); !ok)
      return tl::unexpected<Error>(ok.error());
    return test;
  }
  std::string refusal(const std::string& options, const std::string& command = "udp") {
    const auto test = ask(options, command);
    return test ? "accepted" : test.error().message();
  }
  template <class Spec = plan::TestSpec>
  Spec accepted(const std::string& options, const std::string& command = "udp") {
    const auto test = ask(options, command);
    EXPECT_TRUE(test) << options << ": " << (test ? "" : test.error().message());
    return test ? std::get<Spec>(test->of) : Spec{};
  }

  Policy policy;
  std::vector<packet::Ip> proven{packet::Ip::parse("198.18.0.2").value(),
                                 packet::Ip::parse("2001:2::2").value()};
  std::vector<plan::InterfaceFacts> served;
};

TEST(Macs, GroupAddressesAmongOthers) {
  const auto any_group = [](const char* text) {
    return plan::any_group(packet::MacRange::parse(text).value());
  };
  for (const char* text : {"01:00:5e:00:00:01", "00:ff:ff:ff:ff:ff-01:00:00:00:00:00",
                           "02:00:00:00:00:01,03:00:00:00:00:00,02:00:00:00:00:03",
                           "02:00:00:00:00:00-04:10:00:00:00:00/4294967295",
                           "00:00:00:00:00:00-ff:ff:ff:ff:ff:ff/65537"})
    EXPECT_TRUE(any_group(text)) << text;
  for (const char* text :
       {"02:00:00:00:00:00-02:00:ff:ff:ff:ff", "02:00:00:00:00:01,04:00:00:00:00:00"})
    EXPECT_FALSE(any_group(text)) << text;
}

constexpr const char* kThere = R"("dst_addr":"198.18.9.1","rate":"1kpps")";

TEST_F(PolicyTest, GroupMacsHideNowhere) {
  for (const char* macs :
       {"ff:ff:ff:ff:ff:ff", "02:00:00:00:00:01,01:00:5e:00:00:01,02:00:00:00:00:03",
        "02:00:00:00:00:00-04:10:00:00:00:00/4294967295"}) {
    const std::string option = std::string(R"(,"dst_mac":")") + macs + "\"";
    EXPECT_NE(refusal(kThere + option).find("group address"), std::string::npos) << macs;
    accepted(R"("dst_addr":"239.1.0.1")" + option);
  }
  accepted(std::string(kThere) + R"(,"dst_mac":"02:00:00:00:00:01-02:00:00:00:00:ff")");
}

TEST_F(PolicyTest, AProvenAddressIsNotEveryNeighbour) {
  const std::string there = R"("dst_addr":"198.18.0.2")";
  accepted(there);
  for (const char* name : {"dst_mac", "src_mac"}) {
    const std::string option = std::string(",\"") + name + R"(":"02:00:00:00:00:07")";
    EXPECT_NE(refusal(there + option).find(name), std::string::npos);
    accepted(kThere + option);
  }
}

TEST_F(PolicyTest, AnswersToItsFramesGoToNobodyElse) {
  const auto from = [](const char* to, const char* source) {
    return std::string(R"("hop_limit":1,"dst_addr":")") + to + R"(","src_addr":")" + source + "\"";
  };
  for (const char* source : {"198.18.0.1", "198.18.0.1,198.18.0.3", "198.18.0.2", "198.18.9.0/24",
                             "198.18.0.1-198.18.0.3"})
    accepted(from("198.18.0.2", source));
  accepted(from("2001:2::2", "2001:2::1"));
  for (const char* source : {"203.0.113.9", "198.18.1.1", "198.18.0.0/30", "198.18.0.1-198.18.0.4",
                             "198.18.0.1,203.0.113.9", "198.18.8.0/23", "0.0.0.0/0"})
    EXPECT_NE(refusal(from("198.18.0.2", source)).find("src_addr"), std::string::npos) << source;
  EXPECT_NE(refusal(from("2001:2::2", "2001:db8::9")).find("src_addr"), std::string::npos);
  EXPECT_NE(
      refusal(R"("dst_addr":"198.18.0.2","rate":"1kpps","streams":[{},{"src_addr":"192.0.2.1"}])")
          .find("src_addr 192.0.2.1"),
      std::string::npos);
  EXPECT_NE(refusal(R"("host":"198.18.0.2","src_addr":"192.0.2.1")", "tcp").find("src_addr"),
            std::string::npos);
}

TEST_F(PolicyTest, NothingEntersItsOwnReceivePath) {
  const std::string to_us = R"("dst_addr":"198.18.0.2","via":)";
  EXPECT_NE(refusal(to_us + R"("receive")").find("via receive"), std::string::npos);
  accepted(to_us + R"("tc")");
}

TEST_F(PolicyTest, AReflectorAnswersWhoMayBeSentTo) {
  policy.max_rate = {Rate::Unit::Bps, 672e6};
  policy.max_packets = 1000;
  const auto spec =
      accepted<plan::ReflectSpec>(R"("allow":"198.18.0.2,198.18.9.128/25")", "reflect");
  EXPECT_EQ(spec.max_rate, (Rate{Rate::Unit::Pps, 1e6}));
  EXPECT_EQ(spec.num_packets, 1000U);
  for (const char* options :
       {R"("allow":"any")", R"("allow":"198.18.0.2","any_mac":true)", R"("allow":"198.18.0.3")",
        R"("allow":"198.18.0.0/30")", R"("allow":"198.18.8.0/23")", R"("duration":"1s")",
        R"("allow":"198.18.0.2","max_rate":"2Mpps")", R"("allow":"198.18.0.2","num_packets":1001)"})
    EXPECT_NE(refusal(options, "reflect"), "accepted") << options;
}

TEST_F(PolicyTest, WaitsHaveACeilingToo) {
  for (const auto& [options, command] :
       {std::pair(R"("drain":"11s")", "rx"),
        {R"("drain":"11s","host":"198.18.9.1")", "tcp"},
        {R"("timeout":"1h","host":"198.18.9.1")", "tcp"},
        {R"("silence":"1h","host":"198.18.9.1")", "tcp"},
        {R"("drain":"1h","dst_addr":"198.18.9.1","rx":"eth2")", "udp"}})
    EXPECT_NE(refusal(options, command).find("at most 10s"), std::string::npos) << options;
  EXPECT_EQ(accepted<plan::TcpSpec>(R"("host":"198.18.9.1")", "tcp").silence, kMostWait);
}

TEST_F(PolicyTest, WhatReceivesMayLastForADrainLonger) {
  policy.max_duration = Nanoseconds{4'000'000'000};
  accepted<plan::RxSpec>(R"("duration":"16s")", "rx");
  EXPECT_NE(refusal(R"("duration":"17s")", "rx").find("at most 4s"), std::string::npos);
  EXPECT_NE(refusal(std::string(kThere) + R"(,"duration":"5s")").find("at most 4s"),
            std::string::npos);
}

TEST_F(PolicyTest, BidirUsesBothWaysOfItsPortsAndSharesTheCeilings) {
  policy.max_packets = 1000;
  const std::string both = R"("dst_addr":"198.18.9.1","rx":"eth2","bidir":true)";
  const auto test = ask(both);
  ASSERT_TRUE(test) << test.error().message();
  const auto uses = port_uses(*test);
  for (const char* name : {"eth1", "eth2"})
    for (const bool send : {true, false})
      EXPECT_EQ(std::ranges::count(uses, PortUse{name, send}), 1) << name << send;
  const auto& stream = std::get<plan::TestSpec>(test->of).ports.front().streams.front();
  EXPECT_EQ(stream.rate.rate.value, policy.max_rate.value / 2);
  EXPECT_EQ(stream.num_packets, 500U);
  EXPECT_NE(refusal(both + R"(,"num_packets":501)").find("at most 1000"), std::string::npos);
}

TEST_F(PolicyTest, AnAmountInBytesIsHeldToTheCeilingInSegments) {
  policy.max_packets = 100;
  const auto status = [&](const std::string& amount) {
    plan::TcpPlan plan;
    plan.spec = accepted<plan::TcpSpec>(R"("host":"198.18.9.1","rate":"1Mbps",)" + amount, "tcp");
    EXPECT_FALSE(plan.spec.num_packets && plan.spec.bytes) << "they exclude each other";
    plan.dst = packet::Ip::parse("198.18.9.1").value();
    plan.max_segment_ip = 1500;
    const Status ok = check_plan(plan, policy, proven);
    return ok ? "accepted" : ok.error().message();
  };
  EXPECT_EQ(status(R"("duration":"1s")"), "accepted");
  EXPECT_EQ(status(R"("bytes":146000)"), "accepted");
  EXPECT_NE(status(R"("bytes":146001)").find("at most 100 packets"), std::string::npos);
  EXPECT_EQ(status(R"("bytes_per_flow":73000,"flows":2)"), "accepted");
  EXPECT_NE(status(R"("bytes_per_flow":73001,"flows":2)").find("bytes_per_flow 73001"),
            std::string::npos);
  EXPECT_NE(status(R"("bytes":30000,"mss":200)"), "accepted");
}

TEST_F(PolicyTest, AllStreamsTogetherStayBelowTheAmount) {
  policy.max_packets = 1000;
  const auto streams = [](const char* first, const char* second) {
    return std::string(R"("dst_addr":"198.18.9.1","rate":"1kpps","streams":[{)") + first + "},{" +
           second + "}]";
  };
  const auto spec = accepted(streams(R"("num_packets":900)", ""));
  EXPECT_EQ(spec.ports.front().streams.back().num_packets, 100U);
  accepted(streams(R"("num_packets":500)", R"("num_packets":500)"));
  EXPECT_NE(refusal(streams(R"("num_packets":500)", R"("num_packets":501)")), "accepted");
  EXPECT_NE(refusal(streams(R"("num_packets":1000)", "")), "accepted");
}

} // namespace
} // namespace xtg::serve
