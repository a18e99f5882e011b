// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_sent.h"

#include <algorithm>

#include "core/ethernet.h"
#include "stats/rx_clock.h"
#include "stats/rx_round_trip.h"
#include "stats/rx_runs.h"

namespace xtg::stats {

namespace {

bool is_stream(const RxName& name, std::uint32_t run_id, std::uint16_t stream) {
  return !name.match && belongs(name, run_id) &&
         name.stream == (name.compact ? stream & 0xff : stream);
}

/// A stream of which nothing came.
RxStream silent(const RxAnnouncement& end) {
  RxStream stream;
  stream.name = {end.run_id, end.stream, false, end.reflected ? RxPath::RoundTrip : RxPath::OneWay};
  if (end.reflected) stream.round_trip.emplace();
  stream.size_min = stream.size_max = std::max(end.frame_size, kFcsBytes) - kFcsBytes;
  return stream;
}

void apply_end(RxStream& stream, const RxAnnouncement& end) {
  stream.sent = end.frames - std::min(end.driver_drops, end.frames);
  stream.counters.lost = static_cast<std::int64_t>(*stream.sent - stream.counters.unique);
  if (stream.round_trip) add_reflected(stream, end);
}

} // namespace

void add_sent(std::vector<RxStream>& streams, const std::vector<RxSender>& senders) {
  for (const RxSender& sender : senders) {
    for (const auto& [number, end] : sender.ends) {
      bool arrived = false;
      for (RxStream& stream : streams) {
        if (!is_stream(stream.name, sender.run_id, number)) continue;
        apply_end(stream, end);
        arrived = true;
      }
      if (!arrived) apply_end(streams.emplace_back(silent(end)), end);
    }
  }
  std::sort(streams.begin(), streams.end(),
            [](const RxStream& a, const RxStream& b) { return a.name < b.name; });
}

void add_sent_to_all(RxSummary& summary) {
  std::int64_t lost = 0;
  std::uint64_t sent = 0;
  const auto has = [](const RxStream& stream) { return stream.sent.has_value(); };
  if (std::none_of(summary.streams.begin(), summary.streams.end(), has)) return;
  bool known = true;
  for (const RxStream& stream : summary.streams) {
    if (stream.name.match) continue;
    lost += stream.counters.lost;
    sent += stream.sent.value_or(0);
    known = known && stream.sent;
  }
  summary.total.sum.lost = summary.all.counters.lost = summary.total.missing = lost;
  if (known) summary.all.sent = sent;
}

std::optional<RxSpan> flow_span(const RxSummary& summary) {
  const bool announced =
      !summary.senders.empty() && std::all_of(summary.senders.begin(), summary.senders.end(),
                                              [](const RxSender& s) { return s.ended(); });
  RxSpan span{~std::uint64_t{0}, 0};
  std::uint64_t packets = 0;
  for (const RxStream& stream : summary.streams) {
    if (stream.name.match && announced) continue; // comes and goes as it likes
    span.from_ns = std::min(span.from_ns, stream.first_ns);
    span.to_ns = std::max(span.to_ns, stream.last_ns);
    packets += stream.counters.packets;
  }
  if (packets < 2 || span.to_ns <= span.from_ns) return std::nullopt;
  span.to_ns += (span.to_ns - span.from_ns) / (packets - 1);
  return span;
}

} // namespace xtg::stats
