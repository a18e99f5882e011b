// SPDX-License-Identifier: BSD-2-Clause
// Splits work on many items into time slices, so that a loop keeps up with its other duties.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtg {

/// Visits a number of items in turn and keeps its position between time slices.
class Rounds {
public:
  /// Calls `visit(item)` for each item, from where the last slice ended, until the round is
  /// complete or `budget_ns` have passed by `now_ns()`. Reads the clock after each item whose
  /// visit() returns true (it took time), and otherwise now and then. Returns true when the round
  /// is complete.
  template <class Visit, class Now>
  bool slice(std::size_t items, std::uint64_t budget_ns, Visit&& visit, Now&& now_ns) {
    const std::uint64_t end = now_ns() + budget_ns;
    for (std::size_t done = 1; next_ < items; done++) {
      const bool took_time = visit(next_++);
      if ((took_time || done % kCheap == 0) && next_ < items && now_ns() >= end) return false;
    }
    next_ = 0;
    return true;
  }

private:
  static constexpr std::size_t kCheap = 64;
  std::size_t next_ = 0;
};

} // namespace xtg
