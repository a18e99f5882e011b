// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_records.h"

#include <algorithm>

#include "stats/port_test_union.h"
#include "stats/rise.h"
#include "stats/rx_clock.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/rx_seq.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/tx.h"

namespace xtg::stats {

namespace {

/// No packet between synchronised hosts takes longer.
constexpr std::uint64_t kLongestDelayNs = 10'000'000'000;

RxName name_of(const xtg_rx_key& key) {
  const bool back = (key.form & XTG_RX_REFLECTED) != 0;
  return {key.run_id, key.stream, (key.form & ~(XTG_RX_REFLECTED | XTG_RX_BACK)) == XTG_SIG_COMPACT,
          back ? RxPath::RoundTrip : RxPath::OneWay, key.form == XTG_SIG_NONE};
}

} // namespace

bool has_signature(const RxRecord& record) {
  return record.slot.key.form != XTG_SIG_NONE;
}

ByStream by_stream(const RxSnapshot& snapshot, Numbers numbers) {
  ByStream streams;
  for (const RxRecord& record : snapshot.records) {
    const xtg_rx_slot& s = record.slot;
    const Numbers whose = (s.key.form & XTG_RX_BACK) != 0 ? Numbers::Reflector : Numbers::Sender;
    if (s.packets != 0 && whose == numbers) streams[name_of(s.key)].push_back(&record);
  }
  return streams;
}

RxPath path_of(const ByStream& streams) {
  bool back = false;
  for (const auto& [name, records] : streams) {
    if (name.match) continue;
    if (name.path == RxPath::OneWay) return RxPath::OneWay;
    back = true;
  }
  return back ? RxPath::RoundTrip : RxPath::OneWay;
}

namespace {

bool have_windows(const Records& records) {
  return std::ranges::none_of(records, [](const RxRecord* r) { return r->bitmap.empty(); });
}

/// A copy that arrived through another queue is recognised and does not hide a lost packet. Before
/// the end the bitmaps are not read, and only copies within each record are known.
void add_copies(RxCounters& sum, const Records& records) {
  if (records.size() < 2 || !has_signature(*records.front()) || !have_windows(records)) return;
  const Arrivals all = arrivals_of(records);
  sum.duplicates += rise(all.numbers, sum.unique);
  sum.unique = std::min(sum.unique, all.numbers);
  sum.replicated = all.repeated;
}

} // namespace

bool loss_is_exact(const Records& records) {
  return records.size() < 2 || !has_signature(*records.front()) ||
         (have_windows(records) && arrivals_of(records).exact);
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
    sum.absurd += s.absurd;
    sum.replicated += s.replicated;
    base = std::min<std::uint64_t>(base, s.base);
    next = std::max<std::uint64_t>(next, s.next);
  }
  add_copies(sum, records);
  if (sum.packets != sum.matched) sum.lost = static_cast<std::int64_t>(next - base - sum.unique);
  return sum;
}

WideSum delay_sum(const RxRecord& record) {
  return {record.slot.delay_sum, record.slot.delay_high};
}

double mean(double sum, std::uint64_t count) {
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

std::uint64_t with_times(const RxCounters& sum) {
  return sum.packets - sum.matched - static_cast<std::uint64_t>(sum.suspect);
}

std::uint64_t least_delay(const Records& records) {
  std::uint64_t least = ~std::uint64_t{0};
  for (const RxRecord* record : records)
    if (record->slot.negative + record->slot.absurd < record->slot.packets)
      least = std::min<std::uint64_t>(least, record->slot.delay_min);
  return least;
}

RxClockVerdict clock_of(const RxSnapshot& snapshot, const Records& records, const RxCounters& sum) {
  if (sum.packets == 0) return {};
  ClockFacts facts;
  facts.tai = std::any_of(records.begin(), records.end(), [](const RxRecord* record) {
    return (record->slot.flags & XTG_SIG_F_TAI) != 0;
  });
  const bool many = (sum.negative + sum.absurd) * 100 > with_times(sum);
  facts.contradicted = many || least_delay(records) > kLongestDelayNs;
  facts.here = snapshot.here;
  facts.offset = snapshot.sender_offset && (records.front()->slot.key.form & XTG_RX_REFLECTED) == 0;
  const xtg_rx_key& key = records.front()->slot.key;
  if ((key.form & XTG_RX_BACK) != 0)
    return judge_clock(facts); // the reflector's clock is not announced
  if (const auto* sender = sender_of(snapshot.senders, name_of(key))) {
    facts.announced = true;
    facts.host = sender->about.host;
    facts.clock_error_ns = sender->about.clock_error_ns;
  }
  // Both times of a packet that returned to its sender are of one clock, synchronised or not.
  const bool elsewhere = facts.host != 0 && facts.here.boot != 0 && facts.host != facts.here.boot;
  if ((key.form & XTG_RX_REFLECTED) != 0 && !elsewhere) facts.tai = false;
  return judge_clock(facts);
}

} // namespace xtg::stats
