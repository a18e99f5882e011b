// SPDX-License-Identifier: BSD-2-Clause
#include "search/goal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/text.h"
#include "core/units.h"

namespace xtg::search {

namespace {

constexpr std::array<std::string_view, kFigures> kNames = {"min", "mean",  "p50",    "p90",
                                                           "p99", "p99.9", "p99.99", "max"};

/// The next part of a list, taken off it.
std::string_view take_part(std::string_view& list) {
  const auto comma = list.find(',');
  const std::string_view part = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return part;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

tl::unexpected<Error> bad(std::string_view part, std::string_view expected) {
  return fail(Errc::InvalidArgument, fmt::format("{}: expected {}", quoted(part), expected));
}

/// "0.5%" or "0.005".
Status read_ratio(std::string_view part, std::string_view text, double below, double& out) {
  const bool percent = text.ends_with('%');
  const auto value = number(text.substr(0, text.size() - (percent ? 1 : 0)));
  const double ratio = value.value_or(-1) / (percent ? 100 : 1);
  if (ratio < 0 || ratio >= below)
    return bad(part, fmt::format("a share such as 0.1% or 0.001, below {:g}%", below * 100));
  out = ratio;
  return {};
}

Status read_seconds(std::string_view part, std::string_view text, double& out) {
  const auto duration = parse_duration(text);
  const double seconds = duration ? std::chrono::duration<double>(*duration).count() : 0;
  if (seconds < 0.01 || seconds > 86'400)
    return bad(part, "a duration such as 1s or 500ms, 10ms to 24h");
  out = seconds;
  return {};
}

Status read_name(std::string_view part, std::string_view text, std::string& out) {
  const bool fine = !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!fine) return bad(part, "up to 32 letters a to z, digits, - and _");
  out = text;
  return {};
}

Status read_part(std::string_view part, Goal& goal) {
  const auto equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
  if (key == "loss") return read_ratio(part, value, 1, goal.loss_ratio);
  if (key == "exceed") return read_ratio(part, value, 1, goal.exceed_ratio);
  if (key == "width") {
    if (auto ok = read_ratio(part, value, 0.5, goal.width); !ok) return ok;
    return goal.width >= 0.0001 ? Status{} : Status(bad(part, "a share of at least 0.01%"));
  }
  if (key == "duration") return read_seconds(part, value, goal.final_duration);
  if (key == "sum") return read_seconds(part, value, goal.duration_sum);
  if (key == "initial") return read_seconds(part, value, goal.initial_duration);
  if (key == "name") return read_name(part, value, goal.name);
  return bad(part, "loss=, duration=, sum=, exceed=, width=, initial= or name=");
}

std::string seconds_text(double seconds) {
  return format_duration(Nanoseconds(std::llround(seconds * 1e9)));
}

} // namespace

std::string_view to_string(Figure figure) {
  return kNames[static_cast<std::size_t>(figure)];
}

Result<std::vector<LatencyLimit>> parse_latency_limits(std::string_view text) {
  std::vector<LatencyLimit> limits;
  do {
    const std::string_view part = take_part(text);
    const auto relation = part.find('<');
    const auto name = std::ranges::find(kNames, part.substr(0, relation));
    if (relation == std::string_view::npos || name == kNames.end())
      return bad(part, "min, mean, p50, p90, p99, p99.9, p99.99 or max and a bound, as in "
                       "p99<50us");
    LatencyLimit limit;
    limit.figure = static_cast<Figure>(name - kNames.begin());
    limit.or_equal = part.substr(relation).starts_with("<=");
    const std::string_view delay = part.substr(relation + (limit.or_equal ? 2 : 1));
    const auto bound = parse_duration(delay);
    // Seconds are the default of durations, and never what a bare number means here.
    if (!bound || delay.back() < 'a')
      return bad(part, "a delay with its unit after it, as in 50us");
    limit.ns = static_cast<double>(bound->count());
    limits.push_back(limit);
  } while (!text.empty());
  return limits;
}

std::string to_string(const std::vector<LatencyLimit>& limits) {
  std::string text;
  for (const LatencyLimit& limit : limits)
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ",", to_string(limit.figure),
                        limit.or_equal ? "<=" : "<",
                        format_duration(Nanoseconds(std::llround(limit.ns))));
  return text;
}

Result<Goal> parse_goal(std::string_view text) {
  Goal goal;
  do {
    if (auto ok = read_part(take_part(text), goal); !ok)
      return tl::unexpected<Error>(std::move(ok.error()));
  } while (!text.empty());
  if (goal.duration_sum < goal.final_duration)
    return fail(Errc::InvalidArgument,
                fmt::format("sum={} is less than one trial of duration={}",
                            seconds_text(goal.duration_sum), seconds_text(goal.final_duration)));
  goal.initial_duration = std::min(goal.initial_duration, goal.final_duration);
  if (goal.name.empty()) goal.name = goal.loss_ratio == 0 ? "ndr" : "pdr";
  return goal;
}

std::string to_string(const Goal& goal) {
  return fmt::format("name={},loss={:.10g}%,duration={},sum={},exceed={:.10g}%,width={:.10g}%,"
                     "initial={}",
                     goal.name, goal.loss_ratio * 100, seconds_text(goal.final_duration),
                     seconds_text(goal.duration_sum), goal.exceed_ratio * 100, goal.width * 100,
                     seconds_text(goal.initial_duration));
}

std::vector<Goal> goals_of(Preset preset) {
  Goal ndr{.name = "ndr"};
  if (preset == Preset::Rfc2544)
    return {{.name = "throughput",
             .loss_ratio = 0,
             .exceed_ratio = 0,
             .final_duration = 60,
             .duration_sum = 60,
             .initial_duration = 1}};
  if (preset == Preset::Quick)
    ndr = {.name = "ndr",
           .final_duration = 0.4,
           .duration_sum = 0.8,
           .initial_duration = 0.1,
           .width = 0.01};
  Goal pdr = ndr;
  pdr.name = "pdr";
  pdr.loss_ratio = 0.005;
  return {ndr, pdr};
}

double Outcome::loss_ratio() const {
  if (asked == 0) return 1;
  return 1 - static_cast<double>(std::min(received, asked)) / static_cast<double>(asked);
}

namespace {

bool too_late(const Goal& goal, const Outcome& outcome) {
  return std::ranges::any_of(goal.latency, [&](const LatencyLimit& limit) {
    const auto figure = static_cast<std::size_t>(limit.figure);
    if (!outcome.delay || outcome.delay->size() <= figure) return true; // not known to hold
    const double ns = (*outcome.delay)[figure];
    return limit.or_equal ? ns > limit.ns : ns >= limit.ns;
  });
}

} // namespace

bool high_loss(const Goal& goal, const Outcome& outcome) {
  return outcome.loss_ratio() > goal.loss_ratio || too_late(goal, outcome);
}

bool high_loss_of_device(const Goal& goal, const Outcome& outcome) {
  const std::uint64_t sent = outcome.asked - std::min(outcome.unsent, outcome.asked);
  if (sent == 0) return false;
  const double lost = static_cast<double>(outcome.lost) / static_cast<double>(sent);
  return lost > goal.loss_ratio || too_late(goal, outcome);
}

} // namespace xtg::search
