// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_runs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "stats/rise.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/tx.h"

namespace xtg::stats {

namespace {

bool matched(const RxRecord& record) {
  return record.slot.key.form == XTG_SIG_NONE;
}

bool belongs(const RxRecord& record, std::uint32_t run_id) {
  const xtg_rx_key& key = record.slot.key;
  return !matched(record) &&
         belongs(RxName{key.run_id, key.stream, (key.form & 0xff) == XTG_SIG_COMPACT}, run_id);
}

bool is_of(const RxArrived& record, std::uint32_t run_id) {
  return belongs(RxName{.run_id = record.run_id, .compact = record.compact}, run_id);
}

bool has_data(const RxSnapshot& snapshot) {
  return std::any_of(snapshot.records.begin(), snapshot.records.end(),
                     [](const RxRecord& r) { return r.slot.packets != 0 && !matched(r); });
}

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
constexpr std::uint64_t kMilliSecond = 1'000'000'000'000; ///< ns, for rates in frames per 1,000 s

/// Runs that are kept apart, of which no data has come.
constexpr std::size_t kMostRuns = 256;
/// Between the first copy of a start and the first frame (150 ms), and of an end behind the last
/// one, on hosts that are slow.
constexpr std::uint64_t kSlackNs = 2'000'000'000;
/// A run that has been announced begins within this.
constexpr std::uint64_t kFreshNs = 1'000'000'000;
/// A session of which nothing came for so long does not go on, if nothing else is known of it.
constexpr std::uint64_t kLiveNs = 2'000'000'000;
/// Likewise, where its sender has announced a run without limit of time, which may have an outage.
constexpr std::uint64_t kSilenceNs = 300'000'000'000;

/// 0 where the clock was read before.
std::uint64_t passed(std::uint64_t now_ns, std::uint64_t since_ns) {
  return rise(since_ns, now_ns);
}

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > kNoLimit - b ? kNoLimit : a + b;
}

std::uint64_t sent_of(const RxSender& sender) {
  std::uint64_t sent = 0;
  for (const auto& [stream, end] : sender.ends)
    sent = plus(sent, rise(end.driver_drops, end.frames));
  return sent;
}

/// Takes off the time between the last packet before the run and the first one in it, which lasted
/// `least_ns` or longer. Of several that did the shortest is taken, as none is told apart by more.
void drop_first_gap(std::vector<std::uint64_t>& arrival, std::uint64_t least_ns) {
  const auto from = std::min<std::size_t>(xtg_hist_cell(least_ns), arrival.size());
  const auto gap = std::find_if(arrival.begin() + static_cast<std::ptrdiff_t>(from), arrival.end(),
                                [](std::uint64_t count) { return count != 0; });
  if (gap != arrival.end()) --*gap;
}

/// Of a filter's record, what came after it was as `before` is, which was read at `read_ns`.
void take_off(RxRecord& record, const RxRecord& before, std::uint64_t read_ns,
              std::uint64_t begun_ns) {
  record.slot.packets = rise(before.slot.packets, record.slot.packets);
  record.slot.bytes = rise(before.slot.bytes, record.slot.bytes);
  record.slot.first_ns = begun_ns;
  for (std::size_t i = 0; i < std::min(record.arrival.size(), before.arrival.size()); i++)
    record.arrival[i] = rise(before.arrival[i], record.arrival[i]);
  // The sizes began anew with the run, which may be later than its first frame.
  if (record.slot.size_min > record.slot.size_max) {
    record.slot.size_min = before.slot.size_min;
    record.slot.size_max = before.slot.size_max;
  }
  if (record.slot.packets != 0) drop_first_gap(record.arrival, rise(before.slot.last_ns, read_ns));
}

/// What a reflector sent back says the same as what came directly, which is preferred. Of copies
/// the first one is kept, with what a reflector said in the last.
void put(RxAnnouncement& known, const RxAnnouncement& what, bool fresh) {
  if (fresh || (known.reflected && !what.reflected)) {
    known = what;
  } else if (known.reflected == what.reflected) {
    known.reflector_seq = what.reflector_seq;
    known.reflector_rx_ns = what.reflector_rx_ns;
    known.reflector_tx_ns = what.reflector_tx_ns;
  }
}

void enter(RxSender& sender, const RxAnnouncement& what, bool fresh) {
  if (!what.end) {
    put(sender.about, what, fresh || !sender.start_seen);
    sender.start_seen = true;
    return;
  }
  if (!sender.start_seen) put(sender.about, what, fresh);
  const auto [at, entered] = sender.ends.try_emplace(what.stream, what);
  if (!entered) put(at->second, what, false);
}

} // namespace

bool belongs(const RxName& name, std::uint32_t run_id) {
  return name.compact ? name.run_id == (run_id & 0xffff) : name.run_id == run_id;
}

std::uint64_t not_of(const std::vector<RxArrived>& arrived, std::uint32_t run_id) {
  std::uint64_t packets = 0;
  for (const RxArrived& record : arrived)
    if (!is_of(record, run_id)) packets += record.packets + record.suspect;
  return packets;
}

bool RxRuns::learn(const std::vector<RxAnnouncement>& announcements) {
  bool starts = false;
  for (const RxAnnouncement& what : announcements) {
    const auto [at, fresh] = runs_.try_emplace(what.run_id);
    Run& run = at->second;
    run.sender.run_id = what.run_id;
    run.seen_ns = std::max(run.seen_ns, what.arrival_ns);
    if (!what.end && !run.sender.start_seen) starts = true;
    enter(run.sender, what, fresh);
  }
  prune();
  return starts && !begun_;
}

/// Of those that nothing came of, the ones not heard of for longest are forgotten.
void RxRuns::prune() {
  while (runs_.size() > kMostRuns) {
    const auto oldest =
        std::min_element(runs_.begin(), runs_.end(), [](const auto& a, const auto& b) {
          return std::pair(a.second.confirmed, a.second.seen_ns) <
                 std::pair(b.second.confirmed, b.second.seen_ns);
        });
    if (oldest->second.confirmed) return; // as many as there are records at most
    runs_.erase(oldest);
  }
}

std::vector<RxSender> RxRuns::confirm(std::vector<RxArrived> arrived) {
  arrived_ = std::move(arrived);
  std::vector<RxSender> news;
  for (auto& [run_id, run] : runs_) {
    run.packets = 0; // last_ns stays, where its record was taken for another
    for (const RxArrived& record : arrived_) {
      if (!is_of(record, run_id)) continue;
      run.packets += record.packets;
      run.last_ns = std::max(run.last_ns, record.last_ns);
    }
    run.confirmed = run.confirmed || is_confirmed(run);
    if (!run.confirmed || run.begun || (run.announced && !run.sender.start_seen)) continue;
    // Of a session that has not begun nobody need know that it ends, once another one has.
    if (run.sender.start_seen)
      run.begun = begun_ = true;
    else if (begun_)
      continue;
    run.announced = true;
    news.push_back(run.sender);
  }
  return news;
}

/// One frame may be anybody's, unless it is all that was sent.
bool RxRuns::is_confirmed(const Run& run) {
  if (run.packets != 1) return run.packets > 1;
  return run.sender.start_seen && run.sender.ended() && sent_of(run.sender) <= 1;
}

bool RxRuns::is_overdue(const Run& run, std::uint64_t now_ns) const {
  const RxSender& sender = run.sender;
  if (!sender.start_seen || sender.ended()) return false;
  const RxAnnouncement& start = sender.about;
  if (start.duration_ns != kNoLimit &&
      passed(now_ns, start.arrival_ns) >= plus(start.duration_ns, drain_ns_ + kSlackNs))
    return true;
  // How long it takes is not known, or anybody's word: until nothing comes any more.
  const std::uint64_t apart = start.rate_millipps == 0 ? 0 : kMilliSecond / start.rate_millipps;
  return passed(now_ns, std::max(run.last_ns, run.seen_ns)) >=
         plus(kSilenceNs, std::max(drain_ns_, 3 * apart));
}

/// Frames come of a session that has not ended.
bool RxRuns::others_go_on(std::uint64_t now_ns) const {
  return std::any_of(arrived_.begin(), arrived_.end(), [&](const RxArrived& record) {
    if (passed(now_ns, record.last_ns) >= std::max(drain_ns_, kLiveNs)) return false;
    return std::none_of(runs_.begin(), runs_.end(), [&](const auto& run) {
      return run.second.confirmed && run.second.sender.ended() && is_of(record, run.first);
    });
  });
}

/// A run that has just been announced and of which no data has come yet.
bool RxRuns::one_begins(std::uint64_t now_ns) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const auto& run) {
    return run.second.sender.start_seen && !run.second.confirmed && !run.second.sender.ended() &&
           passed(now_ns, run.second.sender.about.arrival_ns) < kFreshNs;
  });
}

bool RxRuns::hurries(std::uint64_t now_ns) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const auto& run) {
    return !run.second.confirmed && passed(now_ns, run.second.seen_ns) < kFreshNs;
  });
}

bool RxRuns::may_be_over(std::uint64_t now_ns) const {
  bool any = false;
  for (const auto& [run_id, run] : runs_) {
    const bool ended = run.sender.ended();
    if (begun_ && !run.begun) continue;
    if (begun_ && !ended && !is_overdue(run, now_ns)) return false;
    any = any || begun_ || (ended && (run.confirmed || run.sender.start_seen));
  }
  return any;
}

void RxRuns::set_baseline(const RxSnapshot& snapshot, std::uint64_t begun_ns) {
  baseline_.clear();
  baseline_ns_ = snapshot.time_ns;
  begun_ns_ = begun_ns;
  std::copy_if(snapshot.records.begin(), snapshot.records.end(), std::back_inserter(baseline_),
               matched);
}

std::uint64_t RxRuns::begin_of(const RxSnapshot& snapshot, std::uint64_t start_ns) {
  for (const RxRecord& record : snapshot.records)
    if (!matched(record) && record.slot.packets != 0)
      start_ns = std::min<std::uint64_t>(start_ns, record.slot.first_ns);
  return start_ns;
}

void RxRuns::apply(RxSnapshot& snapshot) const {
  // Where nothing has come, all of what was announced may be lost; else what nothing came of is
  // nothing to us, nor the end of a run from before our time.
  const bool data = has_data(snapshot);
  for (const auto& [run_id, run] : runs_) {
    if (begun_ ? run.begun : data ? run.confirmed : run.sender.start_seen) {
      snapshot.senders.push_back(run.sender);
      snapshot.senders.back().overdue = run.begun && is_overdue(run, snapshot.time_ns);
    } else if (run.sender.start_seen) {
      snapshot.uncounted.unconfirmed++;
    }
  }
  if (!begun_) return;
  for (RxRecord& record : snapshot.records)
    for (const RxRecord& before : baseline_) {
      const xtg_rx_key &key = record.slot.key, &old = before.slot.key;
      // A filter that was quiet for long may have a second record.
      if (matched(record) && key.stream == old.stream && key.unit == old.unit &&
          record.slot.first_ns == before.slot.first_ns)
        take_off(record, before, baseline_ns_, begun_ns_);
    }
  std::erase_if(snapshot.records, [&](const RxRecord& record) {
    if (matched(record)) return false;
    if (std::any_of(snapshot.senders.begin(), snapshot.senders.end(),
                    [&](const RxSender& sender) { return belongs(record, sender.run_id); }))
      return false;
    // What came back is in a record by the reflector's numbers once more.
    if ((record.slot.key.form & XTG_RX_BACK) == 0)
      snapshot.uncounted.unannounced += record.slot.packets + record.slot.suspect;
    return true;
  });
}

bool RxRuns::over(const RxSnapshot& snapshot, std::uint64_t now_ns) const {
  std::uint64_t ended_ns = 0;
  bool any = false;
  for (const RxSender& sender : snapshot.senders) {
    const auto run = runs_.find(sender.run_id);
    if (!sender.ended()) {
      // Of an end without data it is not known that it is of a run that was under way.
      if (begun_ && (run == runs_.end() || !is_overdue(run->second, now_ns))) return false;
      continue;
    }
    any = true;
    for (const auto& [stream, end] : sender.ends)
      ended_ns = std::max(ended_ns, end.arrival_ns);
  }
  if (snapshot.senders.empty() || (!begun_ && (!any || others_go_on(now_ns)))) return false;
  if (now_ns >= ended_ns && now_ns - ended_ns >= drain_ns_) return true;
  if (one_begins(now_ns)) return false;
  std::vector<RxStream> streams = rx_streams(snapshot, false);
  add_sent(streams, snapshot.senders);
  return std::all_of(streams.begin(), streams.end(),
                     [](const RxStream& s) { return !s.sent || s.counters.unique >= *s.sent; });
}

} // namespace xtg::stats
