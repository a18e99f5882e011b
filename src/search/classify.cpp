// SPDX-License-Identifier: BSD-2-Clause
#include "search/classify.h"

#include <algorithm>
#include <vector>

namespace xtg::search {

Sums sums_of(const Goal& goal, std::span<const Outcome> trials) {
  Sums sums;
  for (const Outcome& trial : trials) {
    const bool full = trial.duration >= goal.final_duration, high = high_loss(goal, trial);
    double& sum =
        full ? (high ? sums.full_high : sums.full_low) : (high ? sums.short_high : sums.short_low);
    sum += trial.duration;
  }
  return sums;
}

Exceed exceed_of(const Goal& goal, const Sums& sums) {
  // Short trials can show high loss, not its absence: those of low loss only balance others.
  const double balance = sums.short_low * goal.exceed_ratio / (1 - goal.exceed_ratio);
  Exceed exceed;
  exceed.high = sums.full_high + std::max(0.0, sums.short_high - balance);
  exceed.whole = std::max(sums.full_low + exceed.high, goal.duration_sum);
  exceed.worst = exceed.whole - sums.full_low;
  return exceed;
}

Bound classify(const Goal& goal, std::span<const Outcome> trials) {
  const Exceed exceed = exceed_of(goal, sums_of(goal, trials));
  const double budget = exceed.whole * goal.exceed_ratio;
  const bool at_best = exceed.high <= budget, at_worst = exceed.worst <= budget;
  if (at_best != at_worst) return Bound::Undecided;
  return at_best ? Bound::Lower : Bound::Upper;
}

double conditional_throughput(const Goal& goal, double load, std::span<const Outcome> trials) {
  std::vector<const Outcome*> full;
  double whole = 0;
  for (const Outcome& trial : trials) {
    if (trial.duration < goal.final_duration) continue;
    full.push_back(&trial);
    whole += trial.duration;
  }
  std::ranges::stable_sort(full, {}, &Outcome::loss_ratio);
  double left = std::max(goal.duration_sum, whole) * (1 - goal.exceed_ratio);
  double loss = full.empty() ? 1 : full.front()->loss_ratio();
  for (const Outcome* trial : full) {
    if (left <= 0) break;
    loss = trial->loss_ratio();
    left -= trial->duration;
  }
  if (left > 0) loss = 1; // too little was measured to promise anything
  return load * (1 - loss);
}

} // namespace xtg::search
