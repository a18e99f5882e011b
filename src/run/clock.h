// SPDX-License-Identifier: BSD-2-Clause
// Due times of a run's interval lines, and its end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/units.h"

namespace xtg::run {

class Clock {
public:
  Clock() = default;
  /// No `duration`: the run ends by itself.
  Clock(std::uint64_t start_ns, std::optional<Nanoseconds> duration, Nanoseconds interval)
      : start_(start_ns), interval_(static_cast<std::uint64_t>(interval.count())),
        next_line_(start_ns + interval_) {
    if (duration) end_ = start_ns + static_cast<std::uint64_t>(duration->count());
  }

  [[nodiscard]] std::uint64_t start_ns() const { return start_; }
  [[nodiscard]] std::uint64_t end_ns() const { return end_; } ///< ~0: no end
  [[nodiscard]] bool over(std::uint64_t now) const { return now >= end_; }
  [[nodiscard]] double seconds(std::uint64_t now) const {
    return static_cast<double>(now - start_) * 1e-9;
  }
  /// Interval lines count from here; the end is unchanged.
  void restart(std::uint64_t start_ns) {
    start_ = start_ns;
    next_line_ = start_ns + interval_;
  }
  /// True once per due time. Missed lines are skipped.
  bool line_due(std::uint64_t now) {
    if (now < next_line_) return false;
    while (next_line_ <= now)
      next_line_ += interval_;
    return true;
  }
  /// The first half interval after the end gets no line of its own.
  void put_line_off_behind_end() { next_line_ = std::max(next_line_, end_ + interval_ / 2); }
  /// Whether the time since the last line is long enough for a final line.
  [[nodiscard]] bool worth_a_line(std::uint64_t last_line_ns, std::uint64_t now) const {
    return now > last_line_ns + interval_ / 20;
  }
  /// Time of the next line or, if earlier, the end. An ending run waits for lines only.
  [[nodiscard]] std::uint64_t next_ns(bool ending) const {
    return ending ? next_line_ : std::min(next_line_, end_);
  }

private:
  std::uint64_t start_ = 0, interval_ = 1, next_line_ = 0;
  std::uint64_t end_ = ~std::uint64_t{0};
};

} // namespace xtg::run
