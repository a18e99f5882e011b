// SPDX-License-Identifier: BSD-2-Clause
#include "core/clock_offset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace xtg {
namespace {

/// The kernel slews a clock by up to 500 ppm, and a quartz is off by less than 100.
constexpr double kMostDrift = 1.2e-3;
// The cost rises with the third power of the number of samples that are used.
constexpr std::size_t kPeriods = 8, kPerPeriod = 4;
/// Rounding of a double at the differences of time that occur here.
constexpr double kEpsilon = 1e-3;

/// A bound of the offset at a time: offset(at) <= value for an upper one. Relative to the origin.
struct Bound {
  double at = 0, value = 0;
};

/// offset(t) = start + drift * t
struct Line {
  double start = 0, drift = 0;
  [[nodiscard]] double value(double at) const { return start + drift * at; }
};

struct Bounds {
  std::vector<Bound> upper, lower;

  [[nodiscard]] bool allow(const Line& line) const {
    return std::abs(line.drift) <= kMostDrift * (1 + 1e-9) &&
           std::ranges::all_of(
               upper, [&](const Bound& b) { return line.value(b.at) <= b.value + kEpsilon; }) &&
           std::ranges::all_of(
               lower, [&](const Bound& b) { return line.value(b.at) >= b.value - kEpsilon; });
  }
};

/// The corners of the set of lines that the bounds allow: a line's value at any time is extreme in
/// one of them.
std::vector<Line> corners(const Bounds& bounds) {
  std::vector<Bound> all = bounds.upper;
  all.insert(all.end(), bounds.lower.begin(), bounds.lower.end());
  std::vector<Line> out;
  const auto consider = [&](const Line& line) {
    if (bounds.allow(line)) out.push_back(line);
  };
  for (std::size_t i = 0; i < all.size(); i++) {
    for (const double drift : {-kMostDrift, kMostDrift})
      consider({all[i].value - drift * all[i].at, drift});
    for (std::size_t j = i + 1; j < all.size(); j++) {
      if (all[i].at == all[j].at) continue;
      const double drift = (all[j].value - all[i].value) / (all[j].at - all[i].at);
      consider({all[i].value - drift * all[i].at, drift});
    }
  }
  return out;
}

/// Of the near clock, relative to the origin.
struct Span {
  double from = 0, to = 0;
};

/// A line that is below a limit at some time of the span is so at its beginning or at its end: one
/// set of bounds for each combination.
std::vector<Bounds> with_limits(const Bounds& bounds, const Span& span, std::optional<double> least,
                                std::optional<double> most) {
  std::vector<Bounds> out{bounds};
  const auto branch = [&](std::vector<Bound> Bounds::*kind, double limit) {
    std::vector<Bounds> more;
    for (const Bounds& each : out)
      for (const double at : {span.from, span.to}) {
        more.push_back(each);
        (more.back().*kind).push_back({at, limit});
      }
    out = std::move(more);
  };
  if (least) branch(&Bounds::lower, *least);
  if (most) branch(&Bounds::upper, *most);
  return out;
}

struct Range {
  double low = 0, high = 0;
};

Range range_of(const std::vector<Line>& lines, const Span& span) {
  Range out{lines.front().value(span.from), lines.front().value(span.from)};
  for (const Line& line : lines)
    for (const double at : {span.from, span.to}) {
      out.low = std::min(out.low, line.value(at));
      out.high = std::max(out.high, line.value(at));
    }
  return out;
}

/// Without a constant rate: all that any sample allows.
Range hull_of(const Bounds& bounds) {
  Range out{bounds.lower.front().value, bounds.upper.front().value};
  for (const Bound& b : bounds.lower)
    out.low = std::min(out.low, b.value);
  for (const Bound& b : bounds.upper)
    out.high = std::max(out.high, b.value);
  return out;
}

/// None where lines of very different drift are possible.
std::optional<double> drift_of(const std::vector<Line>& lines) {
  constexpr double kUncertain = 100e-6;
  if (lines.empty()) return std::nullopt;
  const auto [least, most] = std::ranges::minmax(lines, {}, &Line::drift);
  if (most.drift - least.drift > 2 * kUncertain) return std::nullopt;
  return (least.drift + most.drift) / 2 * 1e6;
}

} // namespace

std::vector<ClockSample> fastest(std::span<const ClockSample> samples, std::size_t most) {
  std::vector<ClockSample> out;
  for (const ClockSample& sample : samples)
    if (sample.round_trip() >= 0 && sample.near_received >= sample.near_sent) out.push_back(sample);
  if (out.size() <= most) return out;
  std::ranges::nth_element(out, out.begin() + static_cast<std::ptrdiff_t>(most), {},
                           &ClockSample::round_trip);
  out.resize(most);
  std::ranges::sort(out, {}, &ClockSample::near_sent);
  return out;
}

namespace {

/// The fastest samples of each part of their time: the drift needs early and late ones.
std::vector<ClockSample> fastest_of_periods(std::span<const ClockSample> samples) {
  std::vector<ClockSample> sound = fastest(samples, samples.size());
  if (sound.size() <= kPeriods * kPerPeriod) return sound;
  const auto [first, last] = std::ranges::minmax(sound, {}, &ClockSample::near_sent);
  const double length =
      static_cast<double>(last.near_sent - first.near_sent + 1) / static_cast<double>(kPeriods);
  std::array<std::vector<ClockSample>, kPeriods> periods;
  for (const ClockSample& s : sound)
    periods[static_cast<std::size_t>(static_cast<double>(s.near_sent - first.near_sent) / length)]
        .push_back(s);
  std::vector<ClockSample> out;
  for (const auto& period : periods)
    for (const ClockSample& s : fastest(period, kPerPeriod))
      out.push_back(s);
  return out;
}

} // namespace

std::optional<ClockOffset> estimate_offset(std::span<const ClockSample> samples,
                                           std::int64_t from_ns, std::int64_t to_ns,
                                           const OffsetLimits& limits) {
  const std::vector<ClockSample> used = fastest_of_periods(samples);
  if (used.empty()) return std::nullopt;

  // Relative to an origin, so that nanoseconds are not lost in a double.
  const std::int64_t origin = used.front().near_sent;
  const std::int64_t base = used.front().far_received - origin;
  const auto at = [&](std::int64_t time) { return static_cast<double>(time - origin); };
  const auto value = [&](std::int64_t offset) { return static_cast<double>(offset - base); };
  Bounds bounds;
  ClockOffset out;
  out.round_trip_ns = ~std::uint64_t{0};
  for (const ClockSample& s : used) {
    bounds.upper.push_back({at(s.near_sent), value(s.far_received - s.near_sent)});
    bounds.lower.push_back({at(s.near_received), value(s.far_sent - s.near_received)});
    out.round_trip_ns = std::min(out.round_trip_ns, static_cast<std::uint64_t>(s.round_trip()));
  }
  const Span span{at(from_ns), at(to_ns)};
  std::vector<Line> lines;
  for (const Bounds& each :
       with_limits(bounds, span, limits.least ? std::optional(value(*limits.least)) : std::nullopt,
                   limits.most ? std::optional(value(*limits.most)) : std::nullopt))
    for (const Line& line : corners(each))
      lines.push_back(line);
  out.steady = !lines.empty();
  out.samples = used.size();
  const Range range = out.steady ? range_of(lines, span) : hull_of(bounds);
  out.offset_ns = base + std::llround((range.low + range.high) / 2);
  out.error_ns = static_cast<std::uint64_t>(std::ceil((range.high - range.low) / 2)) + 1;
  out.drift_ppm = drift_of(lines);
  return out;
}

ClockAgreement agreement_of(const HostClock& near, const HostClock& far) {
  if (near.boot != 0 && near.boot == far.boot) return {ClockRelation::Same, 0};
  if (near.tai_error_ns == kNotInStep || far.tai_error_ns == kNotInStep) return {};
  return {ClockRelation::InStep, near.tai_error_ns + far.tai_error_ns};
}

} // namespace xtg
