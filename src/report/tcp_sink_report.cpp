// SPDX-License-Identifier: BSD-2-Clause
// `tcp-sink`, as text and as JSON.
#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/json_values.h"
#include "report/to_json.h"
#include "report/to_text.h"

namespace xtg::report {
namespace {

/// Connections with a line of their own; the others are only in the sums.
constexpr std::size_t kShownConnections = 16;

std::string_view verify_name(plan::TcpSinkVerify verify) {
  switch (verify) {
  case plan::TcpSinkVerify::Zeros:
    return "zeros";
  case plan::TcpSinkVerify::Pattern:
    return "pattern";
  case plan::TcpSinkVerify::None:
    break;
  }
  return "none";
}

Json tcp_sink_sum(const stats::TcpSinkSample& s) {
  const stats::TcpSinkCounters& c = s.sum;
  return {{"start", number(s.start_s)},
          {"end", number(s.end_s)},
          {"seconds", number(s.end_s - s.start_s)},
          {"bytes", c.bytes},
          {"bits_per_second", number(s.bps)},
          {"connections", c.accepted},
          {"open", s.open},
          {"closed", c.closed},
          {"reset", c.reset},
          {"failed", c.failed},
          {"refused", c.refused},
          {"wrong_data", c.wrong}};
}

Json tcp_sink_plan(const plan::TcpSinkPlan& plan) {
  const plan::TcpSinkSpec& spec = plan.spec;
  Json allow = Json::array();
  for (const packet::IpPrefix& prefix : spec.allow)
    allow.push_back(prefix.to_string());
  return {{"interface", interface_value(plan.iface)},
          {"role", "tcp_sink"},
          {"port", spec.port},
          {"allow", spec.allow.empty() ? Json(nullptr) : std::move(allow)},
          {"max_connections", spec.connections},
          {"verify", verify_name(spec.verify)},
          {"bytes", or_null(spec.bytes)},
          {"duration_seconds", spec.duration ? Json(seconds(*spec.duration)) : Json(nullptr)},
          {"interval_seconds", seconds(spec.interval)},
          {"notes", plan.notes}};
}

std::string connection_text(const stats::TcpSinkConnection& c) {
  std::string text =
      fmt::format("{}: {} bytes, {}", c.from, with_thousands(c.bytes),
                  c.end == stats::TcpSinkEnd::Failed ? c.error : std::string(to_string(c.end)));
  if (c.out_of_order != 0)
    text += fmt::format(", {} segments out of order", with_thousands(c.out_of_order));
  if (c.wrong_at) text += fmt::format(", wrong from byte {} on", with_thousands(*c.wrong_at));
  return text;
}

} // namespace

void to_text(Page& page, const TcpSinkBegin& begin) {
  const plan::TcpSinkSpec& spec = begin.plan.spec;
  fmt::print(page.out, "receiving TCP on {}, port {}, at most {} connections at a time",
             begin.plan.iface.name, spec.port, with_thousands(spec.connections));
  if (spec.duration) fmt::print(page.out, ", for {}", format_duration(*spec.duration));
  if (spec.bytes) fmt::print(page.out, ", up to {} bytes", with_thousands(*spec.bytes));
  page.out << '\n' << std::flush;
  page.notes.emit(begin.plan.notes);
}

void to_text(Page& page, const TcpSinkBegin& begin, const stats::TcpSinkSample& s) {
  fmt::print(page.out, "[{:>7.2f}s] {}  {:>12} read  {:>8} connections open  {:>6} new\n", s.end_s,
             begin.plan.iface.name, prefixed(s.bps, "bit/s"), with_thousands(s.open),
             with_thousands(s.sum.accepted));
}

void to_text(Page& page, const TcpSinkBegin& begin, const stats::TcpSinkSummary& summary) {
  const stats::TcpSinkSample& total = summary.total;
  const stats::TcpSinkCounters& c = total.sum;
  fmt::print(page.out, "\nsummary of {}\n", begin.plan.iface.name);
  page.ended(end_text(summary.end, "all requested bytes were read"));
  page.row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
  if (summary.waiting_s >= 0.001)
    page.row("waiting", fmt::format("{:>15.3f} s more, without data", summary.waiting_s));
  page.count("bytes read", c.bytes, prefixed(total.bps, "bit/s"));
  page.count("connections", c.accepted,
             fmt::format("{} closed, {} reset, {} failed, {} still open", with_thousands(c.closed),
                         with_thousands(c.reset), with_thousands(c.failed),
                         with_thousands(total.open)));
  if (c.refused != 0)
    page.count("refused", c.refused, "connections: not allowed, or beyond the limit");
  if (begin.plan.spec.verify != plan::TcpSinkVerify::None)
    page.count("wrong data", c.wrong, "connections");
  const auto& all = summary.connections;
  for (std::size_t i = 0; i < std::min(all.size(), kShownConnections); i++)
    page.row("", connection_text(all[i]));
  if (all.size() > kShownConnections)
    page.row("", fmt::format("... and {} more", with_thousands(all.size() - kShownConnections)));
  page.row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
}

Json to_json(const TcpSinkBegin& begin) {
  return start_value(begin.info, {&begin.plan.iface, 1}, tcp_sink_plan(begin.plan));
}

Json to_json(const TcpSinkBegin&, const stats::TcpSinkSample& sample) {
  return {{"sum", tcp_sink_sum(sample)}};
}

Json to_json(const TcpSinkBegin&, const stats::TcpSinkSummary& summary) {
  Json connections = Json::array();
  for (const stats::TcpSinkConnection& c : summary.connections)
    connections.push_back({{"from", c.from},
                           {"bytes", c.bytes},
                           {"end", to_string(c.end)},
                           {"error", or_null(c.error)},
                           {"wrong_at", or_null(c.wrong_at)},
                           {"segments", c.segments},
                           {"out_of_order", c.out_of_order},
                           {"rtt_us", c.rtt_us == 0 ? Json(nullptr) : Json(c.rtt_us)}});
  return {{"sum", tcp_sink_sum(summary.total)},
          {"reason", name(summary.end)},
          {"waiting_seconds", number(summary.waiting_s)},
          {"connections", std::move(connections)},
          {"cpu_seconds", number(summary.cpu_s)}};
}

} // namespace xtg::report
