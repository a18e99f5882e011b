// SPDX-License-Identifier: BSD-2-Clause
#include "search/controller.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xtg::search {

namespace {

/// Steps are a little smaller than the width, so that rounded loads are still within it.
constexpr double kUnit = 0.97;
/// A step outwards is so many times the one before.
constexpr double kExpansion = 2;
/// Beyond so many units between two bounds, the upper one is taken to be far off.
constexpr double kFarUnits = 8;
constexpr std::size_t kCoarser = 2; ///< stages before the goal itself

/// The goal itself, preceded by coarser ones, where one trial, of a duration between the initial
/// and the final one, decides on a load. The stage before the last has the goal's width already,
/// for there a load costs less.
std::vector<Goal> stages_of(const Goal& goal) {
  std::vector<Goal> stages;
  const double first = std::min(goal.initial_duration, goal.final_duration);
  for (std::size_t i = 0; i < kCoarser; i++) {
    Goal stage = goal;
    const double part = static_cast<double>(i) / kCoarser;
    stage.final_duration =
        std::min(goal.final_duration, first * std::pow(goal.duration_sum / first, part));
    stage.duration_sum = stage.final_duration; // one trial decides
    if (i == 0) stage.width = std::min(0.25, goal.width * 4);
    stages.push_back(std::move(stage));
  }
  stages.push_back(goal);
  return stages;
}

/// Whole frames per second where that is fine enough.
double rounded(double load) {
  return load >= 10'000 ? std::ceil(load) : std::ceil(load * 1000) / 1000;
}

} // namespace

Controller::Controller(std::vector<Goal> goals, Limits limits)
    : goals_(std::move(goals)), limits_(limits) {
  for (const Goal& goal : goals_)
    pursuits_.push_back({.stages = stages_of(goal)});
}

const std::vector<Outcome>& Controller::at(double load) const {
  static const std::vector<Outcome> kNone;
  const auto found = by_load_.find(load);
  return found == by_load_.end() ? kNone : found->second;
}

Bound Controller::bound(std::size_t goal, double load) const {
  return classify(goals_[goal], at(load));
}

void Controller::record(const Outcome& outcome) {
  by_load_[outcome.load].push_back(outcome);
  count_++;
  elapsed_ += std::max(outcome.elapsed, outcome.duration);
  measured_ += outcome.duration;
}

/// A lossy smaller load counts for more than a lucky larger one.
Controller::Bounds Controller::bounds(const Goal& goal) const {
  Bounds found;
  for (const auto& [load, trials] : by_load_) {
    const Bound bound = classify(goal, trials);
    if (bound == Bound::Lower) found.lower = load;
    if (bound != Bound::Upper) continue;
    found.upper = load;
    break;
  }
  return found;
}

bool Controller::close(const Goal& goal, double lower, double upper) const {
  return upper - lower <= std::max(goal.width * upper, limits_.resolution);
}

bool Controller::done(const Goal& goal, const Bounds& found) const {
  if (found.lower && found.upper) return close(goal, *found.lower, *found.upper);
  if (found.lower) return *found.lower >= limits_.max_load;
  return found.upper && *found.upper <= limits_.min_load;
}

double Controller::fit(double load) const {
  return std::clamp(rounded(load), limits_.min_load, limits_.max_load);
}

/// The natural logarithm of one step's ratio.
double Controller::unit(const Goal& goal, double load) const {
  const double width = std::max(goal.width, std::min(0.5, limits_.resolution / load));
  return -std::log(1 - kUnit * width);
}

/// Loads of a goal are whole steps of its width below the largest load. Goals of one width thus
/// meet at the same loads, and a trial counts for all of them.
double Controller::on_grid(const Pursuit& pursuit, double load) const {
  const double step = unit(pursuit.stages.back(), load);
  return fit(limits_.max_load *
             std::exp(-step * std::round(std::log(limits_.max_load / load) / step)));
}

double Controller::below(Pursuit& pursuit, double upper) const {
  const Goal& goal = pursuit.stages[pursuit.stage];
  if (pursuit.steps++ != 0)
    return on_grid(pursuit,
                   upper * std::exp(-unit(goal, upper) * std::pow(kExpansion, pursuit.steps - 2)));
  // A device that forwards so much at `upper` loses as much as is accepted at about this load.
  const double fine = unit(pursuit.stages.back(), upper);
  double rate = 0;
  for (const Outcome& outcome : at(upper))
    if (outcome.duration >= goal.final_duration) rate = std::max(rate, outcome.forwarding_rate());
  const double guess = rate / (1 - goal.loss_ratio) * std::exp(-fine / 2);
  return on_grid(pursuit, std::min(guess > 0 ? guess : upper, upper * std::exp(-fine)));
}

double Controller::above(Pursuit& pursuit, double lower) const {
  // The first step is the smallest: where the limit is sharp, the guess in below() was right.
  const double step = pursuit.steps == 0 ? unit(pursuit.stages.back(), lower)
                                         : unit(pursuit.stages[pursuit.stage], lower) *
                                               std::pow(kExpansion, pursuit.steps - 1);
  pursuit.steps++;
  return on_grid(pursuit, lower * std::exp(step));
}

/// Halves in whole steps, so that no small rest is left to be measured.
double Controller::within(Pursuit& pursuit, double lower, double upper) const {
  const double step = unit(pursuit.stages[pursuit.stage], upper);
  const double units = std::max(2.0, std::ceil(std::log(upper / lower) / step - 0.01));
  const double half = upper * std::pow(lower / upper, std::floor(units / 2) / units);
  const double near = on_grid(pursuit, half);
  const double middle = near > lower && near < upper ? near : fit(half);
  if (units <= kFarUnits) {
    pursuit.steps = 0;
    return middle;
  }
  return std::min(above(pursuit, lower), middle);
}

/// First of all what the coarser stage found is looked at again.
std::optional<double> Controller::of_stage_before(const Pursuit& pursuit,
                                                  const Bounds& found) const {
  const Goal& goal = pursuit.stages[pursuit.stage];
  const auto open = [&](const std::optional<double>& load) {
    return load && (!found.lower || *load > *found.lower) &&
           (!found.upper || *load < *found.upper) && classify(goal, at(*load)) == Bound::Undecided;
  };
  if (open(pursuit.upper) && found.lower && close(goal, *found.lower, *pursuit.upper))
    return pursuit.upper;
  if (open(pursuit.lower)) return pursuit.lower;
  if (open(pursuit.upper)) return pursuit.upper;
  return std::nullopt;
}

double Controller::pick(Pursuit& pursuit, const Bounds& found) const {
  if (const auto again = of_stage_before(pursuit, found)) return *again;
  if (found.lower && found.upper) return within(pursuit, *found.lower, *found.upper);
  if (found.upper) return below(pursuit, *found.upper);
  if (found.lower) return above(pursuit, *found.lower);
  return limits_.max_load;
}

std::optional<Trial> Controller::propose(Pursuit& pursuit) const {
  while (true) {
    const Goal& goal = pursuit.stages[pursuit.stage];
    const Bounds found = bounds(goal);
    if (done(goal, found)) {
      pursuit.load.reset();
      if (pursuit.stage + 1 == pursuit.stages.size()) return std::nullopt;
      pursuit.stage++;
      pursuit.lower = found.lower;
      pursuit.upper = found.upper;
      pursuit.steps = 0;
      continue;
    }
    const bool still = pursuit.load && (!found.upper || *pursuit.load < *found.upper) &&
                       (!found.lower || *pursuit.load > *found.lower) &&
                       classify(goal, at(*pursuit.load)) == Bound::Undecided;
    if (!still) pursuit.load = pick(pursuit, found);
    return Trial{*pursuit.load, goal.final_duration};
  }
}

double Controller::trial_overhead() const {
  return count_ == 0 ? 0 : (elapsed_ - measured_) / static_cast<double>(count_);
}

std::optional<Trial> Controller::next() {
  if (count_ >= limits_.max_trials) return std::nullopt;
  std::optional<Trial> first;
  for (Pursuit& pursuit : pursuits_) {
    const auto trial = propose(pursuit);
    // Smaller loads first: a larger one is worth nothing above a small one with loss (5.3.4).
    if (trial && (!first || trial->load < first->load ||
                  (trial->load == first->load && trial->duration > first->duration)))
      first = trial;
  }
  if (first && limits_.budget && elapsed_ + first->duration + trial_overhead() > *limits_.budget)
    return std::nullopt;
  return first;
}

LimitedBy Controller::limit_at(const Goal& goal, double upper) const {
  double generator = 0, device = 0;
  for (const Outcome& outcome : at(upper))
    if (high_loss(goal, outcome))
      (high_loss_of_device(goal, outcome) ? device : generator) += outcome.duration;
  return generator > device ? LimitedBy::Generator : LimitedBy::Device;
}

std::optional<double> Controller::estimate(const Pursuit& pursuit) const {
  for (auto stage = pursuit.stages.rbegin() + 1; stage != pursuit.stages.rend(); ++stage) {
    std::optional<double> good;
    for (const auto& [load, trials] : by_load_) {
      if (classify(pursuit.stages.back(), trials) == Bound::Upper) break;
      const Bound bound = classify(*stage, trials);
      if (bound == Bound::Upper) break;
      if (bound == Bound::Lower) good = load;
    }
    if (good) return good;
  }
  return std::nullopt;
}

std::vector<GoalResult> Controller::results() const {
  std::vector<GoalResult> results;
  for (const Pursuit& pursuit : pursuits_) {
    const Goal& goal = pursuit.stages.back();
    GoalResult& result = results.emplace_back();
    const Bounds found = bounds(goal);
    result.lower = found.lower;
    result.upper = found.upper;
    if (found.lower)
      result.throughput = conditional_throughput(goal, *found.lower, at(*found.lower));
    if (found.upper) result.limited_by = limit_at(goal, *found.upper);
    if (!done(goal, found)) {
      if (!found.lower) result.estimate = estimate(pursuit);
      continue;
    }
    result.regular = !found.upper   ? Regular::NoUpper
                     : !found.lower ? Regular::NoLower
                                    : Regular::Yes;
    if (!found.upper) result.limited_by = LimitedBy::MaxLoad;
  }
  return results;
}

double Controller::left() const {
  double trials = 0, seconds = 0;
  for (const Pursuit& pursuit : pursuits_) {
    for (std::size_t i = pursuit.stage; i < pursuit.stages.size(); i++) {
      const Goal& goal = pursuit.stages[i];
      const Bounds found = bounds(goal);
      if (done(goal, found)) continue;
      double loads = 2; // one for each bound
      if (found.lower && found.upper)
        loads =
            std::ceil(std::log2(std::log(*found.upper / *found.lower) / unit(goal, *found.upper)));
      else if (found.lower || found.upper)
        loads = 1;
      const double part = std::max(goal.exceed_ratio, 1 - goal.exceed_ratio);
      double each = std::ceil(part * goal.duration_sum / goal.final_duration);
      if (i == pursuit.stage && pursuit.load && each > 1)
        each -= std::min(each - 1, static_cast<double>(at(*pursuit.load).size()) / loads);
      trials += std::max(1.0, loads) * each;
      seconds += std::max(1.0, loads) * each * goal.final_duration;
    }
  }
  const double all = seconds + trials * trial_overhead();
  return limits_.budget ? std::min(all, std::max(0.0, *limits_.budget - elapsed_)) : all;
}

} // namespace xtg::search
