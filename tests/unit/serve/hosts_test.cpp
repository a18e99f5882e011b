// SPDX-License-Identifier: BSD-2-Clause
// A test of two hosts, as texts: what the server is asked for, what comes of its answers, the
// ledger.
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/both_hosts.h"
#include "serve/far_end.h"
#include "serve/policy.h"
#include "spec/profile.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::json;

packet::Ip addr(const char* text) {
  return packet::Ip::parse(text).value();
}

plan::TestSpec asked() {
  const auto draft = spec::profile_draft(
      R"({"command":"udp","server":"far.example","interface":"eth7","cpus":"3","pkt_size":128,)"
      R"("rate":"5kpps","num_packets":100,"duration":"10s","drain":"1s","expect":"loss<1%",)"
      R"("dst_mac":"02:00:00:00:00:09","allow_public":true,"streams":[{"dst_port":7},{"dst_port":8}]})",
      "test", nullptr);
  return std::get<plan::TestSpec>(spec::build(draft.value()).value().of);
}

/// What a server reads of it.
spec::Test as_server(const std::string& body) {
  const auto draft = spec::profile_draft(body, "test", nullptr);
  EXPECT_TRUE(draft) << body << draft.error().what;
  EXPECT_TRUE(check_draft(*draft, {}));
  auto test = spec::build(*draft);
  EXPECT_TRUE(test) << body << test.error().what;
  return *test;
}

TEST(FarEnd, IsAskedToReceive) {
  const auto test = as_server(far_receiver(asked(), 0xabc, "eth1"));
  const auto& rx = std::get<plan::RxSpec>(test.of);
  EXPECT_EQ(rx.run_id, 0xabcU);
  EXPECT_EQ(rx.interface, "eth1");
  EXPECT_EQ(rx.drain, Nanoseconds{1'000'000'000});
  ASSERT_EQ(rx.expect.size(), 1U);
  EXPECT_EQ(rx.expect.front().text, "loss<1%");
  // The server chooses, if no interface was named: see Service::read().
  EXPECT_FALSE(Json::parse(far_receiver(asked(), 1, "")).contains("interface"));
}

TEST(FarEnd, IsAskedToSendWhatWeWould) {
  const auto test = as_server(far_sender(asked(), 0xabc, addr("198.18.0.1"), "eth1"));
  const auto& udp = std::get<plan::TestSpec>(test.of);
  ASSERT_EQ(udp.ports.size(), 1U);
  EXPECT_EQ(udp.ports.front().interface, "eth1");
  EXPECT_TRUE(udp.ports.front().cpus.empty());
  EXPECT_TRUE(udp.announce);
  EXPECT_EQ(udp.run_id, 0xabcU);
  EXPECT_EQ(udp.duration, Nanoseconds{10'000'000'000});
  ASSERT_EQ(udp.ports.front().streams.size(), 2U);
  for (const auto& stream : udp.ports.front().streams) {
    EXPECT_EQ(stream.dst_addr->first, addr("198.18.0.1"));
    EXPECT_FALSE(stream.dst_mac) << "it is of our link";
    EXPECT_EQ(stream.num_packets, 100U);
  }
  EXPECT_EQ(udp.ports.front().streams.back().dst_port.first, 8);
}

TEST(FarEnd, TheNearEndsPartsAreItsOwn) {
  const auto test = near_sender(asked(), 5, addr("198.18.0.2"));
  EXPECT_EQ(test.ports.front().interface, "eth7");
  EXPECT_EQ(test.ports.front().streams.front().dst_addr->first, addr("198.18.0.2"));
  EXPECT_TRUE(test.expect.empty() && test.announce);
  EXPECT_EQ(near_receiver(asked(), 6, "eth8").interface, "eth8");
}

TEST(FarEnd, AnswersAreStatesOrErrors) {
  const auto waiting = read_state(201, R"({"id":"ab","state":"waiting","position":2})");
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->position, 2U);
  EXPECT_FALSE(waiting->over);
  const auto over = read_state(
      200, R"({"id":"ab","state":"failed","exit_status":3,"error":"missed","result":{"end":1}})");
  EXPECT_TRUE(over->over);
  EXPECT_EQ(over->exit_status, 3);
  EXPECT_EQ(over->document, R"({"end":1})");
  EXPECT_EQ(read_state(409, R"({"error":"eth1 is in use"})").error().message(),
            "the server refused: eth1 is in use");
  EXPECT_EQ(read_state(409, "{}").error().code, Errc::Peer);
  EXPECT_EQ(read_state(400, "{}").error().code, Errc::InvalidArgument);
  EXPECT_FALSE(read_state(200, "<html>"));
  EXPECT_FALSE(read_state(200, "[1]"));
  EXPECT_EQ(read_state(403, "{\"error\":\"a\\u001b[1m\"}").error().what.find('\x1b'),
            std::string::npos);
  for (const char* odd : {R"({"id":1,"state":[],"position":-1,"exit_status":"a","result":7})"})
    EXPECT_TRUE(read_state(200, odd)) << odd;
}

TEST(FarEnd, TheAddressIsTheInterfacesOrTheServers) {
  const auto all = read_interfaces(
      200,
      R"({"interfaces":[{"name":"eth1","addresses":["fe80::1","198.18.9.1","2001:2::1","x"]}, 7]})");
  ASSERT_TRUE(all);
  EXPECT_EQ(far_address(*all, "", addr("198.18.0.9")).value(), addr("198.18.0.9"));
  EXPECT_EQ(far_address(*all, "eth1", addr("198.18.0.9")).value(), addr("198.18.9.1"));
  EXPECT_EQ(far_address(*all, "eth1", addr("2001:2::9")).value(), addr("2001:2::1"));
  EXPECT_NE(far_address(*all, "eth2", addr("198.18.0.9")).error().what.find("eth1"),
            std::string::npos);
}

constexpr const char* kSent =
    R"({"start":{"configuration":{"streams":[{"num_packets":100}]}},"end":{"reason":"amount",)"
    R"("target":{"shortfall":null},"sum":{"attempts":101,"accepted":99,"driver_drops":2,)"
    R"("redirect_errors":0,"resent":1,"skipped_slots":0}}})";
constexpr const char* kReceived =
    R"({"end":{"sum":{"unique":95,"duplicates":3,"replicated":2,"too_late":1,"loss_exact":true},)"
    R"("aside":{"link_dropped":1,"link_missed":0}}})";

TEST(BothHosts, EveryPacketHasItsColumn) {
  const Way way{"a", "b", true, {kSent, 0}, {kReceived, 0}};
  const auto l = ledger_of(way);
  ASSERT_TRUE(l);
  EXPECT_EQ(l->asked, 100U);
  EXPECT_EQ(l->driver_drops, 1U);
  EXPECT_EQ(l->received, 93U);
  EXPECT_EQ(l->duplicated, 2U);
  EXPECT_EQ(l->late, 1U);
  EXPECT_EQ(l->dropped, 1U);
  EXPECT_EQ(l->lost, 2U);
  EXPECT_EQ(l->not_sent + l->driver_drops + l->lost + l->dropped + l->received + l->duplicated +
                l->late,
            l->asked);
}

TEST(BothHosts, OneDocumentAndOneStatus) {
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {kReceived, 0}});
  hosts.ways.push_back({"b", "a", false, {kSent, 0}, {kReceived, 3, "1 of 1 conditions missed"}});
  const Json document = Json::parse(document_of(hosts));
  EXPECT_EQ(document["exit_status"], 3);
  EXPECT_EQ(document["error"], "here: 1 of 1 conditions missed");
  EXPECT_EQ(document["end"]["ledger"].size(), 2U);
  EXPECT_EQ(document["end"]["near"]["tx"], Json::parse(kSent));
  EXPECT_EQ(document["end"]["near"]["rx"], Json::parse(kReceived));
  EXPECT_EQ(document["end"]["sum"]["sent"], 198);
  EXPECT_EQ(document["end"]["sum"]["received"], 190);
  std::ostringstream text;
  print_ledgers(text, hosts);
  EXPECT_NE(text.str().find("ledger of a -> b\n"), std::string::npos);
  EXPECT_NE(text.str().find("path-limited"), std::string::npos);
}

TEST(BothHosts, WhatIsMissingIsAnError) {
  BothHosts hosts{"", "", "udp", {}};
  EXPECT_EQ(verdict_of(hosts).exit_status, 0);
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {"", 0}});
  EXPECT_EQ(verdict_of(hosts).exit_status, 5);
  hosts.errors.push_back({Errc::InvalidArgument, 0, "no"});
  EXPECT_EQ(verdict_of(hosts).error, "no");
  EXPECT_EQ(verdict_of(hosts).exit_status, 2);
  EXPECT_EQ(Json::parse(document_of(hosts))["end"]["ledger"], Json::array());
  for (const char* odd : {"[]", "{", "{\"end\":7}", "{\"end\":{\"sum\":[]}}"})
    EXPECT_FALSE(ledger_of({"a", "b", true, {odd, 0}, {kReceived, 0}})) << odd;
}

} // namespace
} // namespace xtg::serve
