// SPDX-License-Identifier: BSD-2-Clause
// A set of stream offsets as disjoint ranges [from, to).
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

namespace xtg::peer {

class Ranges {
public:
  void add(std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    auto at = all_.upper_bound(from);
    if (at != all_.begin() && std::prev(at)->second >= from) --at;
    while (at != all_.end() && at->first <= to) {
      from = std::min(from, at->first);
      to = std::max(to, at->second);
      at = all_.erase(at);
    }
    all_.emplace(from, to);
  }
  void remove(std::uint64_t from, std::uint64_t to) {
    const auto before = std::exchange(all_, {});
    for (const auto& [first, last] : before) {
      add(first, std::min(last, from));
      add(std::max(first, to), last);
    }
  }
  [[nodiscard]] bool touches(std::uint64_t from, std::uint64_t to) const {
    auto at = all_.lower_bound(to);
    return at != all_.begin() && from < to && std::prev(at)->second > from;
  }
  [[nodiscard]] bool covers(std::uint64_t from, std::uint64_t to) const { return end(from) >= to; }
  /// How far it goes on without a gap from there.
  [[nodiscard]] std::uint64_t end(std::uint64_t from) const {
    auto at = all_.upper_bound(from);
    return at != all_.begin() && std::prev(at)->second > from ? std::prev(at)->second : from;
  }
  [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& all() const { return all_; }
  void clear() { all_.clear(); }

private:
  std::map<std::uint64_t, std::uint64_t> all_;
};

} // namespace xtg::peer
