// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_interval.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

#include "core/ethernet.h"
#include "stats/rise.h"
#include "stats/rx_records.h"
#include "xtg/abi/hist.h"

namespace xtg::stats {

namespace {

auto place_of(const RxRecord& record) {
  const xtg_rx_key& key = record.slot.key;
  // Of one that was quiet for long and came back there are several, which began at different times.
  return std::make_tuple(key.run_id, key.stream, key.form, key.unit, record.slot.first_ns);
}

RxCounters sum_of(const RxSnapshot& snapshot) {
  RxCounters sum;
  for (const auto& [name, records] : by_stream(snapshot))
    sum += counters_of(records);
  return sum;
}

/// Cells that were counted after `before`, which may be shorter or empty.
std::vector<std::uint64_t> gain(std::span<const std::uint64_t> before,
                                std::span<const std::uint64_t> now) {
  std::vector<std::uint64_t> gained(now.begin(), now.end());
  for (std::size_t i = 0; i < std::min(before.size(), now.size()); ++i)
    gained[i] = rise(before[i], now[i]);
  return gained;
}

/// Delays of the packets that came after `from`, of the streams that `to` has with one clock.
RxDelay delay_between(const RxSnapshot& from, const RxSnapshot& to) {
  std::map<decltype(place_of(RxRecord{})), const RxRecord*> known;
  for (const RxRecord& record : from.records)
    known[place_of(record)] = &record;

  const RxRecord fresh;
  RxDelay delay;
  WideSum sum;
  std::uint64_t least = ~std::uint64_t{0}, most = 0;
  std::size_t lowest = XTG_HIST_CELLS;
  const ByStream named = by_stream(to);
  const RxPath path = path_of(named);
  for (const auto& [name, records] : named) {
    if (name.match || name.path != path ||
        clock_of(to, records, counters_of(records)) == RxClock::Differs)
      continue;
    least = std::min(least, least_delay(records));
    for (const RxRecord* record : records) {
      const auto found = known.find(place_of(*record));
      const RxRecord& before = found == known.end() ? fresh : *found->second;
      const auto cells = gain(before.delay, record->delay);
      const auto first = std::find_if(cells.begin(), cells.end(), [](auto c) { return c != 0; });
      if (first == cells.end()) continue;
      lowest = std::min(lowest, static_cast<std::size_t>(first - cells.begin()));
      delay.histogram.merge(cells);
      sum += delay_sum(*record).since(delay_sum(before));
      most = std::max<std::uint64_t>(most, record->slot.delay_max);
    }
  }
  delay.count = delay.histogram.count();
  if (delay.count == 0) return {};
  // A cell's edges, drawn in where no delay of the whole run was beyond.
  delay.min = std::max<std::uint64_t>(xtg_hist_floor(static_cast<__u32>(lowest)), least);
  delay.max = std::min(delay.histogram.max(), most);
  delay.mean = mean(sum.value(), delay.count);
  return delay;
}

std::uint64_t passed_by(const std::vector<RxUnit>& units) {
  std::uint64_t passed = 0;
  for (const RxUnit& unit : units)
    passed += unit.passed;
  return passed;
}

} // namespace

RxRates rx_rates(const RxCounters& counters, double seconds) {
  if (seconds <= 0) return {};
  const auto per_second = [seconds](std::uint64_t count) {
    return static_cast<double>(count) / seconds;
  };
  const std::uint64_t packets = counters.packets;
  return {.pps = per_second(packets),
          .l1_bps = 8 * per_second(counters.bytes + packets * (kFcsBytes + kGapBytes)),
          .l2_bps = 8 * per_second(counters.bytes + packets * kFcsBytes)};
}

RxSample sample_between(const RxSnapshot& from, const RxSnapshot& to, const RxSpan& span,
                        std::uint64_t origin_ns) {
  RxSample sample;
  sample.start_s = seconds_since(origin_ns, span.from_ns);
  sample.end_s = seconds_since(origin_ns, span.to_ns);
  const RxCounters sum = sum_of(to);
  sample.sum = sum - sum_of(from);
  sample.missing = sum.lost;
  sample.path = path_of(by_stream(to));
  sample.passed = rise(passed_by(from.queues), passed_by(to.queues));
  const double length_s = seconds_since(span.from_ns, span.to_ns);
  static_cast<RxRates&>(sample) = rx_rates(sample.sum, length_s);
  return sample;
}

double largest_jitter(const std::vector<RxStream>& streams) {
  double largest = 0;
  for (const RxStream& stream : streams)
    largest = std::max(largest, stream.jitter_ns);
  return largest;
}

RxSample rx_delta(const RxSnapshot& from, const RxSnapshot& to, std::uint64_t origin_ns) {
  RxSample sample = sample_between(from, to, {from.time_ns, to.time_ns}, origin_ns);
  sample.delay = delay_between(from, to);
  sample.streams = rx_streams(to, false);
  sample.jitter_ns = largest_jitter(sample.streams);
  return sample;
}

} // namespace xtg::stats
