// SPDX-License-Identifier: BSD-2-Clause
// From values to places along an axis, and the round values that are written beside it.
#pragma once

#include <string>
#include <vector>

#include "html/chart.h"

namespace xtg::html {

class Axis {
public:
  /// `least` and `most` of the values, infinite if there are none. `from_zero`: a linear axis
  /// begins at 0.
  Axis(Scale scale, double least, double most, bool from_zero);

  [[nodiscard]] bool any() const { return any_; }
  /// Whether the scale has a place for it.
  [[nodiscard]] bool takes(double value) const;
  /// 0 at the beginning of the axis, 1 at its end.
  [[nodiscard]] double share(double value) const;
  /// Round values, some `wanted` of them, ascending.
  [[nodiscard]] std::vector<double> ticks(int wanted) const;

private:
  [[nodiscard]] double bent(double value) const;
  Scale scale_;
  bool any_;
  double low_ = 0, high_ = 1; ///< bent
};

/// "1.5 M": two significant digits more than the magnitude needs, with a decimal prefix.
std::string short_number(double value);

} // namespace xtg::html
