// SPDX-License-Identifier: BSD-2-Clause
// The values of a varying field: a range, a range with a step, or a list. Addresses, ports, VLAN
// IDs and bytes share this parser.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace xtg::packet {

/// The largest count of one range. The kernel program keeps a 32-bit position per field.
inline constexpr std::uint64_t kMaxRangeCount = std::uint64_t{1} << 32;
/// The largest count of one list (XTG_MAX_VALUES).
inline constexpr std::size_t kMaxListed = 4096;

/// first, first + step, ... or, if there is a list, its members in turn; then `first` is its first
/// member and `count` its length.
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

/// Parses one number of its kind; nothing if the text is not one.
using ParseOne = std::function<std::optional<std::uint64_t>(std::string_view)>;
using PrintOne = std::function<std::string(std::uint64_t)>;

/// "A", "A-B", "A-B/STEP", or several separated by commas, which make a list. `what` describes the
/// expected text in errors: "a port or a range of ports: say ...".
Result<Values> parse_values(std::string_view text, const ParseOne& one, std::string_view what);
/// In the notation of parse_values(); a list of ranges is printed as a list of values.
std::string to_string(const Values& values, const PrintOne& one);

/// Text with a step or a list, for parsers that handle the ends themselves.
struct SteppedText {
  std::string_view range; ///< without "/STEP"
  std::uint64_t step = 1;
};
/// Takes "/STEP" off "A-B/STEP". Without a dash before it a slash is part of a prefix and is left
/// alone.
Result<SteppedText> take_step(std::string_view text);
/// The pieces between commas.
std::vector<std::string_view> split_list(std::string_view text);
/// The members of several ranges, concatenated; an error if they are too many.
Result<std::vector<std::uint64_t>> listed(std::string_view text, const std::vector<Values>& ranges);

/// How many values lie from 0 to `distance` in steps.
inline std::uint64_t count_of(std::uint64_t distance, std::uint64_t step) {
  return distance / step + 1;
}

[[nodiscard]] tl::unexpected<Error> too_many(std::string_view text);
[[nodiscard]] tl::unexpected<Error> backwards(std::string_view text);

} // namespace xtg::packet
