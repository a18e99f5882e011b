// SPDX-License-Identifier: BSD-2-Clause
#include "serve/far_tcp.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "serve/both_hosts.h"
#include "serve/far_end.h"
#include "serve/json_path.h"
#include "spec/profile.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

double figure(const Json& value, std::initializer_list<const char*> keys) {
  const Json found = at(value, keys);
  return found.is_number() ? found.get<double>() : 0;
}

/// Flows of a sender that had a connection.
std::uint64_t opened_flows(const Json& sent) {
  const Json flows = at(sent, {"end", "flows"});
  if (!flows.is_array()) return 0;
  return static_cast<std::uint64_t>(std::ranges::count_if(
      flows, [](const Json& flow) { return at(flow, {"end"}) != "not_opened"; }));
}

void row(std::ostream& out, std::string_view label, std::uint64_t value, std::string_view rest) {
  fmt::print(out, "  {:<16}{:>15}{}{}\n", label, with_thousands(value), rest.empty() ? "" : "  ",
             rest);
}

} // namespace

plan::TcpSpec near_tcp(plan::TcpSpec spec, const packet::Ip& to, const std::string& interface) {
  spec.host = to.to_string();
  spec.interface = interface;
  return spec;
}

std::string far_tcp(plan::TcpSpec spec, const packet::Ip& to, const std::string& interface) {
  const plan::TcpSpec plain;
  spec.host = to.to_string();
  spec.interface = interface;
  spec.zone.clear();
  spec.family.reset();
  spec.src_addr.reset();
  spec.cpus.clear();
  spec.allow_default_route = spec.allow_public = spec.fix = false; // its operator's to decide
  spec.output = plain.output;
  return spec::to_profile(spec::Test{std::move(spec), {}});
}

plan::TcpSinkSpec near_tcp_sink(const plan::TcpSpec& spec, const packet::Ip& sender,
                                const std::string& interface) {
  plan::TcpSinkSpec sink;
  sink.interface = interface;
  sink.port = spec.port;
  sink.allow = {packet::IpPrefix{sender, sender.is_v4() ? 32U : 128U}};
  sink.connections = spec.flows;
  if (spec.payload == plan::TcpPayload::Zeros) sink.verify = plan::TcpSinkVerify::Zeros;
  if (spec.payload == plan::TcpPayload::Pattern) sink.verify = plan::TcpSinkVerify::Pattern;
  sink.interval = spec.interval;
  sink.output = spec.output;
  return sink;
}

std::string far_tcp_sink(const plan::TcpSpec& spec, const packet::Ip& sender,
                         const std::string& interface) {
  plan::TcpSinkSpec sink = near_tcp_sink(spec, sender, interface);
  sink.duration = receiving(spec.duration);
  sink.output = {};
  return spec::to_profile(spec::Test{std::move(sink), {}});
}

Result<TcpLedger> tcp_ledger_of(const Way& way) {
  const Json sent = parsed(way.sent.document), received = parsed(way.received.document);
  if (!at(sent, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the sender's figures are missing");
  if (!at(received, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the receiver's figures are missing");
  TcpLedger out;
  out.sent = count(sent, {"end", "sum", "bytes_sent"});
  out.acked = count(sent, {"end", "sum", "bytes"});
  out.read = count(received, {"end", "sum", "bytes"});
  out.unread = out.acked - std::min(out.acked, out.read);
  out.retransmitted = count(sent, {"end", "sum", "retransmits"});
  out.opened = opened_flows(sent);
  out.accepted = count(received, {"end", "sum", "connections"});
  out.closed = count(received, {"end", "sum", "closed"});
  out.reset = count(received, {"end", "sum", "reset"});
  out.wrong = count(received, {"end", "sum", "wrong_data"});
  out.sent_bps = figure(sent, {"end", "sum", "bits_per_second"});
  out.read_bps = figure(received, {"end", "sum", "bits_per_second"});
  return out;
}

Json tcp_ledger_value(const Way& way, const TcpLedger& ledger) {
  return {{"from", way.from},
          {"to", way.to},
          {"bytes_sent", ledger.sent},
          {"bytes_acknowledged", ledger.acked},
          {"bytes_read", ledger.read},
          {"bytes_unread", ledger.unread},
          {"retransmits", ledger.retransmitted},
          {"connections_opened", ledger.opened},
          {"connections_accepted", ledger.accepted},
          {"connections_closed", ledger.closed},
          {"connections_reset", ledger.reset},
          {"wrong_data", ledger.wrong},
          {"acknowledged_bits_per_second", ledger.sent_bps},
          {"read_bits_per_second", ledger.read_bps}};
}

void print_tcp_ledger(std::ostream& out, const Way& way, const TcpLedger& ledger) {
  fmt::print(out, "ledger of {} -> {}\n", way.from, way.to);
  row(out, "bytes sent", ledger.sent,
      fmt::format("{} retransmissions", with_thousands(ledger.retransmitted)));
  row(out, "acknowledged", ledger.acked, with_prefix(ledger.sent_bps, "bit/s"));
  row(out, "read", ledger.read, with_prefix(ledger.read_bps, "bit/s"));
  if (ledger.unread != 0) row(out, "not read", ledger.unread, "acknowledged before a reset");
  row(out, "connections", ledger.opened,
      fmt::format("accepted {}, closed {}, reset {}", with_thousands(ledger.accepted),
                  with_thousands(ledger.closed), with_thousands(ledger.reset)));
  if (ledger.wrong != 0) row(out, "wrong data", ledger.wrong, "connections");
}

} // namespace xtg::serve
