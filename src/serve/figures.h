// SPDX-License-Identifier: BSD-2-Clause
// The events of a run of any kind to the few figures that all have. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "report/event.h"
#include "stats/histogram.h"

namespace xtg::serve {

/// What a run has counted so far, packets; none of what it does not count.
struct Figures {
  std::optional<std::uint64_t> sent, driver_drops, received, reflected;
  std::optional<std::int64_t> lost; ///< falls when late ones come
  stats::Histogram delay;           ///< ns
};

void add(Figures& figures, const report::Interval& interval);
/// Puts the final counts in place of the sums of intervals.
void conclude(Figures& sums, const report::End& end);

} // namespace xtg::serve
