// SPDX-License-Identifier: BSD-2-Clause
#include "report/rx_reflector.h"

#include <fmt/format.h>

#include "core/units.h"
#include "report/rx_values.h"
#include "report/rx_phrases.h"

namespace xtg::report {
namespace {

std::string ns_number(std::uint64_t ns) {
  return us_number(static_cast<double>(ns));
}

double in_us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

std::string residence_text(const stats::RxStream& stream) {
  const stats::RxRoundTrip& trip = *stream.round_trip;
  if (trip.stamped == 0)
    return "the round trip includes the time in the reflector, which does not report it";
  return fmt::format(
      "time in the reflector min {}  mean {}  max {} us, {}", ns_number(trip.residence_min),
      us_number(trip.residence_mean), ns_number(trip.residence_max),
      has_residence(stream)
          ? fmt::format("included in the round trip of the {} frames for which it is not reported",
                        with_thousands(stream.counters.packets - trip.stamped))
          : "not in the round trip");
}

std::string paths_text(const stats::RxRoundTripPaths& paths) {
  const stats::RxCounters& back = paths.back;
  const stats::RxDelay& d = paths.back_delay;
  return fmt::format(
      "forward path: {} lost  {} dup; {} sent back; return path: {} lost ({})  {} dup  "
      "{} reordered  {} too late{}",
      with_thousands(paths.forward_lost), with_thousands(paths.forward_duplicates),
      with_thousands(paths.reflected), signed_text(back.lost), percent_text(back.loss_ratio()),
      with_thousands(back.duplicates), with_thousands(back.reordered),
      with_thousands(back.too_late),
      d.count == 0 ? "  clock differs"
                   : fmt::format("  p50 {}  p99 {}  max {} us delay", ns_number(d.quantile(0.5)),
                                 ns_number(d.quantile(0.99)), ns_number(d.max)));
}

Json residence_value(const stats::RxRoundTrip& trip) {
  if (trip.stamped == 0) return nullptr;
  return {{"min", in_us(trip.residence_min)},
          {"mean", report::number(trip.residence_mean / 1e3)},
          {"max", in_us(trip.residence_max)},
          {"count", trip.stamped}};
}

Json back_value(const stats::RxRoundTripPaths& paths) {
  Json back = {{"clock", paths.back_clock == stats::RxClock::Shared ? "shared" : "differs"}};
  add_counters(back, paths.back);
  back["delay_us"] = delay_value(paths.back_delay);
  return back;
}

} // namespace

std::string_view path_name(stats::RxPath path) {
  return path == stats::RxPath::RoundTrip ? "round-trip" : "one-way";
}

std::string_view path_text(stats::RxPath path) {
  return path == stats::RxPath::RoundTrip ? "round trip" : "delay";
}

bool has_residence(const stats::RxStream& stream) {
  return stream.round_trip && stream.round_trip->stamped < stream.counters.packets;
}

std::vector<std::string> reflector_text(const stats::RxStream& stream) {
  if (!stream.round_trip) return {};
  std::vector<std::string> lines{residence_text(stream)};
  lines.push_back(stream.round_trip->paths ? paths_text(*stream.round_trip->paths)
                                           : "forward and return path cannot be distinguished: the "
                                             "reflector does not number the frames");
  return lines;
}

Json reflector_value(const stats::RxStream& stream) {
  if (!stream.round_trip) return nullptr;
  const auto& paths = stream.round_trip->paths;
  Json forward = nullptr;
  if (paths)
    forward = {{"lost_packets", paths->forward_lost}, {"duplicates", paths->forward_duplicates}};
  return {{"residence_us", residence_value(*stream.round_trip)},
          {"residence_included", has_residence(stream)},
          {"mirrored", paths ? Json(paths->reflected) : Json(nullptr)},
          {"forward", std::move(forward)},
          {"back", paths ? back_value(*paths) : Json(nullptr)}};
}

} // namespace xtg::report
