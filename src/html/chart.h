// SPDX-License-Identifier: BSD-2-Clause
// Charts as inline SVG. Each is drawn twice, for a desk and for a phone; the style sheet shows one.
// Colours are the style sheet's, so they follow light, dark and print.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtg::html {

struct Point {
  double x = 0;
  std::optional<double> y; ///< none: a gap
};

struct Series {
  std::string name;
  std::vector<Point> points;
};

enum class Scale : std::uint8_t {
  Linear,
  Log,
  Tail, ///< of x, a share of all below 1: the distance to 1 on a log scale, as HdrHistogram plots
};
enum class Unit : std::uint8_t { Plain, Seconds, Microseconds, PerSecond, BitsPerSecond, Percent };

struct Chart {
  std::string title;
  std::string description; ///< what it shows, for those who do not see it
  std::vector<Series> series;
  std::string x_title;
  Unit x_unit = Unit::Plain, y_unit = Unit::Plain;
  Scale x_scale = Scale::Linear, y_scale = Scale::Linear;
  enum class Kind : std::uint8_t { Line, Step, Dots, Columns } kind = Kind::Line;
  struct Mark { ///< a vertical line
    double x = 0;
    std::string name;
  };
  std::vector<Mark> marks{};
  double zero_at = 0; ///< on a log scale of y: where the value 0 is placed; 0: nowhere
};

/// Empty if there is nothing to draw. `id` is unique in the document.
std::string draw(const Chart& chart, const std::string& id);

/// A bar divided in proportion, with a legend.
struct Share {
  std::string name;
  double value = 0;
  bool good = false;
};
std::string draw_shares(const std::string& title, const std::vector<Share>& shares,
                        const std::string& id);

std::string in_unit(double value, Unit unit);

} // namespace xtg::html
