// SPDX-License-Identifier: BSD-2-Clause
// What holds for the values of every range that a parser has accepted.
#pragma once

#include <algorithm>

#include "fuzz.h"
#include "packet/values.h"

namespace xtg::fuzz {

/// `most`: the largest value that the field can hold.
inline void require_values(const packet::Values& values, std::uint64_t most) {
  require(values.count >= 1 && values.count <= packet::kMaxRangeCount, "count");
  if (!values.list.empty()) {
    require(values.list.size() == values.count && values.list.size() <= packet::kMaxListed,
            "length of the list");
    require(values.list.front() == values.first, "the list begins with the first");
    require(std::ranges::max(values.list) <= most, "the list fits the field");
    return;
  }
  const std::uint64_t last = values.at(values.count - 1);
  require(values.first <= last && last <= most, "the range fits the field and does not wrap");
  require((last - values.first) / std::max<std::uint64_t>(values.step, 1) + 1 == values.count,
          "count fits the ends");
}

} // namespace xtg::fuzz
