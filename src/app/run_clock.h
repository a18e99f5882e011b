// SPDX-License-Identifier: BSD-2-Clause
// When what of a run is due: its end, the next line, the next look for faults. Internal to app.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/units.h"

namespace xtg::app {

class RunClock {
public:
  RunClock() = default;
  RunClock(std::uint64_t start_ns, std::optional<Nanoseconds> duration, Nanoseconds interval,
           std::uint64_t watch_ns)
      : start_(start_ns), interval_(static_cast<std::uint64_t>(interval.count())), watch_(watch_ns),
        next_line_(start_ns + interval_), next_watch_(start_ns) {
    if (duration) end_ = start_ns + static_cast<std::uint64_t>(duration->count());
  }

  [[nodiscard]] std::uint64_t start_ns() const { return start_; }
  [[nodiscard]] std::uint64_t end_ns() const { return end_; } ///< ~0 without
  [[nodiscard]] bool over(std::uint64_t now) const { return now >= end_; }
  /// True once for each time that it is due.
  bool watch_due(std::uint64_t now) {
    if (now < next_watch_) return false;
    next_watch_ = now + watch_;
    return true;
  }
  /// Lines that were missed are not made up for.
  bool line_due(std::uint64_t now) {
    if (now < next_line_) return false;
    while (next_line_ <= now)
      next_line_ += interval_;
    return true;
  }
  /// Whether what came after the last line is worth one more at the end, and no sliver.
  [[nodiscard]] bool worth_a_line(std::uint64_t last_line_ns, std::uint64_t now) const {
    return now > last_line_ns + interval_ / 20;
  }
  /// Until the first of them, at most a second.
  [[nodiscard]] int wait_ms(std::uint64_t now) const {
    const std::uint64_t at = std::min({next_line_, next_watch_, end_});
    if (at <= now) return 0;
    return static_cast<int>(std::min<std::uint64_t>((at - now) / 1'000'000 + 1, 1000));
  }

private:
  std::uint64_t start_ = 0, interval_ = 1, watch_ = 1, next_line_ = 0, next_watch_ = 0;
  std::uint64_t end_ = ~std::uint64_t{0};
};

} // namespace xtg::app
