// SPDX-License-Identifier: BSD-2-Clause
// The whole API on a machine that sends nothing.
#include "serve/clocks.h"
#include "serve/service.h"
#include "spec/profile.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/charts.h"
#include "serve/page.h"
#include "support/sample_spec.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

packet::Ip ip(const char* text) {
  return packet::Ip::parse(text).value();
}

class FakeMachine final : public Machine {
public:
  std::atomic<std::uint64_t> now{1'000'000'000};
  std::optional<Error> unplannable;
  std::atomic<bool> held{true}; ///< runs last until they are stopped
  std::atomic<int> sending{0};  ///< runs that have started
  std::atomic<std::uint64_t> first_ns{0};
  std::string datagram;
  packet::Ip datagram_to;

  std::uint64_t now_ns() override { return now; }
  std::array<std::uint8_t, 16> random() override {
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = ++drawn_;
    return bytes;
  }
  std::string hostname() override { return "here"; }
  std::vector<std::pair<std::string, Nanoseconds>> holds;
  void hold(const std::string& interface, Nanoseconds time) override {
    holds.emplace_back(interface, time);
  }
  HostClock host_clock{0xb007, kNotInStep};
  HostClock clock() override { return host_clock; }
  std::uint64_t tai_ns() override { return now + 37'000'000'000; }
  Result<AnyPlan> plan(const spec::Test& test, bool) override {
    if (unplannable) return tl::unexpected<Error>(*unplannable);
    if (const auto* udp = std::get_if<plan::TestSpec>(&test.of)) {
      plan::Plan out;
      out.spec = *udp;
      out.iface.name = udp->ports.front().interface;
      plan::StreamPlan stream;
      stream.frame = packet::build(test::sample_spec(), {}).value();
      stream.rate = udp->ports.front().streams.front().rate;
      stream.l1_bits = 672;
      const Rate rate = stream.rate.rate;
      stream.pacing = plan::Pacing{
          .target_pps = rate.unit == Rate::Unit::Pps ? rate.value : rate.value / stream.l1_bits};
      out.streams.push_back(stream);
      return AnyPlan(out);
    }
    plan::RxPlan out;
    out.spec = std::get<plan::RxSpec>(test.of);
    out.iface.name = out.spec.interface;
    return AnyPlan(out);
  }
  void run(const AnyPlan& plan, report::Sink& sink, const StopToken& stop, report::RunInfo,
           const std::function<std::uint64_t()>& ready) override {
    if (const auto* rx = std::get_if<plan::RxPlan>(&plan))
      sink.take(report::RxBegin{*rx, {}, "native"});
    else
      sink.take(report::UdpBegin{std::get<plan::Plan>(plan), {}});
    first_ns = ready();
    ++sending;
    stats::RxSample sample;
    sample.sum.unique = sample.sum.packets = 5;
    sample.delay.histogram.add(1500, 5);
    if (std::holds_alternative<plan::RxPlan>(plan)) sink.take(report::Interval(sample));
    while (held && stop.asked() == Asked::Nothing)
      std::this_thread::sleep_for(1ms);
    sink.take(report::Finish{});
  }
  std::vector<plan::InterfaceFacts> interfaces(const std::vector<std::string>& names) override {
    std::vector<plan::InterfaceFacts> out;
    for (const std::string& name : names) {
      plan::InterfaceFacts iface;
      iface.name = name;
      iface.addresses = {ip(name == "eth1" ? "198.18.0.1" : "198.18.1.1")};
      out.push_back(iface);
    }
    return out;
  }
  Status send_datagram(const packet::Ip&, const packet::Ip& to, std::uint16_t,
                       const std::string& text) override {
    datagram = text;
    datagram_to = to;
    return {};
  }

private:
  std::uint8_t drawn_ = 0;
};

class ServiceTest : public testing::Test {
protected:
  ServiceTest() {
    policy.interfaces = {"eth1", "eth2"};
    policy.send_to = {packet::IpPrefix::parse("198.18.9.0/24").value()};
  }
  HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    if (!service_) service_ = std::make_unique<Service>(policy, machine);
    HttpRequest request{method, path};
    if (const auto mark = path.find('?'); mark != std::string::npos) {
      request.path = path.substr(0, mark);
      for (std::string_view rest = std::string_view(path).substr(mark + 1); !rest.empty();) {
        const std::string_view one = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
        request.query.emplace(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
      }
    }
    request.body = body;
    request.peer = peer;
    request.local = local;
    request.headers = headers;
    if (!body.empty()) request.headers.emplace("content-type", "application/json");
    return service_->handle(request);
  }
  std::string create(const std::string& body, const std::string& query = "", int status = 201) {
    const HttpAnswer answer = ask("POST", "/v1/tests" + query, body);
    EXPECT_EQ(answer.status, status) << answer.body;
    return status == 201 ? Json::parse(answer.body)["id"].get<std::string>() : answer.body;
  }
  Json state(const std::string& id) {
    const HttpAnswer answer = ask("GET", "/v1/tests/" + id);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Json::parse(answer.body);
  }
  void wait_for(const std::string& id, const std::string& wanted) {
    for (int i = 0; i < 5000 && state(id)["state"] != wanted; ++i)
      std::this_thread::sleep_for(1ms);
    EXPECT_EQ(state(id)["state"], wanted);
  }
  Service& service() { return *service_; }

  Policy policy;
  FakeMachine machine;
  std::string peer = "198.18.0.2", local = "198.18.0.1";
  std::map<std::string, std::string> headers;

private:
  std::unique_ptr<Service> service_;
};

constexpr const char* kRx = R"({"command":"rx","interface":"eth1"})";
constexpr const char* kUdp =
    R"({"command":"udp","interface":"eth1","dst_addr":"198.18.9.1","rate":"1kpps"})";

TEST_F(ServiceTest, ATestRunsAndHasItsResult) {
  const std::string id = create(kRx);
  wait_for(id, "running");
  EXPECT_EQ(state(id)["test"]["duration"], "5m") << "without an end it gets the ceiling";
  EXPECT_EQ(ask("DELETE", "/v1/tests/" + id).status, 202);
  wait_for(id, "done");
  EXPECT_EQ(state(id)["result"]["exit_status"], 0);
  EXPECT_EQ(ask("DELETE", "/v1/tests/" + id + "?keep=true").status, 200);
  EXPECT_EQ(ask("DELETE", "/v1/tests/" + id).status, 204);
  EXPECT_EQ(ask("GET", "/v1/tests/" + id).status, 404);
}

TEST_F(ServiceTest, APreparedTestSendsOnlyWhenItsClientSaysSo) {
  const std::string id = create(kUdp, "?prepare=true");
  wait_for(id, "ready");
  EXPECT_EQ(machine.sending, 0);
  machine.now += 100'000'000'000;
  const HttpAnswer answer = ask("POST", "/v1/tests/" + id + "/start", "{}");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["state"], "running");
  EXPECT_EQ(Json::parse(answer.body)["seconds_left"], 300) << "its time begins now";
  for (int i = 0; i < 5000 && machine.sending == 0; ++i)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(machine.sending, 1);
  EXPECT_EQ(machine.first_ns, 101'050'000'000U) << "both ends have time to announce their run";
  EXPECT_EQ(Json::parse(answer.body)["first_frame_monotonic_ns"], 101'050'000'000U);
  const HttpAnswer again = ask("POST", "/v1/tests/" + id + "/start", "{}");
  EXPECT_EQ(again.status, 409);
  EXPECT_NE(again.body.find("the test is running"), std::string::npos) << again.body;
  EXPECT_EQ(ask("GET", "/v1/tests/" + id + "/start").status, 405);
  create(kRx, "?prepare=maybe", 400);
}

TEST_F(ServiceTest, APreparedTestIsStoppedLikeAnyOther) {
  std::string id = create(kUdp, "?prepare=true");
  wait_for(id, "ready");
  EXPECT_EQ(ask("DELETE", "/v1/tests/" + id).status, 202);
  wait_for(id, "done");
  id = create(kUdp, "?prepare=true&lease=2s");
  wait_for(id, "ready");
  machine.now += 3'000'000'000;
  service().tick();
  wait_for(id, "failed");
  wait_for(create(kUdp, "?prepare=true"), "ready"); // and this one when the server ends
}

TEST_F(ServiceTest, EventsAreLinesOrAPages) {
  machine.held = false;
  const std::string id = create(kRx);
  wait_for(id, "done");
  const auto whole = [](const HttpAnswer& answer) {
    std::string all;
    while (auto piece = answer.more())
      all += *piece;
    return all;
  };
  const HttpAnswer lines = ask("GET", "/v1/tests/" + id + "/events");
  EXPECT_EQ(lines.type, "application/x-ndjson");
  const std::string text = whole(lines);
  EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;
  EXPECT_EQ(Json::parse(text.substr(0, text.find('\n')))["event"], "start");
  EXPECT_EQ(whole(ask("GET", "/v1/tests/" + id + "/events?from=1")),
            text.substr(text.find('\n') + 1));
  headers["accept"] = "text/event-stream";
  const std::string page = whole(ask("GET", "/v1/tests/" + id + "/events?from=1"));
  EXPECT_TRUE(page.starts_with("id: 1\nevent: interval\ndata: {\"event\":\"interval\"")) << page;
  EXPECT_TRUE(page.ends_with("}\n\n"));
}

TEST_F(ServiceTest, ItsClockMayBeAnHourOff) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  // Exchanges with a server whose clock is ahead, over a path of 20 us there and 40 us back.
  ClockComparison clocks;
  for (std::int64_t at = 1'000'000'000; at < 1'016'000'000; at += 1'000'000) {
    machine.now = static_cast<std::uint64_t>(at + 20'000 + kHour);
    const HttpAnswer answer = ask("GET", "/v1/clock");
    const auto far = read_clock(answer.status, answer.body);
    ASSERT_TRUE(far) << answer.body;
    EXPECT_EQ(far->clock, (HostClock{0xb007, kNotInStep}));
    EXPECT_EQ(far->tai_ahead_ns, 37'000'000'000);
    clocks.add({at, far->received_ns, far->sent_ns, at + 60'000}, {}, *far);
  }
  const Clocks found = clocks.over(1'000'000'000, 1'016'000'000);
  EXPECT_EQ(found.state, ClockState::Estimated);
  EXPECT_NEAR(static_cast<double>(found.offset.offset_ns - kHour), 0,
              static_cast<double>(found.offset.error_ns));
  EXPECT_LE(found.offset.error_ns, 40'000U) << "half of 60 us, and what clocks may drift";
  EXPECT_EQ(ask("POST", "/v1/clock").status, 405);
}

TEST_F(ServiceTest, ChartsGrowAndTheReportIsMadeAtTheEnd) {
  const std::string id = create(kRx);
  wait_for(id, "running");
  const HttpAnswer charts = ask("GET", "/v1/tests/" + id + "/charts");
  std::string first;
  while (first.empty())
    first = charts.more().value();
  EXPECT_EQ(Json::parse(first)["charts"][0]["title"], "Packet rate over time") << first;
  EXPECT_EQ(ask("GET", "/v1/tests/" + id + "/report").status, 409);
  EXPECT_EQ(ask("GET", "/v1/tests/" + id + "/result").status, 409);
  ask("DELETE", "/v1/tests/" + id);
  wait_for(id, "done");
  const HttpAnswer result = ask("GET", "/v1/tests/" + id + "/result");
  EXPECT_EQ(Json::parse(result.body), state(id)["result"]);
  const HttpAnswer report = ask("GET", "/v1/tests/" + id + "/report");
  EXPECT_TRUE(report.body.starts_with("<!DOCTYPE html>")) << report.body;
  EXPECT_EQ(report.headers.at("Content-Disposition"), "attachment; filename=\"" + id + ".html\"");
  EXPECT_EQ(ask("POST", "/v1/tests/" + id + "/report", "{}").status, 405);
  EXPECT_EQ(ask("GET", "/v1/tests/" + id + "/nosuch").status, 404);
}

TEST_F(ServiceTest, ThePageIsForEverybody) {
  policy.token = "a-long-enough-secret";
  const HttpAnswer page = ask("GET", "/");
  if (page_files().empty()) {
    EXPECT_EQ(page.status, 404);
    return;
  }
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.type, "text/html; charset=utf-8");
  EXPECT_EQ(ask("POST", "/", "{}").status, 405);
  for (const PageFile& file : page_files()) {
    const HttpAnswer answer = ask("GET", std::string(file.path));
    EXPECT_EQ(answer.status, 200) << file.path;
    const std::string csp = answer.headers.at("Content-Security-Policy");
    EXPECT_TRUE(csp.starts_with("default-src 'none';")) << csp;
    EXPECT_EQ(csp.find("unsafe"), csp.npos) << csp;
    EXPECT_FALSE(answer.body.empty()) << file.path;
    const bool ours = file.path != "/page/dygraph.js"; // its labels are numbers and names of ours
    EXPECT_FALSE(ours && answer.body.find("innerHTML") != answer.body.npos) << file.path;
  }
  // What the page loads is there.
  for (std::size_t at = 0; (at = page.body.find("\"/page/", at)) != page.body.npos; ++at) {
    const std::string path = page.body.substr(at + 1, page.body.find('"', at + 1) - at - 1);
    EXPECT_EQ(ask("GET", path).status, 200) << path;
  }
  EXPECT_EQ(ask("GET", "/page/nosuch.js").status, 401);
}

TEST_F(ServiceTest, TheInterfaceIsTheOneThatTheClientReached) {
  local = "198.18.1.1";
  const std::string id = create(R"({"command":"rx"})");
  EXPECT_EQ(state(id)["interfaces"], Json({"eth2"}));
  local = "127.0.0.1";
  EXPECT_NE(create(R"({"command":"rx"})", "", 400).find("interface"), std::string::npos);
  EXPECT_NE(create(R"({"command":"rx","interface":"eth9"})", "", 403).find("eth1, eth2"),
            std::string::npos);
}

TEST_F(ServiceTest, SourcesAreTheInterfacesOwn) {
  const auto from = [](const char* source, const char* more = "") {
    return std::string(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.9.1",)") +
           R"("rate":"1kpps","src_addr":")" + source + "\"" + more + "}";
  };
  create(from("203.0.113.9", R"(,"hop_limit":1)"), "", 403);
  create(from("198.18.1.1"), "", 403);
  create(from("198.18.0.1", R"(,"via":"receive")"), "", 403);
  create(from("198.18.0.1"));
}

TEST_F(ServiceTest, ATcpSinkIsHeldToCeilings) {
  policy.max_connections = 100;
  EXPECT_NE(create(R"({"command":"tcp-sink","interface":"eth1","port":80})", "", 403)
                .find("from 1024 on"),
            std::string::npos);
  EXPECT_NE(create(R"({"command":"tcp-sink","interface":"eth1","connections":101})", "", 403)
                .find("at most 100"),
            std::string::npos);
  EXPECT_NE(create(R"({"command":"tcp-sink","interface":"eth1","connections":9,"duration":"6m"})",
                   "", 403)
                .find("ceiling"),
            std::string::npos);
  EXPECT_NE(create(R"({"command":"tcp-sink","interface":"eth9","connections":9})", "", 403)
                .find("eth1, eth2"),
            std::string::npos);
  const auto uses = [](const char* body) {
    return port_uses(spec::build(*spec::profile_draft(body, "test", nullptr)).value());
  };
  const auto sink = uses(R"({"command":"tcp-sink","interface":"eth1","port":5201})");
  for (const PortUse& use : uses(R"({"command":"tcp","host":"198.18.0.2","interface":"eth1"})"))
    EXPECT_FALSE(use == sink.front()) << "both run at a time, for --bidir";
  EXPECT_FALSE(sink.front() ==
               uses(R"({"command":"tcp-sink","interface":"eth1","port":5202})").front());
}

TEST_F(ServiceTest, OneRunsAndTheOthersAreRefusedOrWait) {
  const std::string first = create(kRx);
  wait_for(first, "running");
  const Json busy = Json::parse(create(kRx, "?wait=false", 409));
  EXPECT_EQ(busy["busy"]["id"], first);
  EXPECT_EQ(busy["busy"]["client"], "198.18.0.2");
  EXPECT_EQ(busy["busy"]["seconds_left"], 300);
  const std::string second = create(kRx, "?wait=true"), third = create(kRx, "?wait=true");
  EXPECT_EQ(state(second)["position"], 1);
  EXPECT_EQ(state(third)["position"], 2);
  const std::string other = create(kUdp);
  wait_for(other, "running");
  EXPECT_EQ(ask("DELETE", "/v1/tests/" + second).status, 204) << "it waited";
  ask("DELETE", "/v1/tests/" + first);
  wait_for(third, "running");
}

TEST_F(ServiceTest, AClientThatVanishesEndsItsTest) {
  const std::string id = create(kRx, "?lease=2s"), waits = create(kRx, "?lease=2s&wait=true");
  wait_for(id, "running");
  machine.now += 1'900'000'000;
  service().tick();
  EXPECT_EQ(state(id)["state"], "running") << "this asked for it again";
  machine.now += 1'900'000'000;
  service().tick();
  EXPECT_EQ(state(id)["state"], "running");
  machine.now += 2'000'000'000;
  service().tick();
  wait_for(id, "failed");
  EXPECT_EQ(state(waits)["state"], "failed");
  EXPECT_NE(state(id)["error"], nullptr);
  create(kRx, "?lease=1ms", 400);
}

TEST_F(ServiceTest, HoldsAnInterfaceForTheNextTestIfAsked) {
  machine.held = false;
  wait_for(create(kRx, "?hold=3s"), "done");
  EXPECT_EQ(machine.holds, (std::vector<std::pair<std::string, Nanoseconds>>{
                               {"eth1", Nanoseconds(3'000'000'000)}}));
  wait_for(create(kRx), "done");
  EXPECT_EQ(machine.holds.back().second, Nanoseconds(0)) << "nothing is left for this one";
  create(kRx, "?hold=11s", 400);
}

TEST_F(ServiceTest, CeilingsAreNamed) {
  policy.max_packets = 1000;
  const auto refused = [&](const std::string& body) { return create(body, "", 403); };
  EXPECT_NE(refused(R"({"command":"rx","interface":"eth1","duration":"313s"})").find("5m"),
            std::string::npos);
  EXPECT_NE(
      refused(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.9.1","num_packets":1001})")
          .find("at most 1000"),
      std::string::npos);
  EXPECT_NE(refused(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.8.1"})")
                .find("198.18.9.0/24"),
            std::string::npos);
  EXPECT_NE(refused(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.8.255-198.18.9.1"})")
                .find("challenge"),
            std::string::npos);
  EXPECT_NE(refused(R"({"command":"udp","interface":"eth1"})").find("198.18.0."), std::string::npos)
      << "without a destination it is the benchmarking range's";
  // The rate is known when the test is planned.
  const std::string id =
      create(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.9.1","rate":"11Gbps"})");
  wait_for(id, "failed");
  EXPECT_NE(state(id)["error"].get<std::string>().find("at most 10Gbps"), std::string::npos);
  const std::string most =
      create(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.9.1"})");
  EXPECT_EQ(state(most)["test"]["rate"], "10Gbps");
  wait_for(most, "running");
}

TEST_F(ServiceTest, ClientsNameNoFilesAndDecideNothingOfTheOperators) {
  for (const char* option : {R"("write_pcap":"/tmp/x")", R"("key":"/etc/shadow")", R"("fix":true)",
                             R"("allow_public":true)", R"("dry_run":true)"}) {
    const std::string answer =
        create(std::string(R"({"command":"udp","interface":"eth1","dst_addr":"198.18.9.1",)") +
                   option + "}",
               "", 403);
    EXPECT_EQ(answer.find("shadow"), std::string::npos) << answer;
  }
  create(R"({"command":"tcp","host":"198.18.9.1","payload_file":"/etc/passwd"})", "", 403);
  create(R"({"command":"demo"})", "", 403);
  create(R"({"command":"udp","dst_addr":"198.18.9.1","dst_mac":"ff:ff:ff:ff:ff:ff"})", "", 403);
}

TEST_F(ServiceTest, SendsToWhoAnswersAChallenge) {
  const std::string body = R"({"command":"udp","dst_addr":"198.18.0.2","rate":"1kpps"})";
  create(body, "", 403);
  const HttpAnswer open = ask("POST", "/v1/challenges", R"({"address":"198.18.0.2","port":4000})");
  ASSERT_EQ(open.status, 201) << open.body;
  const std::string path = "/v1/challenges/" + Json::parse(open.body)["id"].get<std::string>();
  const std::string nonce = challenge_answer(machine.datagram);
  EXPECT_EQ(machine.datagram_to, ip("198.18.0.2"));
  peer = "198.18.0.3";
  EXPECT_EQ(ask("POST", path, "{\"nonce\":\"" + nonce + "\"}").status, 404) << "it was not asked";
  peer = "198.18.0.2";
  EXPECT_EQ(ask("POST", path, "{\"nonce\":\"" + nonce + "\"}").status, 200);
  EXPECT_EQ(ask("POST", path, "{\"nonce\":\"" + nonce + "\"}").status, 404) << "once";
  create(body);
  peer = "198.18.0.3";
  create(body, "", 403);
}

TEST_F(ServiceTest, AWrongAnswerIsTheLast) {
  const HttpAnswer open = ask("POST", "/v1/challenges", R"({"address":"198.18.0.2","port":4000})");
  const std::string path = "/v1/challenges/" + Json::parse(open.body)["id"].get<std::string>();
  EXPECT_EQ(ask("POST", path, R"({"nonce":"00000000000000000000000000000000"})").status, 400);
  EXPECT_EQ(ask("POST", path, "{\"nonce\":\"" + challenge_answer(machine.datagram) + "\"}").status,
            404);
  for (std::size_t i = 1; i < Challenges::kMaxOpenOfOne; ++i) // the wrong one keeps its place
    EXPECT_EQ(ask("POST", "/v1/challenges", R"({"address":"198.18.0.2","port":4000})").status, 201);
  EXPECT_EQ(ask("POST", "/v1/challenges", R"({"address":"198.18.0.2","port":4000})").status, 429);
  machine.now += Challenges::kAnswerNs;
  EXPECT_EQ(ask("POST", "/v1/challenges", R"({"address":"198.18.0.2","port":4000})").status, 201);
}

TEST_F(ServiceTest, NobodyProvesAnAddressOfMany) {
  const auto status = [&](const std::string& address) {
    return ask("POST", "/v1/challenges", R"({"address":")" + address + R"(","port":4000})").status;
  };
  for (const char* address : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1", "239.1.1.1"})
    EXPECT_EQ(status(address), 400) << address;
  local = "2001:db8::1";
  for (const char* address : {"ff02::1", "::", "::1"})
    EXPECT_EQ(status(address), 400) << address;
  local = peer = "127.0.0.1"; // as on one host
  EXPECT_EQ(status("127.0.0.1"), 201);
}

TEST_F(ServiceTest, ProvenAddressesAreCounted) {
  for (std::size_t i = 0; i <= Challenges::kMaxProvenOfOne; ++i) {
    const std::string address = "198.18.0." + std::to_string(i + 2);
    const HttpAnswer open =
        ask("POST", "/v1/challenges", R"({"address":")" + address + R"(","port":4000})");
    ASSERT_EQ(open.status, 201) << open.body;
    const std::string path = "/v1/challenges/" + Json::parse(open.body)["id"].get<std::string>();
    ASSERT_EQ(
        ask("POST", path, "{\"nonce\":\"" + challenge_answer(machine.datagram) + "\"}").status,
        200);
  }
  create(R"({"command":"udp","dst_addr":"198.18.0.2"})", "", 403);
  create(R"({"command":"udp","dst_addr":"198.18.0.3"})");
}

TEST_F(ServiceTest, EventStreamsAreCounted) {
  const std::string path = "/v1/tests/" + create(kRx) + "/events";
  std::vector<HttpAnswer> read;
  for (std::size_t i = 0; i < EventStreams::kMax; ++i) {
    peer = "198.18.0." + std::to_string(2 + i / EventStreams::kMaxOfOne);
    if (i != 0 && i % EventStreams::kMaxOfOne == 0) {
      const std::string next =
          std::exchange(peer, "198.18.0." + std::to_string(1 + i / EventStreams::kMaxOfOne));
      EXPECT_EQ(ask("GET", path).status, 503) << "of one client";
      peer = next;
    }
    read.push_back(ask("GET", path));
    ASSERT_EQ(read.back().status, 200);
  }
  peer = "198.18.0.99";
  EXPECT_EQ(ask("GET", path).status, 503) << "in all";
  read.pop_back();
  EXPECT_EQ(ask("GET", path).status, 200);
}

TEST_F(ServiceTest, OneClientDoesNotTakeAllPlaces) {
  wait_for(create(kRx), "running");
  for (std::size_t i = 0; i < Service::kMaxWaitingOfOne; ++i)
    create(kRx, "?wait=true");
  create(kRx, "?wait=true", 503);
  peer = "198.18.0.3";
  create(kRx, "?wait=true");
}

TEST_F(ServiceTest, ATestThatDoesNotEndIsStopped) {
  const std::string id = create(R"({"command":"rx","interface":"eth1","duration":"1s"})");
  wait_for(id, "running");
  machine.now += 20'000'000'000;
  service().tick();
  EXPECT_EQ(state(id)["state"], "running");
  machine.now += 11'000'000'000;
  service().tick();
  wait_for(id, "done");
}

TEST_F(ServiceTest, ATokenIsAskedFor) {
  policy.token = "a-long-enough-secret";
  EXPECT_EQ(ask("GET", "/v1/health").status, 200);
  EXPECT_EQ(ask("GET", "/v1/interfaces").status, 401);
  headers["authorization"] = "Bearer a-long-enough-secreT";
  EXPECT_EQ(ask("GET", "/v1/interfaces").status, 401);
  headers["authorization"] = "Bearer a-long-enough-secret";
  EXPECT_EQ(ask("GET", "/v1/interfaces").status, 200);
}

TEST_F(ServiceTest, TheAllowListAndPagesOfOthers) {
  policy.allow = {packet::IpPrefix::parse("198.18.0.0/24").value()};
  EXPECT_EQ(ask("GET", "/v1/health").status, 200);
  peer = "198.18.1.2";
  EXPECT_EQ(ask("GET", "/v1/health").status, 403);
  peer = "198.18.0.2";
  headers = {{"host", "localhost:9950"}, {"origin", "http://localhost:9950"}};
  EXPECT_EQ(ask("GET", "/v1/health").status, 200);
  headers["origin"] = "http://evil.example";
  EXPECT_EQ(ask("GET", "/v1/health").status, 403);
  headers = {{"host", "evil.example:9950"}}; // a name that was made to point here
  EXPECT_EQ(ask("GET", "/v1/health").status, 403);
}

TEST_F(ServiceTest, NonsenseIsAnsweredInOneLine) {
  for (const char* body :
       {"{", "[]", "{}", R"({"command":"nosuch"})", R"({"command":"rx","colour":1})",
        R"({"command":"udp","rate":"fast"})", R"({"command":"rx","command":"rx"})",
        R"({"command":"udp","interface":"test0","via":"receive","rx":["test1"]})"}) {
    const std::string answer = create(body, "", 400);
    EXPECT_EQ(std::ranges::count(answer, '\n'), 1) << answer;
    EXPECT_TRUE(Json::parse(answer)["error"].is_string());
  }
  EXPECT_EQ(ask("POST", "/v1/tests").status, 415);
  EXPECT_EQ(ask("PUT", "/v1/tests", "{}").status, 405);
  EXPECT_EQ(ask("POST", "/v1/health", "{}").status, 405);
  EXPECT_EQ(ask("GET", "/nosuch").status, 404);
  EXPECT_EQ(ask("GET", "/v1/tests/nosuch").status, 404);
  create(kRx, "?colour=red", 400);
}

TEST_F(ServiceTest, AFailureOfOneTestIsItsOwn) {
  machine.unplannable = Error{Errc::NotSupported, 0, "cannot"};
  const std::string id = create(kRx);
  wait_for(id, "failed");
  EXPECT_EQ(state(id)["error"], "cannot");
  EXPECT_EQ(state(id)["exit_status"], 4);
  machine.unplannable.reset();
  wait_for(create(kRx), "running");
}

TEST_F(ServiceTest, OldResultsAreForgotten) {
  machine.held = false;
  const std::string first = create(kRx);
  wait_for(first, "done");
  for (std::size_t i = 0; i < Service::kMaxKept + 2; ++i)
    wait_for(create(kRx), "done");
  EXPECT_EQ(ask("GET", "/v1/tests/" + first).status, 404);
  EXPECT_LE(Json::parse(ask("GET", "/v1/tests").body)["tests"].size(), Service::kMaxKept + 1);
}

TEST_F(ServiceTest, Metrics) {
  machine.held = false;
  const std::string id = create(kRx);
  wait_for(id, "done");
  const std::string text = ask("GET", "/metrics").body;
  const std::string labels = "{test=\"" + id + "\",command=\"rx\",interface=\"eth1\"";
  for (const std::string& line :
       {"xdp_trafficgen_received_packets_total" + labels + "} 5\n",
        "xdp_trafficgen_delay_seconds_bucket" + labels + ",le=\"1e-06\"} 0\n",
        "xdp_trafficgen_delay_seconds_bucket" + labels + ",le=\"2e-06\"} 5\n",
        "xdp_trafficgen_delay_seconds_count" + labels + "} 5\n",
        std::string("xdp_trafficgen_tests_total 1\n"),
        std::string("# TYPE xdp_trafficgen_delay_seconds histogram\n")})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST_F(ServiceTest, DescribesItself) {
  const Json api = Json::parse(ask("GET", "/v1/openapi.json").body);
  EXPECT_EQ(api["openapi"], "3.1.0");
  EXPECT_TRUE(api["components"]["schemas"]["udp"]["properties"].contains("dst_addr"));
  EXPECT_EQ(api["components"]["schemas"]["udp"]["properties"]["streams"]["items"]["$ref"],
            "#/components/schemas/stream");
  EXPECT_TRUE(api["paths"].contains("/v1/tests/{id}/events"));
  const Json& options = api["components"]["schemas"]["udp"]["properties"];
  EXPECT_EQ(options["rate"]["x-group"], "Amount and rate");
  EXPECT_FALSE(options["rate"].contains("readOnly"));
  EXPECT_EQ(options["fix"]["readOnly"], true);
  for (const char* refused :
       {"write_pcap", "dry_run", "allow_public", "server", "token_file", "wait", "report"})
    for (const auto& [name, schema] : api["components"]["schemas"].items())
      EXPECT_FALSE(schema.contains("properties") && schema["properties"].contains(refused))
          << name << ": " << refused;
  EXPECT_NE(create(R"({"command":"udp","interface":"eth1","server":"198.18.9.1"})", "", 403)
                .find("server"),
            std::string::npos);
  const Json challenge = api["paths"]["/v1/challenges"]["post"];
  EXPECT_TRUE(
      challenge["requestBody"]["content"]["application/json"]["schema"]["properties"].contains(
          "port"));
}

TEST_F(ServiceTest, ItsDescriptionKnowsWhoNeedsTheToken) {
  policy.token = "a-long-enough-secret";
  headers["authorization"] = "Bearer " + policy.token;
  const Json api = Json::parse(ask("GET", "/v1/openapi.json").body);
  headers.clear();
  for (const char* path : {"/", "/v1/openapi.json"})
    EXPECT_TRUE(api["paths"].contains(path)) << path;
  for (const auto& [path, operations] : api["paths"].items())
    for (const auto& [method, operation] : operations.items()) {
      if (!operation.contains("responses")) continue; // parameters of all
      std::string name = method;
      std::ranges::transform(name, name.begin(), [](char c) { return std::toupper(c); });
      const Json& responses = operation["responses"];
      const int status = ask(name, path, name == "POST" ? "{}" : "").status;
      EXPECT_TRUE(responses.contains(std::to_string(status))) << path << ": " << status;
      EXPECT_EQ(responses.contains("401"), status == 401) << path;
      EXPECT_EQ(operation.contains("security"), status != 401) << path;
      EXPECT_TRUE(responses.contains("405")) << path;
      EXPECT_EQ(responses.contains("415"), name == "POST") << path;
      EXPECT_TRUE(responses.contains("404") || path.find("{id}") == path.npos) << path;
    }
  const Json parameters = api["paths"]["/v1/tests"]["post"]["parameters"];
  const auto hold =
      std::ranges::find_if(parameters, [](const Json& each) { return each["name"] == "hold"; });
  ASSERT_NE(hold, parameters.end());
  EXPECT_EQ((*hold)["schema"]["description"], "0 to 10s");
}

TEST_F(ServiceTest, OnlyWhatIsServedIsOffered) {
  for (const char* body : {R"({"command":"nosuch"})", "{}"}) {
    const std::string answer = create(body, "", 400);
    EXPECT_NE(answer.find("udp, tcp, rx, reflect, tcp-sink"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("search"), std::string::npos) << answer;
  }
  for (const char* body : {R"({"command":"demo"})", R"({"command":"search","interface":"eth1"})"})
    EXPECT_NE(create(body, "", 403).find("expected one of udp, tcp, rx, reflect, tcp-sink"),
              std::string::npos);
}

TEST_F(ServiceTest, EndsItsTestsWhenItEnds) {
  const std::string id = create(kRx), waits = create(kRx, "?wait=true");
  wait_for(id, "running");
  service().stop();
  EXPECT_EQ(state(id)["state"], "done");
  create(kRx, "", 503);
}

TEST(Secret, ComparesAllOfIt) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  for (const char* other : {"", "ab", "abcd", "abd", "abcabc"})
    EXPECT_FALSE(same_secret("abc", other)) << other;
  EXPECT_FALSE(same_secret("", "a"));
}

TEST(Journal, TheDocumentHasTheIntervalsOfTheLines) {
  Journal journal;
  std::ostringstream out;
  const auto whole = report::make_json(out);
  const auto take = [&](const report::Event& event) {
    journal.take(event);
    whole->take(event);
  };
  report::Announced announced;
  announced.sender.start_seen = true;
  take(report::Begin(report::RxBegin{}));
  take(report::Interval(stats::RxSample{})); // before the run: not part of the document
  take(report::Occurrence(announced));
  for (int i = 0; i < 3; ++i)
    take(report::Interval(stats::RxSample{}));
  take(report::Failure{{Errc::Peer, 0, "nothing"}, 5});
  EXPECT_EQ(journal.document(), "");
  take(report::Finish{});
  EXPECT_EQ(Json::parse(journal.document()), Json::parse(out.str()));
  EXPECT_EQ(Json::parse(journal.document())["intervals"].size(), 3U);
}

TEST(Charts, TakeLinesAsTheyCome) {
  ChartFeed feed;
  const std::string start = R"({"event":"start","data":{"configuration":{"role":"receiver"}}})"
                            "\n";
  const auto interval = [](int second) {
    return R"({"event":"interval","data":{"sum":{"start":0,"end":)" + std::to_string(second) +
           R"(,"rx_pps":100}}})"
           "\n";
  };
  EXPECT_EQ(feed.take(""), "");
  EXPECT_EQ(feed.take(start), "") << "no point yet";
  const Json one = Json::parse(feed.take(interval(1) + interval(2)));
  EXPECT_EQ(one["charts"][0]["series"][0]["points"], Json::parse("[[1.0,100.0],[2.0,100.0]]"));
  EXPECT_FALSE(one.contains("verdict"));
  const Json two = Json::parse(feed.take(interval(3)));
  EXPECT_EQ(two["charts"][0]["series"][0]["points"], Json::parse("[[3.0,100.0]]"));
  const Json failed =
      Json::parse(feed.take("{\"event\":\"error\",\"data\":\"why\",\"exit_status\":1}\n"));
  EXPECT_EQ(failed["verdict"]["bad"], true);
  const Json end =
      Json::parse(feed.take(R"({"event":"end","data":{"sum":{"packets":3},"reason":"failed"}})"
                            "\n"));
  EXPECT_EQ(end["verdict"]["bad"], true) << "the error came before the end";
  EXPECT_FALSE(end["figures"].empty());
  EXPECT_TRUE(end["charts"].empty());
  EXPECT_EQ(ChartFeed().take("no event\n"), "");
}

TEST(Journal, ForgetsOldIntervalsAndSaysSo) {
  Journal journal;
  journal.take(report::Begin(report::RxBegin{}));
  const std::size_t many = 2 * Journal::kMostBytes / 500;
  for (std::size_t i = 0; i < many; ++i)
    journal.take(report::Interval(stats::RxSample{}));
  journal.close();
  const auto piece = journal.read(0, Nanoseconds{});
  EXPECT_LE(piece.lines.size(), Journal::kMostBytes + 4096);
  EXPECT_NE(piece.lines.find("{\"event\":\"skipped\",\"data\":{\"lines\":"), std::string::npos);
  EXPECT_TRUE(piece.lines.starts_with("{\"event\":\"start\""));
  EXPECT_EQ(piece.next, many + 1);
  EXPECT_TRUE(piece.over);
  EXPECT_EQ(journal.read(many, Nanoseconds{}).lines.find("skipped"), std::string::npos);
  journal.take(report::Finish{});
  const std::string text = journal.document();
  EXPECT_LE(text.size(), Journal::kMostBytes + 65'536);
  const Json document = Json::parse(text);
  EXPECT_GT(document["skipped"]["lines"], 0);
  EXPECT_EQ(document["skipped"]["lines"].get<std::size_t>() + document["intervals"].size(), many);
}

} // namespace
} // namespace xtg::serve
