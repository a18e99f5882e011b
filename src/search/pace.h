// SPDX-License-Identifier: BSD-2-Clause
// How long the trials outside the search itself last, also within a time limit. Times are seconds,
// loads frames per second. Pure arithmetic.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "search/goal.h"

namespace xtg::search {

/// The first trial, which shows whether anything arrives: few frames.
inline constexpr double kLearningLoad = 1000, kLearningSeconds = 0.1;

/// At least this long.
struct Pace {
  double ceiling = 0.5, latency = 0.5;
};
Pace pace_of(Preset preset, const std::vector<Goal>& goals);

/// Shares of the rate found at which latency is measured.
inline constexpr std::array kLatencyShares = {0.1, 0.5, 0.9, 1.0};

/// `least`, or what a few frames take at this load, but not above an eighth of `left`: the trial
/// then has fewer frames, the first of which is sent at its start.
double preliminary(double least, double load, std::optional<double> left);

struct LatencyTrial {
  double load = 0, duration = 0;
  bool shortened = false; ///< to the time left: few frames, or fewer than usual
};
/// The trial at kLatencyShares[index], if this and the following ones share the time left evenly.
/// None: no time is left. `overhead`: of each trial, beside its duration.
std::optional<LatencyTrial> latency_trial(std::size_t index, double rate, const Pace& pace,
                                          double overhead, std::optional<double> left);

/// What of the time left is kept for the latency trials; at most a third.
double latency_reserve(double max_load, const Pace& pace, double overhead, double left);

} // namespace xtg::search
