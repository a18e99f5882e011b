// SPDX-License-Identifier: BSD-2-Clause
#include "run/trial_outcome.h"

#include <chrono>

namespace xtg::run {

namespace {

/// Share of a trial's frames that may be missing at its end without counting as unsent: the last
/// slots of the schedule.
constexpr double kRounding = 0.001;

std::vector<double> figures_of(const stats::RxDelay& delay) {
  const auto at = [&](double q) { return static_cast<double>(delay.quantile(q)); };
  return {
      static_cast<double>(delay.min), delay.mean, at(0.5), at(0.9), at(0.99), at(0.999), at(0.9999),
      static_cast<double>(delay.max)};
}

/// Slots that were still due when the time was over; no ledger has them.
std::uint64_t missing(std::uint64_t asked, const plan::TrialShape& shape) {
  if (!shape.load || shape.frames) return 0;
  const double due = *shape.load * std::chrono::duration<double>(shape.duration).count();
  if (static_cast<double>(asked) >= due * (1 - kRounding) - 1) return 0;
  return static_cast<std::uint64_t>(due) - asked;
}

} // namespace

search::Outcome outcome_of(const std::vector<stats::Ledger>& ledgers, const stats::RxDelay& delay,
                           double seconds, const plan::TrialShape& shape) {
  search::Outcome outcome;
  outcome.load = shape.load.value_or(0);
  outcome.duration = shape.frames ? seconds : std::chrono::duration<double>(shape.duration).count();
  for (const stats::Ledger& l : ledgers) {
    const std::uint64_t more = missing(l.asked, shape);
    outcome.asked += l.asked + more;
    outcome.unsent += l.not_sent + l.driver_drops + more;
    outcome.lost += l.lost + l.dropped + l.late;
    outcome.received += l.received + l.duplicated;
  }
  if (delay.count != 0) outcome.delay = figures_of(delay);
  return outcome;
}

} // namespace xtg::run
