// SPDX-License-Identifier: BSD-2-Clause
#include "html/text.h"

#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "core/units.h"

namespace xtg::html {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

/// Bytes of the UTF-8 character that the text begins with; 0: none, or one that XML forbids.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x20) return first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (first < 0x7f) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  std::uint32_t code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  const bool overlong = code < (size == 3 ? 0x800U : size == 4 ? 0x10000U : 0x80U);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  const bool control = code < 0xa0; // C1
  // Characters that reverse the direction of what follows could make a name read as another one.
  const bool bidi = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const bool none = (code & 0xfffe) == 0xfffe || code > 0x10ffff;
  return overlong || surrogate || control || bidi || none ? 0 : size;
}

} // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    switch (text[0]) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += size == 0 ? kReplacement : text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string around(std::string_view tag, std::string_view markup) {
  return fmt::format("<{}>{}</{}>", tag, markup, tag.substr(0, tag.find(' ')));
}

std::string element(std::string_view tag, std::string_view text) {
  return around(tag, escape(text));
}

std::string whole(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "n/a";
  const double size = std::round(std::fabs(*value));
  if (size >= 1e18) return plain(*value);
  return (*value < 0 && size > 0 ? "-" : "") + with_thousands(static_cast<std::uint64_t>(size));
}

std::string prefixed(std::optional<double> value, std::string_view unit) {
  if (!value || !std::isfinite(*value)) return "n/a";
  if (*value == 0) return fmt::format("0 {}", unit);
  return with_prefix(*value, unit);
}

std::string percent(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "n/a";
  return fmt::format("{:.4g} %", *value);
}

std::string microseconds(std::optional<double> us) {
  if (!us || !std::isfinite(*us)) return "n/a";
  const double size = std::fabs(*us);
  if (size >= 1e6) return fmt::format("{:.4g} s", *us / 1e6);
  if (size >= 1e3) return fmt::format("{:.4g} ms", *us / 1e3);
  return fmt::format("{:.4g} us", *us);
}

std::string plain(double value) {
  return fmt::format("{}", value);
}

std::string table(const TableText& text) {
  std::string head, body;
  const auto is_text = [&](std::size_t i) {
    return i < text.columns.size() && text.columns[i].text;
  };
  for (std::size_t i = 0; i < text.columns.size(); ++i)
    head += element(is_text(i) ? "th class=\"t\" scope=\"col\"" : "th scope=\"col\"",
                    text.columns[i].title);
  for (const auto& row : text.rows) {
    std::string cells;
    for (std::size_t i = 0; i < row.size(); ++i)
      cells += around(is_text(i) ? "td class=\"t\"" : "td", row[i]);
    body += around("tr", cells) + '\n';
  }
  std::string out = text.caption.empty() ? "" : element("caption", text.caption);
  if (!head.empty()) out += around("thead", around("tr", head));
  return around("div class=\"scroll\"", around("table", out + around("tbody", body))) + '\n';
}

std::string folded(std::string_view summary, std::string_view markup) {
  return around("details", element("summary", summary) + '\n' + std::string(markup)) + '\n';
}

} // namespace xtg::html
