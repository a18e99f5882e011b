// SPDX-License-Identifier: BSD-2-Clause
#include "html/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "html/scale.h"
#include "html/text.h"

namespace xtg::html {
namespace {

/// Colours and dashes repeat after that.
constexpr std::size_t kStyles = 8;

struct Frame {
  double width, height, left, right, top, bottom;
  [[nodiscard]] double inner_width() const { return width - left - right; }
  [[nodiscard]] double inner_height() const { return height - top - bottom; }
};
constexpr Frame kDesk{760, 280, 84, 16, 12, 46};
constexpr Frame kPhone{350, 240, 70, 10, 12, 46};

std::string px(double value) {
  return fmt::format("{:.1f}", value);
}

struct Plane {
  Frame frame;
  Axis x, y;
  [[nodiscard]] double place_x(double value) const {
    return frame.left + x.share(value) * frame.inner_width();
  }
  [[nodiscard]] double place_y(double value) const {
    return frame.top + (1 - y.share(value)) * frame.inner_height();
  }
};

std::string label_at(double x, double y, std::string_view anchor, std::string_view text) {
  return element(fmt::format("text x=\"{}\" y=\"{}\" text-anchor=\"{}\"", px(x), px(y), anchor),
                 text);
}

std::string line_at(std::string_view css, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", css, px(x1),
                     px(y1), px(x2), px(y2));
}

std::string axes(const Chart& chart, const Plane& plane) {
  const Frame& f = plane.frame;
  const double base = f.height - f.bottom;
  std::string out;
  for (const double tick : plane.y.ticks(5)) {
    const double y = plane.place_y(tick);
    out += line_at("grid", f.left, y, f.width - f.right, y);
    const bool zero = chart.zero_at > 0 && tick <= chart.zero_at * 1.0001;
    out += label_at(f.left - 6, y + 4, "end", in_unit(zero ? 0 : tick, chart.y_unit));
  }
  const bool phone = f.width < 500;
  double free_from = 0;
  for (const double tick : plane.x.ticks(phone ? 4 : 8)) {
    const double x = plane.place_x(tick);
    const std::string label = chart.x_scale == Scale::Tail ? fmt::format("{:.10g} %", tick * 100)
                                                           : in_unit(tick, chart.x_unit);
    out += line_at("tick", x, base, x, base + 4);
    const double half = 3.4 * static_cast<double>(label.size());
    const double centre = std::clamp(x, half, std::max(half, f.width - half));
    if (centre - half < free_from) continue;
    free_from = centre + half + 6;
    out += label_at(centre, base + 18, "middle", label);
  }
  out += line_at("axis", f.left, base, f.width - f.right, base);
  out += label_at(f.left + f.inner_width() / 2, f.height - 6, "middle", chart.x_title);
  return out;
}

/// At most the least and the largest of each step of the width, so that long runs stay small and
/// no spike is lost.
std::vector<Point> thinned(const std::vector<Point>& points, const Plane& plane) {
  const auto steps = static_cast<std::size_t>(plane.frame.inner_width());
  if (points.size() <= 2 * steps) return points;
  std::vector<Point> out;
  for (std::size_t step = 0; step < steps; ++step) {
    const std::size_t from = points.size() * step / steps, to = points.size() * (step + 1) / steps;
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(to);
    auto [least, most] = std::minmax_element(begin, end, [](const Point& a, const Point& b) {
      return a.y.value_or(0) < b.y.value_or(0);
    });
    if (most < least) std::swap(least, most);
    out.push_back(*least);
    if (least != most) out.push_back(*most);
  }
  return out;
}

std::string dot(const Plane& plane, const Point& point, std::size_t style) {
  return fmt::format("<circle class=\"d{}\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>", style,
                     px(plane.place_x(point.x)), px(plane.place_y(*point.y)));
}

std::string path(const Series& series, const Plane& plane, std::size_t style, bool steps) {
  std::string d, dots;
  std::optional<Point> before;
  bool alone = true;
  const auto end_run = [&] {
    if (before && alone) dots += dot(plane, *before, style);
  };
  for (const Point& point : thinned(series.points, plane)) {
    if (!point.y || !plane.y.takes(*point.y)) {
      end_run();
      before.reset();
      continue;
    }
    const std::string x = px(plane.place_x(point.x)), y = px(plane.place_y(*point.y));
    if (before) {
      d += steps ? fmt::format("H{}V{}", x, y) : fmt::format("L{} {}", x, y);
    } else {
      d += fmt::format("M{} {}", x, y);
    }
    alone = !before;
    before = point;
  }
  end_run();
  const std::string line = d.empty() ? "" : fmt::format("<path class=\"s{}\" d=\"{}\"/>", style, d);
  return line + dots;
}

std::string columns(const Series& series, const Plane& plane, std::size_t style) {
  const double base = plane.frame.height - plane.frame.bottom;
  std::string out;
  for (std::size_t i = 0; i + 1 < series.points.size(); ++i) { // the last has only the right edge
    const Point& point = series.points[i];
    if (!point.y || !plane.y.takes(*point.y)) continue;
    const double from = plane.place_x(point.x), to = plane.place_x(series.points[i + 1].x);
    const double top = plane.place_y(*point.y);
    out += fmt::format("<rect class=\"d{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", style,
                       px(from), px(top), px(std::max(0.5, to - from - 0.5)),
                       px(std::max(0.0, base - top)));
  }
  return out;
}

std::string content(const Chart& chart, const Plane& plane) {
  std::string out = axes(chart, plane);
  double label_y = plane.frame.top + 10;
  for (const Chart::Mark& mark : chart.marks) {
    const double x = plane.place_x(mark.x);
    out += line_at("mark", x, plane.frame.top, x, plane.frame.height - plane.frame.bottom);
    const bool right = x > plane.frame.width / 2;
    out += label_at(x + (right ? -4 : 4), label_y, right ? "end" : "start", mark.name);
    label_y += 14;
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    const std::size_t style = i % kStyles;
    if (chart.kind == Chart::Kind::Columns) {
      out += columns(series, plane, style);
    } else if (chart.kind == Chart::Kind::Dots) {
      for (const Point& point : series.points)
        if (point.y && plane.y.takes(*point.y)) out += dot(plane, point, style);
    } else {
      out += path(series, plane, style, chart.kind == Chart::Kind::Step);
    }
  }
  return out;
}

std::string svg(const Frame& frame, std::string_view css, const std::string& title,
                const std::string& description, const std::string& id, const std::string& markup) {
  return around(fmt::format("svg class=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" "
                            "aria-labelledby=\"{}t {}d\" xmlns=\"http://www.w3.org/2000/svg\"",
                            css, frame.width, frame.height, id, id),
                element(fmt::format("title id=\"{}t\"", id), title) +
                    element(fmt::format("desc id=\"{}d\"", id), description) + markup);
}

std::string swatch(std::size_t style, bool filled) {
  return filled ? fmt::format("<svg class=\"key\" viewBox=\"0 0 26 12\" aria-hidden=\"true\"><rect "
                              "class=\"d{}\" width=\"26\" height=\"12\"/></svg>",
                              style)
                : fmt::format("<svg class=\"key\" viewBox=\"0 0 26 12\" aria-hidden=\"true\"><path "
                              "class=\"s{}\" d=\"M0 6L26 6\"/></svg>",
                              style);
}

Axis axis_of(const Chart& chart, bool of_x) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  const auto take = [&](double value) {
    const Scale scale = of_x ? chart.x_scale : chart.y_scale;
    if (!std::isfinite(value) || (scale == Scale::Log && value <= 0)) return;
    least = std::min(least, value);
    most = std::max(most, value);
  };
  for (const Series& series : chart.series)
    for (const Point& point : series.points) {
      if (of_x)
        take(point.x);
      else if (point.y)
        take(*point.y);
    }
  if (of_x)
    for (const Chart::Mark& mark : chart.marks)
      take(mark.x);
  if (of_x && chart.x_scale == Scale::Linear && least <= most) take(0);
  return of_x ? Axis(chart.x_scale, least, most, chart.kind == Chart::Kind::Dots)
              : Axis(chart.y_scale, least, most, true);
}

} // namespace

std::string in_unit(double value, Unit unit) {
  switch (unit) {
  case Unit::Plain:
    return short_number(value);
  case Unit::Seconds:
    return short_number(value) + " s";
  case Unit::Microseconds:
    return microseconds(value);
  case Unit::PerSecond:
    return short_number(value) + "/s";
  case Unit::BitsPerSecond:
    return short_number(value) + "bit/s";
  case Unit::Percent:
    return fmt::format("{:.4g} %", value);
  }
  return {};
}

std::string draw(const Chart& chart, const std::string& id) {
  const Axis x = axis_of(chart, true), y = axis_of(chart, false);
  if (!x.any() || !y.any()) return {};
  std::string keys;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const bool filled = chart.kind == Chart::Kind::Columns || chart.kind == Chart::Kind::Dots;
    keys += around("li", swatch(i % kStyles, filled) + escape(chart.series[i].name));
  }
  return around("figure", element("figcaption", chart.title) + around("ul class=\"keys\"", keys) +
                              '\n' +
                              svg(kDesk, "desk", chart.title, chart.description, id + "w",
                                  content(chart, {kDesk, x, y})) +
                              '\n' +
                              svg(kPhone, "phone", chart.title, chart.description, id + "n",
                                  content(chart, {kPhone, x, y}))) +
         '\n';
}

std::string draw_shares(const std::string& title, const std::vector<Share>& shares,
                        const std::string& id) {
  double all = 0;
  for (const Share& share : shares)
    all += share.value;
  if (all <= 0) return {};
  const Frame frame{760, 34, 0, 0, 0, 0};
  std::string bars, keys, words;
  double from = 0;
  // Green is what went well.
  constexpr std::array<int, 7> kColours{1, 3, 5, 4, 6, 7, 0};
  std::size_t style = 0;
  for (const Share& share : shares) {
    const std::string css =
        share.good ? "good" : fmt::format("d{}", kColours[style++ % kColours.size()]);
    if (share.value <= 0) continue;
    // What is there is seen, however little it is.
    const double width = std::max(2.0, share.value / all * frame.width);
    from = std::min(from, frame.width - width);
    bars += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"0\" width=\"{}\" height=\"34\"/>", css,
                        px(from), px(width));
    from += width;
    const std::string text = fmt::format("{}: {} ({})", share.name, whole(share.value),
                                         percent(100 * share.value / all));
    words += (words.empty() ? "" : ", ") + text;
    keys += around(
        "li", fmt::format("<svg class=\"key\" viewBox=\"0 0 26 12\" aria-hidden=\"true\"><rect "
                          "class=\"{}\" width=\"26\" height=\"12\"/></svg>",
                          css) +
                  escape(text));
  }
  return around("figure",
                element("figcaption", title) +
                    svg(frame, "bar\" preserveAspectRatio=\"none", title, words, id, bars) +
                    around("ul class=\"keys\"", keys)) +
         '\n';
}

} // namespace xtg::html
