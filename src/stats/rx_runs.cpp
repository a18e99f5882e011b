// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_runs.h"

#include <algorithm>
#include <iterator>

#include "stats/rise.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/tx.h"

namespace xtg::stats {

namespace {

bool matched(const RxRecord& record) {
  return record.slot.key.form == XTG_SIG_NONE;
}

bool belongs(const RxRecord& record, std::uint32_t session) {
  const xtg_rx_key& key = record.slot.key;
  return !matched(record) &&
         belongs(RxName{key.session, key.stream, (key.form & 0xff) == XTG_SIG_COMPACT}, session);
}

bool has_records(const RxSnapshot& snapshot, std::uint32_t session) {
  return std::any_of(snapshot.records.begin(), snapshot.records.end(),
                     [&](const RxRecord& r) { return r.slot.packets != 0 && belongs(r, session); });
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
  if (record.slot.packets != 0) drop_first_gap(record.arrival, rise(before.slot.last_ns, read_ns));
}

/// What a mirror sent back says the same as what came directly, which is preferred.
void put(RxAnnouncement& known, const RxAnnouncement& what, bool fresh) {
  if (fresh || (known.reflected && !what.reflected)) known = what;
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

bool belongs(const RxName& name, std::uint32_t session) {
  return name.compact ? name.session == (session & 0xffff) : name.session == session;
}

std::vector<RxSender> RxRuns::learn(const std::vector<RxAnnouncement>& announcements) {
  std::map<std::uint32_t, RxSender> known;
  for (const RxAnnouncement& what : announcements) {
    const auto [at, fresh] = known.try_emplace(what.session);
    at->second.session = what.session;
    enter(at->second, what, fresh);
  }
  std::vector<RxSender> news;
  for (const auto& [session, sender] : known) {
    const auto before = senders_.find(session);
    const bool fresh = before == senders_.end();
    const bool begins = sender.start_seen && (fresh || !before->second.start_seen);
    // Of a session that has not begun nobody need know that it ends, once another one has.
    if (begins || (fresh && !begun_)) news.push_back(sender);
    begun_ = begun_ || sender.start_seen;
  }
  senders_ = std::move(known);
  return news;
}

bool RxRuns::may_be_over() const {
  bool any = false;
  for (const auto& [session, sender] : senders_) {
    if (begun_ && !sender.start_seen) continue;
    if (begun_ && !sender.ended()) return false;
    any = any || sender.ended();
  }
  return any;
}

void RxRuns::set_aside(const RxSnapshot& snapshot, std::uint64_t begun_ns) {
  aside_.clear();
  aside_ns_ = snapshot.time_ns;
  begun_ns_ = begun_ns;
  std::copy_if(snapshot.records.begin(), snapshot.records.end(), std::back_inserter(aside_),
               matched);
}

std::uint64_t RxRuns::begin_of(const RxSnapshot& snapshot, std::uint64_t start_ns) {
  for (const RxRecord& record : snapshot.records)
    if (!matched(record) && record.slot.packets != 0)
      start_ns = std::min<std::uint64_t>(start_ns, record.slot.first_ns);
  return start_ns;
}

void RxRuns::apply(RxSnapshot& snapshot) const {
  for (const auto& [session, sender] : senders_)
    // The end of a run from before our time, of which nothing came, is nothing to us.
    if (sender.start_seen || (!begun_ && has_records(snapshot, session)))
      snapshot.senders.push_back(sender);
  if (!begun_) return;
  for (RxRecord& record : snapshot.records)
    for (const RxRecord& before : aside_) {
      const xtg_rx_key &key = record.slot.key, &old = before.slot.key;
      // A filter that was quiet for long may have a second record.
      if (matched(record) && key.stream == old.stream && key.unit == old.unit &&
          record.slot.first_ns == before.slot.first_ns)
        take_off(record, before, aside_ns_, begun_ns_);
    }
  std::erase_if(snapshot.records, [&](const RxRecord& record) {
    if (matched(record)) return false;
    if (std::any_of(snapshot.senders.begin(), snapshot.senders.end(),
                    [&](const RxSender& sender) { return belongs(record, sender.session); }))
      return false;
    // What came back is in a record by the mirror's numbers once more.
    if ((record.slot.key.form & XTG_RX_BACK) == 0)
      snapshot.aside.unannounced += record.slot.packets + record.slot.suspect;
    return true;
  });
}

bool RxRuns::over(const RxSnapshot& snapshot, std::uint64_t now_ns, std::uint64_t drain_ns) const {
  if (snapshot.senders.empty()) return false;
  std::uint64_t ended_ns = 0;
  for (const RxSender& sender : snapshot.senders) {
    if (!sender.ended()) return false;
    for (const auto& [stream, end] : sender.ends)
      ended_ns = std::max(ended_ns, end.arrival_ns);
  }
  if (now_ns >= ended_ns && now_ns - ended_ns >= drain_ns) return true;
  std::vector<RxStream> streams = rx_streams(snapshot, false);
  add_sent(streams, snapshot.senders);
  return std::all_of(streams.begin(), streams.end(),
                     [](const RxStream& s) { return !s.sent || s.counters.unique >= *s.sent; });
}

} // namespace xtg::stats
