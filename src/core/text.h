// SPDX-License-Identifier: BSD-2-Clause
// Small helpers of the parsers.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace xtg {

/// The text without what a terminal would obey: control characters, but for those in `kept`, as
/// \x1b. `before`: the byte in front of the text, where that is one piece of several.
std::string printable(std::string_view text, std::string_view kept = {}, char before = ' ');

/// The text in double quotes, fit for a one-line message: control characters and quotes escaped,
/// long input cut.
std::string quoted(std::string_view text);

/// The whole text as an unsigned number: digits only, no sign, no space; nothing when it does not
/// fit T.
template <class T>
std::optional<T> parse_unsigned(std::string_view text, int base = 10) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

} // namespace xtg
