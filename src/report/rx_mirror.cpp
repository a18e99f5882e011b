// SPDX-License-Identifier: BSD-2-Clause
#include "report/rx_mirror.h"

#include <fmt/format.h>

#include "core/units.h"
#include "report/rx_values.h"
#include "report/rx_words.h"

namespace xtg::report {
namespace {

std::string ns_number(std::uint64_t ns) {
  return us_number(static_cast<double>(ns));
}

double in_us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

std::string residence_words(const stats::RxStream& stream) {
  const stats::RxRoundTrip& trip = *stream.round_trip;
  if (trip.told == 0)
    return "the round trip includes the time in the reflector, which does not report it";
  return fmt::format(
      "time in the reflector min {}  mean {}  max {} us, {}", ns_number(trip.residence_min),
      us_number(trip.residence_mean), ns_number(trip.residence_max),
      has_residence(stream)
          ? fmt::format("included in the round trip of the {} frames for which it is not reported",
                        with_thousands(stream.counters.packets - trip.told))
          : "not in the round trip");
}

std::string ways_words(const stats::RxWays& ways) {
  const stats::RxCounters& back = ways.back;
  const stats::RxDelay& d = ways.back_delay;
  return fmt::format(
      "forward path: {} lost  {} dup; {} sent back; return path: {} lost ({})  {} dup  "
      "{} reordered  {} too late{}",
      with_thousands(ways.forward_lost), with_thousands(ways.forward_duplicates),
      with_thousands(ways.mirrored), signed_words(back.lost), percent_words(back.loss_ratio()),
      with_thousands(back.duplicates), with_thousands(back.reordered),
      with_thousands(back.too_late),
      d.count == 0 ? "  clock differs"
                   : fmt::format("  p50 {}  p99 {}  max {} us delay", ns_number(d.quantile(0.5)),
                                 ns_number(d.quantile(0.99)), ns_number(d.max)));
}

Json residence_value(const stats::RxRoundTrip& trip) {
  if (trip.told == 0) return nullptr;
  return {{"min", in_us(trip.residence_min)},
          {"mean", report::number(trip.residence_mean / 1e3)},
          {"max", in_us(trip.residence_max)},
          {"count", trip.told}};
}

Json back_value(const stats::RxWays& ways) {
  Json back = {{"clock", ways.back_clock == stats::RxClock::Shared ? "shared" : "differs"}};
  add_counters(back, ways.back);
  back["delay_us"] = delay_value(ways.back_delay);
  return back;
}

} // namespace

std::string_view path_name(stats::RxPath path) {
  return path == stats::RxPath::RoundTrip ? "round-trip" : "one-way";
}

std::string_view path_words(stats::RxPath path) {
  return path == stats::RxPath::RoundTrip ? "round trip" : "delay";
}

bool has_residence(const stats::RxStream& stream) {
  return stream.round_trip && stream.round_trip->told < stream.counters.packets;
}

std::vector<std::string> mirror_words(const stats::RxStream& stream) {
  if (!stream.round_trip) return {};
  std::vector<std::string> lines{residence_words(stream)};
  lines.push_back(stream.round_trip->ways ? ways_words(*stream.round_trip->ways)
                                          : "forward and return path cannot be distinguished: the "
                                            "reflector does not number the frames");
  return lines;
}

Json mirror_value(const stats::RxStream& stream) {
  if (!stream.round_trip) return nullptr;
  const auto& ways = stream.round_trip->ways;
  Json forward = nullptr;
  if (ways)
    forward = {{"lost_packets", ways->forward_lost}, {"duplicates", ways->forward_duplicates}};
  return {{"residence_us", residence_value(*stream.round_trip)},
          {"residence_included", has_residence(stream)},
          {"mirrored", ways ? Json(ways->mirrored) : Json(nullptr)},
          {"forward", std::move(forward)},
          {"back", ways ? back_value(*ways) : Json(nullptr)}};
}

} // namespace xtg::report
