// SPDX-License-Identifier: BSD-2-Clause
// The text report of a test of two hosts.

#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "core/units.h"
#include "report/verdict.h"
#include "serve/both_hosts.h"
#include "serve/both_hosts_parts.h"
#include "serve/far_tcp.h"
#include "serve/hosts_round_trip.h"
#include "serve/json_path.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

void column(std::ostream& out, std::string_view label, std::uint64_t value, std::uint64_t of,
            std::string_view rest) {
  std::string share;
  if (of != 0 && value != of)
    share = fmt::format("  {:.4g} %", 100 * static_cast<double>(value) / static_cast<double>(of));
  if (value == 0 && label != "received" && label != "lost") return;
  fmt::print(out, "  {:<16}{:>15}{}{}{}\n", label, with_thousands(value), share,
             rest.empty() ? "" : "  ", rest);
}

void print_delay(std::ostream& out, const Json& delay) {
  if (!delay.is_object()) return;
  const auto us = [&](const char* key) {
    const Json value = at(delay, {key});
    return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : std::string("-");
  };
  const Json error = at(delay, {"error"});
  const bool uncertain = error.is_number() && error != 0;
  fmt::print(out, "  {:<16}min {}  mean {}  p50 {}  p99 {}  max {} us{}{}\n", "one-way delay",
             us("min"), us("mean"), us("p50"), us("p99"), us("max"),
             uncertain ? fmt::format(", +-{} us", us("error")) : "",
             at(delay, {"sound"}) == false ? ": the error is larger than the delay" : "");
}

/// Nothing where no test frame arrived: then neither is known.
void print_order(std::ostream& out, const Way& way) {
  const Json sum = at(parsed(way.received.document), {"end", "sum"});
  if (count(sum, {"unique"}) != 0)
    fmt::print(out, "  {:<16}{:>15}\n", "reordered", with_thousands(count(sum, {"reordered"})));
}

void print_jitter(std::ostream& out, const Way& way) {
  const Json jitter = at(parsed(way.received.document), {"end", "sum", "jitter_us"});
  if (jitter.is_number()) fmt::print(out, "  {:<16}{:.4g} us\n", "jitter", jitter.get<double>());
}

void print_clocks(std::ostream& out, const Clocks& clocks) {
  if (clocks.state != ClockState::Estimated && clocks.state != ClockState::InStep) return;
  const ClockOffset& offset = clocks.offset;
  const double error_us = static_cast<double>(offset.error_ns) / 1e3;
  const bool ahead = offset.offset_ns >= 0;
  const double apart = std::abs(static_cast<double>(offset.offset_ns)) / 1e9;
  fmt::print(out, "clocks: the far end's is {:.6f} s {}, +-{:.4g} us", apart,
             ahead ? "ahead" : "behind", error_us);
  if (clocks.state == ClockState::InStep) {
    fmt::print(out, ", by CLOCK_TAI of both hosts\n");
    return;
  }
  if (offset.drift_ppm) fmt::print(out, ", drift {:.3g} ppm", *offset.drift_ppm);
  fmt::print(out, "; an estimate from {} exchanges{}\n", offset.samples,
             offset.steady ? "" : ", between which a clock was adjusted");
}

} // namespace

void print_ledgers(std::ostream& out, const BothHosts& hosts) {
  for (const Way& way : hosts.ways) {
    if (hosts.tcp) {
      if (const auto ledger = tcp_ledger_of(way)) print_tcp_ledger(out, way, *ledger);
      continue;
    }
    const auto ledger = ledger_of(way);
    if (!ledger) continue;
    const stats::Ledger& l = *ledger;
    fmt::print(out, "ledger of {} -> {}\n", way.from, way.to);
    column(out, "asked for", l.asked, l.asked, "");
    column(out, "not sent", l.not_sent, l.asked, "");
    column(out, "refused", l.driver_drops, l.asked, report::refused_text(l));
    column(out, "lost", l.lost, l.asked, "on the way");
    column(out, "dropped", l.dropped, l.asked, "by the receiving interface");
    column(out, "received", l.received, l.asked, "");
    column(out, "duplicated", l.duplicated, l.asked, "");
    column(out, "late", l.late, l.asked, "after the window had moved on");
    print_order(out, way);
    print_delay(out, delay_value(way, hosts.clocks));
    print_jitter(out, way);
    fmt::print(out, "  {:<16}{}\n", "verdict", report::limit_text(l));
  }
  if (hosts.round_trip) print_round_trip(out, *hosts.round_trip);
  print_clocks(out, hosts.clocks);
  out.flush();
}

} // namespace xtg::serve
