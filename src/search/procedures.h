// SPDX-License-Identifier: BSD-2-Clause
// The other procedures of RFC 2544 as values: the frame loss rate over the load (26.3) and
// back-to-back frames (26.4, updated by RFC 9004).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "search/goal.h"

namespace xtg::search {

/// Loads from 100 % of the largest down in equal steps, until two in a row lose nothing.
class LossSweep {
public:
  /// `step`: a share of the largest load, above 0 and at most 0.1.
  LossSweep(double max_load, double duration, double step = 0.1);
  [[nodiscard]] std::optional<Trial> next() const;
  void record(const Outcome& outcome) { points_.push_back(outcome); }
  [[nodiscard]] const std::vector<Outcome>& points() const { return points_; }

private:
  double max_load_, duration_, step_;
  std::vector<Outcome> points_;
};

/// The longest burst at the highest rate that loses nothing: a binary search with loss
/// verification, repeated. What arrived of a burst that was too long is where it looks next, and
/// each search begins at the result of the one before: a stable device needs three bursts for it.
class BackToBack {
public:
  struct Settings {
    std::uint64_t most = 0; ///< frames: two seconds at the highest rate (RFC 2544, 26.4)
    unsigned repeats = 50;  ///< searches
    unsigned verify = 2;    ///< a burst is too long when it has lost frames this many times
    std::uint64_t step = 1; ///< resolution in frames
  };
  explicit BackToBack(const Settings& settings);
  /// Frames of the next burst.
  [[nodiscard]] std::optional<std::uint64_t> next() const;
  void record(std::uint64_t lost);
  /// The longest bursts found, one for each search.
  [[nodiscard]] const std::vector<std::uint64_t>& found() const { return found_; }

private:
  void begin();
  Settings settings_;
  std::vector<std::uint64_t> found_;
  std::uint64_t next_ = 0;
  std::uint64_t good_ = 0, bad_ = 0; ///< the longest that passed, the shortest that did not
  std::uint64_t reach_ = 0;          ///< upwards from one that passed
  unsigned losses_ = 0;              ///< of the burst in progress
};

/// What RFC 9004, 6 reports of them.
struct BurstReport {
  std::size_t searches = 0;
  double mean = 0, deviation = 0;
  std::uint64_t least = 0, most = 0;
  double implied_buffer_s = 0; ///< mean / highest rate
  /// Less what was forwarded meanwhile; none: no throughput was found.
  std::optional<double> corrected_buffer_s{};
};
/// `max_rate` and `throughput` in frames per second.
BurstReport burst_report(const std::vector<std::uint64_t>& found, double max_rate,
                         const std::optional<double>& throughput);

} // namespace xtg::search
