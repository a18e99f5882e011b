// SPDX-License-Identifier: BSD-2-Clause
#include "stats/reflect.h"

#include <numeric>

#include "core/ethernet.h"
#include "stats/rise.h"

namespace xtg::stats {

ReflectCounters& ReflectCounters::operator+=(const ReflectCounters& other) {
  sent += other.sent;
  bytes += other.bytes;
  told += other.told;
  untold += other.untold;
  dropped += other.dropped;
  passed += other.passed;
  for (std::size_t i = 0; i < refused.size(); i++)
    refused[i] += other.refused[i];
  return *this;
}

ReflectLink ReflectLink::operator-(const ReflectLink& before) const {
  return {.rx_dropped = rise(before.rx_dropped, rx_dropped),
          .rx_missed = rise(before.rx_missed, rx_missed),
          .rx_errors = rise(before.rx_errors, rx_errors),
          .tx_dropped = rise(before.tx_dropped, tx_dropped),
          .tx_errors = rise(before.tx_errors, tx_errors)};
}

ReflectCounters ReflectCounters::operator-(const ReflectCounters& before) const {
  ReflectCounters out = {.sent = rise(before.sent, sent),
                         .bytes = rise(before.bytes, bytes),
                         .told = rise(before.told, told),
                         .untold = rise(before.untold, untold),
                         .dropped = rise(before.dropped, dropped),
                         .passed = rise(before.passed, passed)};
  for (std::size_t i = 0; i < refused.size(); i++)
    out.refused[i] = rise(before.refused[i], refused[i]);
  return out;
}

std::uint64_t ReflectCounters::refused_sum() const {
  return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0}) -
         refused[XTG_REFLECT_RATE];
}

ReflectSample reflect_delta(const ReflectSnapshot& from, const ReflectSnapshot& to,
                            std::uint64_t origin_ns) {
  ReflectSample sample;
  sample.start_s = seconds_since(origin_ns, from.time_ns);
  sample.end_s = seconds_since(origin_ns, to.time_ns);
  sample.sum = to.total - from.total;
  const double length_s = seconds_since(from.time_ns, to.time_ns);
  if (length_s <= 0 || sample.sum.sent == 0) return sample;
  sample.pps = static_cast<double>(sample.sum.reflected()) / length_s;
  // What the driver refused is taken to be of the mean size.
  const double size =
      static_cast<double>(sample.sum.bytes) / static_cast<double>(sample.sum.sent) + kFcsBytes;
  sample.l2_bps = sample.pps * size * 8;
  sample.l1_bps = sample.pps * (size + kGapBytes) * 8;
  return sample;
}

ReflectSummary reflect_summary(const ReflectSnapshot& first, const ReflectSnapshot& last,
                               std::uint64_t origin_ns) {
  ReflectSummary summary;
  summary.total = reflect_delta(first, last, origin_ns);
  summary.streams = last.streams;
  summary.cpus = last.cpus;
  summary.errnos = last.errnos;
  summary.link = last.link;
  return summary;
}

} // namespace xtg::stats
