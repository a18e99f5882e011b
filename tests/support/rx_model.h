// SPDX-License-Identifier: BSD-2-Clause
// The receiver's figures once more, from their definitions: every arrival is kept, and all is
// counted afterwards. Shares the records with what it checks (xtg/abi/rx.h), but no function other
// than that of the histogram's cells. And random traces to try both with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "xtg/abi/rx.h"

namespace xtg::test {

/// In the order of xtg_rx_verdict.
enum class RxVerdict { New, Reordered, Duplicate, TooLate, Suspect };

/// What a slot and its histograms have to say.
struct RxTotals {
  xtg_rx_slot slot{};
  xtg_rx_hist hist{};
};

class RxModel {
public:
  explicit RxModel(std::uint32_t window) : words_(window / 64) {}

  RxVerdict packet(std::uint64_t seq, std::uint32_t worker, std::uint32_t size, std::int64_t delay,
                   std::uint64_t now) {
    bytes_ += size;
    size_min_ = std::min(size_min_, size);
    size_max_ = std::max(size_max_, size);
    Arrival a{seq, worker, delay, now};
    if (!believed(seq)) {
      const bool confirms = waiting_ && seq > waiting_->seq && seq - waiting_->seq <= 64 * words_;
      if (!confirms) {
        suspects_++;
        waiting_ = a;
        return RxVerdict::Suspect;
      }
      Arrival first = *waiting_;
      waiting_.reset();
      suspects_--;
      if (seq < *numbers_.begin()) forget();
      if (!arrivals_.empty()) first.now = std::max(first.now, arrivals_.back().now);
      first.untimed = true;
      enter(first);
    }
    return enter(a);
  }

  /// All figures, if nothing more came.
  RxTotals totals() const {
    RxTotals out;
    if (arrivals_.empty()) return out;
    count(out.slot);
    order(out.slot);
    loss(out.slot);
    delay(out);
    return out;
  }

  /// Missing numbers whose word has left the window.
  std::uint64_t missed_so_far() const {
    if (numbers_.empty() || *numbers_.rbegin() / 64 < words_) return 0;
    const std::uint64_t from = *numbers_.begin();
    const std::uint64_t to = (*numbers_.rbegin() / 64 - words_ + 1) * 64;
    if (to <= from) return 0;
    const auto arrived = std::distance(numbers_.begin(), numbers_.lower_bound(to));
    return to - from - static_cast<std::uint64_t>(arrived);
  }

private:
  struct Arrival {
    std::uint64_t seq;
    std::uint32_t worker;
    std::int64_t delay;
    std::uint64_t now;
    RxVerdict verdict = RxVerdict::New;
    bool untimed = false;   ///< a suspect that was believed: its own times do not count
    bool leap = false;      ///< passed over numbers of the slot
    bool gap = false;       ///< passed over numbers since its worker's highest one
    std::uint64_t gaps = 0; ///< such arrivals up to this one
  };

  /// Not damaged, as far as can be told from one frame.
  bool believed(std::uint64_t seq) const {
    if (numbers_.empty()) return true;
    const std::uint64_t highest = *numbers_.rbegin();
    if (seq > highest) return seq - (highest + 1) <= 64 * words_;
    return arrivals_.size() > 1 || highest / 64 - seq / 64 < words_;
  }

  /// The only packet that was entered was a suspect.
  void forget() {
    arrivals_.clear();
    numbers_.clear();
    worker_highest_.clear();
    suspects_++;
  }

  RxVerdict enter(Arrival a) {
    const std::uint64_t seq = a.seq;
    const std::uint32_t worker = a.worker;
    a.verdict = judge(seq, worker);
    const bool counts = a.verdict == RxVerdict::New || a.verdict == RxVerdict::Reordered;
    if (counts) {
      a.leap = !numbers_.empty() && seq > *numbers_.rbegin() + 1;
      const auto before = worker_highest_.find(worker);
      a.gap = before != worker_highest_.end() && seq > before->second + 1;
      if (before == worker_highest_.end() || seq > before->second) worker_highest_[worker] = seq;
      numbers_.insert(seq);
    }
    gaps_ += a.gap ? 1 : 0;
    a.gaps = gaps_;
    arrivals_.push_back(a);
    return a.verdict;
  }

  RxVerdict judge(std::uint64_t seq, std::uint32_t worker) const {
    if (numbers_.empty()) return RxVerdict::New;
    const std::uint64_t highest = *numbers_.rbegin();
    if (seq < highest && highest / 64 - seq / 64 >= words_) return RxVerdict::TooLate;
    if (numbers_.contains(seq)) return RxVerdict::Duplicate;
    const auto before = worker_highest_.find(worker);
    const bool behind = before != worker_highest_.end() && seq < before->second + 1;
    return behind ? RxVerdict::Reordered : RxVerdict::New;
  }

  void count(xtg_rx_slot& s) const {
    s.packets = arrivals_.size();
    s.base = *numbers_.begin();
    s.next = *numbers_.rbegin() + 1;
    s.first_ns = arrivals_.front().now;
    s.last_ns = arrivals_.back().now;
    s.bytes = bytes_;
    s.size_min = size_min_;
    s.size_max = size_max_;
    s.suspect = suspects_;
    std::set<std::uint64_t> again;
    for (const Arrival& a : arrivals_) {
      if (a.verdict == RxVerdict::Duplicate) again.insert(a.seq);
      s.duplicates += a.verdict == RxVerdict::Duplicate ? 1 : 0;
      s.too_late += a.verdict == RxVerdict::TooLate ? 1 : 0;
    }
    s.replicated = again.size();
  }

  /// RFC 4737: 3.3, 4.2, 4.3.
  void order(xtg_rx_slot& s) const {
    s.gap_count = static_cast<std::uint32_t>(gaps_);
    for (std::size_t i = 0; i < arrivals_.size(); ++i) {
      const Arrival& late = arrivals_[i];
      if (late.verdict != RxVerdict::Reordered) continue;
      s.reordered++;
      std::size_t j = 0;
      while (arrivals_[j].worker != late.worker || arrivals_[j].seq <= late.seq ||
             arrivals_[j].verdict == RxVerdict::TooLate ||
             arrivals_[j].verdict == RxVerdict::Duplicate) // maybe of another worker's
        ++j;
      // It was passed over by packet j; the record remembers the last jumps only, and none of the
      // first packet of a worker.
      const Arrival& over = arrivals_[j];
      if (!over.gap || late.gaps - (over.gaps - 1) > XTG_RX_GAPS) continue;
      const auto extent = static_cast<std::uint32_t>(i - j);
      s.extents++;
      s.extent_sum += extent;
      s.extent_max = std::max(s.extent_max, extent);
      s.late_max = std::max<std::uint64_t>(s.late_max, late.now - over.now);
    }
  }

  void loss(xtg_rx_slot& s) const {
    s.missed = s.next - s.base - numbers_.size();
    std::uint64_t expected = s.base;
    for (const std::uint64_t seq : numbers_) {
      if (const std::uint64_t run = seq - expected; run != 0) {
        s.runs++;
        s.longest_run = std::max<std::uint64_t>(s.longest_run, run);
        unsigned size = 0;
        while (run >> size > 1)
          ++size;
        s.run_class[std::min(size, 23U)]++;
      }
      expected = seq + 1;
    }
    for (std::size_t i = 1; i < arrivals_.size(); ++i) {
      if (!arrivals_[i].leap) continue;
      s.outage_ns = std::max<std::uint64_t>(s.outage_ns, arrivals_[i].now - arrivals_[i - 1].now);
    }
  }

  void delay(RxTotals& out) const {
    xtg_rx_slot& s = out.slot;
    std::int64_t jitter16 = 0;
    s.delay_min = ~std::uint64_t{0};
    s.last_delay = arrivals_.back().delay;
    for (std::size_t i = 0; i < arrivals_.size(); ++i) {
      const Arrival& a = arrivals_[i];
      if (a.untimed) continue;
      if (i > 0) {
        const std::int64_t change = std::abs(a.delay - arrivals_[i - 1].delay);
        if (change <= XTG_RX_PLAUSIBLE_NS) {
          jitter16 += change - ((jitter16 + 8) >> 4); // RFC 3550, A.8
          s.ipdv_sum += static_cast<std::uint64_t>(change);
          s.ipdv_max = std::max<std::uint64_t>(s.ipdv_max, static_cast<std::uint64_t>(change));
        }
        out.hist.arrival[xtg_hist_cell(a.now - arrivals_[i - 1].now)]++;
      }
      if (std::abs(a.delay) > XTG_RX_PLAUSIBLE_NS) {
        s.absurd++;
      } else if (a.delay < 0) {
        s.negative++;
        s.negative_min = std::min<std::int64_t>(s.negative_min, a.delay);
      } else {
        const auto ns = static_cast<std::uint64_t>(a.delay);
        s.delay_sum += ns;
        s.delay_min = std::min<std::uint64_t>(s.delay_min, ns);
        s.delay_max = std::max<std::uint64_t>(s.delay_max, ns);
        out.hist.delay[xtg_hist_cell(ns)]++;
      }
    }
    s.jitter16 = static_cast<std::uint64_t>(jitter16);
  }

  std::uint64_t words_;
  std::vector<Arrival> arrivals_;  ///< those entered, in that order
  std::optional<Arrival> waiting_; ///< the last suspect
  std::uint64_t suspects_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t size_min_ = ~std::uint32_t{0}, size_max_ = 0;
  std::set<std::uint64_t> numbers_; ///< that arrived in time
  std::map<std::uint32_t, std::uint64_t> worker_highest_;
  std::uint64_t gaps_ = 0;
};

/// Names every field in which the two differ.
inline std::string rx_differences(const RxTotals& got, const RxTotals& want) {
  std::string out;
  const auto one = [&out](const char* name, auto a, auto b) {
    if (a != b)
      out += std::string(name) + ": " + std::to_string(a) + ", not " + std::to_string(b) + "\n";
  };
#define XTG_RX_SAME(field) one(#field, got.slot.field, want.slot.field)
  XTG_RX_SAME(packets), XTG_RX_SAME(bytes), XTG_RX_SAME(base), XTG_RX_SAME(next);
  XTG_RX_SAME(duplicates), XTG_RX_SAME(replicated), XTG_RX_SAME(too_late);
  XTG_RX_SAME(suspect);
  XTG_RX_SAME(first_ns), XTG_RX_SAME(last_ns), XTG_RX_SAME(last_delay), XTG_RX_SAME(delay_sum);
  XTG_RX_SAME(delay_min), XTG_RX_SAME(delay_max), XTG_RX_SAME(negative), XTG_RX_SAME(negative_min);
  XTG_RX_SAME(absurd), XTG_RX_SAME(delay_high), XTG_RX_SAME(ipdv_high);
  XTG_RX_SAME(jitter16), XTG_RX_SAME(ipdv_sum), XTG_RX_SAME(ipdv_max);
  XTG_RX_SAME(reordered), XTG_RX_SAME(extent_sum), XTG_RX_SAME(extents), XTG_RX_SAME(extent_max);
  XTG_RX_SAME(gap_count), XTG_RX_SAME(late_max);
  XTG_RX_SAME(missed), XTG_RX_SAME(run), XTG_RX_SAME(longest_run), XTG_RX_SAME(runs);
  XTG_RX_SAME(outage_ns), XTG_RX_SAME(size_min), XTG_RX_SAME(size_max);
#undef XTG_RX_SAME
  for (unsigned i = 0; i < XTG_RX_RUNS; ++i)
    one("run_class", got.slot.run_class[i], want.slot.run_class[i]);
  for (unsigned i = 0; i < XTG_HIST_CELLS; ++i) {
    one("hist.delay", got.hist.delay[i], want.hist.delay[i]);
    one("hist.arrival", got.hist.arrival[i], want.hist.arrival[i]);
  }
  return out;
}

/// Random numbers that are the same everywhere for a seed (the standard's distributions are not).
class RxDice {
public:
  explicit RxDice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) { return state_() % n; }
  bool chance(double p) { return static_cast<double>(state_() >> 11) < p * 0x1p53; }
  template <class T>
  T of(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

private:
  std::mt19937_64 state_;
};

struct RxTracePacket {
  std::uint64_t place; ///< in the order of arrival
  std::uint64_t seq;
  std::uint32_t worker;
};

/// What a bad path leaves of a stream: several workers with a skew, loss and bursts of it, packets
/// twice and more often, held back by little or by windows, jumps of the numbers, and damaged ones.
inline std::vector<RxTracePacket> rx_trace(RxDice& dice, std::uint32_t window) {
  const std::uint64_t batch = dice.of<std::uint64_t>({1, 16, 64});
  const std::uint64_t workers = 1 + dice.below(4);
  const double loss = dice.of({0.0, 0.01, 0.2}), burst = dice.of({0.0, 0.003});
  const double twice = dice.of({0.0, 0.02}), held = dice.of({0.0, 0.02, 0.3});
  const double jump = dice.of({0.0, 0.002}), damage = dice.of({0.0, 0.002, 0.02});
  const bool first_damaged = dice.chance(0.2);
  const std::uint64_t hold = dice.of<std::uint64_t>({3, 40, 300, 3 * window});
  std::vector<std::uint64_t> skew;
  for (std::uint64_t worker = 0; worker < workers; ++worker)
    skew.push_back(dice.below(3) * dice.below(batch + 1));

  std::uint64_t seq =
      dice.of<std::uint64_t>({0, dice.below(200), dice.below(1ULL << 40),
                              (1ULL << 32) - dice.below(2000), (1ULL << 63) - dice.below(2000)});
  std::uint64_t lost_until = 0;
  std::vector<RxTracePacket> out;
  const auto damaged = [&](std::uint64_t number) {
    return dice.of<std::uint64_t>({number ^ 1ULL << dice.below(63), number + window + dice.below(3),
                                   number + 3 * std::uint64_t{window} + dice.below(window),
                                   number + (1ULL << 40) + dice.below(2 * std::uint64_t{window})});
  };
  for (std::uint64_t n = 0; n < 2000; ++n, ++seq) {
    if (dice.chance(jump)) {
      seq += dice.of<std::uint64_t>({64, 64 * dice.below(40), window - 64, window - 1, window,
                                     window + 1, window + 64, 2 * window,
                                     dice.below(5 * std::uint64_t{window}), 1ULL << 25});
    }
    if (dice.chance(burst)) lost_until = n + dice.below(300);
    if (n < lost_until || dice.chance(loss)) continue;
    const auto worker = static_cast<std::uint32_t>(seq / batch % workers);
    std::uint64_t place = n + skew[worker];
    if (dice.chance(held)) place += 1 + dice.below(hold);
    out.push_back({place, seq, worker});
    const std::uint64_t copies = dice.chance(twice) ? 1 + dice.below(3) : 0;
    for (std::uint64_t copy = 0; copy < copies; ++copy)
      out.push_back({place + dice.below(hold), seq, worker});
  }
  for (RxTracePacket& packet : out)
    if (dice.chance(damage)) packet.seq = damaged(packet.seq);
  std::stable_sort(out.begin(), out.end(), [](const RxTracePacket& a, const RxTracePacket& b) {
    return a.place < b.place;
  });
  if (first_damaged) out.front().seq = damaged(out.front().seq) + (dice.below(2) << 50);
  return out;
}

} // namespace xtg::test
