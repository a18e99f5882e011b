// SPDX-License-Identifier: BSD-2-Clause
// How far apart the two directions of a test between two hosts began.
#pragma once

#include <optional>
#include <string_view>

namespace xtg::report {

struct StartsApart {
  double apart_us = 0;     ///< first frame of the far end, after that of the near end
  double error_us = 0;     ///< by which it may be off: the clocks' offset is an estimate
  std::string_view source; ///< how the clocks compare: "same", "in_step", "estimated"
};

} // namespace xtg::report
