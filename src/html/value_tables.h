// SPDX-License-Identifier: BSD-2-Clause
// Any JSON as tables, so that a report holds every value of its result.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "html/run.h"

namespace xtg::html {

/// Markup of a value: a table for an object or a list of objects, text for everything else.
std::string value_markup(const Json& value);

/// A row for each interval, a column for each value in it. Of a long list only both ends.
std::string interval_table(const Json& intervals);

using Flat = std::vector<std::pair<std::string, Json>>; ///< "ports/0/interface", scalar
Flat flattened(const Json& value);

/// Rows of a long list that are shown: the first and the last ones.
struct Shown {
  std::size_t first = 0, last = 0;
};
Shown shown_of(std::size_t rows);

} // namespace xtg::html
