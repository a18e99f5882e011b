// SPDX-License-Identifier: BSD-2-Clause
#include "report/rx_phrases.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/tcp_phrases.h"

namespace xtg::report {

std::uint64_t expected_packets(const stats::RxCounters& counters) {
  return counters.lost < 0 ? counters.unique
                           : counters.unique + static_cast<std::uint64_t>(counters.lost);
}

bool any_signature(const stats::RxCounters& counters) {
  return counters.packets != counters.matched;
}

std::size_t streams_that_arrived(const std::vector<stats::RxStream>& streams) {
  return static_cast<std::size_t>(
      std::count_if(streams.begin(), streams.end(),
                    [](const stats::RxStream& stream) { return stream.counters.packets != 0; }));
}

bool only_matched(const std::vector<stats::RxStream>& streams) {
  return !streams.empty() && std::all_of(streams.begin(), streams.end(),
                                         [](const auto& stream) { return stream.name.match; });
}

bool has_variation(const stats::RxStream& stream) {
  const stats::RxCounters& c = stream.counters;
  return !stream.name.match && c.packets - static_cast<std::uint64_t>(c.suspect) > stream.units;
}

bool has_variation(const std::vector<stats::RxStream>& streams) {
  return std::any_of(streams.begin(), streams.end(),
                     [](const stats::RxStream& stream) { return has_variation(stream); });
}

std::uint64_t delay_variation(const stats::RxDelay& delay, double q) {
  return delay.quantile(q) - std::min(delay.quantile(q), delay.min);
}

std::string us_number(double ns) {
  if (!std::isfinite(ns)) return "-";
  if (ns < 0) return fmt::format("-{}", us_number(-ns));
  const double us = ns / 1e3;
  if (us < 10) return fmt::format("{:.3f}", us);
  if (us < 1000) return fmt::format("{:.1f}", us);
  return thousands(us);
}

std::string percent_text(double ratio) {
  const double percent = 100 * ratio;
  return percent > 0 && percent < 0.00005 ? "< 0.0001 %" : fmt::format("{:.4f} %", percent);
}

std::string signed_text(std::int64_t value) {
  if (value >= 0) return with_thousands(static_cast<std::uint64_t>(value));
  return fmt::format("-{}", with_thousands(std::uint64_t{0} - static_cast<std::uint64_t>(value)));
}

std::string stream_text(const stats::RxName& name) {
  return name.compact ? fmt::format("session ....{:04x} stream {}", name.run_id, name.stream)
                      : fmt::format("session {:08x} stream {}", name.run_id, name.stream);
}

std::string samples_text(const stats::RxSamples& samples) {
  std::vector<std::string> why;
  for (std::size_t i = 0; i < samples.why.size(); ++i)
    if (samples.why[i] != 0)
      why.push_back(fmt::format("{} {}", with_thousands(samples.why[i]), kSampleReasons[i]));
  std::string out = fmt::format("{:>15} {} in {}{}{}", with_thousands(samples.written),
                                samples.written == 1 ? "frame" : "frames", one_line(samples.file),
                                why.empty() ? "" : ": ", fmt::join(why, ", "));
  if (samples.cut != 0)
    out += fmt::format("; {} cut after {} bytes", with_thousands(samples.cut),
                       with_thousands(XTG_RX_SAMPLE_MOST));
  if (samples.lost != 0)
    out += fmt::format("; {} lost: the writer was too slow", counted(samples.lost, "sample"));
  return out;
}

std::string match_text(const stats::RxStream& stream) {
  return fmt::format("match '{}'", stream.filter);
}

std::string value_text(plan::Expected what, double value) {
  switch (what) {
  case plan::Expected::Loss:
    return percent_text(value);
  case plan::Expected::Min:
  case plan::Expected::Mean:
  case plan::Expected::P50:
  case plan::Expected::P90:
  case plan::Expected::P99:
  case plan::Expected::P999:
  case plan::Expected::P9999:
  case plan::Expected::Max:
  case plan::Expected::Jitter:
    return us_number(value) + " us";
  case plan::Expected::Lost:
    return signed_text(std::llround(value));
  case plan::Expected::Received:
  case plan::Expected::Duplicates:
  case plan::Expected::Reordered:
  case plan::Expected::Late:
  case plan::Expected::Pps:
  case plan::Expected::Streams:
  case plan::Expected::Bytes:
  case plan::Expected::Refused:
  case plan::Expected::Unsent:
  case plan::Expected::Dropped:
    break;
  }
  return thousands(value);
}

} // namespace xtg::report
