// SPDX-License-Identifier: BSD-2-Clause
// What a script says: the peer's segments and expectations.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "peer.h"

namespace xtg::peer {

// --- connection ---

void Peer::accept(const Handshake& how, Where where) {
  where_ = where;
  how_ = how;
  std::optional<Seen> syn;
  for (const auto until = Clock::now() + std::chrono::milliseconds(kStartMs); !syn;) {
    if (Clock::now() > until || child_.ended()) give_up("no SYN came");
    syn = next(50);
    if (syn && syn->segment.flags != (kSyn | (how.ecn ? kEce | kCwr : 0)))
      give_up(fmt::format("flags {:#x} instead of a SYN", syn->segment.flags));
  }
  const Segment& theirs = syn->segment;
  if (!theirs.mss || !theirs.wscale || !theirs.sack_permitted || !theirs.ts)
    give_up("the kernel's SYN lacks an option that these scripts count on");
  sender_port_ = theirs.src_port;
  sender_isn_ = theirs.seq;
  sender_wscale_ = how.wscale ? *theirs.wscale : 0;
  mss_ = std::min(how.mss, *theirs.mss) - (how.timestamps ? 12U : 0U);
  ts_recent_ = theirs.ts->value;
  if (how.timestamps) their_last_ts_ = theirs.ts->value;
  std::this_thread::sleep_for(std::chrono::milliseconds(how.rtt_ms));

  Segment answer = blank(kSyn | kAck | (how.ecn ? kEce : 0));
  answer.seq = how.isn;
  answer.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(how.window, 0xffff));
  answer.mss = how.mss;
  answer.wscale = how.wscale;
  answer.sack_permitted = how.sack;
  window_ = edge_ = answer.window;
  put(answer);
  last_echo_ = answer.ts ? answer.ts->value : 0;
  connected_ = true;
  while (inbox_.empty()) // it stays there: it may carry data
    if (auto seen = next(kPatienceMs)) {
      if (seen->segment.flags == kSyn) continue;
      inbox_.push_front(std::move(*seen));
    } else {
      give_up("the handshake was not completed");
    }
  if (how.window > answer.window && how.wscale)
    ack(0, {.window = how.window, .at_once = true}, where);
}

void Peer::refuse(Where where) {
  where_ = where;
  const auto syn = next(kStartMs);
  if (!syn || syn->segment.flags != kSyn) give_up("no SYN came");
  sender_port_ = syn->segment.src_port;
  Segment answer = blank(kRst | kAck);
  answer.seq = 0;
  answer.ack = syn->segment.seq + 1;
  answer.ts.reset();
  put(answer);
}

// --- what the peer sends ---

void Peer::ack(std::uint64_t offset, const Ack& more, Where where) {
  where_ = where;
  if (!more.at_once) wait_rtt();
  drain();
  Segment s = blank(kAck | more.flags);
  s.seq += static_cast<std::uint32_t>(more.seq_delta);
  s.ack = sender_isn_ + 1 + static_cast<std::uint32_t>(offset);
  const std::uint8_t shift = how_.wscale.value_or(0);
  if (more.window)
    s.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(*more.window >> shift, 0xffff));
  const auto block = [this](const Range& r) {
    return std::pair(sender_isn_ + 1 + static_cast<std::uint32_t>(r.first),
                     sender_isn_ + 1 + static_cast<std::uint32_t>(r.second));
  };
  if (more.dsack) s.sack.push_back(block(*more.dsack));
  for (const auto& r : more.sack)
    s.sack.push_back(block(r));
  if (more.tsval) s.ts->value = *more.tsval;
  s.options = more.options;
  // What the sender must not take in changes nothing here either.
  const bool counts = !more.spoiled && !more.tsval && more.seq_delta == 0 && offset <= highest_ + 1;
  if (counts) {
    if (more.window) window_ = *more.window;
    una_before_ = una_;
    una_ = std::max(una_, offset);
    edge_ = std::max(edge_, offset + (std::uint64_t{s.window} << shift));
    for (const auto& [first, last] : more.sack)
      if (first < last && last <= highest_) sacked_.add(std::max(first, una_), last);
  }
  if (more.tsval) { // not to be remembered as one that may be echoed
    auto known = our_ts_;
    put(s);
    our_ts_ = std::move(known);
  } else {
    put(s, more.spoiled);
  }
}

void Peer::send_data(std::uint32_t bytes, std::optional<std::uint64_t> at,
                     std::optional<std::uint32_t> old_tsval, Where where) {
  where_ = where;
  const std::uint64_t from = at.value_or(our_next_);
  Segment s = blank(kAck | kPsh);
  s.seq = how_.isn + 1 + static_cast<std::uint32_t>(from);
  for (std::uint32_t i = 0; i < bytes; ++i)
    s.payload.push_back(static_cast<std::uint8_t>('a' + (from + i) % 26));
  our_next_ = std::max(our_next_, from + bytes);
  if (old_tsval) s.ts->value = *old_tsval;
  auto known = our_ts_;
  put(s);
  if (old_tsval) our_ts_ = std::move(known);
}

void Peer::fin(Where where) {
  where_ = where;
  if (!our_fin_) our_fin_ = our_next_++;
  Segment s = blank(kFin | kAck);
  s.seq = how_.isn + 1 + static_cast<std::uint32_t>(*our_fin_);
  put(s);
}

void Peer::rst(std::int64_t seq_delta, Where where) {
  where_ = where;
  Segment s = blank(kRst | kAck);
  s.seq += static_cast<std::uint32_t>(seq_delta);
  put(s);
}

void Peer::keepalive(bool with_byte, Where where) {
  where_ = where;
  Segment s = blank(kAck);
  s.seq -= 1;
  if (with_byte) s.payload.push_back(0);
  put(s);
}

// --- what the peer expects ---

Seen Peer::expect(const std::string& what, const std::function<bool(const Seen&)>& is,
                  int patience_ms, Where where) {
  where_ = where;
  const auto until = Clock::now() + std::chrono::milliseconds(patience_ms);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    auto seen = left >= 0 ? next(static_cast<int>(left)) : std::nullopt;
    if (seen && is(*seen)) return std::move(*seen);
    if (seen && seen->has(kRst)) give_up("a reset instead of " + what);
    if (seen) continue;
    if (auto status = child_.ended())
      give_up(fmt::format("the sender has ended with status {} instead of {}", *status, what));
    give_up(fmt::format("no {} came", what));
  }
}

void Peer::expect_none(const std::string& what, const std::function<bool(const Seen&)>& is, int ms,
                       Where where) {
  where_ = where;
  const auto until = Clock::now() + std::chrono::milliseconds(ms);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    const auto seen = next(static_cast<int>(std::max<long long>(left, 0)));
    if (!seen && left <= 0) return;
    if (seen && is(*seen)) give_up("there came " + what);
    if (auto status = child_.ended(); status && !seen)
      give_up(fmt::format("the sender has ended with status {}", *status));
  }
}

void Peer::read_for(int ms, Where where) {
  expect_none(
      "", [](const Seen&) { return false; }, ms, where);
}
void Peer::expect_no_data_for(int ms, Where where) {
  expect_none(
      "payload", [](const Seen& s) { return s.data(); }, ms, where);
}
void Peer::expect_no_new_data_for(int ms, Where where) {
  expect_none(
      "new payload", [](const Seen& s) { return s.data() && !s.again; }, ms, where);
}
void Peer::expect_nothing_for(int ms, Where where) {
  expect_none(
      "a segment", [](const Seen&) { return true; }, ms, where);
}

void Peer::expect_data(std::uint64_t from, std::uint64_t to, Where where) {
  const std::string what = fmt::format("payload {} to {}", from, to);
  while (from < to) {
    const Seen seen = expect(
        what, [](const Seen& s) { return s.data(); }, kPatienceMs, where);
    if (tail_probe(seen)) continue;
    if (seen.from != from)
      give_up(fmt::format("payload {} to {} instead of {}", seen.from, seen.to, what));
    from = seen.to;
  }
  if (from != to) give_up(fmt::format("payload up to {} instead of {}", from, to));
}

std::vector<Seen> Peer::expect_again(const std::vector<Range>& ranges, Where where) {
  where_ = where;
  std::vector<Seen> all;
  Ranges missing;
  for (const auto& [from, to] : ranges)
    missing.add(from, to);
  const auto wanted = missing.all();
  Ranges got;
  const auto complete = [&] {
    return std::ranges::all_of(wanted,
                               [&](const auto& r) { return got.covers(r.first, r.second); });
  };
  while (!complete()) {
    const auto next_gap =
        std::ranges::find_if(wanted, [&](const auto& r) { return !got.covers(r.first, r.second); });
    const auto seen = expect(
        fmt::format("{} to {} again", next_gap->first, next_gap->second),
        [](const Seen& s) { return s.again; }, kPatienceMs, where);
    const bool inside = missing.covers(seen.from, seen.to);
    if (!inside && tail_probe(seen)) continue;
    if (!inside) give_up(fmt::format("{} to {} was not missing", seen.from, seen.to));
    if (got.touches(seen.from, seen.to) && !tail_probe(seen))
      give_up(fmt::format("{} to {} was sent again twice", seen.from, seen.to));
    got.add(seen.from, seen.to);
    all.push_back(seen);
  }
  return all;
}

Seen Peer::expect_tail_probe(Where where) {
  return expect(
      "tail probe", [this](const Seen& s) { return tail_probe(s) || (s.data() && !s.again); },
      kPatienceMs, where);
}

Seen Peer::expect_window_probe(Where where) {
  return expect(
      "window probe",
      [this](const Seen& s) {
        return s.data() ? s.to - s.from == 1 && s.from == una_ : s.from == una_ - 1;
      },
      kPatienceMs, where);
}

Seen Peer::expect_ack(std::uint64_t our_offset, Where where) {
  return expect(
      fmt::format("acknowledgment of {}", our_offset),
      [=](const Seen& s) { return s.ack == our_offset; }, kPatienceMs, where);
}

Seen Peer::expect_pure_ack(std::uint64_t our_offset, Where where) {
  return expect(
      fmt::format("ACK of {} from {}", our_offset, highest_),
      [=, this](const Seen& s) {
        return !s.data() && s.segment.flags == kAck && s.ack == our_offset && s.from == highest_;
      },
      kPatienceMs, where);
}

void Peer::expect_fin(std::uint64_t at, Where where) {
  if (!fin_at_) // it may have come with payload that was looked for
    expect(
        "FIN", [](const Seen& s) { return s.has(kFin); }, kPatienceMs, where);
  if (*fin_at_ != at) give_up(fmt::format("the FIN is at {}, not at {}", *fin_at_, at));
}

Seen Peer::expect_rst(Where where) {
  return expect(
      "reset", [](const Seen& s) { return s.has(kRst); }, kPatienceMs, where);
}

// --- an ordinary receiver ---

/// What is there without a hole, and all blocks beyond in the order of the stream, as if it had
/// come in that order, three in an ACK.
void Peer::ack_received(Where where) {
  const std::uint64_t end = received_.end(0);
  std::vector<Range> blocks;
  for (const auto& range : received_.all())
    if (range.first > end && how_.sack) blocks.emplace_back(range);
  for (std::size_t i = 0; i == 0 || i < blocks.size(); i += 3) {
    Ack answer{.at_once = true};
    for (std::size_t b = i; b < std::min(i + 3, blocks.size()); ++b)
      answer.sack.push_back(blocks[b]);
    ack(end, answer, where);
  }
}

void Peer::receive(std::uint64_t to, const std::function<void(const Seen&)>& look, Where where) {
  while (una_ < to) {
    const auto seen = expect(
        fmt::format("payload after {}", una_), [](const Seen& s) { return s.data(); }, kPatienceMs,
        where);
    if (look) look(seen);
    wait_rtt();
    drain();
    for (const auto& more : inbox_)
      if (look && more.data()) look(more);
    std::erase_if(inbox_, [](const Seen& s) { return s.data() && !s.has(kFin); });
    ack_received(where);
  }
}

std::uint64_t Peer::receive_rest(Where where) {
  while (!fin_at_) {
    const auto seen = expect(
        "payload or FIN", [](const Seen& s) { return s.data() || s.has(kFin); }, kPatienceMs,
        where);
    if (seen.has(kFin)) break;
    wait_rtt();
    drain();
    std::erase_if(inbox_, [](const Seen& s) { return s.data() && !s.has(kFin); });
    ack_received(where);
  }
  return *fin_at_;
}

void Peer::lose(const Range& range) {
  received_.remove(range.first, range.second);
}

void Peer::close(std::uint64_t end, Where where) {
  expect_fin(end, where);
  ack(end + 1, {.at_once = true}, where);
  fin(where);
  expect_ack(our_next_, where);
}

int Peer::wait_exit(Where where) {
  where_ = where;
  for (const auto until = Clock::now() + std::chrono::milliseconds(kStartMs);;) {
    (void)next(20);
    if (auto status = child_.ended()) return *status;
    if (Clock::now() > until) give_up("the sender does not end");
  }
}

} // namespace xtg::peer
