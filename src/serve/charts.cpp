// SPDX-License-Identifier: BSD-2-Clause
#include "serve/charts.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "html/figures.h"

namespace xtg::serve {
namespace {

std::string_view unit_name(html::Unit unit) {
  switch (unit) {
  case html::Unit::PerSecond:
    return "per second";
  case html::Unit::BitsPerSecond:
    return "bits per second";
  case html::Unit::Microseconds:
    return "microseconds";
  case html::Unit::Seconds:
    return "seconds";
  case html::Unit::Percent:
    return "percent";
  case html::Unit::Plain:
    break;
  }
  return "";
}

html::Json chart_value(const html::Chart& chart) {
  html::Json series = html::Json::array();
  for (const html::Series& each : chart.series) {
    html::Json points = html::Json::array();
    for (const html::Point& point : each.points)
      points.push_back({point.x, point.y ? html::Json(*point.y) : html::Json(nullptr)});
    series.push_back({{"name", each.name}, {"points", std::move(points)}});
  }
  return {{"title", chart.title},
          {"description", chart.description},
          {"unit", unit_name(chart.y_unit)},
          {"log", chart.y_scale == html::Scale::Log},
          {"series", std::move(series)}};
}

void add_result(html::Json& out, const html::Run& run) {
  out["figures"] = html::Json::array();
  for (const html::Figure& figure : html::key_figures(run))
    out["figures"].push_back({{"label", figure.label}, {"text", html::shown(figure)}});
  const html::Verdict verdict = html::verdict_of(run);
  out["verdict"] = {{"title", verdict.title},
                    {"details", verdict.details},
                    {"good", verdict.kind == html::Verdict::Kind::Good},
                    {"bad", verdict.kind == html::Verdict::Kind::Bad}};
}

} // namespace

std::string ChartFeed::take(std::string_view lines) {
  if (lines.empty()) return {};
  std::string intervals;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
    lines.remove_prefix(line.size());
    if (line.starts_with(R"({"event":"interval")"))
      intervals += line;
    else if (line.starts_with(R"({"event":"start")") || line.starts_with(R"({"event":"e)"))
      frame_ += line;
  }
  const auto run = html::read_run("", frame_ + intervals);
  if (!run) return {};
  html::Json charts = html::Json::array();
  for (const html::Chart& chart : html::time_charts(*run))
    if (!chart.series.empty()) charts.push_back(chart_value(chart));
  html::Json out = {{"charts", std::move(charts)}};
  if (!run->cut_off) add_result(out, *run);
  if (run->cut_off && out["charts"].empty()) return {};
  return out.dump(-1, ' ', true, html::Json::error_handler_t::replace) + "\n";
}

} // namespace xtg::serve
