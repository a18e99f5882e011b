// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "stats/rise.h"
#include "stats/rx_clock.h"
#include "stats/rx_round_trip.h"
#include "stats/rx_sent.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/rx_seq.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/tx.h"

namespace xtg::stats {

namespace {

constexpr std::uint64_t kFcsBytes = 4;
constexpr std::uint64_t kGapBytes = 20; // preamble, start delimiter and gap (IEEE 802.3)
/// Between hosts whose clocks are in step no packet takes so long.
constexpr std::uint64_t kLongestDelayNs = 10'000'000'000;

using Records = std::vector<const RxRecord*>;

using ByStream = std::map<RxName, Records>;

/// Whose sequence numbers a record keeps. Packets that come back are in a record by the mirror's
/// once more, which counts in nothing but what is told of the way back.
enum class Numbers : std::uint8_t { Sender, Mirror };

RxName name_of(const xtg_rx_key& key) {
  const bool back = (key.form & XTG_RX_REFLECTED) != 0;
  return {key.session, key.stream,
          (key.form & ~(XTG_RX_REFLECTED | XTG_RX_BACK)) == XTG_SIG_COMPACT,
          back ? RxPath::RoundTrip : RxPath::OneWay, key.form == XTG_SIG_NONE};
}

bool has_signature(const RxRecord& record) {
  return record.slot.key.form != XTG_SIG_NONE;
}

std::string filter_of(const RxSnapshot& snapshot, const RxName& name) {
  return name.stream < snapshot.filters.size() ? snapshot.filters[name.stream] : "";
}

/// The records of each stream. One that is given out but has no packet yet has no numbers either.
ByStream by_stream(const RxSnapshot& snapshot, Numbers numbers = Numbers::Sender) {
  ByStream streams;
  for (const RxRecord& record : snapshot.records) {
    const xtg_rx_slot& s = record.slot;
    const Numbers whose = (s.key.form & XTG_RX_BACK) != 0 ? Numbers::Mirror : Numbers::Sender;
    if (s.packets != 0 && whose == numbers) streams[name_of(s.key)].push_back(&record);
  }
  return streams;
}

/// Of the delays of all: those of one way and of two are never added up.
RxPath path_of(const ByStream& streams) {
  bool back = false;
  for (const auto& [name, records] : streams) {
    if (name.match) continue;
    if (name.path == RxPath::OneWay) return RxPath::OneWay;
    back = true;
  }
  return back ? RxPath::RoundTrip : RxPath::OneWay;
}

RxCounters counters_of(const Records& records) {
  RxCounters sum;
  std::uint64_t base = ~std::uint64_t{0}, next = 0;
  for (const RxRecord* record : records) {
    const xtg_rx_slot& s = record->slot;
    sum.packets += s.packets + s.suspect;
    sum.suspect += static_cast<std::int64_t>(s.suspect);
    sum.bytes += s.bytes;
    if (!has_signature(*record)) {
      sum.matched += s.packets;
      continue;
    }
    sum.unique += xtg_rx_unique(&s);
    sum.duplicates += s.duplicates;
    sum.too_late += s.too_late;
    sum.reordered += s.reordered;
    sum.negative += s.negative;
    sum.replicated += s.replicated;
    base = std::min<std::uint64_t>(base, s.base);
    next = std::max<std::uint64_t>(next, s.next);
  }
  if (sum.packets != sum.matched) sum.lost = static_cast<std::int64_t>(next - base - sum.unique);
  return sum;
}

/// Mean, or 0 of nothing.
double mean(double sum, std::uint64_t count) {
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

std::uint64_t least_delay(const Records& records) {
  std::uint64_t least = ~std::uint64_t{0};
  for (const RxRecord* record : records)
    if (record->slot.negative < record->slot.packets)
      least = std::min<std::uint64_t>(least, record->slot.delay_min);
  return least;
}

/// Packets that have a delay, and of which the jitter is.
std::uint64_t with_times(const RxCounters& sum) {
  return sum.packets - sum.matched - static_cast<std::uint64_t>(sum.suspect);
}

RxClockVerdict clock_of(const RxSnapshot& snapshot, const Records& records, const RxCounters& sum) {
  if (sum.packets == 0) return {};
  ClockFacts facts;
  facts.tai = std::any_of(records.begin(), records.end(), [](const RxRecord* record) {
    return (record->slot.flags & XTG_SIG_F_TAI) != 0;
  });
  const bool many = sum.negative * 100 > with_times(sum);
  facts.contradicted = many || least_delay(records) > kLongestDelayNs;
  facts.here = snapshot.here;
  const xtg_rx_key& key = records.front()->slot.key;
  if ((key.form & XTG_RX_BACK) != 0) return judge_clock(facts); // nobody announced the mirror's
  if (const auto* sender = sender_of(snapshot.senders, name_of(key))) {
    facts.announced = true;
    facts.host = sender->about.host;
    facts.clock_error_ns = sender->about.clock_error_ns;
  }
  // What came back to its sender has both times of one clock, be it in step with others or not.
  const bool elsewhere = facts.host != 0 && facts.here.boot != 0 && facts.host != facts.here.boot;
  if ((key.form & XTG_RX_REFLECTED) != 0 && !elsewhere) facts.tai = false;
  return judge_clock(facts);
}

/// Exact, of all that the records have.
RxDelay delay_of(const Records& records) {
  RxDelay delay;
  std::uint64_t sum = 0;
  for (const RxRecord* record : records) {
    const xtg_rx_slot& s = record->slot;
    delay.histogram.merge(record->delay);
    sum += s.delay_sum;
    delay.max = std::max<std::uint64_t>(delay.max, s.delay_max);
  }
  delay.count = delay.histogram.count();
  if (delay.count == 0) return {};
  delay.min = least_delay(records);
  delay.mean = mean(static_cast<double>(sum), delay.count);
  return delay;
}

/// Loss periods of the one record that saw the whole stream.
void add_bursts(RxStream& stream, const RxRecord& record, bool final) {
  xtg_rx_slot slot = record.slot;
  // Without its window a record's end is not known.
  if (final && !std::has_single_bit(record.words.size())) return;
  if (final) {
    std::vector<__u64> words(record.words.begin(), record.words.end());
    xtg_rx_state state{};
    state.slot = &slot;
    state.words = words.data();
    state.mask = words.size() - 1;
    xtg_rx_finish(&state);
  }
  stream.bursts_known = true;
  stream.bursts = slot.runs;
  stream.longest_burst = slot.longest_run;
  std::copy(std::begin(slot.run_class), std::end(slot.run_class), stream.burst_class.begin());
  // Where nothing is lost the numbers that were jumped over came late, or by another lane.
  stream.outage_ns = final && slot.runs == 0 ? 0 : slot.outage_ns;
}

/// Everything but name, clock, delay and bursts.
RxStream add_up(const Records& records) {
  RxStream out;
  out.counters = counters_of(records);
  out.first_number = out.first_ns = ~std::uint64_t{0};
  out.size_min = std::numeric_limits<std::uint32_t>::max();
  out.units = static_cast<unsigned>(records.size());
  std::uint64_t extent_sum = 0, ipdv_sum = 0, changes = 0;
  double jitter = 0;
  for (const RxRecord* record : records) {
    const xtg_rx_slot& s = record->slot;
    out.first_ns = std::min<std::uint64_t>(out.first_ns, s.first_ns);
    out.last_ns = std::max<std::uint64_t>(out.last_ns, s.last_ns);
    out.size_min = std::min<std::uint32_t>(out.size_min, s.size_min);
    out.size_max = std::max<std::uint32_t>(out.size_max, s.size_max);
    out.arrival.merge(record->arrival);
    if (!has_signature(*record)) continue;
    out.first_number = std::min<std::uint64_t>(out.first_number, s.base);
    out.next_number = std::max<std::uint64_t>(out.next_number, s.next);
    out.negative_min = std::min<std::int64_t>(out.negative_min, s.negative_min);
    out.ipdv_max_ns = std::max<std::uint64_t>(out.ipdv_max_ns, s.ipdv_max);
    out.extent_max = std::max<std::uint32_t>(out.extent_max, s.extent_max);
    out.late_max_ns = std::max<std::uint64_t>(out.late_max_ns, s.late_max);
    out.extents += s.extents;
    extent_sum += s.extent_sum;
    ipdv_sum += s.ipdv_sum;
    changes += std::accumulate(record->arrival.begin(), record->arrival.end(), std::uint64_t{0});
    jitter += static_cast<double>(s.jitter16) / 16 * static_cast<double>(s.packets);
  }
  out.extent_mean = mean(static_cast<double>(extent_sum), out.extents);
  out.ipdv_mean_ns = mean(static_cast<double>(ipdv_sum), changes);
  out.jitter_ns = mean(jitter, with_times(out.counters));
  return out;
}

/// Of two streams' clocks the one that tells a delay, with the larger error.
RxClockVerdict more_telling(const RxClockVerdict& a, const RxClockVerdict& b) {
  if (a == RxClock::Differs) return b;
  if (b == RxClock::Differs) return a;
  return a.error_ns.value_or(0) < b.error_ns.value_or(0) ? b : a;
}

/// All streams as one. `streams` are those of `snapshot`, final.
RxStream all_of(const RxSnapshot& snapshot, const std::vector<RxStream>& streams) {
  if (streams.empty()) return {};
  Records every, told;
  std::size_t at = 0;
  const ByStream named = by_stream(snapshot);
  const RxPath path = path_of(named);
  for (const auto& [name, records] : named) {
    every.insert(every.end(), records.begin(), records.end());
    if (streams[at++].clock != RxClock::Differs && name.path == path && !name.match)
      told.insert(told.end(), records.begin(), records.end());
  }
  RxStream all = add_up(every);
  all.first_number = all.next_number = 0;
  all.counters = {};
  std::optional<RxClockVerdict> clock; // of those whose path the delay is of
  all.delay = delay_of(told);
  all.bursts_known = true;
  bool tested = false;
  for (const RxStream& stream : streams) {
    all.counters += stream.counters;
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

auto place_of(const RxRecord& record) {
  const xtg_rx_key& key = record.slot.key;
  return std::make_tuple(key.session, key.stream, key.form, key.unit);
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
  std::uint64_t sum = 0, least = ~std::uint64_t{0}, most = 0;
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
      sum += rise(before.slot.delay_sum, record->slot.delay_sum);
      most = std::max<std::uint64_t>(most, record->slot.delay_max);
    }
  }
  delay.count = delay.histogram.count();
  if (delay.count == 0) return {};
  // A cell's edges, drawn in where no delay of the whole run was beyond.
  delay.min = std::max<std::uint64_t>(xtg_hist_floor(static_cast<__u32>(lowest)), least);
  delay.max = std::min(delay.histogram.max(), most);
  delay.mean = mean(static_cast<double>(sum), delay.count);
  return delay;
}

std::uint64_t passed_by(const std::vector<RxUnit>& units) {
  std::uint64_t passed = 0;
  for (const RxUnit& unit : units)
    passed += unit.passed;
  return passed;
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

RxAside gain(const RxAside& from, const RxAside& to) {
  return {.refused = rise(from.refused, to.refused),
          .no_slot = rise(from.no_slot, to.no_slot),
          .unknown = rise(from.unknown, to.unknown),
          .candidates = rise(from.candidates, to.candidates),
          .link_dropped = rise(from.link_dropped, to.link_dropped),
          .link_missed = rise(from.link_missed, to.link_missed),
          .link_errors = rise(from.link_errors, to.link_errors),
          .unannounced = rise(from.unannounced, to.unannounced)};
}

/// All of a sample but its streams and what is derived from them.
RxSample sample_between(const RxSnapshot& from, const RxSnapshot& to, const RxSpan& span,
                        std::uint64_t origin_ns) {
  RxSample sample;
  sample.start_s = seconds_since(origin_ns, span.from_ns);
  sample.end_s = seconds_since(origin_ns, span.to_ns);
  sample.sum = sum_of(to) - sum_of(from);
  sample.path = path_of(by_stream(to));
  sample.passed = rise(passed_by(from.queues), passed_by(to.queues));
  const double length_s = seconds_since(span.from_ns, span.to_ns);
  if (length_s <= 0) return sample;
  const auto per_second = [length_s](std::uint64_t count) {
    return static_cast<double>(count) / length_s;
  };
  const std::uint64_t packets = sample.sum.packets;
  sample.pps = per_second(packets);
  sample.l2_bps = 8 * per_second(sample.sum.bytes + packets * kFcsBytes);
  sample.l1_bps = 8 * per_second(sample.sum.bytes + packets * (kFcsBytes + kGapBytes));
  return sample;
}

/// Those to whose filter nothing fitted: that is worth telling at the end.
void add_silent(std::vector<RxStream>& streams, const RxSnapshot& snapshot) {
  for (std::uint16_t i = 0; i < snapshot.filters.size(); i++) {
    RxStream silent;
    silent.name = {.stream = i, .match = true};
    silent.filter = snapshot.filters[i];
    const auto at = std::ranges::lower_bound(streams, silent.name, {}, &RxStream::name);
    if (at == streams.end() || at->name != silent.name) streams.insert(at, std::move(silent));
  }
}

double largest_jitter(const std::vector<RxStream>& streams) {
  double largest = 0;
  for (const RxStream& stream : streams)
    largest = std::max(largest, stream.jitter_ns);
  return largest;
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
          .suspect = suspect - before.suspect,
          .matched = rise(before.matched, matched)};
}

double RxCounters::loss_ratio() const {
  // Duplicates that came through another queue count as unique: then more came than was expected.
  if (lost <= 0) return 0;
  return static_cast<double>(lost) / (static_cast<double>(lost) + static_cast<double>(unique));
}

std::uint64_t RxDelay::quantile(double q) const {
  return histogram.quantile(q, min, max);
}

std::vector<RxStream> rx_streams(const RxSnapshot& snapshot, bool final) {
  std::vector<RxStream> streams = streams_of(snapshot, Numbers::Sender, final);
  const std::vector<RxStream> backs = streams_of(snapshot, Numbers::Mirror, final);
  for (const RxStream& back : backs) {
    const auto found =
        std::lower_bound(streams.begin(), streams.end(), back,
                         [](const auto& a, const auto& b) { return a.name < b.name; });
    if (found != streams.end() && found->name == back.name)
      found->round_trip->ways = ways_of(*found, back);
  }
  return streams;
}

RxSample rx_delta(const RxSnapshot& from, const RxSnapshot& to, std::uint64_t origin_ns) {
  RxSample sample = sample_between(from, to, {from.time_ns, to.time_ns}, origin_ns);
  sample.delay = delay_between(from, to);
  sample.streams = rx_streams(to, false);
  sample.jitter_ns = largest_jitter(sample.streams);
  return sample;
}

RxSummary rx_summary(const RxSnapshot& first, const RxSnapshot& last, std::uint64_t origin_ns) {
  RxSummary summary;
  summary.streams = rx_streams(last, true);
  summary.all = all_of(last, summary.streams);
  summary.senders = last.senders;
  const RxSpan span = announced_span(summary).value_or(RxSpan{first.time_ns, last.time_ns});
  summary.total = sample_between(first, last, span, origin_ns);
  add_silent(summary.streams, last);
  add_sent(summary.streams, last.senders);
  add_sent_to_all(summary);
  summary.total.delay = summary.all.delay;
  summary.total.jitter_ns = largest_jitter(summary.streams);
  summary.queues = gain(first.queues, last.queues);
  summary.cpus = gain(first.cpus, last.cpus);
  summary.aside = gain(first.aside, last.aside);
  return summary;
}

} // namespace xtg::stats
