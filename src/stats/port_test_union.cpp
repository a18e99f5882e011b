// SPDX-License-Identifier: BSD-2-Clause
#include "stats/port_test_union.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "stats/rise.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/rx_seq.h"
#include "xtg/abi/signature.h"

namespace xtg::stats {

namespace {

constexpr std::uint64_t kQuietNs = 20'000'000;

using Records = std::vector<const RxRecord*>;

/// 64 sequence numbers of a window.
struct Word {
  std::uint64_t number = 0, seen = 0, again = 0;
};

std::uint64_t highest_word(const RxRecord& record) {
  return (record.slot.next - 1) / XTG_RX_WORD;
}

/// What is below has left the window: of it only the count is known. 0 where nothing has.
std::uint64_t left(const RxRecord& record) {
  const std::uint64_t highest = highest_word(record), words = record.bitmap.size();
  if (!std::has_single_bit(words)) return (highest + 1) * XTG_RX_WORD;
  const std::uint64_t bottom = highest < words ? 0 : (highest - words + 1) * XTG_RX_WORD;
  return bottom > record.slot.base ? bottom : 0;
}

/// What several records count of numbers that they are not told apart in.
class Counted {
public:
  void add(std::uint64_t numbers, std::uint64_t repeated) {
    records_ += numbers != 0 ? 1 : 0;
    sum_ += numbers;
    most_ = std::max(most_, numbers);
    repeated_ += repeated;
  }
  /// Of so many that there are.
  [[nodiscard]] Arrivals among(std::uint64_t numbers) const {
    const std::uint64_t arrived = std::min(sum_, numbers), further = sum_ - arrived;
    const bool all_in_each = sum_ == records_ * arrived;
    const bool told = records_ <= 1 || all_in_each || (records_ == 2 && repeated_ == 0);
    return {arrived, std::min(arrived, further + repeated_), most_ == arrived && told};
  }

private:
  std::uint64_t records_ = 0, sum_ = 0, most_ = 0, repeated_ = 0;
};

/// The record's words from that of number `from` on go to `words`, and what is below to `below`.
void take_words(const RxRecord& record, std::uint64_t from, std::vector<Word>& words,
                Counted& below) {
  const std::uint64_t mask = record.bitmap.size() - 1;
  std::uint64_t seen = 0, again = 0, number = std::max<std::uint64_t>(from, record.slot.base);
  for (number /= XTG_RX_WORD; number <= highest_word(record) && !record.bitmap.empty(); number++) {
    const std::size_t at = number & mask;
    const Word word{number, record.bitmap[at], at < record.twice.size() ? record.twice[at] : 0};
    seen += static_cast<unsigned>(std::popcount(word.seen));
    again += static_cast<unsigned>(std::popcount(word.again));
    if (word.seen != 0) words.push_back(word);
  }
  below.add(rise(seen, xtg_rx_unique(&record.slot)), rise(again, record.slot.replicated));
}

/// Words of the same number are one.
Arrivals laid_over(std::vector<Word> words) {
  std::ranges::sort(words, {}, &Word::number);
  Arrivals out;
  for (auto at = words.begin(); at != words.end();) {
    std::uint64_t seen = 0, again = 0;
    for (const std::uint64_t number = at->number; at != words.end() && at->number == number; ++at) {
      again |= at->again | (seen & at->seen);
      seen |= at->seen;
    }
    out.numbers += static_cast<unsigned>(std::popcount(seen));
    out.repeated += static_cast<unsigned>(std::popcount(again));
  }
  return out;
}

void add(Arrivals& sum, const Arrivals& part) {
  sum.numbers += part.numbers;
  sum.repeated += part.repeated;
  sum.exact = sum.exact && part.exact;
}

/// Records whose numbers lie in one range.
Arrivals of_range(const Records& records) {
  const xtg_rx_slot& first = records.front()->slot;
  if (records.size() == 1) return {xtg_rx_unique(&first), first.replicated, true};
  std::uint64_t from = 0, base = first.base;
  for (const RxRecord* record : records) {
    from = std::max(from, left(*record));
    base = std::min<std::uint64_t>(base, record->slot.base);
  }
  std::vector<Word> words;
  Counted below;
  for (const RxRecord* record : records)
    take_words(*record, from, words, below);
  Arrivals out = laid_over(std::move(words));
  add(out, below.among(rise(base, from)));
  return out;
}

} // namespace

// Records whose ranges do not touch have nothing in common.
Arrivals arrivals_of(const std::vector<const RxRecord*>& stream) {
  Records records = stream;
  std::ranges::sort(records, {}, [](const RxRecord* record) { return record->slot.base; });
  Arrivals sum;
  Records range;
  std::uint64_t next = 0;
  for (const RxRecord* record : records) {
    if (!range.empty() && record->slot.base >= next) add(sum, of_range(std::exchange(range, {})));
    range.push_back(record);
    next = std::max<std::uint64_t>(next, record->slot.next);
  }
  if (!range.empty()) add(sum, of_range(range));
  return sum;
}

bool is_of_run(const xtg_rx_key& key, std::uint32_t run_id) {
  const std::uint32_t known = (key.form & 0xff) == XTG_SIG_COMPACT ? 0xffff : ~std::uint32_t{0};
  return ((key.run_id ^ run_id) & known) == 0;
}

Arrivals arrivals_of(const std::vector<const RxSnapshot*>& ports, std::uint32_t run_id) {
  // By stream: one that came straight here and by a reflector there has the same numbers.
  std::map<std::pair<std::uint16_t, std::uint16_t>, Records> streams;
  for (const RxSnapshot* port : ports)
    for (const RxRecord& record : port->records) {
      const xtg_rx_key& key = record.slot.key;
      if (record.slot.packets == 0 || key.form == XTG_SIG_NONE || (key.form & XTG_RX_BACK) != 0 ||
          !is_of_run(key, run_id))
        continue;
      const auto form = static_cast<std::uint16_t>(key.form & 0xff);
      streams[{key.stream, form}].push_back(&record);
    }
  Arrivals sum;
  for (const auto& [stream, records] : streams)
    add(sum, arrivals_of(records));
  return sum;
}

bool all_arrived(const std::vector<const RxSnapshot*>& ports, const std::vector<Taken>& senders,
                 std::uint64_t now_ns) {
  for (const RxSnapshot* port : ports)
    if (now_ns < last_arrival(*port) + kQuietNs) return false;
  return std::ranges::all_of(senders, [&](const Taken& sender) {
    return arrivals_of(ports, sender.run_id).numbers >= sender.frames;
  });
}

std::uint64_t last_arrival(const RxSnapshot& snapshot) {
  std::uint64_t last = 0;
  for (const RxRecord& record : snapshot.records)
    last = std::max<std::uint64_t>(last, record.slot.last_ns);
  return last;
}

} // namespace xtg::stats
