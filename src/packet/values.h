// SPDX-License-Identifier: BSD-2-Clause
// The numbers that a varying field takes: a range, a range in steps, or a list. How such text is
// taken apart is the same for addresses, ports, VLAN IDs and bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace xtg::packet {

/// The most values one range may have. The kernel program keeps a 32-bit position per field.
inline constexpr std::uint64_t kMaxRangeCount = std::uint64_t{1} << 32;
/// The most values of one list (XTG_MAX_VALUES).
inline constexpr std::size_t kMaxListed = 4096;

/// first, first + step, ... or, where there is a list, its members in turn; then `first` is its
/// first member, `count` its length.
struct Values {
  std::uint64_t first = 0;
  std::uint64_t count = 1; ///< 1 to kMaxRangeCount
  std::uint64_t step = 1;
  std::vector<std::uint64_t> list{};
  bool operator==(const Values&) const = default;
  static Values listed(std::vector<std::uint64_t> list); ///< not empty
  [[nodiscard]] std::uint64_t at(std::uint64_t i) const {
    return list.empty() ? first + i * step : list[i];
  }
  [[nodiscard]] std::uint64_t lowest() const;
  [[nodiscard]] std::uint64_t highest() const;
  [[nodiscard]] bool contiguous() const { return list.empty() && (step == 1 || count == 1); }
};

/// One number of its kind; nothing where the text is none.
using ParseOne = std::function<std::optional<std::uint64_t>(std::string_view)>;
using PrintOne = std::function<std::string(std::uint64_t)>;

/// "A", "A-B", "A-B/STEP", or several of these with commas between, which make a list. `what` is
/// said of a text that is none: "a port or a range of ports: say ...".
Result<Values> parse_values(std::string_view text, const ParseOne& one, std::string_view what);
/// What parse_values() accepts; a list of ranges comes out as a list of values.
std::string to_string(const Values& values, const PrintOne& one);

/// A step or a list as a user may have written them; for parsers that look at the ends themselves.
struct SteppedText {
  std::string_view range; ///< without "/STEP"
  std::uint64_t step = 1;
};
/// Takes "/STEP" off "A-B/STEP". A slash without a dash before it is left alone: it is a prefix's.
Result<SteppedText> take_step(std::string_view text);
/// The pieces between commas.
std::vector<std::string_view> split_list(std::string_view text);
/// The members of several ranges, one after the other; an error where they are too many.
Result<std::vector<std::uint64_t>> listed(std::string_view text, const std::vector<Values>& ranges);

/// How many values lie from 0 to `distance` in steps.
inline std::uint64_t count_of(std::uint64_t distance, std::uint64_t step) {
  return distance / step + 1;
}

[[nodiscard]] tl::unexpected<Error> too_many(std::string_view text);
[[nodiscard]] tl::unexpected<Error> backwards(std::string_view text);

} // namespace xtg::packet
