// SPDX-License-Identifier: BSD-2-Clause
#include "serve/both_hosts.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/exit_status.h"
#include "core/text.h"
#include "core/units.h"
#include "core/version.h"
#include "report/both_ends.h"
#include "report/verdict.h"
#include "serve/both_hosts_parts.h"
#include "serve/far_tcp.h"
#include "serve/hosts_round_trip.h"
#include "serve/json_path.h"
#include "stats/hdr_histogram.h"
#include "xtg/abi/hist.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

stats::TxCounters tx_of(const Json& sent) {
  stats::TxCounters tx;
  tx.attempts = count(sent, {"end", "sum", "attempts"});
  tx.accepted = count(sent, {"end", "sum", "accepted"});
  tx.driver_drops = count(sent, {"end", "sum", "driver_drops"});
  tx.redirect_errors = count(sent, {"end", "sum", "redirect_errors"});
  tx.queue_drops = count(sent, {"end", "sum", "queue_drops"});
  tx.queued = count(sent, {"end", "sum", "queued"});
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

Json way_value(const Way& way, const stats::Ledger& ledger, Json delay) {
  Json out = {{"from", way.from}, {"to", way.to}};
  out.update(report::ledger_value(ledger));
  out["delay_us"] = std::move(delay);
  return out;
}

/// What sum_value() needs of one that is in a document.
stats::Ledger ledger_from(const Json& value) {
  stats::Ledger out;
  out.asked = count(value, {"asked"});
  out.not_sent = count(value, {"not_sent"});
  out.driver_drops = count(value, {"refused"});
  out.received = count(value, {"received"});
  out.duplicated = count(value, {"duplicated"});
  return out;
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

/// How a receiver's delays are related to the clocks: it says so for each stream.
Json clock_of(const Json& received) {
  const Json streams = at(received, {"end", "streams"});
  for (const Json& stream : streams.is_array() ? streams : Json::array())
    if (Json clock = at(stream, {"clock"}); clock.is_string()) return clock;
  return nullptr;
}

Json clocks_value(const Clocks& clocks) {
  const ClockOffset& offset = clocks.offset;
  const bool known = clocks.state != ClockState::Unknown;
  const auto us = [](auto ns) { return Json(static_cast<double>(ns) / 1e3); };
  return {
      {"state", name(clocks.state)},
      {"estimate", clocks.state == ClockState::Estimated},
      {"offset_us", known ? us(offset.offset_ns) : Json(nullptr)},
      {"error_us", known ? us(offset.error_ns) : Json(nullptr)},
      {"drift_ppm", offset.drift_ppm ? Json(*offset.drift_ppm) : Json(nullptr)},
      {"steady", known ? Json(offset.steady) : Json(nullptr)},
      {"exchanges", offset.samples},
      {"round_trip_us", known ? us(offset.round_trip_ns) : Json(nullptr)},
      {"in_step_error_us", clocks.in_step_error_ns ? us(*clocks.in_step_error_ns) : Json(nullptr)}};
}

} // namespace

Json delay_value(const Way& way, const Clocks& clocks) {
  const Json received = parsed(way.received.document);
  Json delay = at(received, {"end", "sum", "delay_us"});
  if (!delay.is_object()) return nullptr;
  Json error = nullptr;
  if (clocks.state == ClockState::Same) error = 0;
  if (clock_of(received) == "offset" && way.sender_ahead_ns) {
    const std::int64_t ahead = way.near_sends ? -clocks.offset.offset_ns : clocks.offset.offset_ns;
    const double more_us = static_cast<double>(*way.sender_ahead_ns - ahead) / 1e3;
    for (auto& [key, value] : delay.items())
      if (value.is_number() && key != "count") value = value.get<double>() - more_us;
    // A class of the histogram is that wide, before it is shifted.
    const double coarse_us = std::max(more_us, 0.0) / XTG_HIST_SUB;
    error = static_cast<double>(clocks.offset.error_ns) / 1e3 + coarse_us;
  }
  delay.erase("histogram_ns"); // in the receiver's document, as it was counted
  const Json mean = at(delay, {"mean"});
  delay["error"] = error;
  delay["sound"] = error.is_number() && mean.is_number()
                       ? Json(error.get<double>() < mean.get<double>())
                       : Json(nullptr);
  return delay;
}

bool ended_early(const HalfResult& sender) {
  const Json sent = parsed(sender.document);
  const stats::EndReason reason = reason_of(sent);
  if (reason != stats::EndReason::Amount) return reason == stats::EndReason::Interrupted;
  // Threads that stop before the request is seen look as if they had sent their amount.
  const Json ledgers = at(sent, {"end", "ledger"});
  if (ledgers.is_array() && !ledgers.empty()) return count(ledgers.front(), {"not_sent"}) != 0;
  const auto amount = amount_of(sent);
  return !amount || tx_of(sent).attempts < *amount;
}

Result<stats::Ledger> ledger_of(const Way& way) {
  const Json sent = parsed(way.sent.document), received = parsed(way.received.document);
  if (!at(sent, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the sender's figures are missing");
  if (!at(received, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the receiver's figures are missing");
  if (way.cut) return fail(Errc::Peer, kCut);
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

std::optional<report::StartsApart> starts_apart(const BothHosts& hosts) {
  std::uint64_t near_ns = 0, far_ns = 0;
  for (const Way& way : hosts.ways)
    (way.near_sends ? near_ns : far_ns) =
        count(parsed(way.sent.document), {"end", "first_frame_monotonic_ns"});
  far_ns = near_time(hosts.clocks, far_ns);
  if (near_ns == 0 || far_ns == 0) return std::nullopt;
  const ClockState state = hosts.clocks.state;
  const std::uint64_t error_ns = state == ClockState::Same ? 0 : hosts.clocks.offset.error_ns;
  return report::StartsApart{static_cast<double>(static_cast<std::int64_t>(far_ns - near_ns)) / 1e3,
                             static_cast<double>(error_ns) / 1e3, name(state)};
}

OffsetLimits offset_limits(const std::vector<Way>& ways) {
  OffsetLimits out;
  for (const Way& way : ways) {
    const Json received = parsed(way.received.document);
    const Json least = at(received, {"end", "sum", "delay_us", "min"});
    if (!least.is_number() || clock_of(received) != "offset" || !way.sender_ahead_ns) continue;
    // The delay itself is not negative.
    const auto least_ns = std::llround(least.get<double>() * 1e3);
    if (way.near_sends)
      out.most = least_ns - *way.sender_ahead_ns;
    else
      out.least = *way.sender_ahead_ns - least_ns;
  }
  return out;
}

namespace {

/// Of a test whose far end was over first: what it says itself, unless that is that nothing came.
Verdict cut_verdict(const HalfResult& far, const char* cut) {
  constexpr int kPeer = static_cast<int>(ExitStatus::Peer);
  if (far.exit_status != 0 && far.exit_status != kPeer)
    return {"far end: " + (far.error.empty() ? "failed" : far.error), far.exit_status};
  return {cut, kPeer};
}

/// Of the conditions that its receiver cannot judge, the first that is missed.
Verdict sender_verdict(const std::vector<plan::Condition>& conditions, const Way& way,
                       const stats::Ledger& ledger) {
  for (const auto& [condition, value, held, implied] :
       report::judge_sender(conditions, ledger, tx_of(parsed(way.sent.document)))) {
    if (held) continue;
    const std::string counted = !value               ? "not counted"
                                : condition.of_asked ? fmt::format("{:.4g} %", 100 * *value)
                                                     : fmt::format("{:.0f}", *value);
    return {fmt::format("{}: condition {} missed: {}{}", way.near_sends ? "here" : "far end",
                        condition.text, counted,
                        implied ? " of the rate or amount was not sent; unsent<PERCENT allows more"
                                : ""),
            static_cast<int>(ExitStatus::Threshold)};
  }
  return {};
}

} // namespace

Verdict verdict_of(const BothHosts& hosts) {
  for (const Error& error : hosts.errors)
    return {error.message(), exit_status(error)};
  for (const Way& way : hosts.ways) {
    if (way.cut) return cut_verdict(way.received, hosts.tcp ? kCutTcp : kCut);
    const std::string near = "here: ", far = "far end: ";
    for (const auto& [half, is_near] :
         {std::pair(&way.sent, way.near_sends), std::pair(&way.received, !way.near_sends)})
      if (half->exit_status != 0)
        return {(is_near ? near : far) + (half->error.empty() ? "failed" : half->error),
                half->exit_status};
    if (hosts.tcp) {
      if (const auto ledger = tcp_ledger_of(way); !ledger)
        return {ledger.error().message(), static_cast<int>(ExitStatus::Peer)};
      continue;
    }
    const auto ledger = ledger_of(way);
    if (!ledger) return {ledger.error().message(), static_cast<int>(ExitStatus::Peer)};
    if (Verdict missed = sender_verdict(hosts.expect, way, *ledger); missed.exit_status != 0)
      return missed;
  }
  if (const auto& trip = hosts.round_trip) {
    if (trip->cut) return cut_verdict(trip->far, kCut);
    if (trip->near.exit_status != 0)
      return {trip->near.error.empty() ? "failed" : trip->near.error, trip->near.exit_status};
    if (trip->far.exit_status != 0)
      return {"far end: " + (trip->far.error.empty() ? "failed" : trip->far.error),
              trip->far.exit_status};
    if (const auto ledger = round_trip_ledger(*trip); !ledger)
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
    if (hosts.tcp) {
      if (const auto ledger = tcp_ledger_of(way)) ledgers.push_back(tcp_ledger_value(way, *ledger));
      continue;
    }
    const auto ledger = ledger_of(way);
    if (!ledger) continue;
    all.push_back(*ledger);
    ledgers.push_back(way_value(way, *ledger, delay_value(way, hosts.clocks)));
  }
  if (const auto& trip = hosts.round_trip) {
    near["tx"] = parsed(trip->near.document);
    far["reflector"] = parsed(trip->far.document);
    if (auto ledger = round_trip_ledger(*trip)) {
      all.push_back(ledger_from(*ledger));
      ledgers.push_back(std::move(*ledger));
    }
  }
  const Verdict verdict = verdict_of(hosts);
  Json out = {{"start",
               {{"version", kVersion},
                {"schema", 1},
                {"command", hosts.command},
                {"configuration",
                 {{"role", hosts.tcp ? "tcp_hosts" : "hosts"},
                  {"server", hosts.server},
                  {"test", hosts.profile.empty() ? Json(nullptr) : parsed(hosts.profile)}}}}},
              {"intervals", Json::array()},
              {"end",
               {{"sum", hosts.tcp ? Json(nullptr) : sum_value(all)},
                {"ledger", std::move(ledgers)},
                {"clocks", clocks_value(hosts.clocks)},
                {"starts", report::starts_value(starts_apart(hosts))},
                {"near", std::move(near)},
                {"far", std::move(far)}}}};
  if (!verdict.error.empty()) out["error"] = printable(verdict.error);
  out["exit_status"] = verdict.exit_status;
  return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string result_line_of(const BothHosts& hosts) {
  Json document = Json::parse(document_of(hosts));
  Json data = std::move(document["end"]);
  data.erase("near");
  data.erase("far");
  Json line = {{"event", "result"}, {"data", std::move(data)}, {"start", document["start"]}};
  line["error"] = document.value("error", Json(nullptr));
  line["exit_status"] = document["exit_status"];
  return line.dump(-1, ' ', true) + "\n";
}

} // namespace xtg::serve
