// SPDX-License-Identifier: BSD-2-Clause
#include "html/value_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "html/text.h"

namespace xtg::html {
namespace {

constexpr std::size_t kMostRows = 400;
constexpr std::string_view kHistogram = "histogram_ns";

bool is_scalar(const Json& value) {
  return !value.is_object() && !value.is_array();
}

std::string scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  // Text that is not UTF-8 cannot be in a document that was parsed.
  return value.dump();
}

std::string scalar_markup(const Json& value) {
  const std::string text = scalar_text(value);
  return text.size() < 200 ? escape(text) : folded("show", element("code class=\"long\"", text));
}

bool all_objects(const Json& list) {
  return std::ranges::all_of(list, [](const Json& each) { return each.is_object(); });
}

std::string list_of_objects(const Json& list) {
  TableText out;
  std::vector<std::string> keys;
  for (const Json& each : list)
    for (const auto& [key, value] : each.items())
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  for (const std::string& key : keys)
    out.columns.push_back({key, true});
  for (const Json& each : list) {
    auto& row = out.rows.emplace_back();
    for (const std::string& key : keys)
      row.push_back(each.contains(key) ? value_markup(each[key]) : std::string());
  }
  return table(out);
}

void flatten(const Json& value, const std::string& path, Flat& out) {
  if (is_scalar(value)) {
    out.emplace_back(path, value);
    return;
  }
  // A list of names is one value: one name more is one difference.
  if (value.is_array() && std::ranges::all_of(value, &Json::is_string)) {
    std::string names;
    for (const Json& each : value)
      names += (names.empty() ? "" : ", ") + each.get<std::string>();
    out.emplace_back(path, names);
    return;
  }
  std::size_t i = 0;
  for (const auto& [key, inner] : value.items()) {
    const std::string name = value.is_array() ? std::to_string(i++) : key;
    flatten(inner, path.empty() ? name : path + "/" + name, out);
  }
}

} // namespace

std::string value_markup(const Json& value) {
  if (is_scalar(value)) return scalar_markup(value);
  if (value.empty()) return "none";
  if (value.is_object()) {
    std::string body; // names and values need no head
    for (const auto& [key, inner] : value.items())
      body += around("tr", element("th class=\"t\" scope=\"row\"", key) +
                               around("td class=\"t\"", value_markup(inner))) +
              '\n';
    return around("div class=\"scroll\"", around("table", around("tbody", body)));
  }
  if (all_objects(value)) return list_of_objects(value);
  std::string out;
  for (const Json& each : value)
    out += (out.empty() ? "" : is_scalar(each) ? ", " : "") + value_markup(each);
  return out;
}

Flat flattened(const Json& value) {
  Flat out;
  flatten(value, "", out);
  return out;
}

Shown shown_of(std::size_t rows) {
  if (rows <= kMostRows) return {rows, 0};
  return {kMostRows / 2, kMostRows / 2};
}

std::string interval_table(const Json& intervals) {
  TableText out;
  std::vector<std::string> keys;
  std::vector<Flat> rows;
  const Shown shown = shown_of(intervals.size());
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (i >= shown.first && i + shown.last < intervals.size()) continue;
    Flat& row = rows.emplace_back(flattened(intervals[i]));
    std::erase_if(row, [](const auto& each) { return each.first.ends_with(kHistogram); });
    for (const auto& [key, value] : row)
      if (rows.size() == 1 || std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
  for (const std::string& key : keys)
    out.columns.push_back({key});
  for (const Flat& row : rows) {
    auto& cells = out.rows.emplace_back(keys.size());
    std::size_t at = 0;
    for (const auto& [key, value] : row) {
      if (keys[at % keys.size()] != key)
        at = static_cast<std::size_t>(std::ranges::find(keys, key) - keys.begin());
      cells[at++ % keys.size()] = scalar_markup(value);
    }
  }
  std::string note;
  if (shown.last != 0)
    note = element(
        "p", fmt::format("The first and the last {} of {} intervals; the result has them all.",
                         shown.first, intervals.size()));
  return note + table(out);
}

} // namespace xtg::html
