// SPDX-License-Identifier: BSD-2-Clause
// Small helpers for parsers.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace xtg {

/// The text with control characters, which a terminal would obey, as \x1b, except those in `kept`.
/// `before`: the byte that precedes the text, when the text is one piece of several.
std::string printable(std::string_view text, std::string_view kept = {}, char before = ' ');

/// The text in double quotes for a one-line message: control characters and quotes escaped, long
/// input shortened.
std::string quoted(std::string_view text);

/// Parses the whole text as an unsigned number: digits only, no sign, no space. Empty when it does
/// not fit T.
template <class T>
std::optional<T> parse_unsigned(std::string_view text, int base = 10) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

} // namespace xtg
