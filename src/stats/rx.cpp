// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "stats/rise.h"
#include "stats/rx_interval.h"
#include "stats/rx_records.h"
#include "stats/rx_round_trip.h"
#include "stats/rx_sent.h"
#include "xtg/abi/rx_seq.h"

namespace xtg::stats {

namespace {

std::string filter_of(const RxSnapshot& snapshot, const RxName& name) {
  return name.stream < snapshot.filters.size() ? snapshot.filters[name.stream] : "";
}

/// Exact maximum over all records.
RxDelay delay_of(const Records& records) {
  RxDelay delay;
  WideSum sum;
  for (const RxRecord* record : records) {
    const xtg_rx_slot& s = record->slot;
    delay.histogram.merge(record->delay);
    sum += delay_sum(*record);
    delay.max = std::max<std::uint64_t>(delay.max, s.delay_max);
  }
  delay.count = delay.histogram.count();
  if (delay.count == 0) return {};
  delay.min = least_delay(records);
  delay.mean = mean(sum.value(), delay.count);
  return delay;
}

/// Loss periods, from the one record that saw the whole stream.
void add_bursts(RxStream& stream, const RxRecord& record, bool final) {
  xtg_rx_slot slot = record.slot;
  // Without its bitmap the end of a record is not known.
  if (final && !std::has_single_bit(record.bitmap.size())) return;
  if (final) {
    std::vector<__u64> words(record.bitmap.begin(), record.bitmap.end());
    xtg_rx_state state{};
    state.slot = &slot;
    state.bitmap = words.data();
    state.mask = words.size() - 1;
    xtg_rx_finish(&state);
  }
  stream.bursts_known = true;
  stream.bursts = slot.runs;
  stream.longest_burst = slot.longest_run;
  std::copy(std::begin(slot.run_class), std::end(slot.run_class), stream.burst_class.begin());
  // If nothing is lost, the skipped numbers arrived late, or by another worker.
  stream.outage_ns = final && slot.runs == 0 ? 0 : slot.outage_ns;
}

/// Units in the stream, each once: a stream that was idle for long may have several records.
void join_shares(std::vector<RxShare>& shares) {
  std::ranges::sort(shares, {}, &RxShare::unit);
  std::vector<RxShare> joined;
  for (const RxShare& share : shares) {
    if (joined.empty() || joined.back().unit != share.unit) joined.push_back({share.unit, 0, 0});
    joined.back().packets += share.packets;
    joined.back().bytes += share.bytes;
  }
  shares = std::move(joined);
}

/// Fills in everything except name, clock, delay and bursts.
RxStream add_up(const Records& records) {
  RxStream out;
  out.counters = counters_of(records);
  out.first_number = out.first_ns = ~std::uint64_t{0};
  out.size_min = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t extent_sum = 0, changes = 0;
  WideSum ipdv_sum;
  double jitter = 0;
  for (const RxRecord* record : records) {
    const xtg_rx_slot& s = record->slot;
    out.first_ns = std::min<std::uint64_t>(out.first_ns, s.first_ns);
    out.last_ns = std::max<std::uint64_t>(out.last_ns, s.last_ns);
    out.size_min = std::min<std::uint32_t>(out.size_min, s.size_min);
    out.size_max = std::max<std::uint32_t>(out.size_max, s.size_max);
    out.arrival.merge(record->arrival);
    const RxCounters own = counters_of({record});
    out.shares.push_back({s.key.unit, own.packets, own.bytes});
    if (!has_signature(*record)) continue;
    out.first_number = std::min<std::uint64_t>(out.first_number, s.base);
    out.next_number = std::max<std::uint64_t>(out.next_number, s.next);
    out.negative_min = std::min<std::int64_t>(out.negative_min, s.negative_min);
    out.ipdv_max_ns = std::max<std::uint64_t>(out.ipdv_max_ns, s.ipdv_max);
    out.extent_max = std::max<std::uint32_t>(out.extent_max, s.extent_max);
    out.late_max_ns = std::max<std::uint64_t>(out.late_max_ns, s.late_max);
    out.extents += s.extents;
    extent_sum += s.extent_sum;
    ipdv_sum += WideSum{s.ipdv_sum, s.ipdv_high};
    changes += std::accumulate(record->arrival.begin(), record->arrival.end(), std::uint64_t{0});
    jitter += static_cast<double>(s.jitter16) / 16 * static_cast<double>(s.packets);
  }
  join_shares(out.shares);
  out.units = static_cast<unsigned>(out.shares.size());
  out.extent_mean = mean(static_cast<double>(extent_sum), out.extents);
  out.ipdv_mean_ns = mean(ipdv_sum.value(), changes);
  out.jitter_ns = mean(jitter, with_times(out.counters));
  return out;
}

/// Of two streams' clocks, the comparable one; if both are, the one with the larger error.
RxClockVerdict more_telling(const RxClockVerdict& a, const RxClockVerdict& b) {
  if (a == RxClock::Differs) return b;
  if (b == RxClock::Differs) return a;
  return a.error_ns.value_or(0) < b.error_ns.value_or(0) ? b : a;
}

/// All streams as one. `streams` are final ones of `snapshot`.
RxStream all_of(const RxSnapshot& snapshot, const std::vector<RxStream>& streams) {
  if (streams.empty()) return {};
  Records every, comparable;
  std::size_t at = 0;
  const ByStream named = by_stream(snapshot);
  const RxPath path = path_of(named);
  for (const auto& [name, records] : named) {
    every.insert(every.end(), records.begin(), records.end());
    if (streams[at++].clock != RxClock::Differs && name.path == path && !name.match)
      comparable.insert(comparable.end(), records.begin(), records.end());
  }
  RxStream all = add_up(every);
  all.first_number = all.next_number = 0;
  all.counters = {};
  std::optional<RxClockVerdict> clock; // of streams with the path of the delay
  all.delay = delay_of(comparable);
  all.bursts_known = true;
  bool tested = false;
  for (const RxStream& stream : streams) {
    all.counters += stream.counters;
    all.loss_exact = all.loss_exact && stream.loss_exact;
    if (stream.name.match) continue;
    tested = true;
    if (stream.name.path == path) clock = clock ? more_telling(*clock, stream.clock) : stream.clock;
    all.bursts_known = all.bursts_known && stream.bursts_known;
  }
  all.clock = clock.value_or(RxClockVerdict{});
  all.bursts_known = all.bursts_known && tested;
  if (!all.bursts_known) return all;
  for (const RxStream& stream : streams) {
    all.bursts += stream.bursts;
    all.longest_burst = std::max(all.longest_burst, stream.longest_burst);
    all.outage_ns = std::max(all.outage_ns, stream.outage_ns);
    for (std::size_t i = 0; i < all.burst_class.size(); ++i)
      all.burst_class[i] += stream.burst_class[i];
  }
  return all;
}

/// Units that received anything after `from`.
std::vector<RxUnit> gain(const std::vector<RxUnit>& from, const std::vector<RxUnit>& to) {
  std::vector<RxUnit> gained;
  for (const RxUnit& now : to) {
    const auto found = std::find_if(from.begin(), from.end(),
                                    [&](const RxUnit& u) { return u.number == now.number; });
    const RxUnit before = found == from.end() ? RxUnit{} : *found;
    const RxUnit more{now.number, rise(before.packets, now.packets), rise(before.bytes, now.bytes),
                      rise(before.passed, now.passed)};
    if (more.packets != 0 || more.passed != 0) gained.push_back(more);
  }
  return gained;
}

RxUncounted gain(const RxUncounted& from, const RxUncounted& to) {
  return {.filtered = rise(from.filtered, to.filtered),
          .no_slot = rise(from.no_slot, to.no_slot),
          .unknown = rise(from.unknown, to.unknown),
          .candidates = rise(from.candidates, to.candidates),
          .link_dropped = rise(from.link_dropped, to.link_dropped),
          .link_missed = rise(from.link_missed, to.link_missed),
          .link_errors = rise(from.link_errors, to.link_errors),
          .unannounced = rise(from.unannounced, to.unannounced),
          .unsound = rise(from.unsound, to.unsound),
          .unheard = rise(from.unheard, to.unheard),
          .unconfirmed = to.unconfirmed};
}

/// Adds filters that matched nothing: that is worth reporting at the end.
void add_silent(std::vector<RxStream>& streams, const RxSnapshot& snapshot) {
  for (std::size_t i = 0; i < snapshot.filters.size(); i++) {
    RxStream silent;
    silent.name = {.stream = static_cast<std::uint16_t>(i), .match = true};
    silent.filter = snapshot.filters[i];
    const auto at = std::ranges::lower_bound(streams, silent.name, {}, &RxStream::name);
    if (at == streams.end() || at->name != silent.name) streams.insert(at, std::move(silent));
  }
}

std::vector<RxStream> streams_of(const RxSnapshot& snapshot, Numbers numbers, bool final) {
  std::vector<RxStream> streams;
  for (const auto& [name, records] : by_stream(snapshot, numbers)) {
    RxStream stream = add_up(records);
    stream.name = name;
    if (name.match) {
      stream.filter = filter_of(snapshot, name);
      stream.first_number = stream.next_number = 0;
      streams.push_back(std::move(stream));
      continue;
    }
    stream.clock = clock_of(snapshot, records, stream.counters);
    if (stream.clock != RxClock::Differs) stream.delay = delay_of(records);
    if (final) stream.loss_exact = loss_is_exact(records);
    if (records.size() == 1) add_bursts(stream, *records.front(), final);
    if (name.path == RxPath::RoundTrip) stream.round_trip = round_trip_of(records);
    streams.push_back(std::move(stream));
  }
  return streams;
}

} // namespace

RxCounters& RxCounters::operator+=(const RxCounters& other) {
  packets += other.packets;
  bytes += other.bytes;
  unique += other.unique;
  duplicates += other.duplicates;
  too_late += other.too_late;
  reordered += other.reordered;
  lost += other.lost;
  negative += other.negative;
  absurd += other.absurd;
  replicated += other.replicated;
  suspect += other.suspect;
  matched += other.matched;
  return *this;
}

RxCounters RxCounters::operator-(const RxCounters& before) const {
  return {.packets = rise(before.packets, packets),
          .bytes = rise(before.bytes, bytes),
          .unique = rise(before.unique, unique),
          .duplicates = rise(before.duplicates, duplicates),
          .too_late = rise(before.too_late, too_late),
          .reordered = rise(before.reordered, reordered),
          .lost = lost - before.lost,
          .negative = rise(before.negative, negative),
          .replicated = rise(before.replicated, replicated),
          .absurd = rise(before.absurd, absurd),
          .suspect = suspect - before.suspect,
          .matched = rise(before.matched, matched)};
}

double RxCounters::loss_ratio() const {
  // During a run, duplicates that arrived through another queue count as unique, so arrivals may
  // exceed the expected number.
  if (lost <= 0) return 0;
  return static_cast<double>(lost) / (static_cast<double>(lost) + static_cast<double>(unique));
}

std::uint64_t RxDelay::quantile(double q) const {
  return histogram.quantile(q, min, max);
}

std::vector<RxStream> rx_streams(const RxSnapshot& snapshot, bool final) {
  std::vector<RxStream> streams = streams_of(snapshot, Numbers::Sender, final);
  const std::vector<RxStream> backs = streams_of(snapshot, Numbers::Reflector, final);
  for (const RxStream& back : backs) {
    const auto found =
        std::lower_bound(streams.begin(), streams.end(), back,
                         [](const auto& a, const auto& b) { return a.name < b.name; });
    if (found != streams.end() && found->name == back.name)
      found->round_trip->paths = paths_of(*found, back);
  }
  return streams;
}

void RxDelay::merge(const RxDelay& more) {
  if (more.count == 0) return;
  const auto before = static_cast<double>(count), added = static_cast<double>(more.count);
  mean = (mean * before + more.mean * added) / (before + added);
  min = count == 0 ? more.min : std::min(min, more.min);
  max = std::max(max, more.max);
  count += more.count;
  histogram.merge(more.histogram);
}

RxSummary rx_summary(const RxSnapshot& first, const RxSnapshot& last, std::uint64_t origin_ns) {
  RxSummary summary;
  summary.streams = rx_streams(last, true);
  summary.all = all_of(last, summary.streams);
  summary.senders = last.senders;
  const RxSpan run{first.time_ns, last.time_ns};
  RxSpan span = flow_span(summary).value_or(run);
  span.from_ns = std::max(span.from_ns, run.from_ns);
  if (span.to_ns <= span.from_ns) span = run;
  summary.total = sample_between(first, last, span, origin_ns);
  summary.waiting_s = std::max(0.0, seconds_since(run.from_ns, run.to_ns) -
                                        seconds_since(span.from_ns, span.to_ns));
  add_silent(summary.streams, last);
  add_sent(summary.streams, last.senders);
  add_sent_to_all(summary);
  summary.total.delay = summary.all.delay;
  summary.total.jitter_ns = largest_jitter(summary.streams);
  summary.queues = gain(first.queues, last.queues);
  summary.cpus = gain(first.cpus, last.cpus);
  summary.uncounted = gain(first.uncounted, last.uncounted);
  return summary;
}

} // namespace xtg::stats
