// SPDX-License-Identifier: BSD-2-Clause
// Much work that must not keep a loop from its other duties: a slice of it at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtg {

/// Goes round a number of items, and remembers where it is between two slices.
class Rounds {
public:
  /// Calls `visit(item)` for one item after the other, from where the last slice ended, until the
  /// round is complete or `budget_ns` have passed by `now_ns()`. The clock is asked after each item
  /// for which visit() says true, that it took time, and now and then. True: the round is complete.
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
