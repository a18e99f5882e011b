// SPDX-License-Identifier: BSD-2-Clause
#include "html/compare.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "html/distribution.h"
#include "html/figures.h"
#include "html/text.h"
#include "html/value_tables.h"

namespace xtg::html {
namespace {

std::vector<Column> columns(const std::vector<Run>& runs) {
  std::vector<Column> out{{"", true}};
  for (const Run& run : runs)
    out.push_back({run.name});
  return out;
}

std::string difference(const Figure& figure, const Figure& first) {
  if (!figure.value || !first.value) return "";
  const double by = *figure.value - *first.value;
  if (by == 0) return "same";
  const char* sign = by > 0 ? "+" : "-";
  Figure size = figure;
  size.value = std::fabs(by);
  if (*first.value == 0) return sign + shown(size);
  return fmt::format("{}{} ({:+.3g} %)", sign, shown(size), 100 * by / std::fabs(*first.value));
}

std::string figure_table(const std::vector<Run>& runs) {
  std::vector<std::vector<Figure>> figures;
  std::vector<std::string> labels;
  for (const Run& run : runs)
    for (const Figure& figure : figures.emplace_back(key_figures(run)))
      if (std::ranges::find(labels, figure.label) == labels.end()) labels.push_back(figure.label);
  TableText out;
  out.caption = fmt::format("Key figures, and differences from {}", runs.front().name);
  out.columns = columns(runs);
  auto& verdicts = out.rows.emplace_back();
  verdicts.push_back("verdict");
  for (const Run& run : runs)
    verdicts.push_back(escape(verdict_of(run).title));
  for (const std::string& label : labels) {
    auto& row = out.rows.emplace_back();
    row.push_back(escape(label));
    const auto first = std::ranges::find(figures.front(), label, &Figure::label);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const auto found = std::ranges::find(figures[i], label, &Figure::label);
      if (found == figures[i].end()) {
        row.emplace_back("n/a");
        continue;
      }
      std::string cell = escape(shown(*found));
      if (i > 0 && first != figures.front().end())
        cell += "<br/>" + element("small", difference(*found, *first));
      row.push_back(std::move(cell));
    }
  }
  return table(out);
}

/// Values of the configuration and the host that are not the same in all runs.
std::string configuration_table(const std::vector<Run>& runs) {
  std::vector<std::map<std::string, std::string>> values;
  std::vector<std::string> keys;
  for (const Run& run : runs) {
    auto& mine = values.emplace_back();
    for (const auto& [key, value] : flattened(at(run.document, {"start"}))) {
      // The profile says the same once more.
      if (key.starts_with("configuration/test/") || key.starts_with("timestamp/")) continue;
      if (mine.emplace(key, value.is_string() ? value.get<std::string>() : value.dump()).second &&
          std::ranges::find(keys, key) == keys.end())
        keys.push_back(key);
    }
  }
  TableText out;
  out.caption = "What differs in configuration and host";
  out.columns = columns(runs);
  for (std::size_t i = 1; i < out.columns.size(); ++i)
    out.columns[i].text = true;
  for (const std::string& key : keys) {
    std::vector<std::string> row{escape(key)};
    bool differs = false;
    for (const auto& mine : values) {
      const auto first = values.front().find(key);
      const auto found = mine.find(key);
      const bool has = found != mine.end(), first_has = first != values.front().end();
      differs |= has != first_has || (has && found->second != first->second);
      row.push_back(has ? escape(found->second) : "n/a");
    }
    if (differs) out.rows.push_back(std::move(row));
  }
  return out.rows.empty() ? element("p", "Configuration and host are the same.") : table(out);
}

/// The charts of all runs laid over one another, the first of those that each has.
std::string overlaid_rates(const std::vector<Run>& runs) {
  Chart all;
  for (const Run& run : runs)
    for (const Chart& chart : time_charts(run)) {
      if (chart.series.empty()) continue;
      if (all.series.empty()) {
        all = chart;
        all.series.clear();
      }
      if (chart.title != all.title) continue;
      for (Series series : chart.series) {
        series.name = run.name + ": " + series.name;
        all.series.push_back(std::move(series));
      }
    }
  return draw(all, "compare-rate");
}

std::string overlaid_latency(const std::vector<Run>& runs) {
  std::vector<Distribution> all;
  for (const Run& run : runs)
    for (Distribution each : latencies(run)) {
      each.label = run.name + ": " + each.label;
      all.push_back(std::move(each));
    }
  if (all.empty()) return {};
  return draw(percentile_chart(all), "compare-latency") + percentile_table(all);
}

} // namespace

std::string comparison(const std::vector<Run>& runs) {
  return element("h2", "Comparison") + figure_table(runs) + overlaid_rates(runs) +
         overlaid_latency(runs) + configuration_table(runs);
}

} // namespace xtg::html
