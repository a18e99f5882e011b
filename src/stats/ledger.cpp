// SPDX-License-Identifier: BSD-2-Clause
#include "stats/ledger.h"

#include <algorithm>
#include <numeric>

namespace xtg::stats {

namespace {

std::uint64_t less(std::uint64_t from, std::uint64_t what) {
  return from - std::min(from, what);
}

/// An amount at a rate that the duration does not reach was not asked for in full; as fast as it
/// goes, all of it was.
std::uint64_t asked_for(const LedgerFacts& facts) {
  const std::uint64_t due = facts.tx.offered() + facts.tx.skipped_slots;
  if (facts.end == EndReason::Amount) return facts.tx.offered();
  if (!facts.amount) return due;
  const bool all = !facts.paced && facts.end == EndReason::Duration;
  return all ? *facts.amount : std::clamp(due, facts.tx.offered(), *facts.amount);
}

/// `behind`: where nothing is missing, the generator could still have been faster.
Limit limit_of(const Ledger& ledger, bool behind) {
  const std::uint64_t generator = ledger.not_sent + ledger.driver_drops,
                      path = ledger.lost + ledger.late;
  const std::uint64_t most = std::max({generator, ledger.dropped, path});
  if (most == 0) return behind ? Limit::Generator : Limit::None;
  if (most == path) return Limit::Path;
  return most == ledger.dropped ? Limit::Receiver : Limit::Generator;
}

} // namespace

Ledger make_ledger(const LedgerFacts& facts) {
  const RxCounters& rx = facts.received;
  Ledger out;
  out.asked = asked_for(facts);
  out.not_sent = less(out.asked, facts.tx.offered());
  out.driver_drops = std::min(facts.tx.refused(), facts.tx.offered());
  const std::uint64_t sent = facts.tx.offered() - out.driver_drops;
  // Where the interface's counters stand for the tracepoint more may arrive than they say was sent.
  const std::uint64_t arrived = std::min(facts.arrived.numbers, sent);
  out.copies = rx.duplicates + less(rx.unique, arrived);
  out.duplicated = std::min(facts.arrived.repeated, arrived);
  out.exact = facts.arrived.exact;
  out.received = arrived - out.duplicated;
  std::uint64_t missing = sent - arrived;
  out.late = std::min(rx.too_late, missing);
  missing -= out.late;
  out.dropped = std::min(facts.receiver_drops, missing);
  out.lost = missing - out.dropped;
  out.slow = facts.paced && (facts.tx.skipped_slots != 0 || facts.short_of_rate);
  out.limit = limit_of(out, !facts.paced || out.slow);
  return out;
}

std::vector<std::uint64_t> share_out(std::uint64_t count,
                                     const std::vector<std::uint64_t>& weights) {
  std::vector<std::uint64_t> shares(weights.size(), 0);
  const auto all =
      static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  if (all == 0) return shares;
  std::uint64_t left = count;
  for (std::size_t i = 0; i < weights.size(); i++) {
    const double share = static_cast<double>(weights[i]) / all * static_cast<double>(count);
    shares[i] = std::min(static_cast<std::uint64_t>(share), left);
    left -= shares[i];
  }
  *(shares.begin() + (std::ranges::max_element(weights) - weights.begin())) += left;
  return shares;
}

} // namespace xtg::stats
