// SPDX-License-Identifier: BSD-2-Clause
// Pieces of HTML and SVG. Every text that is not ours goes through escape().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xtg::html {

/// Safe as text and in a quoted attribute. What XML forbids (control characters, bytes that are not
/// UTF-8) becomes U+FFFD.
std::string escape(std::string_view text);

/// "<tag>escaped text</tag>"; `tag` may have attributes.
std::string element(std::string_view tag, std::string_view text);
/// The same around markup.
std::string around(std::string_view tag, std::string_view markup);

// Numbers for people; "n/a" for none.
std::string whole(std::optional<double> value);                           ///< "1,234,567"
std::string prefixed(std::optional<double> value, std::string_view unit); ///< "4.200 Gbit/s"
std::string percent(std::optional<double> value);                         ///< "0.001 %"
std::string microseconds(std::optional<double> us);                       ///< "12.3 us", "1.5 ms"
std::string plain(double value); ///< shortest text that reads back to the same number

struct Column {
  std::string title;
  bool text = false; ///< left-aligned
};
/// Cells are markup.
struct TableText {
  std::string caption; ///< text; may be empty
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};
std::string table(const TableText& text);

/// A section that is closed until clicked on, and open on paper.
std::string folded(std::string_view summary, std::string_view markup);

} // namespace xtg::html
