// SPDX-License-Identifier: BSD-2-Clause
// A TCP receiver to test the sender against: plain, and written independently of the sender. It
// knows the data only as positions in the source, which each frame carries: data at stream offset x
// must come from source position x.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/tcp_env.h"

namespace xtg::test {

/// A frame from the sender to the receiver.
struct DataFrame {
  std::uint32_t seq = 0;
  std::uint32_t len = 0;
  std::uint32_t ack = 0;
  std::uint32_t tsval = 0;
  std::uint64_t source = 0; ///< position in the source of the first byte
  bool fin = false;
  bool cwr = false;
  bool marked = false;
};

/// A frame in the reverse direction.
struct AckFrame {
  xtg_tcp_event event{};
  bool marked = false;
};

struct ReceiverSpec {
  bool sack = true;
  bool timestamps = true;
  bool ecn = false;
  std::uint32_t wscale = 7;
  std::uint64_t buffer = 1 << 20;
  std::uint32_t mss = 1000;
  std::uint32_t ack_every = 2; ///< full segments
  std::uint64_t ack_delay_us = 40'000;
  double read_per_us = 0;                                        ///< bytes; 0: at once
  std::vector<std::pair<std::uint64_t, std::uint64_t>> no_reads; ///< the application sleeps
  std::vector<std::pair<std::uint64_t, std::uint64_t>> buffers;  ///< start times and sizes
  bool shrinks = false;            ///< the window's right edge may move left
  double forgets = 0;              ///< chance per ACK of dropping SACKed data
  std::uint64_t says_every_us = 0; ///< interval of data of its own
  std::uint64_t keepalive_us = 0;
  std::uint32_t first_tsval = 0; ///< of the handshake
};

class TcpReceiver {
public:
  TcpReceiver(const ReceiverSpec& spec, std::uint32_t isn, std::uint32_t own_isn,
              std::uint64_t start, std::uint64_t seed)
      : spec_(spec), isn_(isn), own_isn_(own_isn), next_(start), read_(start),
        edge_(start + spec.buffer), last_ack_(start), ts_recent_(spec.first_tsval), dice_(seed) {}

  std::vector<AckFrame> out; ///< to be sent
  std::string fault;         ///< error of the sender
  std::uint64_t duplicates = 0;
  std::uint64_t beyond = 0; ///< bytes dropped for lack of space
  std::uint64_t forgotten = 0;
  std::uint64_t said = 0;     ///< bytes of its own
  std::uint64_t answered = 0; ///< of these, acknowledged
  std::uint64_t keepalives = 0;
  std::uint64_t marks = 0;
  std::uint64_t reductions = 0; ///< CWR seen
  bool fin = false;

  [[nodiscard]] std::uint64_t next() const { return next_; }
  [[nodiscard]] std::uint64_t offered() const { return offered_; }

  void receive(std::uint64_t now, const DataFrame& f) {
    std::int64_t off =
        static_cast<std::int64_t>(next_) +
        static_cast<std::int32_t>(f.seq - (isn_ + static_cast<std::uint32_t>(next_)));
    answer_of_ours(f);
    // RFC 7323, 4.3 (2)
    if (off <= static_cast<std::int64_t>(last_ack_) && !xtg_before(f.tsval, ts_recent_))
      ts_recent_ = f.tsval;
    if (spec_.ecn && f.cwr) {
      reductions++;
      echo_ = false;
    }
    if (f.marked && f.len) {
      marks++;
      echo_ = true;
    }
    if (f.fin) {
      if (off == static_cast<std::int64_t>(next_)) fin = true;
      if (fin) acknowledge(now);
      return;
    }
    if (f.len == 0) {
      if (off < static_cast<std::int64_t>(next_)) acknowledge(now); // a probe
      return;
    }
    if (off != static_cast<std::int64_t>(f.source)) {
      fault = "source position " + std::to_string(f.source) + " arrived as offset " +
              std::to_string(off);
      return;
    }
    take(now, static_cast<std::uint64_t>(off), static_cast<std::uint64_t>(off) + f.len);
  }

  /// When tick() has to be called next.
  [[nodiscard]] std::uint64_t next_us() const {
    std::uint64_t at = std::min(ack_at_, read_at_);
    if (spec_.says_every_us) at = std::min(at, say_at_);
    if (spec_.keepalive_us) at = std::min(at, keepalive_at_);
    return at;
  }

  void tick(std::uint64_t now) {
    for (const auto& [from, size] : spec_.buffers)
      if (now >= from) spec_.buffer = size;
    if (now >= read_at_) read(now);
    if (spec_.says_every_us && now >= say_at_) {
      if (answered == said) {
        said += 1 + dice_.below(2 * spec_.mss);
        said = std::min(said, answered + spec_.mss);
      }
      acknowledge(now, static_cast<std::uint32_t>(said - answered));
      say_at_ = now + spec_.says_every_us;
    }
    if (spec_.keepalive_us && now >= keepalive_at_) {
      keepalives++;
      acknowledge(now);
      out.back().event.seq = own_isn_ + static_cast<std::uint32_t>(answered) - 1;
      keepalive_at_ = now + spec_.keepalive_us;
    }
    if (now >= ack_at_) acknowledge(now);
  }

private:
  void answer_of_ours(const DataFrame& f) {
    const auto ahead =
        static_cast<std::int32_t>(f.ack - (own_isn_ + static_cast<std::uint32_t>(answered)));
    if (ahead > 0 && answered + static_cast<std::uint64_t>(ahead) > said)
      fault = "acknowledged what was not sent";
    else if (ahead > 0)
      answered += static_cast<std::uint64_t>(ahead);
  }

  [[nodiscard]] bool asleep(std::uint64_t now, std::uint64_t& until) const {
    for (const auto& [from, to] : spec_.no_reads) {
      if (now >= from && now < to) {
        until = to;
        return true;
      }
    }
    return false;
  }

  void read(std::uint64_t now) {
    std::uint64_t until = 0;
    read_at_ = ~std::uint64_t{0};
    if (asleep(now, until)) {
      read_at_ = until;
      return;
    }
    std::uint64_t most = next_ - read_;
    if (spec_.read_per_us > 0)
      most = std::min(most, 1 + static_cast<std::uint64_t>(static_cast<double>(now - read_since_) *
                                                           spec_.read_per_us));
    read_ += most;
    read_since_ = now;
    if (read_ < next_) read_at_ = now + 1000;
    // A window update if it is large enough.
    const std::uint64_t edge = next_ + room();
    if (edge > offered_ &&
        edge - offered_ >= std::min<std::uint64_t>(2 * spec_.mss, spec_.buffer / 2))
      acknowledge(now);
  }

  [[nodiscard]] std::uint64_t room() const {
    const std::uint64_t held = next_ - read_;
    return held < spec_.buffer ? spec_.buffer - held : 0;
  }

  void take(std::uint64_t now, std::uint64_t from, std::uint64_t to) {
    bool at_once = !ahead_.empty();
    if (from < next_) {
      duplicate(from, std::min(to, next_));
      from = next_;
      at_once = true;
    }
    const std::uint64_t last = spec_.shrinks ? next_ + room() : std::max(edge_, next_ + room());
    if (to > last) {
      beyond += to - std::max(last, std::min(from, to));
      to = last;
      at_once = true;
    }
    if (from < to) {
      if (from > next_) {
        keep(from, to);
        at_once = true;
      } else {
        unacked_ += to - from;
        next_ = to;
        join();
        if (read_at_ == ~std::uint64_t{0}) read_at_ = now;
        read(now); // may acknowledge
      }
    }
    if (at_once || unacked_ >= static_cast<std::uint64_t>(spec_.ack_every) * spec_.mss)
      acknowledge(now);
    else if (unacked_ && ack_at_ == ~std::uint64_t{0})
      ack_at_ = now + spec_.ack_delay_us;
  }

  void duplicate(std::uint64_t from, std::uint64_t to) {
    duplicates++;
    dsack_ = {from, to};
  }

  void keep(std::uint64_t from, std::uint64_t to) {
    auto it = ahead_.upper_bound(from);
    if (it != ahead_.begin() && std::prev(it)->second >= to) {
      duplicate(from, to);
    }
    if (it != ahead_.begin() && std::prev(it)->second >= from) {
      --it;
      from = it->first;
      to = std::max(to, it->second);
      it = ahead_.erase(it);
    }
    while (it != ahead_.end() && it->first <= to) {
      to = std::max(to, it->second);
      it = ahead_.erase(it);
    }
    ahead_.emplace(from, to);
    recent_.insert(recent_.begin(), from);
  }

  void join() {
    while (!ahead_.empty() && ahead_.begin()->first <= next_) {
      next_ = std::max(next_, ahead_.begin()->second);
      ahead_.erase(ahead_.begin());
    }
  }

  [[nodiscard]] std::uint32_t number(std::uint64_t off) const {
    return isn_ + static_cast<std::uint32_t>(off);
  }

  void blocks(xtg_tcp_event& e) {
    const std::uint32_t most = spec_.timestamps ? 3 : 4;
    std::vector<std::uint64_t> reported;
    if (dsack_.second) {
      e.sack[0][0] = number(dsack_.first);
      e.sack[0][1] = number(dsack_.second);
      e.n_sack = 1;
      dsack_ = {};
    }
    std::vector<std::uint64_t> still;
    for (const std::uint64_t point : recent_) {
      auto it = ahead_.upper_bound(point);
      if (it == ahead_.begin() || (--it)->second <= point) continue;
      if (std::find(reported.begin(), reported.end(), it->first) != reported.end()) continue;
      reported.push_back(it->first);
      still.push_back(point);
      if (e.n_sack >= most) continue;
      e.sack[e.n_sack][0] = number(it->first);
      e.sack[e.n_sack][1] = number(it->second);
      e.n_sack++;
    }
    recent_ = std::move(still);
  }

  void acknowledge(std::uint64_t now, std::uint32_t len = 0) {
    if (dice_.chance(spec_.forgets) && !ahead_.empty()) {
      forgotten++;
      ahead_.clear();
    }
    // Silly window avoidance (RFC 9293, 3.8.6.2.2), and an edge that never moves left.
    std::uint64_t edge = next_ + room();
    if (!spec_.shrinks) {
      const std::uint64_t worth = std::min<std::uint64_t>(spec_.mss, spec_.buffer / 2);
      const std::uint64_t least = std::uint64_t{1} << spec_.wscale; // that can be encoded
      if (edge < edge_ + worth && (edge_ >= next_ + least || edge < next_ + least))
        edge = std::max(edge_, next_);
    }
    edge_ = edge;
    AckFrame frame;
    xtg_tcp_event& e = frame.event;
    e.seq = own_isn_ + static_cast<std::uint32_t>(len ? answered : said);
    e.len = len;
    e.ack = number(next_) + (fin ? 1 : 0);
    e.window =
        static_cast<std::uint16_t>(std::min<std::uint64_t>((edge_ - next_) >> spec_.wscale, 65535));
    e.flags = XTG_TCP_ACK;
    if (spec_.ecn && echo_) e.flags |= XTG_TCP_ECE;
    if (spec_.timestamps) {
      e.flags |= XTG_TCP_HAS_TS;
      e.tsval = static_cast<std::uint32_t>(0xfffffff0U + now / 1000);
      e.tsecr = ts_recent_;
    }
    if (spec_.sack) blocks(e);
    offered_ = next_ + (static_cast<std::uint64_t>(e.window) << spec_.wscale);
    unacked_ = 0;
    last_ack_ = next_;
    ack_at_ = ~std::uint64_t{0};
    out.push_back(frame);
  }

  ReceiverSpec spec_;
  std::uint32_t isn_;
  std::uint32_t own_isn_;
  std::uint64_t next_;
  std::uint64_t read_; ///< by the application
  std::uint64_t edge_;
  std::uint64_t last_ack_;
  std::uint32_t ts_recent_;
  std::uint64_t offered_ = 0; ///< the edge as the sender computes it from the last window
  std::map<std::uint64_t, std::uint64_t> ahead_;
  std::vector<std::uint64_t> recent_; ///< an offset in each block, newest first
  std::pair<std::uint64_t, std::uint64_t> dsack_;
  std::uint64_t unacked_ = 0;
  std::uint64_t ack_at_ = ~std::uint64_t{0};
  std::uint64_t read_at_ = ~std::uint64_t{0};
  std::uint64_t read_since_ = 0;
  std::uint64_t say_at_ = 1000;
  std::uint64_t keepalive_at_ = 5000;
  bool echo_ = false;
  Dice dice_;
};

} // namespace xtg::test
