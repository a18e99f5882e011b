// SPDX-License-Identifier: BSD-2-Clause
#include "html/scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace xtg::html {
namespace {

constexpr double kLastTail = 9; ///< nines that a share may have

} // namespace

Axis::Axis(Scale scale, double least, double most, bool from_zero)
    : scale_(scale), any_(least <= most) {
  if (!any_) return;
  if (scale == Scale::Linear) {
    if (from_zero) {
      least = std::min(least, 0.0);
      most = std::max(most, 0.0);
    }
    low_ = least;
    high_ = most;
    if (high_ <= low_) high_ = low_ + (low_ == 0 ? 1 : std::fabs(low_));
    if (!from_zero) return;
    // Up to the next tick, so that no line touches the edge.
    if (const auto steps = ticks(5); steps.size() > 1 && steps.back() < most)
      high_ = steps.back() + (steps[1] - steps[0]);
    return;
  }
  low_ = bent(least);
  high_ = bent(most);
  if (scale == Scale::Log) {
    // Whole decades if there are several of them.
    const double parts = high_ - low_ > 1 ? 1 : 3;
    low_ = std::floor(low_ * parts + 1e-9) / parts;
    high_ = std::ceil(high_ * parts - 1e-9) / parts;
    if (high_ - low_ < 0.3) high_ = low_ + 1;
  } else {
    low_ = 0;
    high_ = std::max(high_, 1.0);
  }
}

double Axis::bent(double value) const {
  switch (scale_) {
  case Scale::Linear:
    break;
  case Scale::Log:
    return std::log10(value);
  case Scale::Tail:
    return value >= 1 ? kLastTail : std::min(kLastTail, -std::log10(1 - std::max(0.0, value)));
  }
  return value;
}

bool Axis::takes(double value) const {
  return std::isfinite(value) && (scale_ != Scale::Log || value > 0);
}

double Axis::share(double value) const {
  return std::clamp((bent(value) - low_) / (high_ - low_), 0.0, 1.0);
}

std::vector<double> Axis::ticks(int wanted) const {
  std::vector<double> out;
  if (scale_ == Scale::Tail) {
    out.push_back(0);
    for (int nines = 1; nines <= static_cast<int>(std::floor(high_ + 1e-9)); ++nines)
      out.push_back(1 - std::pow(10.0, -nines));
    return out;
  }
  if (scale_ == Scale::Log) {
    const int from = static_cast<int>(std::floor(low_)), to = static_cast<int>(std::ceil(high_));
    const int step = std::max(1, (to - from + wanted - 1) / wanted);
    const bool between = high_ - low_ <= 2;
    for (int decade = from; decade <= to; decade += step)
      for (const double times : {1.0, 2.0, 5.0}) {
        const double value = times * std::pow(10.0, decade);
        if (times > 1 && !between) break;
        if (bent(value) >= low_ - 1e-9 && bent(value) <= high_ + 1e-9) out.push_back(value);
      }
    return out;
  }
  const double rough = (high_ - low_) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  const double first = std::ceil(low_ / step - 1e-9);
  for (int i = 0; i <= 2 * wanted; i++) { // far from zero, doubles are further apart than steps
    const double value = (first + i) * step + 0.0; // never -0
    if (value > high_ + step * 1e-9) break;
    if (out.empty() || value > out.back()) out.push_back(value);
  }
  return out;
}

std::string short_number(double value) {
  constexpr std::array<std::string_view, 6> kPrefixes{"", " k", " M", " G", " T", " P"};
  std::size_t step = 0;
  while (std::fabs(value) >= 999.5 && step + 1 < kPrefixes.size()) {
    value /= 1000;
    ++step;
  }
  return fmt::format("{:.4g}{}", value, kPrefixes[step]);
}

} // namespace xtg::html
