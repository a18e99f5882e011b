// SPDX-License-Identifier: BSD-2-Clause
// A TCP receiver that a test plays segment by segment against a live sender. Every call checks all
// that it reads: checksums, ports, options, time stamps, acknowledgments, the window, the payload,
// and that nothing is sent again that was acknowledged or SACKed. What does not fit throws a
// Failure with the line of the script; transcript() tells what went over the wire.
//
// Numbers are stream offsets: 0 is the first byte after the handshake, of the sender's stream
// (`from`, `to`) and of the peer's own. Waiting is bounded by patience, never by exact times. The
// handshake is answered late by `rtt_ms`, and every ACK of data too, so that the sender's timers
// are long against the pauses of a busy machine. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "child.h"
#include "ranges.h"
#include "segment.h"
#include "wire.h"

namespace xtg::peer {

/// A line of the test.
struct Where {
  const char* file = "";
  int line = 0;
  static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

class Failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

using Range = std::pair<std::uint64_t, std::uint64_t>; ///< [first, second)

/// What is sent: byte `offset` of the stream.
using Payload = std::function<std::uint8_t(std::uint64_t offset)>;
/// That of `--payload pattern`.
std::uint8_t pattern_byte(std::uint64_t offset);

/// How the peer answers the SYN.
struct Handshake {
  std::uint16_t mss = 1460;
  std::optional<std::uint8_t> wscale = 7;
  bool sack = true;
  bool timestamps = true;
  bool ecn = false;
  std::uint32_t window = 1 << 20; ///< bytes; told by the first ACK where the SYN cannot
  int rtt_ms = 100;
  std::uint32_t isn = 0x10000000;
  std::uint32_t tsval = 0x20000000; ///< at the start; a millisecond clock goes on from there
};

/// What an ACK carries besides the number.
struct Ack {
  std::optional<std::uint32_t> window = {}; ///< bytes, from now on
  std::vector<Range> sack = {};
  std::optional<Range> dsack = {};         ///< the first block (RFC 2883)
  std::uint8_t flags = 0;                  ///< in addition: kEce
  std::optional<std::uint32_t> tsval = {}; ///< an old one; not to be echoed
  std::int64_t seq_delta = 0;              ///< not where our stream is
  std::vector<std::uint8_t> options = {};  ///< instead of all of the above, as they are
  bool spoiled = false;                    ///< a wrong checksum: to be ignored
  bool at_once = false;                    ///< not late by rtt_ms
};

/// A segment of the sender.
struct Seen {
  Segment segment;
  double at_s = 0;        ///< since the script began
  std::uint64_t from = 0; ///< payload
  std::uint64_t to = 0;
  std::uint64_t ack = 0; ///< of our stream
  bool again = false;    ///< payload that was seen before
  [[nodiscard]] bool data() const { return to > from; }
  [[nodiscard]] bool has(std::uint8_t flag) const { return (segment.flags & flag) != 0; }
};

class Peer {
public:
  struct Setup {
    packet::Family family = packet::Family::V4;
    std::uint16_t port = 10000;
    Payload payload = pattern_byte;
    std::uint8_t hop_limit = 64; ///< of every segment of the sender, like the next two
    std::uint8_t tos = 0;
    std::optional<std::uint32_t> flow_label = {}; ///< nothing: any
  };
  Peer(Wire& wire, Child& child, Setup setup);

  // --- connection ---
  /// Waits for the SYN and answers it; back when the sender has acknowledged.
  void accept(const Handshake& how = {}, Where where = Where::here());
  /// Answers the SYN with a reset.
  void refuse(Where where = Where::here());
  /// Payload of a full segment.
  [[nodiscard]] std::uint32_t mss() const { return mss_; }

  // --- what the peer sends ---
  void ack(std::uint64_t offset, const Ack& more = {}, Where where = Where::here());
  /// The next bytes of our stream, or some that begin elsewhere in it.
  void send_data(std::uint32_t bytes, std::optional<std::uint64_t> at = {},
                 std::optional<std::uint32_t> old_tsval = {}, Where where = Where::here());
  /// At the end of our stream; once more where it was sent already.
  void fin(Where where = Where::here());
  void rst(std::int64_t seq_delta = 0, Where where = Where::here());
  /// One below our stream, with or without a byte of garbage.
  void keepalive(bool with_byte, Where where = Where::here());

  /// From now on this is done to each frame before it leaves: as an odd host or network does.
  void dress(std::function<void(std::vector<std::uint8_t>&)> how) { dress_ = std::move(how); }

  // --- what the peer expects ---
  /// All of [from, to) in order and once. Tail probes are let pass.
  void expect_data(std::uint64_t from, std::uint64_t to, Where where = Where::here());
  /// Each of these sent again, once, and nothing else again but tail probes. New data may come.
  std::vector<Seen> expect_again(const std::vector<Range>& ranges, Where where = Where::here());
  /// The last segment sent again, or a new one, because nothing was heard.
  Seen expect_tail_probe(Where where = Where::here());
  /// A segment that asks a closed window.
  Seen expect_window_probe(Where where = Where::here());
  /// A segment that acknowledges exactly that much of our stream.
  Seen expect_ack(std::uint64_t our_offset, Where where = Where::here());
  /// Same, and it comes at the end of what was sent and has no payload.
  Seen expect_pure_ack(std::uint64_t our_offset, Where where = Where::here());
  void expect_fin(std::uint64_t at, Where where = Where::here());
  Seen expect_rst(Where where = Where::here());
  /// Any segment that the script looks for; others are checked and passed over.
  Seen expect(const std::string& what, const std::function<bool(const Seen&)>& is,
              int patience_ms = kPatienceMs, Where where = Where::here());
  /// Reads on, whatever comes.
  void read_for(int ms, Where where = Where::here());
  /// None of these for so long; anything else may come.
  void expect_none(const std::string& what, const std::function<bool(const Seen&)>& is, int ms,
                   Where where = Where::here());
  void expect_no_data_for(int ms, Where where = Where::here());
  void expect_no_new_data_for(int ms, Where where = Where::here());
  void expect_nothing_for(int ms, Where where = Where::here());

  // --- an ordinary receiver ---
  /// Takes and acknowledges what comes until that much has arrived; sees each segment first.
  void receive(std::uint64_t to, const std::function<void(const Seen&)>& look = {},
               Where where = Where::here());
  /// Same until the sender's FIN; gives where that is. Does not acknowledge it.
  std::uint64_t receive_rest(Where where = Where::here());
  /// Takes the sender's FIN at the end of the stream and closes the own side.
  void close(std::uint64_t end, Where where = Where::here());
  /// The exit status, reading on until then.
  int wait_exit(Where where = Where::here());

  // --- the rules ---
  /// What was seen of that is taken for lost: receive() waits for it once more.
  void lose(const Range& range);
  /// From now on, what was SACKed may be sent again: after a time-out (RFC 2018, section 8).
  void forget_sacks() { sacked_.clear(); }
  /// Segments may be missing from the first: the sender's own driver refuses some.
  void allow_gaps() { gaps_ = true; }
  /// How far the sender may go: the greatest edge that was told.
  [[nodiscard]] std::uint64_t edge() const { return edge_; }
  [[nodiscard]] std::uint64_t highest() const { return highest_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return una_; }
  [[nodiscard]] std::uint64_t our_next() const { return our_next_; }
  /// What the sender's window still allows us.
  [[nodiscard]] std::uint64_t room() const {
    return their_edge_ > our_next_ ? their_edge_ - our_next_ : 0;
  }
  [[nodiscard]] std::uint32_t sender_isn() const { return sender_isn_; }
  [[nodiscard]] std::uint64_t sent_again() const { return sent_again_; } ///< segments
  [[nodiscard]] double now_s() const;                                    ///< since the script began
  [[nodiscard]] std::string transcript() const;
  [[nodiscard]] std::uint32_t tsval_now() const;
  [[nodiscard]] std::uint32_t newest_tsval() const { return newest_tsval_; }

  static constexpr int kPatienceMs = 15'000;
  static constexpr int kStartMs = 40'000; ///< until the SYN: the machine may load programs first

private:
  using Clock = std::chrono::steady_clock;
  [[noreturn]] void give_up(const std::string& why) const;
  void log(const std::string& line);
  [[nodiscard]] std::string describe(const Segment& s, std::uint64_t from, std::uint64_t ack,
                                     bool theirs) const;

  std::optional<Seen> next(int ms);
  void drain();
  std::optional<Seen> take(const std::vector<std::uint8_t>& frame);
  void check_options(const Segment& s) const;
  void check_timestamps(const Segment& s);
  void check_numbers(const Seen& seen);
  void check_data(const Seen& seen);
  void check_ecn(const Seen& seen);
  [[nodiscard]] bool tail_probe(const Seen& seen) const;

  [[nodiscard]] Segment blank(std::uint8_t flags);
  void put(const Segment& s, bool spoiled = false);
  void wait_rtt();
  void ack_received(Where where);

  Wire& wire_;
  Child& child_;
  Setup setup_;
  Ends theirs_, ours_;
  Where where_;
  Clock::time_point start_;
  std::deque<std::string> log_;
  std::deque<Seen> inbox_;
  std::function<void(std::vector<std::uint8_t>&)> dress_;

  // As negotiated.
  Handshake how_;
  bool connected_ = false;
  bool gaps_ = false;
  std::uint16_t sender_port_ = 0;
  std::uint32_t sender_isn_ = 0;
  std::uint8_t sender_wscale_ = 0;
  std::uint32_t mss_ = 0;

  // The sender's stream.
  Ranges received_; ///< as seen
  Ranges sacked_;
  std::uint64_t highest_ = 0;
  std::uint64_t last_from_ = 0; ///< where the last segment begins
  std::optional<std::uint64_t> fin_at_;
  std::uint64_t una_ = 0, una_before_ = 0;
  std::uint64_t edge_ = 0;
  std::uint32_t window_ = 0;
  std::uint64_t sent_again_ = 0;
  double last_data_s_ = 0;

  // Time stamps.
  std::optional<std::uint32_t> their_last_ts_; ///< newest that was seen
  std::uint32_t ts_recent_ = 0;                ///< what we echo
  std::set<std::uint32_t> our_ts_;             ///< all that may be echoed
  std::uint32_t newest_tsval_ = 0;             ///< that we sent
  std::uint32_t last_echo_ = 0;

  // Our stream.
  std::uint64_t our_next_ = 0;
  std::uint64_t our_acked_ = 0;
  std::optional<std::uint64_t> our_fin_;
  std::uint64_t their_edge_ = 0;
};

} // namespace xtg::peer
