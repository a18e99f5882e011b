// SPDX-License-Identifier: BSD-2-Clause
#include "html/figures.h"

#include <algorithm>

#include <fmt/format.h>

namespace xtg::html {
namespace {

using Form = Figure::Form;

const Json& end_of(const Run& run) {
  return at(run.document, {"end"});
}

std::string form_text(double value, Form form) {
  switch (form) {
  case Form::Count:
    return whole(value);
  case Form::PacketRate:
    return prefixed(value, "pps");
  case Form::BitRate:
    return prefixed(value, "bit/s");
  case Form::Percent:
    return percent(value);
  case Form::Microseconds:
    return microseconds(value);
  case Form::Seconds:
    return fmt::format("{:.4g} s", value);
  }
  return {};
}

void add_latency(std::vector<Figure>& out, const Json& delay, const std::string& of) {
  for (const auto& [key, label] : {std::pair{"p50", "median"}, std::pair{"p99", "99 %"},
                                   std::pair{"p999", "99.9 %"}, std::pair{"max", "maximum"}})
    if (const auto value = number_at(delay, {key}))
      out.push_back({fmt::format("{}, {}", of, label), value, Form::Microseconds});
}

std::string path_of(const Json& sum) {
  return text_at(sum, {"path"}) == "round-trip" ? "round trip" : "latency";
}

void add_sent(std::vector<Figure>& out, const Json& end, const std::string& prefix) {
  const Json& sum = at(end, {"sum"});
  out.push_back({prefix + "packets accepted by the driver", number_at(sum, {"accepted"})});
  out.push_back({prefix + "packet rate", number_at(sum, {"xmit_pps"}), Form::PacketRate});
  out.push_back({prefix + "bit rate on the wire (L1)", number_at(sum, {"l1_bits_per_second"}),
                 Form::BitRate});
  if (const auto target = number_at(end, {"target", "pps"}))
    out.push_back({prefix + "target rate", target, Form::PacketRate});
  out.push_back({prefix + "not accepted by the driver", number_at(sum, {"driver_drops"})});
  out.push_back({prefix + "missed slots", number_at(sum, {"skipped_slots"})});
}

void add_both_ends(std::vector<Figure>& out, const Json& end) {
  for (const auto& [key, label] :
       {std::pair{"asked", "packets asked for"}, std::pair{"sent", "packets sent"},
        std::pair{"received", "packets received"}})
    out.push_back({label, number_at(end, {"sum", key})});
  out.push_back({"lost", number_at(end, {"sum", "lost_percent"}), Form::Percent});
}

void add_hosts(std::vector<Figure>& out, const Run& run) {
  add_both_ends(out, end_of(run));
  for (const Part& part : parts_of(run)) {
    if (part.end == nullptr) continue;
    const Json& sum = at(*part.end, {"sum"});
    if (part.sends) {
      out.push_back({part.label + ": packet rate", number_at(sum, {"xmit_pps"}), Form::PacketRate});
      out.push_back({part.label + ": bit rate on the wire (L1)",
                     number_at(sum, {"l1_bits_per_second"}), Form::BitRate});
    } else {
      out.push_back({part.label + ": jitter", number_at(sum, {"jitter_us"}), Form::Microseconds});
      out.push_back({part.label + ": reordered", number_at(sum, {"reordered"})});
    }
  }
  for (const Json& ledger : list_at(end_of(run), {"ledger"})) {
    add_latency(out, at(ledger, {"delay_us"}), ledger_label(ledger) + ": latency");
    add_latency(out, at(ledger, {"round_trip", "delay_us"}), ledger_label(ledger) + ": round trip");
  }
}

void add_port_test(std::vector<Figure>& out, const Json& end) {
  add_both_ends(out, end);
  for (const Json& tx : list_at(end, {"tx"})) {
    const std::string port = text_at(tx, {"interface"});
    out.push_back({port + ": packet rate", number_at(tx, {"sum", "xmit_pps"}), Form::PacketRate});
    out.push_back({port + ": bit rate on the wire (L1)",
                   number_at(tx, {"sum", "l1_bits_per_second"}), Form::BitRate});
  }
  for (const Json& flow : list_at(end, {"flows"})) {
    const std::string label = text_at(flow, {"from"}) + " to " + text_at(flow, {"to"});
    add_latency(out, at(flow, {"sum", "delay_us"}), label + ": " + path_of(at(flow, {"sum"})));
    out.push_back({label + ": jitter", number_at(flow, {"sum", "jitter_us"}), Form::Microseconds});
    out.push_back({label + ": reordered", number_at(flow, {"sum", "reordered"})});
  }
}

void add_rx(std::vector<Figure>& out, const Json& end) {
  const Json& sum = at(end, {"sum"});
  out.push_back({"packets received", number_at(sum, {"packets"})});
  out.push_back({"packet rate", number_at(sum, {"rx_pps"}), Form::PacketRate});
  out.push_back(
      {"bit rate on the wire (L1)", number_at(sum, {"l1_bits_per_second"}), Form::BitRate});
  out.push_back({"packets lost", number_at(sum, {"lost_packets"})});
  out.push_back({"lost", number_at(sum, {"lost_percent"}), Form::Percent});
  out.push_back({"duplicates", number_at(sum, {"duplicates"})});
  out.push_back({"reordered", number_at(sum, {"reordered"})});
  add_latency(out, at(sum, {"delay_us"}), path_of(sum));
  out.push_back({"jitter", number_at(sum, {"jitter_us"}), Form::Microseconds});
}

void add_tcp(std::vector<Figure>& out, const Json& end) {
  const Json& sum = at(end, {"sum"});
  out.push_back({"goodput", number_at(sum, {"bits_per_second"}), Form::BitRate});
  out.push_back({"bytes acknowledged", number_at(sum, {"bytes"})});
  out.push_back({"segments sent", number_at(sum, {"segments_sent"})});
  out.push_back({"retransmissions", number_at(sum, {"retransmits"})});
  for (const auto& [cause, count] : at(sum, {"retransmits_by_cause"}).items())
    if (count.is_number()) out.push_back({"retransmitted: " + cause, count.get<double>()});
  add_latency(out, at(end, {"rtt_us"}), "RTT");
  out.push_back({"connected after", number_at(end, {"connect_seconds"}), Form::Seconds});
}

void add_tcp_sink(std::vector<Figure>& out, const Json& end) {
  const Json& sum = at(end, {"sum"});
  out.push_back({"bytes read", number_at(sum, {"bytes"})});
  out.push_back({"goodput", number_at(sum, {"bits_per_second"}), Form::BitRate});
  for (const auto& [key, label] :
       {std::pair{"connections", "connections"}, std::pair{"reset", "connections reset"},
        std::pair{"failed", "connections failed"}, std::pair{"refused", "connections refused"},
        std::pair{"wrong_data", "connections with wrong data"}})
    out.push_back({label, number_at(sum, {key})});
}

void add_tcp_hosts(std::vector<Figure>& out, const Json& end) {
  for (const Json& ledger : list_at(end, {"ledger"}))
    for (const auto& [key, count] : ledger.items())
      if (count.is_number()) {
        std::string label = key;
        std::ranges::replace(label, '_', ' ');
        out.push_back({ledger_label(ledger) + ": " + label, count.get<double>(),
                       key.ends_with("bits_per_second") ? Form::BitRate : Form::Count});
      }
}

void add_reflect(std::vector<Figure>& out, const Json& end) {
  const Json& sum = at(end, {"sum"});
  out.push_back({"packets reflected", number_at(sum, {"packets"})});
  out.push_back({"packet rate", number_at(sum, {"reflected_pps"}), Form::PacketRate});
  out.push_back({"dropped by the driver", number_at(sum, {"driver_drops"})});
  out.push_back({"passed on", number_at(sum, {"passed"})});
  for (const auto& [reason, count] : at(sum, {"refused"}).items())
    if (count.is_number()) out.push_back({"not reflected: " + reason, count.get<double>()});
}

constexpr std::string_view kEstimate = "estimate";

/// The member of a goal with the rate found: of an unfinished search without a lower bound the
/// estimate, if there is one.
std::string_view found_by(const Json& goal) {
  const bool estimated =
      !number_at(goal, {"lower", "pps"}) && number_at(goal, {kEstimate, "pps"}).has_value();
  return estimated ? kEstimate : "lower";
}

void add_search(std::vector<Figure>& out, const Json& end) {
  for (const Json& size : list_at(end, {"sizes"}))
    for (const Json& goal : list_at(size, {"goals"})) {
      const std::string label =
          fmt::format("{}-byte frames, {}", text_at(size, {"size"}), text_at(goal, {"name"}));
      const std::string_view bound = found_by(goal);
      const std::string kind = bound == kEstimate ? " (estimate)" : "";
      out.push_back({label + kind, number_at(goal, {bound, "pps"}), Form::PacketRate});
      out.push_back({label + ", on the wire (L1)" + kind,
                     number_at(goal, {bound, "l1_bits_per_second"}), Form::BitRate});
    }
  out.push_back({"trials", number_at(end, {"trials"})});
}

/// What the run was about, in a sentence; empty if its document has no end.
std::string sentence(const Run& run) {
  const Json& end = end_of(run);
  const Json& sum = at(end, {"sum"});
  const auto n = [](const Json& of, std::initializer_list<std::string_view> path) {
    return whole(number_at(of, path));
  };
  switch (run.command) {
  case Command::Udp:
    return fmt::format("The driver accepted {} packets in {:.4g} s: {}, {} on the wire.",
                       n(sum, {"accepted"}), number_at(sum, {"seconds"}).value_or(0),
                       prefixed(number_at(sum, {"xmit_pps"}), "pps"),
                       prefixed(number_at(sum, {"l1_bits_per_second"}), "bit/s"));
  case Command::PortTest:
  case Command::Hosts:
    return fmt::format("Of {} packets sent, {} were received: {} lost.", n(sum, {"sent"}),
                       n(sum, {"received"}), percent(number_at(sum, {"lost_percent"})));
  case Command::Tcp:
    return fmt::format("Goodput {}, {} retransmissions in {} segments.",
                       prefixed(number_at(sum, {"bits_per_second"}), "bit/s"),
                       n(sum, {"retransmits"}), n(sum, {"segments_sent"}));
  case Command::TcpSink:
    return fmt::format("{} bytes read in {} connections: {}.", n(sum, {"bytes"}),
                       n(sum, {"connections"}),
                       prefixed(number_at(sum, {"bits_per_second"}), "bit/s"));
  case Command::Rx:
    return fmt::format("{} packets received at {}; {} lost.", n(sum, {"packets"}),
                       prefixed(number_at(sum, {"rx_pps"}), "pps"),
                       percent(number_at(sum, {"lost_percent"})));
  case Command::Reflect:
    return fmt::format("{} packets reflected at {}.", n(sum, {"packets"}),
                       prefixed(number_at(sum, {"reflected_pps"}), "pps"));
  case Command::TcpHosts:
  case Command::Search:
  case Command::Unknown:
    break;
  }
  return {};
}

void add_found(std::vector<std::string>& out, const Json& end) {
  for (const Json& size : list_at(end, {"sizes"}))
    for (const Json& goal : list_at(size, {"goals"})) {
      const std::string state = text_at(goal, {"state"}), limit = text_at(goal, {"limited_by"});
      out.push_back(fmt::format(
          "{}-byte frames, {}: {}{}{}.", text_at(size, {"size"}), text_at(goal, {"name"}),
          found_rate(goal, "pps", "pps"), state == "regular" ? "" : ", irregular: " + state,
          limit.empty() || limit == "device" ? "" : ", limited by: " + limit));
    }
}

void add_conditions(std::vector<std::string>& out, const Json& end) {
  for (const Json& each : list_at(end, {"expect"})) {
    const std::string size = text_at(each, {"size"});
    const auto value = number_at(each, {"value"});
    out.push_back(fmt::format("{}{}: {} (measured {}).", text_at(each, {"condition"}),
                              size.empty() ? "" : " with frames of " + size,
                              at(each, {"held"}) == true ? "holds" : "does not hold",
                              value ? fmt::format("{:.6g}", *value) : "nothing"));
  }
}

} // namespace

std::string ledger_label(const Json& ledger) {
  const std::string interface = text_at(ledger, {"interface"});
  return interface.empty() ? text_at(ledger, {"from"}) + " to " + text_at(ledger, {"to"})
                           : interface;
}

std::string shown(const Figure& figure) {
  return figure.value ? form_text(*figure.value, figure.form) : "n/a";
}

std::vector<Figure> key_figures(const Run& run) {
  std::vector<Figure> out;
  const Json& end = end_of(run);
  if (!end.is_object()) return out;
  switch (run.command) {
  case Command::Udp:
    add_sent(out, end, "");
    break;
  case Command::PortTest:
    add_port_test(out, end);
    break;
  case Command::Hosts:
    add_hosts(out, run);
    break;
  case Command::Tcp:
    add_tcp(out, end);
    break;
  case Command::TcpSink:
    add_tcp_sink(out, end);
    break;
  case Command::TcpHosts:
    add_tcp_hosts(out, end);
    break;
  case Command::Rx:
    add_rx(out, end);
    break;
  case Command::Reflect:
    add_reflect(out, end);
    break;
  case Command::Search:
    add_search(out, end);
    break;
  case Command::Unknown:
    break;
  }
  if (const auto cpu = number_at(end, {"cpu_seconds"}))
    out.push_back({"CPU time", cpu, Form::Seconds});
  std::erase_if(out, [](const Figure& figure) { return !figure.value; });
  return out;
}

Verdict verdict_of(const Run& run) {
  const Json& end = end_of(run);
  const std::string error = text_at(run.document, {"error"}), reason = text_at(end, {"reason"});
  const auto status = number_at(run.document, {"exit_status"}).value_or(0);
  const Json& expect = list_at(end, {"expect"});
  const auto held = [](const Json& each) { return at(each, {"held"}) == true; };
  Verdict out;
  if (std::ranges::any_of(expect, [&](const Json& each) { return !held(each); }))
    out = {Verdict::Kind::Bad, "Failed: a condition does not hold", {}};
  else if (!error.empty())
    out = {Verdict::Kind::Bad, status == 3 ? "Failed" : "Error", {}};
  else if (run.cut_off)
    out = {Verdict::Kind::Bad, "Incomplete: the stream ends before the run does", {}};
  else if (reason == "interrupted")
    out = {Verdict::Kind::Plain, "Interrupted: figures up to then", {}};
  else if (!expect.empty())
    out = {Verdict::Kind::Good, "Passed: every condition holds", {}};
  else
    out = {Verdict::Kind::Plain, "Completed", {}};
  if (!error.empty()) out.details.push_back(error);
  if (end.is_object()) {
    if (std::string text = sentence(run); !text.empty()) out.details.push_back(std::move(text));
    add_found(out.details, end);
    for (const Json& ledger : list_at(end, {"ledger"}))
      if (const std::string limit = text_at(ledger, {"limited_by"});
          !limit.empty() && limit != "none")
        out.details.push_back(fmt::format("{}: limited by the {}.", ledger_label(ledger), limit));
    if (const std::string why = text_at(end, {"target", "shortfall"}); !why.empty())
      out.details.push_back("Below the target rate: " + why + ".");
    add_conditions(out.details, end);
  }
  if (status != 0) out.details.push_back("Exit status " + whole(status) + ".");
  return out;
}

std::string command_name(Command command) {
  switch (command) {
  case Command::Udp:
    return "udp";
  case Command::PortTest:
    return "udp, both ends";
  case Command::Hosts:
    return "udp, two hosts";
  case Command::Tcp:
    return "tcp";
  case Command::TcpSink:
    return "tcp-sink";
  case Command::TcpHosts:
    return "tcp, two hosts";
  case Command::Rx:
    return "rx";
  case Command::Reflect:
    return "reflect";
  case Command::Search:
    return "search";
  case Command::Unknown:
    break;
  }
  return "run";
}

std::string found_rate(const Json& goal, std::string_view key, std::string_view unit) {
  const std::string_view by = found_by(goal);
  return prefixed(number_at(goal, {by, key}), unit) + (by == kEstimate ? " (estimate)" : "");
}

} // namespace xtg::html
