// SPDX-License-Identifier: BSD-2-Clause
// Requests and answers of the API, docs/server.md.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "core/units.h"
#include "core/version.h"
#include "plan/checks.h"
#include "serve/clocks.h"
#include "serve/http_answers.h"
#include "serve/metrics.h"
#include "serve/openapi.h"
#include "serve/page.h"
#include "serve/service.h"
#include "spec/profile.h"

namespace xtg::serve {
namespace {

double seconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

/// Its time at most, less what has passed.
double seconds_left(const Running& entry, std::uint64_t now_ns) {
  const double passed = entry.begun ? seconds(now_ns - entry.started_ns) : 0;
  return std::max(0.0, seconds(static_cast<std::uint64_t>(entry.duration.count())) - passed);
}

Json names_of(const std::vector<PortUse>& uses) {
  Json names = Json::array();
  for (const PortUse& use : uses)
    if (std::ranges::find(names, Json(use.interface)) == names.end())
      names.push_back(use.interface);
  return names;
}

/// How long it may last: settle() has seen to it that every test has an end.
Nanoseconds duration_of(const spec::Test& test) {
  std::optional<Nanoseconds> duration;
  if (const auto* udp = std::get_if<plan::TestSpec>(&test.of)) duration = udp->duration;
  if (const auto* tcp = std::get_if<plan::TcpSpec>(&test.of)) duration = tcp->duration;
  if (const auto* rx = std::get_if<plan::RxSpec>(&test.of)) duration = rx->duration;
  if (const auto* sink = std::get_if<plan::TcpSinkSpec>(&test.of)) duration = sink->duration;
  if (const auto* reflect = std::get_if<plan::ReflectSpec>(&test.of)) duration = reflect->duration;
  return duration.value_or(Nanoseconds{});
}

/// Small and flat, or nothing.
Json small_object(const std::string& body) {
  constexpr std::size_t kMost = 1024;
  Json value = body.size() <= kMost ? Json::parse(body, nullptr, false) : Json();
  return value.is_object() ? value : Json::object();
}

/// The operator's policy said no.
HttpAnswer forbidden(const Error& error) {
  return problem(403, error.message());
}

bool is_json(const HttpRequest& request) {
  const std::string type = request.header("content-type");
  return type.substr(0, type.find(';')) == "application/json";
}

} // namespace

HttpAnswer Service::handle(const HttpRequest& request) {
  if (const auto denial = admit(request, policy_)) {
    HttpAnswer answer = problem(denial->status, denial->why);
    if (denial->status == 401) answer.headers["WWW-Authenticate"] = "Bearer";
    return answer;
  }
  return route(request);
}

HttpAnswer Service::route(const HttpRequest& request) {
  const std::string& path = request.path;
  const bool get = request.method == "GET";
  if (path == "/v1/tests") return tests(request);
  constexpr std::string_view kTests = "/v1/tests/", kChallenges = "/v1/challenges/";
  if (path.starts_with(kTests)) return one(request, path.substr(kTests.size()));
  if (path == "/v1/challenges")
    return request.method == "POST" ? challenge(request) : wrong_method("POST");
  if (path.starts_with(kChallenges))
    return request.method == "POST" ? challenge_answer(request, path.substr(kChallenges.size()))
                                    : wrong_method("POST");
  for (const std::string_view known :
       {"/v1/interfaces", "/v1/clock", "/v1/health", "/metrics", "/v1/openapi.json"})
    if (path == known && !get) return wrong_method("GET");
  if (path == "/v1/interfaces") return interfaces();
  if (path == "/v1/clock") return clock();
  if (path == "/v1/health") return health();
  if (path == "/metrics") return metrics();
  if (is_of_page(path)) return page(request);
  if (path == "/v1/openapi.json") return {200, "application/json", openapi_text()};
  return not_found(printable(path));
}

HttpAnswer Service::page(const HttpRequest& request) {
  if (request.method != "GET") return wrong_method("GET");
  if (auto answer = page_answer(request.path)) return std::move(*answer);
  return problem(404, "this program was built without its page (XTG_PAGE=OFF)");
}

std::string Service::describe(const Running& entry) {
  const std::uint64_t now = machine_.now_ns();
  const State state = entry.state();
  Json out = {
      {"id", entry.id},
      {"state", name(state)},
      {"command", spec::info_of(entry.test).name},
      {"interfaces", names_of(entry.uses)},
      {"client", entry.client},
      {"age_seconds", seconds(now - entry.created_ns)},
      {"position",
       state == State::Waiting ? Json(queue_.position(entry.id).value_or(0)) : Json(nullptr)},
      {"seconds_left", entry.ended ? Json(0) : Json(seconds_left(entry, now))},
      {"lease_seconds", entry.lease.count() == 0
                            ? Json(nullptr)
                            : Json(seconds(static_cast<std::uint64_t>(entry.lease.count())))},
      {"test", Json::parse(entry.profile)}};
  if (!entry.ended) return text_of(out);
  const std::string error = entry.journal.error();
  out["exit_status"] = entry.journal.exit_status();
  out["error"] = !error.empty()   ? Json(error)
                 : entry.vanished ? Json("its client asked for it no longer")
                                  : Json(nullptr);
  return text_of(out);
}

HttpAnswer Service::busy(const Queue::Entered& entered) {
  if (entered.how == Queue::Entered::How::Full)
    return problem(503, fmt::format("{} tests wait already", Queue::kMaxWaiting));
  const auto other =
      std::ranges::find_if(entries_, [&](const Entry& e) { return e->id == entered.by; });
  if (other == entries_.end()) return problem(409, "another test is running");
  const double left = seconds_left(**other, machine_.now_ns());
  const Json interfaces = names_of((*other)->uses);
  return json(409, {{"error", fmt::format("{} is in use by a test of {} ({}), for {:.0f} s more at "
                                          "most; wait=true waits for it",
                                          interfaces.front().get<std::string>(), (*other)->client,
                                          spec::info_of((*other)->test).name, left)},
                    {"busy",
                     {{"id", (*other)->id},
                      {"client", (*other)->client},
                      {"interfaces", interfaces},
                      {"seconds_left", left}}}});
}

std::string Service::served_interface(const std::string& local) {
  const auto address = packet::Ip::parse(local);
  if (!address) return {};
  for (const plan::InterfaceFacts& iface : machine_.interfaces(policy_.interfaces))
    if (std::ranges::count(iface.addresses, *address) != 0) return iface.name;
  return {};
}

Result<Service::Entry> Service::read(const HttpRequest& request) {
  const auto denied = [](Error error) {
    error.code = Errc::NoPermission;
    return tl::unexpected<Error>(std::move(error));
  };
  auto draft = spec::profile_draft(request.body, "test", nullptr, kServed);
  if (!draft) return tl::unexpected<Error>(std::move(draft.error()));
  if (auto ok = check_draft(*draft, policy_); !ok) return denied(std::move(ok.error()));
  // The client reached one of our interfaces: that is the one it means.
  if (const spec::Option* row = draft->command->by_key("interface");
      row != nullptr &&
      std::ranges::none_of(draft->options, [&](auto& g) { return g.option == row; }) &&
      draft->ports.empty()) {
    std::string own = served_interface(request.local);
    if (own.empty() && policy_.interfaces.size() == 1) own = policy_.interfaces.front();
    if (!own.empty()) draft->options.push_back({row, {own}, "test: interface"});
  }
  auto test = spec::build(*draft);
  if (!test) return tl::unexpected<Error>(std::move(test.error()));
  if (auto ok = settle(*test, policy_, {}); !ok) return denied(std::move(ok.error()));
  auto entry = std::make_shared<Running>();
  entry->client = request.peer;
  entry->created_ns = entry->seen_ns = machine_.now_ns();
  {
    const std::lock_guard lock(mutex_);
    entry->id = fresh_id();
    entry->proven = challenges_.proven(request.peer, entry->created_ns);
  }
  if (auto ok = check_destinations(*test, policy_, entry->proven); !ok)
    return denied(std::move(ok.error()));
  if (auto ok =
          check_sources(*test, policy_, entry->proven, machine_.interfaces(policy_.interfaces));
      !ok)
    return denied(std::move(ok.error()));
  entry->duration = duration_of(*test);
  entry->uses = port_uses(*test);
  entry->profile = spec::to_profile(*test);
  entry->test = std::move(*test);
  return entry;
}

HttpAnswer Service::create(const HttpRequest& request) {
  if (!is_json(request)) return problem(415, "expected Content-Type: application/json");
  bool wait = false, prepare = false;
  Nanoseconds lease{}, hold{};
  for (const auto& [key, value] : request.query) {
    const bool yes = value == "true", is_bool = yes || value == "false";
    if (key == "wait" && is_bool) {
      wait = yes;
    } else if (key == "prepare" && is_bool) {
      prepare = yes;
    } else if (key == "lease") {
      const auto parsed = parse_duration(value);
      if (!parsed || *parsed < kLeastLease || *parsed > kMostLease)
        return problem(400, fmt::format("lease {}: expected 1s to 60s", xtg::quoted(value)));
      lease = *parsed;
    } else if (key == "hold") {
      const auto parsed = parse_duration(value);
      if (!parsed || *parsed > kMostHold)
        return problem(400, fmt::format("hold {}: expected 0 to 10s", xtg::quoted(value)));
      hold = *parsed;
    } else {
      return problem(
          400, fmt::format("query {}: expected wait=true, prepare=true, lease=TIME or hold=TIME",
                           xtg::quoted(key + "=" + value)));
    }
  }
  auto entry = read(request);
  if (!entry) {
    const std::lock_guard lock(mutex_);
    ++refused_;
    return entry.error().code == Errc::NoPermission ? forbidden(entry.error())
                                                    : problem(entry.error());
  }
  (*entry)->lease = lease;
  (*entry)->hold = hold;
  (*entry)->let_go = !prepare;
  return enter(*entry, wait);
}

HttpAnswer Service::tests(const HttpRequest& request) {
  if (request.method == "POST") return create(request);
  if (request.method != "GET") return wrong_method("GET, POST");
  const std::lock_guard lock(mutex_);
  Json all = Json::array();
  for (const Entry& entry : entries_)
    all.push_back(Json::parse(describe(*entry)));
  return json(200, {{"tests", std::move(all)}});
}

HttpAnswer Service::health() {
  const std::lock_guard lock(mutex_);
  return json(200, {{"status", stopping_ ? "ending" : "ok"},
                    {"version", kVersion},
                    {"api", 1},
                    {"running", queue_.running()},
                    {"waiting", queue_.waiting()}});
}

HttpAnswer Service::interfaces() {
  Json all = Json::array();
  for (const plan::InterfaceFacts& iface : machine_.interfaces(policy_.interfaces)) {
    Json addresses = Json::array();
    for (const packet::Ip& ip : iface.addresses)
      addresses.push_back(ip.to_string());
    all.push_back(
        {{"name", iface.name},
         {"driver", iface.driver},
         {"mac", iface.mac.to_string()},
         {"mtu", iface.mtu},
         {"up", iface.up},
         {"carrier", iface.carrier},
         {"speed_bits_per_second", iface.speed_bps == 0 ? Json(nullptr) : Json(iface.speed_bps)},
         {"addresses", std::move(addresses)}});
  }
  return json(200,
              {{"hostname", machine_.hostname()},
               {"interfaces", std::move(all)},
               {"ceilings",
                {{"rate", format_rate(policy_.max_rate)},
                 {"duration", format_duration(policy_.max_duration)},
                 {"packets", policy_.max_packets ? Json(*policy_.max_packets) : Json(nullptr)}}}});
}

HttpAnswer Service::clock() {
  ClockReading reading;
  reading.received_ns = static_cast<std::int64_t>(machine_.now_ns());
  reading.clock = machine_.clock();
  reading.tai_ahead_ns = static_cast<std::int64_t>(machine_.tai_ns() - machine_.now_ns());
  reading.sent_ns = static_cast<std::int64_t>(machine_.now_ns());
  return {200, "application/json", clock_answer(reading)};
}

HttpAnswer Service::metrics() {
  std::vector<Metric> all;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    const Json interfaces = names_of(entry->uses);
    all.push_back({entry->id, spec::info_of(entry->test).name,
                   interfaces.empty() ? "" : interfaces.front().get<std::string>(),
                   entry->state() == State::Running, entry->journal.figures()});
  }
  return metrics_answer(all, ServerCounts{total_, refused_});
}

HttpAnswer Service::challenge(const HttpRequest& request) {
  if (!is_json(request)) return problem(415, "expected Content-Type: application/json");
  const Json body = small_object(request.body);
  const bool has_address = body.contains("address") && body["address"].is_string();
  const auto address =
      packet::Ip::parse(has_address ? body["address"].get<std::string>() : std::string{});
  const bool has_port = body.contains("port") && body["port"].is_number_unsigned();
  const auto port = has_port ? body["port"].get<std::uint64_t>() : 0;
  if (!address || port < 1024 || port > 65535)
    return problem(400, "expected {\"address\": ADDRESS, \"port\": 1024 to 65535}");
  const auto local = packet::Ip::parse(request.local);
  if (!local || local->family != address->family)
    return problem(400, "address: expected one of the family that the request came by");
  // Whoever joins a group hears what is sent to it: that proves nothing.
  const std::string_view special =
      plan::special_text(packet::IpRange{*address, 1}, plan::AddressUse::Source);
  if (!special.empty() && !(address->is_loopback() && local->is_loopback()))
    return problem(400, fmt::format("address {}: {}", address->to_string(), special));
  std::string id;
  Nonce nonce{};
  {
    const std::lock_guard lock(mutex_);
    id = fresh_id();
    nonce = machine_.random();
    if (auto ok = challenges_.open(request.peer, id, *address, nonce, machine_.now_ns()); !ok)
      return problem(429, ok.error().message());
  }
  if (auto sent = machine_.send_datagram(*local, *address, static_cast<std::uint16_t>(port),
                                         challenge_datagram(nonce));
      !sent)
    return problem(422, sent.error().message());
  return json(201, {{"id", id}, {"from", request.local}});
}

HttpAnswer Service::challenge_answer(const HttpRequest& request, const std::string& id) {
  if (!is_json(request)) return problem(415, "expected Content-Type: application/json");
  const Json body = small_object(request.body);
  if (!body.contains("nonce") || !body["nonce"].is_string())
    return problem(400, "expected {\"nonce\": the 32 digits that came}");
  const std::lock_guard lock(mutex_);
  const auto ok =
      challenges_.answer(request.peer, id, body["nonce"].get<std::string>(), machine_.now_ns());
  if (!ok && ok.error().code == Errc::System) return problem(429, ok.error().message());
  if (!ok) return problem(ok.error());
  return json(200, {{"proven", true}});
}

} // namespace xtg::serve
