// SPDX-License-Identifier: BSD-2-Clause
#include "search/estimate.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "search/pace.h"
#include "search/procedures.h"

namespace xtg::search {

namespace {

constexpr double kPasses = 0.6;      ///< share of the largest load that the device forwards
constexpr double kBurstFrames = 1e3; ///< and the burst

class Device {
public:
  Device(const Limits& limits, double overhead)
      : passes_(limits.max_load * kPasses), limit_(limits.budget), overhead_(overhead) {}

  [[nodiscard]] double now() const { return now_; }
  [[nodiscard]] std::optional<double> left() const {
    return limit_ ? std::optional(*limit_ - now_) : std::nullopt;
  }
  void spend(double seconds) { now_ += seconds + overhead_; }
  Outcome measure(const Trial& trial) {
    spend(trial.duration);
    Outcome outcome{.load = trial.load, .duration = trial.duration};
    outcome.asked = static_cast<std::uint64_t>(std::ceil(trial.load * trial.duration));
    outcome.received =
        std::min(outcome.asked, static_cast<std::uint64_t>(std::ceil(passes_ * trial.duration)));
    outcome.lost = outcome.asked - outcome.received;
    outcome.elapsed = trial.duration + overhead_;
    return outcome;
  }

private:
  double passes_;
  std::optional<double> limit_;
  double overhead_;
  double now_ = 0;
};

void spend_on_latency(Device& device, const Pace& pace, double rate, double overhead) {
  for (std::size_t i = 0; i < kLatencyShares.size(); i++)
    if (const auto trial = latency_trial(i, rate, pace, overhead, device.left()))
      device.spend(trial->duration);
}

/// The other procedures of RFC 2544.
void spend_on_procedures(Device& device, double max_load, double duration) {
  LossSweep sweep(max_load, duration);
  while (const auto trial = sweep.next())
    sweep.record(device.measure(*trial));
  BackToBack bursts({.most = static_cast<std::uint64_t>(2 * max_load)});
  while (const auto frames = bursts.next()) {
    const auto sent = static_cast<double>(*frames);
    device.spend(sent / max_load);
    bursts.record(static_cast<std::uint64_t>(std::max(0.0, sent - kBurstFrames)));
  }
}

} // namespace

double estimate_seconds(Preset preset, const std::vector<Goal>& goals, Limits limits,
                        double overhead) {
  const Pace pace = pace_of(preset, goals);
  const std::optional<double> limit = limits.budget;
  Device device(limits, overhead);
  device.spend(preliminary(kLearningSeconds, std::min(kLearningLoad, limits.max_load), limit));
  device.spend(preliminary(pace.ceiling, limits.max_load, device.left()));
  if (const auto left = device.left())
    limits.budget = *left - latency_reserve(limits.max_load, pace, overhead, *left);
  Controller controller(goals, limits);
  while (const auto trial = controller.next())
    controller.record(device.measure(*trial));
  const GoalResult first = controller.results().front();
  if (const auto rate = first.lower ? first.lower : first.estimate)
    spend_on_latency(device, pace, *rate, overhead);
  if (preset == Preset::Rfc2544)
    spend_on_procedures(device, limits.max_load, goals.front().final_duration);
  return limit ? std::min(device.now(), *limit) : device.now();
}

} // namespace xtg::search
