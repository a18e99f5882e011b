// SPDX-License-Identifier: BSD-2-Clause
// Results of --expect conditions of a port test.
#include <algorithm>

#include "plan/rx_plan.h"
#include "report/verdict.h"

namespace xtg::report {
namespace {

/// A generator may miss this share of its rate or amount unless a condition says otherwise.
constexpr double kMissedMost = 0.001;

struct Sums {
  stats::Ledger ledger; ///< of all senders, counts only
  double behind = 0;    ///< largest share of its schedule that a sender missed
  std::uint64_t sent = 0;
  bool any = false; ///< there is a ledger
};

double given_up(const stats::TxCounters& tx) {
  if (tx.skipped_slots == 0) return 0;
  return static_cast<double>(tx.skipped_slots) /
         static_cast<double>(tx.skipped_slots + tx.offered());
}

Sums sum_of(const stats::PortTestSummary& summary) {
  Sums out;
  for (const stats::PortSummary& port : summary.ports) {
    if (!port.ledger) continue;
    const stats::Ledger& l = *port.ledger;
    out.ledger.asked += l.asked;
    out.ledger.not_sent += l.not_sent;
    out.ledger.driver_drops += l.driver_drops;
    out.ledger.lost += l.lost;
    out.ledger.dropped += l.dropped;
    out.ledger.received += l.received;
    out.ledger.duplicated += l.duplicated;
    out.ledger.late += l.late;
    out.ledger.copies += l.copies;
    out.ledger.queue_drops += l.queue_drops;
    out.any = true;
    if (port.tx) out.behind = std::max(out.behind, given_up(port.tx->total.tx));
    out.sent += l.asked - l.not_sent - l.driver_drops;
  }
  return out;
}

/// Value from the arrivals at one port, or at all of them; none if the port does not receive.
std::optional<stats::RxSummary> arrived(const stats::PortTestSummary& summary,
                                        const std::vector<std::string>& ports,
                                        const std::string& port) {
  if (port.empty()) return stats::all_ports(summary);
  const auto at = static_cast<std::size_t>(std::ranges::find(ports, port) - ports.begin());
  if (at == ports.size() || !summary.ports[at].rx) return std::nullopt;
  return *summary.ports[at].rx;
}

/// Value that only the ledgers have; none if the arrivals have it.
std::optional<double> ledger_value(plan::Expected what, const Sums& sums) {
  const stats::Ledger& l = sums.ledger;
  const std::uint64_t missing = l.lost + l.dropped + l.late;
  if (!sums.any) return std::nullopt;
  switch (what) {
  case plan::Expected::Received:
    return static_cast<double>(l.received + l.duplicated);
  case plan::Expected::Duplicates:
    return static_cast<double>(l.copies);
  case plan::Expected::Loss:
    if (sums.sent == 0) return std::nullopt;
    return static_cast<double>(missing) / static_cast<double>(sums.sent);
  case plan::Expected::Lost:
    return static_cast<double>(missing);
  case plan::Expected::Refused:
    return static_cast<double>(l.driver_drops);
  case plan::Expected::Unsent:
    return static_cast<double>(l.not_sent);
  case plan::Expected::Dropped:
    return static_cast<double>(l.dropped);
  default:
    return std::nullopt;
  }
}

RxVerdict judge_one(const plan::Condition& condition, const stats::PortTestSummary& summary,
                    const std::vector<std::string>& ports, const Sums& sums) {
  RxVerdict verdict{condition, std::nullopt, false};
  if (condition.share_of != 0 && sums.sent == 0) return verdict; // of nothing: no value
  if (condition.port.empty()) verdict.value = ledger_value(condition.what, sums);
  if (!verdict.value)
    if (const auto rx = arrived(summary, ports, condition.port))
      verdict.value = rx_value(condition.what, *rx);
  if (!verdict.value) return verdict;
  if (condition.of_asked) {
    if (sums.ledger.asked == 0) return {condition, std::nullopt, false};
    *verdict.value /= static_cast<double>(sums.ledger.asked);
  }
  if (condition.share_of == 0) {
    verdict.held = plan::holds(condition, *verdict.value);
    return verdict;
  }
  // Exact: packets * denominator against numerator * sent, all of them integers.
  plan::Condition whole = condition;
  whole.bound = condition.bound * static_cast<double>(sums.sent);
  verdict.held = plan::holds(whole, *verdict.value * static_cast<double>(condition.share_of));
  *verdict.value /= static_cast<double>(sums.sent);
  return verdict;
}

/// Packets that did not leave were not tested: conditions hold only for a run that sent what was
/// requested. None if it did, or if a condition says how much may be missing. Sending nothing at
/// all is an error, or the subject of a condition: see covers_silence().
std::optional<RxVerdict> generator_limited(const std::vector<plan::Condition>& conditions,
                                           const Sums& sums) {
  const auto speaks_of = [&](plan::Expected what) {
    return std::ranges::any_of(conditions, [what](const auto& c) { return c.what == what; });
  };
  if (conditions.empty() || sums.sent == 0) return std::nullopt;
  if (speaks_of(plan::Expected::Unsent)) return std::nullopt;
  const std::uint64_t refused = speaks_of(plan::Expected::Refused) ? 0 : sums.ledger.driver_drops;
  const double missed =
      static_cast<double>(sums.ledger.not_sent + refused) / static_cast<double>(sums.ledger.asked);
  plan::Condition condition{plan::Expected::Unsent, plan::Relation::LessEqual, kMissedMost,
                            "unsent<=0.1%"};
  condition.of_asked = true;
  const double value = std::max(missed, sums.behind);
  if (plan::holds(condition, value)) return std::nullopt;
  return RxVerdict{condition, value, false, true};
}

} // namespace

std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::PortTestSummary& summary,
                             const std::vector<std::string>& ports) {
  const Sums sums = sum_of(summary);
  std::vector<RxVerdict> verdicts;
  for (const plan::Condition& condition : conditions)
    verdicts.push_back(judge_one(condition, summary, ports, sums));
  if (auto missed = generator_limited(conditions, sums)) verdicts.push_back(std::move(*missed));
  return verdicts;
}

std::vector<RxVerdict> judge_sender(const std::vector<plan::Condition>& conditions,
                                    const stats::Ledger& ledger, const stats::TxCounters& tx) {
  const Sums sums{ledger, given_up(tx), ledger.asked - ledger.not_sent - ledger.driver_drops, true};
  std::vector<RxVerdict> verdicts;
  for (const plan::Condition& condition : conditions)
    if (!plan::counted_by_receiver(condition.what))
      verdicts.push_back(judge_one(condition, {}, {}, sums));
  if (auto missed = generator_limited(conditions, sums)) verdicts.push_back(std::move(*missed));
  return verdicts;
}

bool covers_silence(const std::vector<plan::Condition>& conditions,
                    const stats::PortTestSummary& summary) {
  const bool sent = sum_of(summary).sent != 0;
  return std::ranges::any_of(conditions, [&](const plan::Condition& condition) {
    switch (condition.what) {
    case plan::Expected::Received:
      return true;
    case plan::Expected::Loss:
    case plan::Expected::Lost:
      return sent;
    case plan::Expected::Unsent:
      return !sent;
    default:
      return false;
    }
  });
}

} // namespace xtg::report
