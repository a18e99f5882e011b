// SPDX-License-Identifier: BSD-2-Clause
#include "stats/reflect.h"

#include <numeric>

#include "core/ethernet.h"
#include "stats/rise.h"

namespace xtg::stats {

ReflectCounters& ReflectCounters::operator+=(const ReflectCounters& other) {
  sent += other.sent;
  bytes += other.bytes;
  stamped += other.stamped;
  unnumbered += other.unnumbered;
  dropped += other.dropped;
  passed += other.passed;
  for (std::size_t i = 0; i < not_reflected.size(); i++)
    not_reflected[i] += other.not_reflected[i];
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
                         .stamped = rise(before.stamped, stamped),
                         .unnumbered = rise(before.unnumbered, unnumbered),
                         .dropped = rise(before.dropped, dropped),
                         .passed = rise(before.passed, passed)};
  for (std::size_t i = 0; i < not_reflected.size(); i++)
    out.not_reflected[i] = rise(before.not_reflected[i], not_reflected[i]);
  return out;
}

std::uint64_t ReflectCounters::refused_sum() const {
  return std::accumulate(not_reflected.begin(), not_reflected.end(), std::uint64_t{0}) -
         not_reflected[XTG_REFLECT_RATE];
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

void ReflectFlow::look(std::uint64_t now_ns, std::uint64_t sent) {
  if (looked_ns_ != 0 && sent != sent_) {
    if (to_ns_ == 0) from_ns_ = looked_ns_;
    to_ns_ = now_ns;
  }
  looked_ns_ = now_ns;
  sent_ = sent;
}

ReflectSummary reflect_summary(const ReflectSnapshot& first, const ReflectSnapshot& last,
                               const ReflectFlow& flow, std::uint64_t origin_ns) {
  ReflectSummary summary;
  ReflectSnapshot from = first, to = last;
  if (flow.any()) {
    from.time_ns = std::max(first.time_ns, flow.from_ns());
    to.time_ns = std::min(last.time_ns, flow.to_ns());
  }
  summary.total = reflect_delta(from, to, origin_ns);
  summary.waiting_s =
      seconds_since(first.time_ns, last.time_ns) - seconds_since(from.time_ns, to.time_ns);
  summary.streams = last.streams;
  summary.cpus = last.cpus;
  summary.errnos = last.errnos;
  summary.link = last.link;
  return summary;
}

} // namespace xtg::stats
