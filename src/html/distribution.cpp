// SPDX-License-Identifier: BSD-2-Clause
#include "html/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "html/text.h"
#include "stats/hdr_histogram.h"

namespace xtg::html {
namespace {

constexpr double kBinsPerDecade = 24;
/// The largest of a distribution is orders of magnitude above the smallest: a log scale.
constexpr double kWide = 20;

struct Level {
  const char* key;
  const char* label;
  double share;
};
constexpr std::array<Level, 8> kLevels = {{{"min", "minimum", 0},
                                           {"mean", "mean", -1},
                                           {"p50", "50 %", 0.5},
                                           {"p90", "90 %", 0.9},
                                           {"p99", "99 %", 0.99},
                                           {"p999", "99.9 %", 0.999},
                                           {"p9999", "99.99 %", 0.9999},
                                           {"max", "maximum", 1}}};

std::vector<stats::HdrCell> cells_of(const Distribution& distribution) {
  const auto cells = stats::hdr_decode(text_at(*distribution.values, {"histogram_ns"}));
  return cells ? *cells : std::vector<stats::HdrCell>{};
}

double middle_us(const stats::HdrCell& cell) {
  return (static_cast<double>(cell.low) + static_cast<double>(cell.high)) / 2e3;
}

std::vector<Point> curve(const std::vector<stats::HdrCell>& cells) {
  double all = 0, below = 0;
  for (const auto& cell : cells)
    all += static_cast<double>(cell.count);
  std::vector<Point> out;
  for (const auto& cell : cells) {
    const double to = below + static_cast<double>(cell.count);
    out.push_back({below / all, middle_us(cell)});
    // The largest value ends where half a packet would be beyond it: at no finite place is it 100
    // %.
    out.push_back({std::min(to, all - 0.5) / all, middle_us(cell)});
    below = to;
  }
  return out;
}

std::vector<Point> curve_of_levels(const Distribution& distribution) {
  std::vector<Point> out;
  const double count = number_at(*distribution.values, {"count"}).value_or(10'000);
  for (const Level& level : kLevels) {
    const auto value = number_at(*distribution.values, {level.key});
    if (!value || level.share < 0) continue;
    out.push_back(
        {std::min(level.share, 1 - 0.5 / std::max(1.0, count)), *value / distribution.per_us});
  }
  std::ranges::stable_sort(out, {}, &Point::x);
  return out;
}

} // namespace

Chart percentile_chart(const std::vector<Distribution>& distributions) {
  Chart chart;
  chart.title = "Latency by percentile";
  chart.description = "The latency that each share of the packets does not exceed.";
  chart.x_title = "percentile";
  chart.x_scale = Scale::Tail;
  chart.y_unit = Unit::Microseconds;
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (const Distribution& distribution : distributions) {
    const auto cells = cells_of(distribution);
    Series series{distribution.label, cells.empty() ? curve_of_levels(distribution) : curve(cells)};
    for (const Point& point : series.points) {
      most = std::max(most, *point.y);
      if (*point.y > 0) least = std::min(least, *point.y);
    }
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  }
  if (most > kWide * least) chart.y_scale = Scale::Log;
  return chart;
}

std::string percentile_table(const std::vector<Distribution>& distributions) {
  TableText out;
  out.columns = {{"", true}};
  for (const Level& level : kLevels)
    out.columns.push_back({level.label});
  out.columns.push_back({"count"});
  for (const Distribution& distribution : distributions) {
    auto& row = out.rows.emplace_back();
    row.push_back(escape(distribution.label));
    for (const Level& level : kLevels) {
      const auto value = number_at(*distribution.values, {level.key});
      row.push_back(
          escape(microseconds(value ? std::optional(*value / distribution.per_us) : std::nullopt)));
    }
    row.push_back(escape(whole(number_at(*distribution.values, {"count"}))));
  }
  return table(out);
}

Chart histogram_chart(const Distribution& distribution) {
  Chart chart;
  chart.title =
      "Time between packets" + (distribution.label.empty() ? "" : ": " + distribution.label);
  chart.description =
      "How many packets arrived how long after the one before; both scales are logarithmic.";
  chart.x_title = "time since the packet before";
  chart.x_unit = Unit::Microseconds;
  chart.x_scale = Scale::Log;
  chart.y_scale = Scale::Log;
  chart.kind = Chart::Kind::Columns;
  const auto cells = cells_of(distribution);
  if (cells.empty()) return chart;
  const auto bin_of = [](const stats::HdrCell& cell) {
    return static_cast<int>(
        std::floor(std::log10(std::max(1e-3, middle_us(cell))) * kBinsPerDecade));
  };
  const int first = bin_of(cells.front()), last = bin_of(cells.back());
  Series series{"packets", {}};
  for (int bin = first; bin <= last + 1; ++bin)
    series.points.push_back({std::pow(10.0, bin / kBinsPerDecade), std::nullopt});
  for (const auto& cell : cells) {
    auto& y = series.points[static_cast<std::size_t>(bin_of(cell) - first)].y;
    y = y.value_or(0) + static_cast<double>(cell.count);
  }
  chart.series.push_back(std::move(series));
  return chart;
}

std::string histogram_table(const Chart& chart) {
  TableText out;
  out.columns = {{"from"}, {"to"}, {"packets"}};
  for (const Series& series : chart.series)
    for (std::size_t i = 0; i + 1 < series.points.size(); ++i)
      if (const Point& point = series.points[i]; point.y)
        out.rows.push_back({escape(microseconds(point.x)),
                            escape(microseconds(series.points[i + 1].x)), escape(whole(point.y))});
  return table(out);
}

} // namespace xtg::html
