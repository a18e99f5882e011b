// SPDX-License-Identifier: BSD-2-Clause
// Events of a run to what its charts show, the same charts as in its report. Pure.
#pragma once

#include <string>
#include <string_view>

namespace xtg::serve {

/// Takes the lines of a run's events as they come.
class ChartFeed {
public:
  /// The charts' new points, and at the end key figures and verdict, as a line of JSON; empty where
  /// there are none.
  std::string take(std::string_view lines);

private:
  std::string frame_; ///< lines beside the intervals: the start, an error, the end
};

} // namespace xtg::serve
