// SPDX-License-Identifier: BSD-2-Clause
#include "serve/far_end.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program_name.h"
#include "core/text.h"
#include "core/units.h"
#include "plan/rx_plan.h"
#include "serve/answers.h"
#include "serve/policy.h"
#include "spec/profile.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

/// The far end knows of the run by the control connection: nothing depends on an announcement.
constexpr Nanoseconds kGap{5'000'000};

/// Without what is of two hosts, which neither of them does by itself.
plan::TestSpec one_end(plan::TestSpec test, std::uint32_t run_id, const packet::Ip& to) {
  const plan::TestSpec plain;
  test.bidir = false;
  test.drain = plain.drain;
  test.window = plain.window;
  test.expect.clear();
  test.announce = true;
  test.announce_gap = kGap;
  test.run_id = run_id;
  for (plan::StreamSpec& stream : test.ports.front().streams)
    if (!stream.dst_addr) stream.dst_addr = packet::IpRange{to, 1};
  return test;
}

} // namespace

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<Json> read_answer(int status, std::string_view body) {
  Json value = Json::parse(body, nullptr, false);
  if (status >= 200 && status < 300) {
    if (body.empty()) return Json::object();
    if (value.is_object()) return value;
    return fail(Errc::Peer, fmt::format("the server's answer is no JSON object: is it {} serve?",
                                        program_name()));
  }
  std::string why = value.is_object() ? printable(text_at(value, "error")) : std::string{};
  if (why.empty()) why = fmt::format("HTTP status {}", status);
  return fail(status == 400 ? Errc::InvalidArgument : Errc::Peer, "the server refused: " + why);
}

std::optional<Nanoseconds> receiving(const std::optional<Nanoseconds>& duration) {
  if (!duration) return std::nullopt;
  return *duration + kReceiverMore;
}

plan::TestSpec near_sender(const plan::TestSpec& test, std::uint32_t run_id, const packet::Ip& to) {
  return one_end(test, run_id, to);
}

plan::TestSpec near_round_trip(plan::TestSpec test, const std::string& interface,
                               const packet::Ip& to) {
  plan::PortSpec& port = test.ports.front();
  port.interface = interface;
  port.receive = true;
  for (plan::StreamSpec& stream : port.streams)
    if (!stream.dst_addr) stream.dst_addr = packet::IpRange{to, 1};
  return test;
}

std::string far_reflector(const plan::TestSpec& test, std::uint32_t run_id,
                          const packet::Ip& sender, const std::string& interface) {
  plan::ReflectSpec spec;
  spec.interface = interface;
  spec.run_id = run_id;
  spec.duration = receiving(test.duration);
  spec.allow = {packet::IpPrefix{sender, sender.is_v4() ? 32U : 128U}};
  return spec::to_profile(spec::Test{std::move(spec), {}});
}

plan::RxSpec near_receiver(const plan::TestSpec& test, std::uint32_t run_id,
                           const std::string& interface,
                           std::optional<std::int64_t> sender_ahead_ns) {
  plan::RxSpec spec;
  spec.interface = interface;
  spec.run_id = run_id;
  spec.window = test.window;
  spec.drain = test.drain;
  spec.interval = test.interval;
  std::ranges::copy_if(test.expect, std::back_inserter(spec.expect), [](const auto& condition) {
    return plan::counted_by_receiver(condition.what); // the others: see verdict_of()
  });
  spec.output = test.output;
  if (sender_ahead_ns) spec.clock_offset = Nanoseconds(*sender_ahead_ns);
  return spec;
}

std::string far_sender(const plan::TestSpec& test, std::uint32_t run_id, const packet::Ip& to,
                       const std::string& interface) {
  plan::TestSpec far = one_end(test, run_id, to);
  far.output = {};
  far.allow_default_route = far.allow_public = far.fix = false; // its operator's to decide
  plan::PortSpec& port = far.ports.front();
  port.interface = interface;
  port.cpus.clear();
  for (plan::StreamSpec& stream : port.streams) {
    stream.dst_mac.reset();
    stream.src_mac.reset();
    stream.zone.clear();
  }
  return spec::to_profile(spec::Test{std::move(far), {}});
}

std::string far_receiver(const plan::TestSpec& test, std::uint32_t run_id,
                         const std::string& interface,
                         std::optional<std::int64_t> sender_ahead_ns) {
  plan::RxSpec spec = near_receiver(test, run_id, interface, sender_ahead_ns);
  spec.duration = receiving(test.duration);
  spec.output = {};
  return spec::to_profile(spec::Test{std::move(spec), {}});
}

std::string challenge_body(const packet::Ip& address, std::uint16_t port) {
  Json body;
  body["address"] = address.to_string();
  body["port"] = port;
  return body.dump();
}

std::string nonce_body(std::string_view digits) {
  Json body;
  body["nonce"] = digits;
  return body.dump();
}

Result<FarState> read_state(int status, std::string_view body) {
  auto value = read_answer(status, body);
  if (!value) return tl::unexpected<Error>(std::move(value.error()));
  FarState out;
  out.id = text_at(*value, "id");
  out.state = text_at(*value, "state");
  out.error = printable(text_at(*value, "error"));
  out.over = out.state == "done" || out.state == "failed";
  if (const auto at = value->find("position"); at != value->end() && at->is_number_unsigned())
    out.position = at->get<std::size_t>();
  if (const auto at = value->find("first_frame_monotonic_ns");
      at != value->end() && at->is_number_unsigned())
    out.first_frame_ns = at->get<std::uint64_t>();
  if (const auto at = value->find("exit_status"); at != value->end() && at->is_number_integer())
    out.exit_status = at->get<int>();
  if (const auto at = value->find("result"); at != value->end() && at->is_object()) {
    out.document = at->dump();
    const auto end = at->find("end");
    out.measured = end != at->end() && end->is_object();
  }
  return out;
}

Result<FarState> read_created(int status, std::string_view body) {
  auto state = read_state(status, body);
  if (!state && status == 403) state.error().code = Errc::InvalidArgument;
  if (!state && status == 409) { // the query of a request is an option of ours
    constexpr std::string_view kQuery = "wait=true", kOption = "--wait";
    std::string& what = state.error().what;
    if (const auto query = what.find(kQuery); query != what.npos)
      what.replace(query, kQuery.size(), kOption);
  }
  if (state && state->id.empty())
    return fail(Errc::Peer, "the server's answer names no test: is its version another one?");
  return state;
}

std::optional<Nanoseconds> read_max_duration(std::string_view body) {
  const Json value = Json::parse(body, nullptr, false);
  const Json ceilings = value.is_object() ? value.value("ceilings", Json()) : Json();
  if (!ceilings.is_object()) return std::nullopt;
  const auto duration = parse_duration(text_at(ceilings, "duration"));
  return duration ? std::optional(*duration) : std::nullopt;
}

Result<std::vector<FarInterface>> read_interfaces(int status, std::string_view body) {
  const auto value = read_answer(status, body);
  if (!value) return tl::unexpected<Error>(value.error());
  std::vector<FarInterface> out;
  const auto list = value->find("interfaces");
  for (const Json& each : list != value->end() && list->is_array() ? *list : Json::array()) {
    if (!each.is_object()) continue;
    FarInterface iface{text_at(each, "name"), {}};
    if (const auto at = each.find("addresses"); at != each.end() && at->is_array())
      for (const Json& text : *at)
        if (text.is_string())
          if (const auto ip = packet::Ip::parse(text.get<std::string>()))
            iface.addresses.push_back(*ip);
    out.push_back(std::move(iface));
  }
  return out;
}

Result<packet::Ip> far_address(const std::vector<FarInterface>& interfaces,
                               const std::string& named, const packet::Ip& control) {
  if (named.empty()) return control;
  const auto found = std::ranges::find(interfaces, named, &FarInterface::name);
  if (found == interfaces.end()) {
    std::string names;
    for (const FarInterface& each : interfaces)
      names += (names.empty() ? "" : ", ") + each.name;
    return fail(Errc::InvalidArgument,
                fmt::format("--far-interface {}: the server serves {}", xtg::quoted(named), names));
  }
  for (const packet::Ip& ip : found->addresses)
    if (ip.family == control.family && !ip.is_link_local()) return ip;
  return fail(Errc::InvalidArgument,
              fmt::format("--far-interface {}: it has no address of the family of {}; --dst-addr "
                          "names where to send",
                          named, control.to_string()));
}

} // namespace xtg::serve
