// SPDX-License-Identifier: BSD-2-Clause
#include "html/search_section.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "html/chart.h"
#include "html/distribution.h"
#include "html/figures.h"
#include "html/text.h"

namespace xtg::html {
namespace {

std::string rate(const Json& of, std::string_view key) {
  return escape(prefixed(number_at(of, {key, "pps"}), "pps"));
}

std::string table_by_size(const Json& end) {
  TableText out;
  out.caption = "Rates found, by frame size";
  out.columns = {{"frame size"},  {"goal", true},  {"rate found"},       {"on the wire (L1)"},
                 {"upper bound"}, {"state", true}, {"limited by", true}, {"generator's ceiling"}};
  for (const Json& size : list_at(end, {"sizes"}))
    for (const Json& goal : list_at(size, {"goals"}))
      out.rows.push_back({escape(text_at(size, {"size"})), escape(text_at(goal, {"name"})),
                          escape(found_rate(goal, "pps", "pps")),
                          escape(found_rate(goal, "l1_bits_per_second", "bit/s")),
                          rate(goal, "upper"), escape(text_at(goal, {"state"})),
                          escape(text_at(goal, {"limited_by"})), rate(size, "ceiling")});
  return table(out);
}

std::optional<double> load_of(const Json& trial) {
  const auto load = number_at(trial, {"load_pps"});
  return load ? load : number_at(trial, {"sent_pps"});
}

std::vector<const Json*> trials_of(const Run& run, const std::string& size) {
  std::vector<const Json*> out;
  for (const Json& trial : list_at(run.document, {"intervals"}))
    if (text_at(trial, {"size"}) == size) out.push_back(&trial);
  return out;
}

/// A series per kind of trial. Those without loss have a place at the bottom of the log scale.
Chart trial_chart(const std::vector<const Json*>& trials, const std::string& size,
                  const Json& goals) {
  Chart chart;
  chart.title = fmt::format("Trials with {}-byte frames: loss by load", size);
  chart.description = "Each dot is a trial. Vertical lines are the bounds found.";
  chart.x_title = "load of a port, packets per second";
  chart.x_unit = Unit::PerSecond;
  chart.y_unit = Unit::Percent;
  chart.y_scale = Scale::Log;
  chart.kind = Chart::Kind::Dots;
  double least = 1;
  for (const Json* trial : trials)
    if (const auto loss = number_at(*trial, {"loss_percent"}); loss && *loss > 0)
      least = std::min(least, *loss);
  chart.zero_at = std::pow(10.0, std::floor(std::log10(least)) - 1);
  for (const Json* trial : trials) {
    const std::string kind = text_at(*trial, {"kind"});
    const auto load = load_of(*trial), loss = number_at(*trial, {"loss_percent"});
    if (!load || !loss) continue;
    auto series = std::ranges::find(chart.series, kind, &Series::name);
    if (series == chart.series.end()) series = chart.series.insert(series, {kind, {}});
    series->points.push_back({*load, *loss > 0 ? *loss : chart.zero_at});
  }
  for (const Json& goal : goals)
    for (const char* bound : {"lower", "upper"})
      if (const auto pps = number_at(goal, {bound, "pps"}))
        chart.marks.push_back({*pps, text_at(goal, {"name"}) + " " + bound});
  return chart;
}

std::string trial_table(const std::vector<const Json*>& trials) {
  TableText out;
  out.columns = {{"trial"},    {"kind", true}, {"load"}, {"seconds"}, {"asked for"},
                 {"not sent"}, {"lost"},       {"loss"}, {"99 %"},    {"bounds", true}};
  for (const Json* trial : trials) {
    std::string bounds;
    for (const auto& [goal, bound] : at(*trial, {"bounds"}).items())
      bounds += (bounds.empty() ? "" : ", ") + goal + " " +
                (bound.is_string() ? bound.get<std::string>() : "");
    const auto count = [&](std::string_view key) {
      return escape(whole(number_at(*trial, {key})));
    };
    const auto seconds = number_at(*trial, {"trial_seconds"});
    out.rows.push_back({count("trial"), escape(text_at(*trial, {"kind"})),
                        escape(prefixed(load_of(*trial), "pps")),
                        escape(seconds ? plain(*seconds) : "n/a"), count("asked"), count("unsent"),
                        count("lost_packets"), escape(percent(number_at(*trial, {"loss_percent"}))),
                        escape(microseconds(number_at(*trial, {"delay_us", "p99"}))),
                        escape(bounds)});
  }
  return table(out);
}

std::string latency_section(const Json& size, const std::string& id) {
  std::vector<Distribution> at_rates;
  for (const Json& each : list_at(size, {"latency"}))
    if (at(each, {"delay_us"}).is_object())
      at_rates.push_back(
          {fmt::format("at {} of the rate", percent(number_at(each, {"share_percent"}))),
           &at(each, {"delay_us"}), 1});
  if (at_rates.empty()) return {};
  return draw(percentile_chart(at_rates), id) + percentile_table(at_rates);
}

} // namespace

std::string search_sections(const Run& run, const std::string& id) {
  const Json& end = at(run.document, {"end"});
  const Json& sizes = list_at(end, {"sizes"});
  std::string out;
  if (!sizes.empty()) out += element("h3", "Found") + table_by_size(end);

  std::vector<std::string> names;
  for (const Json& trial : list_at(run.document, {"intervals"}))
    if (const std::string size = text_at(trial, {"size"});
        std::ranges::find(names, size) == names.end())
      names.push_back(size);
  if (names.empty()) out += element("p", "The result has no trials.");
  std::size_t number = 0;
  for (const std::string& name : names) {
    const auto of_size = [&](const Json& size) { return text_at(size, {"size"}) == name; };
    const auto found = std::ranges::find_if(sizes, of_size);
    const Json& size = found == sizes.end() ? at(end, {"no size"}) : *found;
    const std::string chart = fmt::format("{}size{}", id, number++);
    out += element("h3", "Frames of " + name);
    const auto trials = trials_of(run, name);
    out += draw(trial_chart(trials, name, list_at(size, {"goals"})), chart) +
           folded("Table of the trials", trial_table(trials)) + latency_section(size, chart + "l");
  }
  return out;
}

} // namespace xtg::html
