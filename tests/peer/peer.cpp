// SPDX-License-Identifier: BSD-2-Clause
// What goes over the wire, and the rules that hold for all of it.
#include "peer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <thread>

#include <fmt/format.h>

namespace xtg::peer {

namespace {

std::int32_t difference(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b);
}

/// The offset whose low 32 bits are `low`, nearest to `reference`; below zero it is huge.
std::uint64_t unwrap(std::uint32_t low, std::uint64_t reference) {
  return reference + static_cast<std::uint64_t>(
                         std::int64_t{difference(low, static_cast<std::uint32_t>(reference))});
}

constexpr std::uint64_t kPatternBytes = 4'194'301;

std::vector<std::uint8_t> make_pattern() {
  std::vector<std::uint8_t> out(kPatternBytes + 8);
  for (std::uint64_t i = 0; i * 8 < kPatternBytes; ++i) {
    std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    for (std::size_t b = 0; b < 8; ++b)
      out[i * 8 + b] = static_cast<std::uint8_t>(z >> (8 * b));
  }
  return out;
}

} // namespace

std::uint8_t pattern_byte(std::uint64_t offset) {
  static const std::vector<std::uint8_t> kPattern = make_pattern();
  return kPattern[offset % kPatternBytes];
}

Peer::Peer(Wire& wire, Child& child, Setup setup)
    : wire_(wire), child_(child), setup_(std::move(setup)),
      theirs_(wire.ends(setup_.family)), ours_{theirs_.dst_mac, theirs_.src_mac, theirs_.dst,
                                               theirs_.src},
      start_(Clock::now()) {}

double Peer::now_s() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

std::uint32_t Peer::tsval_now() const {
  return how_.tsval + static_cast<std::uint32_t>(now_s() * 1000);
}

void Peer::give_up(const std::string& why) const {
  throw Failure(fmt::format("{}:{}: {}", where_.file, where_.line, why));
}

void Peer::log(const std::string& line) {
  constexpr std::size_t kLines = 250;
  log_.push_back(fmt::format("{:9.4f} {}", now_s(), line));
  if (log_.size() > kLines) log_.pop_front();
}

std::string Peer::transcript() const {
  std::string out = "   time s, > from the sender, < from the peer; stream offsets\n";
  for (const auto& line : log_)
    out += line + "\n";
  return out;
}

std::string Peer::describe(const Segment& s, std::uint64_t from, std::uint64_t ack,
                           bool theirs) const {
  std::string out = theirs ? "> " : "< ";
  constexpr std::string_view kNames = "FSRPAUEC";
  for (std::size_t bit = 0; bit < kNames.size(); ++bit)
    if ((s.flags >> bit & 1) != 0) out += kNames[bit];
  const auto base = static_cast<std::int64_t>(from);
  out += fmt::format(" {}:{}", base, base + static_cast<std::int64_t>(s.payload.size()));
  if ((s.flags & kAck) != 0)
    out += fmt::format(" ack {} win {}", static_cast<std::int64_t>(ack), s.window);
  if (s.ts) out += fmt::format(" ts {}/{}", s.ts->value, s.ts->echo);
  for (const auto& [first, last] : s.sack) {
    const std::uint32_t zero = theirs ? how_.isn + 1 : sender_isn_ + 1;
    out += fmt::format(" sack {}-{}", first - zero, last - zero);
  }
  if (s.ecn != 0) out += fmt::format(" ecn {}", s.ecn);
  return out;
}

// --- reading ---

std::optional<Seen> Peer::next(int ms) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(ms);
  while (true) {
    if (!inbox_.empty()) {
      Seen seen = std::move(inbox_.front());
      inbox_.pop_front();
      return seen;
    }
    const bool ended = child_.ended().has_value();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    auto frame = wire_.read(ended ? 0 : static_cast<int>(std::clamp<long long>(left, 0, 20)));
    if (frame) {
      if (auto seen = take(*frame)) return seen;
    } else if (left <= 0 || ended) {
      return std::nullopt;
    }
  }
}

/// Reads what waits already: it was sent before whatever comes now.
void Peer::drain() {
  while (auto frame = wire_.read(0))
    if (auto seen = take(*frame)) inbox_.push_back(std::move(*seen));
}

std::optional<Seen> Peer::take(const std::vector<std::uint8_t>& frame) {
  Parsed parsed = parse(frame, theirs_);
  if (!parsed.relevant) return std::nullopt;
  Seen seen;
  seen.segment = std::move(parsed.segment);
  const Segment& s = seen.segment;
  seen.at_s = now_s();
  if (connected_) {
    seen.from = unwrap(s.seq, highest_ + sender_isn_ + 1) - sender_isn_ - 1;
    seen.to = seen.from + s.payload.size();
    seen.ack = unwrap(s.ack, our_next_ + how_.isn + 1) - how_.isn - 1;
    seen.again = seen.data() && seen.from < highest_;
  }
  log(describe(s, seen.from, seen.ack, true));
  if (!parsed.problem.empty()) give_up("from the sender: " + parsed.problem);
  if (s.dst_port != setup_.port) give_up("wrong destination port");
  if (s.hop_limit != setup_.hop_limit)
    give_up(fmt::format("the hop limit is {}, not {}", s.hop_limit, setup_.hop_limit));
  if (s.tos != setup_.tos) give_up(fmt::format("TOS {:#x}, not {:#x}", s.tos, setup_.tos));
  if (setup_.flow_label && s.flow_label != *setup_.flow_label)
    give_up(fmt::format("flow label {:#x}", s.flow_label));
  if (!connected_) return seen;
  if (s.src_port != sender_port_) give_up("wrong source port");
  if (!s.dont_fragment) give_up("may be fragmented");
  if ((s.flags & kSyn) != 0) give_up("a SYN inside of the connection");
  if ((s.flags & kRst) != 0) return seen;
  if ((s.flags & kAck) == 0) give_up("a segment without ACK");
  check_options(s);
  check_timestamps(s);
  check_numbers(seen);
  check_ecn(seen);
  if (seen.data()) check_data(seen);
  if ((s.flags & kFin) != 0) fin_at_ = seen.to;
  return seen;
}

void Peer::check_options(const Segment& s) const {
  if (s.ts.has_value() != how_.timestamps) give_up("time stamps not as negotiated");
  if (s.mss || s.wscale || s.sack_permitted) give_up("an option that belongs into a SYN");
  if (!s.sack.empty() && (!how_.sack || !s.payload.empty()))
    give_up("SACK blocks where none belong");
  const std::size_t length =
      (how_.timestamps ? 12 : 0) + (s.sack.empty() ? 0 : 4 + 8 * s.sack.size());
  if (s.options.size() != length) give_up("options of unusual length");
  if (how_.timestamps &&
      (s.options[0] != 1 || s.options[1] != 1 || s.options[2] != 8 || s.options[3] != 10))
    give_up("time stamps not laid out as NOP NOP 8 10, which GRO and header prediction want");
}

void Peer::check_timestamps(const Segment& s) {
  if (!s.ts) return;
  if (their_last_ts_ && difference(s.ts->value, *their_last_ts_) < 0)
    give_up(fmt::format("TSval {} after {}", s.ts->value, *their_last_ts_));
  // A socket rebuilt with TCP_REPAIR knows no time stamp to echo in its FIN.
  const bool rebuilt = s.ts->echo == 0 && (fin_at_ || (s.flags & kFin) != 0);
  if (!rebuilt) {
    if (!our_ts_.contains(s.ts->echo)) give_up(fmt::format("TSecr {} was never sent", s.ts->echo));
    if (difference(s.ts->echo, last_echo_) < 0) give_up("TSecr goes back");
    last_echo_ = s.ts->echo;
  }
  their_last_ts_ = s.ts->value;
  // RFC 7323, 4.3: that of the segment at the left edge.
  if (difference(s.seq, static_cast<std::uint32_t>(una_) + sender_isn_ + 1) <= 0)
    ts_recent_ = s.ts->value;
}

void Peer::check_numbers(const Seen& seen) {
  if (static_cast<std::int64_t>(seen.ack) > static_cast<std::int64_t>(our_next_))
    give_up(fmt::format("acknowledges {}, we sent {}", seen.ack, our_next_));
  if (seen.ack < our_acked_ || static_cast<std::int64_t>(seen.ack) < 0)
    give_up("its acknowledgment goes back");
  our_acked_ = seen.ack;
  const std::uint64_t told = seen.ack + (std::uint64_t{seen.segment.window} << sender_wscale_);
  // Scaling rounds, which may take a unit.
  if (told + (1U << sender_wscale_) <= their_edge_) give_up("its window shrinks");
  their_edge_ = std::max(their_edge_, told);

  const std::uint64_t end = fin_at_ ? *fin_at_ + 1 : highest_;
  if (fin_at_ && seen.data() && seen.to > *fin_at_) give_up("payload after the FIN");
  if (seen.has(kFin)) {
    if (fin_at_ && *fin_at_ != seen.to) give_up("another FIN at another place");
    if (seen.to < highest_) give_up("a FIN inside of the stream");
  } else if (!seen.data()) {
    // One below is how a closed window is asked.
    const auto at = static_cast<std::int64_t>(seen.from);
    if (at < static_cast<std::int64_t>(std::min(una_before_, end)) - 1)
      give_up("a segment without payload far below the window");
    if (seen.from != una_ - 1 && at > static_cast<std::int64_t>(std::max(end, edge_)))
      give_up("a segment without payload beyond the window");
  }
}

void Peer::check_ecn(const Seen& seen) {
  const bool may = how_.ecn && seen.data() && !seen.again;
  if (may && seen.segment.ecn != 2) give_up("new data without ECT(0)");
  if (!may && seen.segment.ecn != 0) give_up("ECT where it does not belong (RFC 3168, 6.1)");
}

void Peer::check_data(const Seen& seen) {
  if (static_cast<std::int64_t>(seen.from) < 0) give_up("payload before the stream");
  if (seen.to - seen.from > mss_)
    give_up(fmt::format("{} bytes of payload, {} are allowed", seen.to - seen.from, mss_));
  const bool window_probe = edge_ == seen.from && seen.to - seen.from == 1 && edge_ == una_;
  if (seen.to > edge_ && !window_probe)
    give_up(fmt::format("sent to {}, the window ends at {}", seen.to, edge_));
  if (!gaps_ && !seen.again && seen.from > highest_)
    give_up(fmt::format("a gap after {}", highest_));
  for (std::size_t i = 0; i < seen.segment.payload.size(); ++i)
    if (seen.segment.payload[i] != setup_.payload(seen.from + i))
      give_up(fmt::format("byte {} of the stream is not what was to be sent", seen.from + i));
  if (seen.again) {
    ++sent_again_;
    if (seen.from < una_ && !tail_probe(seen)) give_up("sent again what was acknowledged");
    if (sacked_.touches(seen.from, seen.to)) give_up("sent again what was SACKed");
  }
  received_.add(seen.from, seen.to);
  last_data_s_ = seen.at_s;
  if (seen.to > highest_) {
    last_from_ = seen.from;
    highest_ = seen.to;
  }
}

/// The end of the stream once more. It may cross an ACK on its way.
bool Peer::tail_probe(const Seen& seen) const {
  return seen.again && seen.to == highest_ && seen.from >= last_from_;
}

// --- writing ---

Segment Peer::blank(std::uint8_t flags) {
  Segment s;
  s.src_port = setup_.port;
  s.dst_port = sender_port_;
  s.flags = flags;
  s.seq = how_.isn + 1 + static_cast<std::uint32_t>(our_next_);
  s.ack = sender_isn_ + 1 + static_cast<std::uint32_t>(una_);
  const std::uint8_t shift = how_.wscale.value_or(0);
  s.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window_ >> shift, 0xffff));
  if (how_.timestamps) s.ts = Timestamps{tsval_now(), ts_recent_};
  return s;
}

void Peer::put(const Segment& s, bool spoiled) {
  drain();
  if (s.ts && !spoiled) {
    our_ts_.insert(s.ts->value);
    newest_tsval_ = s.ts->value;
  }
  const std::uint32_t from = s.seq - how_.isn - 1, ack = s.ack - sender_isn_ - 1;
  log(describe(s, static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(from)}),
               static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(ack)}), false));
  auto frame = build(s, ours_);
  if (spoiled) spoil_checksum(frame);
  if (dress_) dress_(frame);
  if (auto ok = wire_.write(frame); !ok) give_up(ok.error().message());
}

/// ACKs of data come a round trip after it.
void Peer::wait_rtt() {
  while (now_s() < last_data_s_ + how_.rtt_ms / 1000.0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double before = last_data_s_;
    drain();
    last_data_s_ = before; // what comes meanwhile does not count
  }
}

} // namespace xtg::peer
