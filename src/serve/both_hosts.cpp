// SPDX-License-Identifier: BSD-2-Clause
#include "serve/both_hosts.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include "core/exit_status.h"
#include "core/text.h"
#include "core/units.h"
#include "core/version.h"
#include "report/verdict.h"
#include "stats/hdr_histogram.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

Json parsed(const std::string& document) {
  return document.empty() ? Json() : Json::parse(document, nullptr, false);
}

/// The value at the end of a path of keys; null where one is missing.
Json at(const Json& value, std::initializer_list<const char*> keys) {
  const Json* here = &value;
  for (const char* key : keys) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &here->at(key);
  }
  return *here;
}

std::uint64_t count(const Json& value, std::initializer_list<const char*> keys) {
  const Json found = at(value, keys);
  return found.is_number_unsigned() ? found.get<std::uint64_t>() : 0;
}

double number(const Json& value, std::initializer_list<const char*> keys) {
  const Json found = at(value, keys);
  return found.is_number() ? found.get<double>() : 0;
}

stats::TxCounters tx_of(const Json& sent) {
  stats::TxCounters tx;
  tx.attempts = count(sent, {"end", "sum", "attempts"});
  tx.accepted = count(sent, {"end", "sum", "accepted"});
  tx.driver_drops = count(sent, {"end", "sum", "driver_drops"});
  tx.redirect_errors = count(sent, {"end", "sum", "redirect_errors"});
  tx.resent = count(sent, {"end", "sum", "resent"});
  tx.skipped_slots = count(sent, {"end", "sum", "skipped_slots"});
  return tx;
}

stats::EndReason reason_of(const Json& sent) {
  const Json reason = at(sent, {"end", "reason"});
  if (reason == "duration") return stats::EndReason::Duration;
  if (reason == "interrupted") return stats::EndReason::Interrupted;
  return reason == "failed" ? stats::EndReason::Failed : stats::EndReason::Amount;
}

/// What all streams were to send, if each has an amount.
std::optional<std::uint64_t> amount_of(const Json& sent) {
  std::uint64_t sum = 0;
  const Json streams = at(sent, {"start", "configuration", "streams"});
  if (!streams.is_array() || streams.empty()) return std::nullopt;
  for (const Json& stream : streams) {
    if (!at(stream, {"num_packets"}).is_number_unsigned()) return std::nullopt;
    sum += count(stream, {"num_packets"});
  }
  return sum;
}

Json ledger_value(const Way& way, const stats::Ledger& ledger) {
  return {{"from", way.from},
          {"to", way.to},
          {"asked", ledger.asked},
          {"not_sent", ledger.not_sent},
          {"refused", ledger.driver_drops},
          {"lost", ledger.lost},
          {"dropped", ledger.dropped},
          {"received", ledger.received},
          {"duplicated", ledger.duplicated},
          {"late", ledger.late},
          {"copies", ledger.copies},
          {"exact", ledger.exact},
          {"limited_by", report::name(ledger.limit)}};
}

Json sum_value(const std::vector<stats::Ledger>& ledgers) {
  std::uint64_t asked = 0, sent = 0, received = 0;
  for (const stats::Ledger& l : ledgers) {
    asked += l.asked;
    sent += l.asked - l.not_sent - l.driver_drops;
    received += l.received + l.duplicated;
  }
  const double lost =
      sent == 0 ? 0 : 100 * static_cast<double>(sent - received) / static_cast<double>(sent);
  return {{"asked", asked},
          {"sent", sent},
          {"received", received},
          {"lost_percent", sent == 0 ? Json(nullptr) : Json(lost)}};
}

void column(std::ostream& out, std::string_view label, std::uint64_t value, std::uint64_t of,
            std::string_view rest) {
  std::string share;
  if (of != 0 && value != of)
    share = fmt::format("  {:.4g} %", 100 * static_cast<double>(value) / static_cast<double>(of));
  if (value == 0 && label != "received" && label != "lost") return;
  fmt::print(out, "  {:<16}{:>15}{}{}{}\n", label, with_thousands(value), share,
             rest.empty() ? "" : "  ", rest);
}

void print_delay(std::ostream& out, const Json& received) {
  const Json delay = at(received, {"end", "sum", "delay_us"});
  if (!delay.is_object()) return;
  const auto us = [&](const char* key) {
    const Json value = at(delay, {key});
    return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : std::string("-");
  };
  fmt::print(out, "  {:<16}min {}  mean {}  p50 {}  p99 {}  max {} us\n", "one-way delay",
             us("min"), us("mean"), us("p50"), us("p99"), us("max"));
}

} // namespace

Result<stats::Ledger> ledger_of(const Way& way) {
  const Json sent = parsed(way.sent.document), received = parsed(way.received.document);
  if (!at(sent, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the sender's figures are missing");
  if (!at(received, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the receiver's figures are missing");
  stats::LedgerFacts facts;
  facts.tx = tx_of(sent);
  facts.end = reason_of(sent);
  facts.amount = amount_of(sent);
  facts.paced = at(sent, {"end", "target"}).is_object();
  facts.short_of_rate = at(sent, {"end", "target", "shortfall"}).is_string();
  facts.received.unique = count(received, {"end", "sum", "unique"});
  facts.received.duplicates = count(received, {"end", "sum", "duplicates"});
  facts.received.too_late = count(received, {"end", "sum", "too_late"});
  facts.arrived = {facts.received.unique, count(received, {"end", "sum", "replicated"}),
                   at(received, {"end", "sum", "loss_exact"}) != false};
  facts.receiver_drops = count(received, {"end", "aside", "link_dropped"}) +
                         count(received, {"end", "aside", "link_missed"});
  return stats::make_ledger(facts);
}

stats::RxDelay delay_of(const Way& way) {
  const Json delay = at(parsed(way.received.document), {"end", "sum", "delay_us"});
  stats::RxDelay out;
  const Json packed = at(delay, {"histogram_ns"});
  if (!packed.is_string()) return out;
  const auto cells = stats::hdr_decode(packed.get<std::string>());
  if (!cells) return out;
  for (const stats::HdrCell& cell : *cells)
    out.histogram.add(cell.low + (cell.high - cell.low) / 2, cell.count);
  out.count = out.histogram.count();
  out.min = static_cast<std::uint64_t>(std::llround(number(delay, {"min"}) * 1e3));
  out.max = static_cast<std::uint64_t>(std::llround(number(delay, {"max"}) * 1e3));
  out.mean = number(delay, {"mean"}) * 1e3;
  return out;
}

double accepted_pps(const Way& way) {
  return number(parsed(way.sent.document), {"end", "sum", "xmit_pps"});
}

Verdict verdict_of(const BothHosts& hosts) {
  for (const Error& error : hosts.errors)
    return {error.message(), exit_status(error)};
  for (const Way& way : hosts.ways) {
    const std::string near = "here: ", far = "far end: ";
    for (const auto& [half, is_near] :
         {std::pair(&way.sent, way.near_sends), std::pair(&way.received, !way.near_sends)})
      if (half->exit_status != 0)
        return {(is_near ? near : far) + (half->error.empty() ? "failed" : half->error),
                half->exit_status};
    if (const auto ledger = ledger_of(way); !ledger)
      return {ledger.error().message(), static_cast<int>(ExitStatus::Peer)};
  }
  return {};
}

std::string document_of(const BothHosts& hosts) {
  Json ledgers = Json::array(), near = {{"tx", nullptr}, {"rx", nullptr}}, far = near;
  std::vector<stats::Ledger> all;
  for (const Way& way : hosts.ways) {
    (way.near_sends ? near : far)["tx"] = parsed(way.sent.document);
    (way.near_sends ? far : near)["rx"] = parsed(way.received.document);
    const auto ledger = ledger_of(way);
    if (!ledger) continue;
    all.push_back(*ledger);
    ledgers.push_back(ledger_value(way, *ledger));
  }
  const Verdict verdict = verdict_of(hosts);
  Json out = {{"start",
               {{"version", kVersion},
                {"schema", 1},
                {"command", hosts.command},
                {"configuration",
                 {{"role", "hosts"},
                  {"server", hosts.server},
                  {"test", hosts.profile.empty() ? Json(nullptr) : parsed(hosts.profile)}}}}},
              {"intervals", Json::array()},
              {"end",
               {{"sum", sum_value(all)},
                {"ledger", std::move(ledgers)},
                {"near", std::move(near)},
                {"far", std::move(far)}}}};
  if (!verdict.error.empty()) out["error"] = printable(verdict.error);
  out["exit_status"] = verdict.exit_status;
  return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

void print_ledgers(std::ostream& out, const BothHosts& hosts) {
  for (const Way& way : hosts.ways) {
    const auto ledger = ledger_of(way);
    if (!ledger) continue;
    const stats::Ledger& l = *ledger;
    fmt::print(out, "ledger of {} -> {}\n", way.from, way.to);
    column(out, "asked for", l.asked, l.asked, "");
    column(out, "not sent", l.not_sent, l.asked, "");
    column(out, "refused", l.driver_drops, l.asked, "by the sender's driver");
    column(out, "lost", l.lost, l.asked, "on the way");
    column(out, "dropped", l.dropped, l.asked, "by the receiving interface");
    column(out, "received", l.received, l.asked, "");
    column(out, "duplicated", l.duplicated, l.asked, "");
    column(out, "late", l.late, l.asked, "after the window had moved on");
    print_delay(out, parsed(way.received.document));
    fmt::print(out, "  {:<16}{}\n", "verdict", report::limit_text(l));
  }
  out.flush();
}

} // namespace xtg::serve
