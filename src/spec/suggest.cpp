// SPDX-License-Identifier: BSD-2-Clause
#include "spec/suggest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace xtg::spec {
namespace {

/// Edit distance between two words: insert, delete, replace, swap two neighbours.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before, last, row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      row[j + 1] = std::min({last[j] + (from[i] == to[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1});
      if (i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j])
        row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

std::string_view without_dashes(std::string_view word) {
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

} // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string_view typed = without_dashes(word);
  const std::string* best = nullptr;
  std::size_t best_distance = 3;
  for (const auto& candidate : candidates) {
    const std::string_view name = without_dashes(candidate);
    const bool is_start = typed.size() >= 2 && name.starts_with(typed);
    const std::size_t distance = is_start ? 0 : edit_distance(typed, name);
    if (distance >= best_distance || distance * 3 > std::max(typed.size(), name.size())) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string{} : "; did you mean " + *best + "?";
}

} // namespace xtg::spec
