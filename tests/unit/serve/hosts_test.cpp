// SPDX-License-Identifier: BSD-2-Clause
// A test of two hosts, as texts: what the server is asked for, what comes of its answers, the
// ledger.
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "plan/rx_plan.h"
#include "serve/both_hosts.h"
#include "serve/far_end.h"
#include "serve/far_tcp.h"
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
  EXPECT_EQ(rx.duration, Nanoseconds{10'000'000'000} + kReceiverMore);
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
  EXPECT_FALSE(over->measured);
  EXPECT_TRUE(read_state(200, R"({"id":"ab","state":"done","result":{"end":{}}})")->measured);
  EXPECT_EQ(read_state(409, R"({"error":"eth1 is in use"})").error().message(),
            "the server refused: eth1 is in use");
  EXPECT_EQ(read_state(409, "{}").error().code, Errc::Peer);
  EXPECT_EQ(read_state(400, "{}").error().code, Errc::InvalidArgument);
  EXPECT_EQ(read_created(403, R"({"error":"at most 4s"})").error().code, Errc::InvalidArgument);
  EXPECT_EQ(read_created(409, "{}").error().code, Errc::Peer);
  EXPECT_FALSE(read_created(201, R"({"state":"running"})"));
  EXPECT_EQ(read_created(201, R"({"id":"ab","state":"running"})")->id, "ab");
  EXPECT_EQ(read_state(200, R"({"id":"ab","first_frame_monotonic_ns":7})")->first_frame_ns, 7U);
  EXPECT_FALSE(read_state(200, "<html>"));
  EXPECT_FALSE(read_state(200, "[1]"));
  EXPECT_EQ(read_state(403, "{\"error\":\"a\\u001b[1m\"}").error().what.find('\x1b'),
            std::string::npos);
  for (const char* odd : {R"({"id":1,"state":[],"position":-1,"exit_status":"a","result":7})"})
    EXPECT_TRUE(read_state(200, odd)) << odd;
}

TEST(FarEnd, ItsRefusalsNameOurOptions) {
  const auto refused = read_created(409, R"({"error":"eth1 is in use; wait=true waits for it"})");
  EXPECT_EQ(refused.error().message(), "the server refused: eth1 is in use; --wait waits for it");
  EXPECT_EQ(read_max_duration(R"({"ceilings":{"duration":"5m"}})"), Nanoseconds{300'000'000'000});
  for (const char* none : {"", "[]", "{}", R"({"ceilings":7})", R"({"ceilings":{"duration":7}})"})
    EXPECT_FALSE(read_max_duration(none)) << none;
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

std::vector<plan::Condition> conditions(const char* text) {
  return plan::parse_expect(text).value();
}

TEST(BothHosts, WhatTheQueueingDisciplineDropsIsTheSenders) {
  Json sent = Json::parse(kSent);
  sent["end"]["sum"] = {{"attempts", 200}, {"accepted", 18}, {"queue_drops", 181}, {"queued", 1}};
  const char* received = R"({"end":{"sum":{"unique":18,"loss_exact":true,"lost_packets":182}}})";
  for (const bool near_sends : {true, false}) {
    BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
    hosts.ways.push_back({"a", "b", near_sends, {sent.dump(), 0}, {received, 0}});
    const Json ledger = Json::parse(document_of(hosts))["end"]["ledger"][0];
    EXPECT_EQ(ledger["refused"], 182);
    EXPECT_EQ(ledger["queue_drops"], 182);
    EXPECT_EQ(ledger["lost"], 0);
    EXPECT_EQ(ledger["limited_by"], "generator");
    std::ostringstream text;
    print_ledgers(text, hosts);
    EXPECT_NE(text.str().find("182 of them by its queueing discipline"), std::string::npos);
    EXPECT_EQ(verdict_of(hosts).exit_status, 0);
    hosts.expect = conditions("loss<99%");
    EXPECT_EQ(verdict_of(hosts).exit_status, 3) << "what did not leave was not tested";
    EXPECT_NE(verdict_of(hosts).error.find("unsent<=0.1% missed: 91 %"), std::string::npos)
        << verdict_of(hosts).error;
    hosts.expect = conditions("loss<99%,unsent<95%,refused<=182");
    EXPECT_EQ(verdict_of(hosts).exit_status, 0) << verdict_of(hosts).error;
    hosts.expect = conditions("unsent<95%,refused<182");
    EXPECT_NE(verdict_of(hosts).error.find("refused<182 missed: 182"), std::string::npos);
  }
}

TEST(BothHosts, TheReceiverIsGivenTheConditionsThatItCanJudge) {
  plan::TestSpec test = asked();
  test.expect = conditions("loss<1%,unsent<2%,refused=0,dropped=0,jitter<1ms");
  const auto rx = near_receiver(test, 1, "eth1");
  ASSERT_EQ(rx.expect.size(), 2U);
  EXPECT_EQ(rx.expect.back().text, "jitter<1ms");
}

TEST(BothHosts, TheTextHasReorderingAndJitter) {
  Json received = Json::parse(kReceived);
  received["end"]["sum"]["reordered"] = 4321;
  received["end"]["sum"]["jitter_us"] = 12.345;
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {received.dump(), 0}});
  std::ostringstream text;
  print_ledgers(text, hosts);
  EXPECT_NE(text.str().find("reordered                 4,321\n"), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("jitter          12.35 us\n"), std::string::npos) << text.str();
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

TEST(BothHosts, WhatAReceiverWasTooEarlyForIsNotLost) {
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {kReceived, 0}});
  hosts.ways.front().cut = true;
  const Json document = Json::parse(document_of(hosts));
  EXPECT_EQ(document["exit_status"], 5);
  EXPECT_NE(document["error"].get<std::string>().find("--max-duration"), std::string::npos);
  EXPECT_TRUE(document["end"]["ledger"].empty());
  EXPECT_EQ(document["end"]["far"]["rx"], Json::parse(kReceived));
  hosts.ways.front().received = {kReceived, 5, "no test frame arrived"};
  EXPECT_EQ(verdict_of(hosts).error, kCut) << "there was nobody to receive them";
  hosts.ways.front().received = {kReceived, 1, "eth1 went down"};
  EXPECT_EQ(verdict_of(hosts).error, "far end: eth1 went down");
  EXPECT_FALSE(ended_early(hosts.ways.front().sent));
  EXPECT_TRUE(ended_early({R"({"end":{"reason":"interrupted"}})", 0}));
  EXPECT_FALSE(ended_early({R"({"end":{"reason":"duration"}})", 0}));
  Json fewer = Json::parse(kSent);
  fewer["end"]["sum"]["attempts"] = 99;
  EXPECT_TRUE(ended_early({fewer.dump(), 0}));
  EXPECT_TRUE(ended_early({R"({"end":{"reason":"amount","ledger":[{"not_sent":1}]}})", 0}));
}

Clocks far_clock_ahead(std::int64_t offset_ns, std::uint64_t error_ns) {
  Clocks clocks;
  clocks.state = ClockState::Estimated;
  clocks.offset.offset_ns = offset_ns;
  clocks.offset.error_ns = error_ns;
  clocks.offset.samples = 32;
  return clocks;
}

/// Delays of 50 us and more, as a receiver reports them whose --clock-offset is 30 us too large.
std::string received_with_offset() {
  Json document = Json::parse(kReceived);
  document["end"]["sum"]["delay_us"] = {{"min", 80.0},  {"mean", 90.0}, {"p50", 85.0},
                                        {"p99", 110.0}, {"max", 130.0}, {"count", 95}};
  document["end"]["streams"] = Json::array({{{"clock", "offset"}}});
  return document.dump();
}

TEST(BothHosts, DelaysAreCorrectedByTheEstimateWithItsError) {
  constexpr std::int64_t kHour = 3'600'000'000'000, kMore = 30'000;
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {received_with_offset(), 0}, kMore - kHour});
  hosts.ways.push_back({"b", "a", false, {kSent, 0}, {received_with_offset(), 0}, kMore + kHour});
  hosts.clocks = far_clock_ahead(kHour, 12'000);
  const Json end = Json::parse(document_of(hosts))["end"];
  for (const Json& ledger : end["ledger"]) {
    EXPECT_NEAR(ledger["delay_us"]["min"].get<double>(), 50, 1e-6);
    EXPECT_NEAR(ledger["delay_us"]["mean"].get<double>(), 60, 1e-6);
    EXPECT_NEAR(ledger["delay_us"]["max"].get<double>(), 100, 1e-6);
    EXPECT_EQ(ledger["delay_us"]["count"], 95);
    EXPECT_EQ(ledger["delay_us"]["error"], 12 + 30.0 / 64) << "and a class of the histogram";
    EXPECT_EQ(ledger["delay_us"]["sound"], true);
  }
  EXPECT_EQ(end["clocks"]["state"], "estimated");
  EXPECT_EQ(end["clocks"]["estimate"], true);
  EXPECT_EQ(end["clocks"]["offset_us"], 3.6e9);
  // The smallest delays are samples: none is negative.
  const OffsetLimits limits = offset_limits(hosts.ways);
  EXPECT_EQ(limits.most, kHour + 50'000);
  EXPECT_EQ(limits.least, kHour - 50'000);
  std::ostringstream text;
  print_ledgers(text, hosts);
  EXPECT_NE(text.str().find("min 50  mean 60  p50 55  p99 80  max 100 us, +-12.47 us\n"),
            std::string::npos)
      << text.str();
  EXPECT_NE(text.str().find("clocks: the far end's is 3600.000000 s ahead, +-12 us; an estimate"),
            std::string::npos)
      << text.str();
  hosts.clocks = far_clock_ahead(kHour, 70'000);
  EXPECT_EQ(Json::parse(document_of(hosts))["end"]["ledger"][0]["delay_us"]["sound"], false);
  print_ledgers(text, hosts);
  EXPECT_NE(text.str().find("+-70.47 us: the error is larger than the delay"), std::string::npos);
}

TEST(BothHosts, OneClockNeedsNoCorrection) {
  Json received = Json::parse(received_with_offset());
  received["end"]["streams"][0]["clock"] = "shared";
  BothHosts hosts{"", "", "udp", {}};
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {received.dump(), 0}});
  hosts.clocks = far_clock_ahead(7, 12'000);
  hosts.clocks.state = ClockState::Same;
  const Json delay = Json::parse(document_of(hosts))["end"]["ledger"][0]["delay_us"];
  EXPECT_EQ(delay["min"], 80);
  EXPECT_EQ(delay["error"], 0);
  EXPECT_FALSE(offset_limits(hosts.ways).most);
  // Of a server that does not tell its time, nothing is known.
  hosts.clocks = {};
  const Json unknown = Json::parse(document_of(hosts))["end"];
  EXPECT_EQ(unknown["ledger"][0]["delay_us"]["error"], nullptr);
  EXPECT_EQ(unknown["clocks"]["state"], "unknown");
  EXPECT_EQ(unknown["clocks"]["offset_us"], nullptr);
}

TEST(RoundTrip, IsAskedOfAReflectorThatAnswersOnlyUs) {
  const auto test = as_server(far_reflector(asked(), 0xabc, addr("198.18.0.1"), "eth1"));
  const auto& reflect = std::get<plan::ReflectSpec>(test.of);
  EXPECT_EQ(reflect.run_id, 0xabcU);
  EXPECT_EQ(reflect.interface, "eth1");
  EXPECT_EQ(reflect.duration, Nanoseconds{10'000'000'000} + kReceiverMore);
  ASSERT_EQ(reflect.allow.size(), 1U);
  EXPECT_EQ(reflect.allow.front().to_string(), "198.18.0.1/32");
  const auto near = near_round_trip(asked(), "eth7", addr("198.18.0.2"));
  EXPECT_TRUE(near.ports.front().receive && near.ports.front().sends());
  EXPECT_EQ(near.expect.size(), 1U) << "judged here";
}

TEST(RoundTrip, LossesAreSplitByWhatTheReflectorCounted) {
  constexpr const char* kNear =
      R"({"end":{"ledger":[{"interface":"eth7","asked":100,"not_sent":1,"refused":2,"lost":20,)"
      R"("dropped":0,"received":75,"duplicated":1,"late":1,"copies":3,"queue_drops":0,)"
      R"("exact":true,"limited_by":"path"}],"flows":[{"sum":{"delay_us":{"min":4.5}}}]}})";
  constexpr const char* kFar = R"({"end":{"sum":{"packets":83,"driver_drops":4}}})";
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
  hosts.round_trip = {"a", "b", {kNear, 0}, {kFar, 0}};
  const Json document = Json::parse(document_of(hosts));
  EXPECT_EQ(document["exit_status"], 0);
  const Json ledger = document["end"]["ledger"][0];
  EXPECT_EQ(ledger["from"], "a");
  EXPECT_EQ(ledger["received"], 75);
  EXPECT_FALSE(ledger.contains("interface"));
  EXPECT_EQ(ledger["round_trip"]["lost_forward"], 10);
  EXPECT_EQ(ledger["round_trip"]["refused_by_reflector"], 4);
  EXPECT_EQ(ledger["round_trip"]["reflected"], 83);
  EXPECT_EQ(ledger["round_trip"]["lost_back"], 6);
  EXPECT_EQ(ledger["round_trip"]["delay_us"]["min"], 4.5);
  EXPECT_EQ(document["end"]["sum"]["sent"], 97);
  EXPECT_EQ(document["end"]["far"]["reflector"], Json::parse(kFar));
  std::ostringstream text;
  print_ledgers(text, hosts);
  EXPECT_NE(text.str().find("lost before it"), std::string::npos) << text.str();
  hosts.round_trip->far = {"", 5, "it was stopped"};
  EXPECT_EQ(verdict_of(hosts).error, "far end: it was stopped");
  hosts.round_trip->far = {"", 0};
  EXPECT_EQ(verdict_of(hosts).exit_status, 5);
}

TEST(TcpHosts, EachEndIsAskedForItsPart) {
  plan::TcpSpec asked;
  asked.flows = 7;
  asked.port = 5201;
  asked.cpus = {1};
  asked.allow_public = true;
  asked.payload = plan::TcpPayload::Pattern;
  const auto sink =
      std::get<plan::TcpSinkSpec>(as_server(far_tcp_sink(asked, addr("198.18.0.1"), "eth1")).of);
  EXPECT_EQ(sink.interface, "eth1");
  EXPECT_EQ(sink.port, 5201);
  EXPECT_EQ(sink.connections, 7U);
  EXPECT_EQ(sink.verify, plan::TcpSinkVerify::Pattern);
  EXPECT_FALSE(sink.duration) << "as long as the server lets it";
  asked.duration = Nanoseconds{9'000'000'000};
  EXPECT_EQ(
      std::get<plan::TcpSinkSpec>(as_server(far_tcp_sink(asked, addr("198.18.0.1"), "eth1")).of)
          .duration,
      Nanoseconds{9'000'000'000} + kReceiverMore);
  ASSERT_EQ(sink.allow.size(), 1U);
  EXPECT_EQ(sink.allow.front().to_string(), "198.18.0.1/32");
  const auto sender =
      std::get<plan::TcpSpec>(as_server(far_tcp(asked, addr("2001:2::1"), "eth1")).of);
  EXPECT_EQ(sender.host, "2001:2::1");
  EXPECT_TRUE(sender.cpus.empty() && !sender.allow_public);
  EXPECT_EQ(near_tcp(asked, addr("198.18.0.2"), "eth7").host, "198.18.0.2");
}

TEST(TcpHosts, SentAcknowledgedAndReadMakeOneLedger) {
  constexpr const char* kTcpSent =
      R"({"end":{"sum":{"bytes_sent":1100,"bytes":1000,"retransmits":3,"bits_per_second":8e6},)"
      R"("flows":[{"end":"fin"},{"end":"not_opened"},{"end":"peer_reset"}]}})";
  constexpr const char* kRead =
      R"({"end":{"sum":{"bytes":900,"connections":2,"closed":1,"reset":1,"wrong_data":0,)"
      R"("bits_per_second":7e6}}})";
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"tcp"})", "tcp", {}};
  hosts.tcp = true;
  hosts.ways.push_back({"a", "b", true, {kTcpSent, 0}, {kRead, 0}});
  const Json document = Json::parse(document_of(hosts));
  EXPECT_EQ(document["start"]["configuration"]["role"], "tcp_hosts");
  EXPECT_EQ(document["end"]["sum"], nullptr);
  const Json ledger = document["end"]["ledger"][0];
  EXPECT_EQ(ledger["bytes_sent"], 1100);
  EXPECT_EQ(ledger["bytes_acknowledged"], 1000);
  EXPECT_EQ(ledger["bytes_read"], 900);
  EXPECT_EQ(ledger["bytes_unread"], 100);
  EXPECT_EQ(ledger["connections_opened"], 2);
  EXPECT_EQ(ledger["connections_reset"], 1);
  EXPECT_EQ(document["exit_status"], 0);
  std::ostringstream text;
  print_ledgers(text, hosts);
  EXPECT_NE(text.str().find("acknowledged before a reset"), std::string::npos) << text.str();
  hosts.ways.front().received = {"", 0};
  EXPECT_EQ(verdict_of(hosts).exit_status, 5);
  hosts.ways.front().received = {kRead, 5, "no connection was opened"};
  EXPECT_EQ(verdict_of(hosts).error, "far end: no connection was opened");
  hosts.ways.front().sent = {kTcpSent, 5, "the connection was reset"};
  hosts.ways.front().received = {kRead, 0};
  hosts.ways.front().cut = true;
  EXPECT_EQ(verdict_of(hosts).exit_status, 5);
  EXPECT_NE(verdict_of(hosts).error.find("--max-duration"), std::string::npos) << "not the reset";
  EXPECT_EQ(Json::parse(document_of(hosts))["end"]["ledger"].size(), 1U) << "bytes are known";
}

TEST(BothHosts, TheLastLineHasWhatIsOfBoth) {
  BothHosts hosts{"198.18.0.2:9950", R"({"command":"udp"})", "udp", {}};
  hosts.ways.push_back({"a", "b", true, {kSent, 0}, {kReceived, 3, "missed"}});
  const std::string text = result_line_of(hosts);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const Json line = Json::parse(text);
  EXPECT_EQ(line["event"], "result");
  EXPECT_EQ(line["exit_status"], 3);
  EXPECT_EQ(line["error"], "far end: missed");
  EXPECT_EQ(line["data"]["ledger"].size(), 1U);
  EXPECT_FALSE(line["data"].contains("near"));
}

TEST(Clocks, TheBestOfWhatIsKnownCounts) {
  const auto compared = [](HostClock near, HostClock far) {
    ClockComparison clocks;
    ClockReading here{near, 0, 0, 37'000'000'000}, there{far, 0, 0, 30'000'000'000};
    clocks.add({0, 7'000'100'000, 7'000'100'000, 200'000}, here, there);
    return clocks.over(0, 200'000);
  };
  EXPECT_EQ(compared({1, kNotInStep}, {2, kNotInStep}).state, ClockState::Estimated);
  EXPECT_EQ(compared({1, kNotInStep}, {1, kNotInStep}).state, ClockState::Same);
  const Clocks by_ptp = compared({1, 300}, {2, 200});
  EXPECT_EQ(by_ptp.state, ClockState::InStep);
  EXPECT_EQ(by_ptp.offset.offset_ns, 7'000'000'000);
  EXPECT_EQ(by_ptp.offset.error_ns, 500U);
  const Clocks by_ntp = compared({1, 300'000'000}, {2, 200'000'000});
  EXPECT_EQ(by_ntp.state, ClockState::Estimated) << "its own error is smaller";
  EXPECT_EQ(by_ntp.in_step_error_ns, 500'000'000U);
  EXPECT_EQ(ClockComparison().over(0, 1).state, ClockState::Unknown);

  const SenderOffsets given = offsets_for_receivers(by_ptp, 10'000'000'000);
  EXPECT_EQ(given.near_sender_ns, -7'000'000'000 + 500 + 100'000);
  EXPECT_EQ(given.far_sender_ns, 7'000'000'000 + 500 + 100'000);
  const Clocks by_nothing = compared({1, kNotInStep}, {2, kNotInStep});
  EXPECT_EQ(offsets_for_receivers(by_nothing, 10'000'000'000).far_sender_ns,
            by_nothing.offset.offset_ns + static_cast<std::int64_t>(by_nothing.offset.error_ns) +
                1'000'000)
      << "two quartzes";
  EXPECT_FALSE(offsets_for_receivers(compared({1, 1}, {1, 1}), 1).near_sender_ns);
  EXPECT_FALSE(offsets_for_receivers({}, 1).far_sender_ns);
}

TEST(Clocks, AnswersAreReadings) {
  const ClockReading out{{0x123456789abcdef0, 250'000}, 5, 7, -9};
  const auto back = read_clock(200, clock_answer(out));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->clock, out.clock);
  EXPECT_EQ(back->received_ns, 5);
  EXPECT_EQ(back->sent_ns, 7);
  EXPECT_EQ(back->tai_ahead_ns, -9);
  for (const char* odd : {"", "[]", "{}", R"({"received_ns":"1","sent_ns":2})"})
    EXPECT_FALSE(read_clock(200, odd)) << odd;
  EXPECT_FALSE(read_clock(404, R"({"error":"/v1/clock does not exist"})")) << "an older server";
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

TEST(BothHosts, TellHowFarApartTheyBegan) {
  const auto sent = [](std::int64_t first_ns) {
    return HalfResult{fmt::format(R"({{"end":{{"first_frame_monotonic_ns":{}}}}})", first_ns), 0};
  };
  constexpr std::int64_t kHour = 3'600'000'000'000;
  BothHosts hosts;
  hosts.clocks.state = ClockState::Estimated;
  hosts.clocks.offset.offset_ns = kHour;
  hosts.clocks.offset.error_ns = 40'000;
  hosts.ways = {{"a", "b", true, sent(5'000'000'000), {}}};
  EXPECT_FALSE(starts_apart(hosts)) << "one direction";
  hosts.ways.push_back({"b", "a", false, sent(5'000'120'000 + kHour), {}});
  auto starts = starts_apart(hosts);
  ASSERT_TRUE(starts);
  EXPECT_EQ(near_time(hosts.clocks, 5'000'120'000 + kHour), 5'000'120'000U);
  EXPECT_EQ(near_time(hosts.clocks, 0), 0U) << "the server does not say when";
  EXPECT_EQ(starts->apart_us, 120);
  EXPECT_EQ(starts->error_us, 40);
  EXPECT_EQ(starts->source, "estimated");
  const Json end = Json::parse(document_of(hosts))["end"];
  EXPECT_EQ(end["starts"], Json::parse(R"({"apart_us":120,"error_us":40,"source":"estimated"})"));
  hosts.ways.back().sent = sent(4'999'900'000);
  hosts.clocks.state = ClockState::Same; // the offset is 0, whatever the exchanges say
  starts = starts_apart(hosts);
  ASSERT_TRUE(starts);
  EXPECT_EQ(starts->apart_us, -100);
  EXPECT_EQ(starts->error_us, 0);
  hosts.clocks.state = ClockState::Unknown;
  EXPECT_FALSE(starts_apart(hosts));
  EXPECT_EQ(near_time(hosts.clocks, 5), 0U);
  EXPECT_TRUE(Json::parse(document_of(hosts))["end"]["starts"].is_null());
}

} // namespace
} // namespace xtg::serve
