// SPDX-License-Identifier: BSD-2-Clause
#include "search/pace.h"

#include <algorithm>

namespace xtg::search {

namespace {

constexpr double kFewFrames = 5;
constexpr double kShortest = 0.01;

double latency_seconds(double load, const Pace& pace) {
  return std::max(pace.latency, kFewFrames / load);
}

/// Of all latency trials from `index` on.
double latency_sum(std::size_t index, double rate, const Pace& pace) {
  double sum = 0;
  for (std::size_t i = index; i < kLatencyShares.size(); i++)
    sum += latency_seconds(rate * kLatencyShares[i], pace);
  return sum;
}

} // namespace

Pace pace_of(Preset preset, const std::vector<Goal>& goals) {
  switch (preset) {
  case Preset::Quick:
    return {0.3, 0.2};
  case Preset::Rfc2544: // latency lasts twice as long as a trial (26.2)
    return {1, 2 * goals.front().final_duration};
  case Preset::Default:
    break;
  }
  return {};
}

double preliminary(double least, double load, std::optional<double> left) {
  const double wanted = std::max(least, kFewFrames / load);
  return left ? std::max(kShortest, std::min(wanted, *left / 8)) : wanted;
}

std::optional<LatencyTrial> latency_trial(std::size_t index, double rate, const Pace& pace,
                                          double overhead, std::optional<double> left) {
  const double load = rate * kLatencyShares[index];
  LatencyTrial trial{load, latency_seconds(load, pace)};
  if (!left) return trial;
  const double all = latency_sum(index, rate, pace);
  const double spare = *left - overhead * static_cast<double>(kLatencyShares.size() - index);
  if (spare >= all) return trial;
  trial.duration *= spare / all;
  trial.shortened = true;
  return trial.duration >= kShortest ? std::optional(trial) : std::nullopt;
}

double latency_reserve(double max_load, const Pace& pace, double overhead, double left) {
  const double all =
      latency_sum(0, max_load, pace) + overhead * static_cast<double>(kLatencyShares.size());
  return std::min(all, left / 3);
}

} // namespace xtg::search
