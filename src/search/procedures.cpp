// SPDX-License-Identifier: BSD-2-Clause
#include "search/procedures.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace xtg::search {

LossSweep::LossSweep(double max_load, double duration, double step)
    : max_load_(max_load), duration_(duration), step_(step) {}

std::optional<Trial> LossSweep::next() const {
  const auto clean = [](const Outcome& point) { return point.loss_ratio() == 0; };
  if (points_.size() >= 2 && std::all_of(points_.end() - 2, points_.end(), clean))
    return std::nullopt;
  const double share = 1 - step_ * static_cast<double>(points_.size());
  if (share < step_ / 2) return std::nullopt;
  return Trial{max_load_ * share, duration_};
}

BackToBack::BackToBack(const Settings& settings) : settings_(settings) {
  begin();
}

void BackToBack::begin() {
  good_ = 0;
  bad_ = settings_.most + 1;
  next_ = found_.empty() ? settings_.most : std::max<std::uint64_t>(1, found_.back());
  reach_ = settings_.step;
  losses_ = 0;
}

std::optional<std::uint64_t> BackToBack::next() const {
  if (settings_.most == 0 || found_.size() >= settings_.repeats) return std::nullopt;
  return next_;
}

void BackToBack::record(std::uint64_t lost) {
  if (!next() || (lost != 0 && ++losses_ < settings_.verify)) return; // once may be chance
  const std::uint64_t arrived = next_ - std::min(lost, next_);
  (lost != 0 ? bad_ : good_) = next_;
  losses_ = 0;
  if (bad_ - good_ <= settings_.step) {
    found_.push_back(good_);
    begin();
    return;
  }
  const std::uint64_t middle = good_ + (bad_ - good_) / 2;
  if (lost == 0) {
    next_ = std::min(good_ + std::exchange(reach_, reach_ * 2), middle);
  } else {
    next_ = arrived > good_ ? std::min(arrived, middle) : middle;
    reach_ = settings_.step;
  }
}

BurstReport burst_report(const std::vector<std::uint64_t>& found, double max_rate,
                         const std::optional<double>& throughput) {
  BurstReport report;
  report.searches = found.size();
  if (found.empty()) return report;
  const auto count = static_cast<double>(found.size());
  report.mean =
      static_cast<double>(std::accumulate(found.begin(), found.end(), std::uint64_t{0})) / count;
  double squares = 0;
  for (const std::uint64_t each : found)
    squares += std::pow(static_cast<double>(each) - report.mean, 2);
  report.deviation = std::sqrt(squares / count);
  const auto [least, most] = std::ranges::minmax(found);
  report.least = least;
  report.most = most;
  if (max_rate <= 0) return report;
  report.implied_buffer_s = report.mean / max_rate;
  if (throughput)
    report.corrected_buffer_s = report.implied_buffer_s * std::max(0.0, 1 - *throughput / max_rate);
  return report;
}

} // namespace xtg::search
