// SPDX-License-Identifier: BSD-2-Clause
// The TCP sender against the model receiver over a simulated path, in virtual time. It is driven as
// the kernel program does it: at the start of every burst some of the events that have come are
// read, a timer that is due goes off, and the flow is asked for a burst if it is awake. After every
// step its books are compared with a plain scoreboard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/tcp_board_model.h"
#include "support/tcp_env.h"
#include "support/tcp_path.h"
#include "support/tcp_receiver.h"

namespace xtg::test {

struct TcpScenario {
  std::uint64_t seed = 1;
  xtg_tcp_config config{}; ///< as TcpEnv's, changed as needed
  std::uint32_t board_words = 16;
  std::uint32_t isn = 1000;
  std::uint64_t first_seg = 0;     ///< the flow is this far when the simulation starts
  std::uint64_t bytes = 1'000'000; ///< to send
  std::uint64_t stop_us = 0;       ///< no new data from then on; 0: never
  bool fin = false;
  std::uint32_t rtt_us = 0; ///< as the kernel had measured it
  PathSpec out;
  PathSpec back;
  ReceiverSpec receiver;
  double refused = 0;        ///< by this host's driver
  std::uint64_t tick_us = 0; ///< events wait for multiples of this
  std::uint32_t hears = 128; ///< events read at the start of one burst
  std::vector<std::pair<std::uint64_t, std::uint64_t>> stalls; ///< the thread does not run
  std::uint64_t burst_us = 0;                                  ///< pacing
  std::uint64_t start_us = 0; ///< virtual time at which it begins: 32-bit times wrap
  std::uint64_t most_us = 900'000'000;
  bool clean = false; ///< stop at the first retransmission

  TcpScenario() { config = TcpEnv().config; }
};

class TcpSim {
public:
  explicit TcpSim(const TcpScenario& s)
      : s_(s), env_(s.board_words), f_(env_.flow), out_(s.out, s.seed * 3 + 1),
        back_(s.back, s.seed * 3 + 2), dice_(s.seed * 3),
        receiver_(receiver_spec(s), s.isn, kOwnIsn, begin(s), s.seed * 3 + 5),
        model_(starts(s), s.first_seg), now_(s.start_us) {
    env_.config = s.config;
    env_.config.board_words = s.board_words;
    if (env_.config.period)
      env_.config.period_segs =
          static_cast<std::uint32_t>((env_.config.period + env_.config.mss - 1) / env_.config.mss);
    open();
  }

  std::uint64_t refused = 0;
  std::uint64_t data_frames = 0; ///< handed to the path
  std::uint64_t lost_data = 0;
  std::set<std::uint64_t> retransmits; ///< segments sent more than once to the far end
  std::uint32_t cwr_sent = 0;

  [[nodiscard]] const xtg_tcp_flow& flow() const { return f_; }
  [[nodiscard]] const TcpReceiver& receiver() const { return receiver_; }
  [[nodiscard]] const Path<DataFrame>& out() const { return out_; }
  [[nodiscard]] const Path<AckFrame>& back() const { return back_; }
  [[nodiscard]] const BoardModel& model() const { return model_; }
  [[nodiscard]] const TcpEnv& env() const { return env_; }
  [[nodiscard]] std::uint64_t passed_us() const { return now_ - s_.start_us; }
  [[nodiscard]] std::uint64_t retransmitted() const {
    return f_.retransmits[XTG_TCP_RETRANSMIT_SACK] + f_.retransmits[XTG_TCP_RETRANSMIT_RTO] +
           f_.retransmits[XTG_TCP_RETRANSMIT_TAIL];
  }

  /// Runs to the end. What went wrong; empty: nothing.
  std::string run() {
    env_.awake = true;
    while (fault_.empty() && !finished()) {
      if (passed_us() > s_.most_us) return where("not finished in time");
      step();
      const std::uint64_t next = next_us();
      if (next == ~std::uint64_t{0} && !finished()) return where("nothing will ever happen again");
      if (!finished()) now_ = std::max(now_ + (next == now_ ? 1 : 0), next);
    }
    if (!fault_.empty()) return where(fault_);
    return at_end();
  }

private:
  static constexpr std::uint32_t kOwnIsn = 0xfffffc00U;
  static constexpr std::uint32_t kTsval = 0xffffff00U;

  static std::uint64_t begin(const TcpScenario& s) { return start_of(s.config, s.first_seg); }
  static std::uint64_t start_of(const xtg_tcp_config& c, std::uint64_t seg) {
    if (!c.period) return seg * c.mss;
    const std::uint64_t segs = (c.period + c.mss - 1) / c.mss;
    return seg / segs * c.period + seg % segs * c.mss;
  }
  static std::vector<std::uint64_t> starts(const TcpScenario& s) {
    const std::uint64_t end = begin(s) + s.bytes;
    std::vector<std::uint64_t> all;
    for (std::uint64_t seg = s.first_seg;; ++seg) {
      all.push_back(std::min(start_of(s.config, seg), end));
      if (all.back() == end) break;
    }
    return all;
  }
  static ReceiverSpec receiver_spec(const TcpScenario& s) {
    ReceiverSpec spec = s.receiver;
    spec.sack = s.config.sack;
    spec.timestamps = s.config.timestamps;
    spec.ecn = s.config.ecn;
    spec.mss = s.config.mss;
    spec.first_tsval = static_cast<std::uint32_t>(kTsval + s.start_us / 1000);
    for (auto& [from, to] : spec.no_reads) {
      from += s.start_us;
      to += s.start_us;
    }
    for (auto& [from, size] : spec.buffers)
      from += s.start_us;
    return spec;
  }

  [[nodiscard]] std::uint32_t now32() const { return static_cast<std::uint32_t>(now_); }

  void open() {
    const std::uint64_t first = begin(s_);
    f_.limit = first + s_.bytes;
    f_.isn = s_.isn;
    f_.rcv_nxt = kOwnIsn;
    f_.wl1 = kOwnIsn;
    f_.ts_recent = 0;
    f_.wscale = s_.receiver.wscale;
    f_.own_window = 65535;
    f_.ts_recent = static_cast<std::uint32_t>(0xfffffff0U + s_.start_us / 1000);
    const auto window = static_cast<std::uint32_t>(s_.receiver.buffer);
    xtg_tcp_flow_open(&env_.config, &f_, window, s_.rtt_us, now32());
    f_.una = f_.nxt = f_.sent_end = first;
    f_.edge = first + window;
    f_.una_seg = f_.nxt_seg = f_.high_sacked = s_.first_seg;
    f_.phase = XTG_TCP_OPEN;
    model_.start(first);
  }

  [[nodiscard]] bool finished() const {
    return f_.phase == (s_.fin ? XTG_TCP_CLOSED : XTG_TCP_DRAINED) &&
           receiver_.answered == receiver_.said;
  }

  [[nodiscard]] std::uint64_t next_us() const {
    const std::uint64_t tick = std::max<std::uint64_t>(s_.tick_us, 1);
    std::uint64_t at = std::min({out_.next_us(), back_.next_us(), receiver_.next_us()});
    std::uint64_t own = ~std::uint64_t{0}; // of the thread
    if (!events_.empty()) own = std::min(own, (events_.front().at + tick - 1) / tick * tick);
    if (f_.timer) own = std::min(own, now_ + ahead(f_.timer_us));
    if (env_.awake) own = std::min(own, std::max(now_, burst_at_));
    if (s_.stop_us && passed_us() < s_.stop_us) own = std::min(own, s_.start_us + s_.stop_us);
    if (s_.fin && f_.phase == XTG_TCP_DRAINED) own = std::min(own, now_ + 10'000); // the sweep
    if (own != ~std::uint64_t{0}) own = std::max(own, stalled_until());
    return std::min(at, own);
  }
  /// 0: the thread runs.
  [[nodiscard]] std::uint64_t stalled_until() const {
    for (const auto& [from, to] : s_.stalls)
      if (passed_us() >= from && passed_us() < to) return s_.start_us + to;
    return 0;
  }
  [[nodiscard]] std::uint64_t ahead(std::uint32_t time) const {
    return xtg_before(time, now32()) ? 0 : time - now32();
  }

  void step() {
    while (out_.next_us() <= now_)
      receiver_.receive(now_, out_.take().second);
    if (receiver_.next_us() <= now_) receiver_.tick(now_);
    if (!receiver_.fault.empty()) fault_ = receiver_.fault;
    for (AckFrame& frame : receiver_.out)
      back_.send(now_, frame);
    receiver_.out.clear();
    while (back_.next_us() <= now_) {
      auto [at, frame] = back_.take();
      frame.event.at_us = static_cast<std::uint32_t>(at);
      events_.push_back({at, frame.event});
    }
    if (s_.tick_us && now_ % s_.tick_us && now_ < burst_at_) return;
    if (stalled_until() != 0) return;
    bool first = true;
    do { // of each burst
      const bool waiting = hear();
      const std::uint32_t time = xtg_tcp_timer_time(now32(), waiting, heard_us_);
      if (f_.timer && !xtg_before(time, f_.timer_us)) timer(time);
      if (first && s_.fin && f_.phase == XTG_TCP_DRAINED) {
        f_.fin = 1;
        env_.awake = true;
      }
      if (first && stopping()) env_.awake = true; // the sweep of the flows tells them
      first = false;
    } while ((send() || !events_.empty()) && fault_.empty());
  }

  /// True: more waits.
  bool hear() {
    std::uint32_t heard = 0;
    for (; heard < s_.hears && !events_.empty() && fault_.empty(); ++heard) {
      heard_us_ = events_.front().event.at_us;
      input(events_.front().event);
      events_.pop_front();
    }
    return heard >= s_.hears;
  }

  [[nodiscard]] bool stopping() const { return s_.stop_us && passed_us() >= s_.stop_us; }

  void input(xtg_tcp_event e) {
    if (xtg_tcp_input(&f_, &e, now32())) model_.input(f_, e);
    compare("input");
  }

  void timer(std::uint32_t time) {
    if (f_.timer == XTG_TCP_TIMER_RTO) model_.timeout(f_);
    xtg_tcp_timer(&f_, time);
    if (f_.phase == XTG_TCP_SILENT) fault_ = "given up";
    compare("timer");
  }

  void compare(const char* what) {
    if (!fault_.empty()) return;
    const std::string wrong = model_.compare(f_);
    if (!wrong.empty()) fault_ = std::string(what) + ": " + wrong;
  }

  /// One burst. False: there was none.
  bool send() {
    if (!env_.awake || now_ < burst_at_ || !fault_.empty()) return false;
    xtg_tcp_burst b;
    const xtg_tcp_flow before = f_;
    env_.awake = false;
    if (!xtg_tcp_pick(&f_, &b, now32(), stopping() ? XTG_TCP_NO_NEW : 0)) return false;
    env_.awake = true;
    judge(before, b);
    compare("pick");
    transmit(b);
    compare("refused");
    if (s_.burst_us) burst_at_ = now_ + s_.burst_us;
    return true;
  }

  /// Whether the burst was allowed.
  void judge(const xtg_tcp_flow& before, const xtg_tcp_burst& b) {
    const xtg_tcp_config& c = env_.config;
    if (b.kind != XTG_TCP_SEND_NEW && b.kind != XTG_TCP_SEND_RETRANSMIT) {
      if (b.count != 1 || b.len != 0) fault_ = "control segment with data";
      return;
    }
    const std::uint64_t end = b.from + std::uint64_t{b.count} * b.len;
    if (!b.count || b.count > c.burst || !b.len || b.len > c.mss) fault_ = "shape of a burst";
    if (end > f_.limit) fault_ = "sent beyond the end";
    const bool head = before.want & XTG_TCP_WANT_HEAD || b.cause == XTG_TCP_RETRANSMIT_TAIL;
    if (end > before.edge && !(b.kind == XTG_TCP_SEND_RETRANSMIT && head && b.count == 1))
      fault_ = "sent beyond the window: " + std::to_string(end - before.edge);
    if (c.period && b.from % c.period + std::uint64_t{b.count} * b.len > c.period)
      fault_ = "a burst crosses the period's end";
    for (std::uint32_t i = 0; i < b.count; ++i)
      if (b.count > 1 && b.from + std::uint64_t{i} * b.len != start_of(c, b.seg + i))
        fault_ = "not on the grid";
    if (b.from < start_of(c, b.seg) || end > start_of(c, b.seg + b.count))
      fault_ = "outside of its segments";
    if (b.kind == XTG_TCP_SEND_NEW) {
      if (b.from != before.sent_end) fault_ = "a hole in the data";
      return;
    }
    if (end > before.sent_end || b.from < before.una)
      fault_ = "sent again what was not outstanding";
    for (std::uint32_t i = 0; i < b.count; ++i)
      if (model_.sacked(b.seg + i)) fault_ = "sent again what was SACKed";
    if (s_.clean && b.cause != XTG_TCP_RETRANSMIT_LOCAL)
      fault_ = "sent again on a clean path, cause " + std::to_string(b.cause);
    if (b.cause != XTG_TCP_RETRANSMIT_LOCAL)
      for (std::uint32_t i = 0; i < b.count; ++i)
        retransmits.insert(b.seg + i);
  }

  void transmit(const xtg_tcp_burst& b) {
    const auto tsval = static_cast<std::uint32_t>(kTsval + now_ / 1000);
    if (env_.config.timestamps) xtg_tcp_undo_sent(&f_, &b, tsval);
    for (std::uint32_t i = 0; i < b.count; ++i) {
      DataFrame frame;
      frame.source = b.from + std::uint64_t{i} * b.len;
      frame.len = b.len;
      frame.seq = f_.isn + static_cast<std::uint32_t>(frame.source);
      frame.ack = f_.rcv_nxt;
      frame.tsval = tsval;
      frame.fin = b.kind == XTG_TCP_SEND_FIN;
      frame.cwr = b.cwr && i == 0;
      cwr_sent += frame.cwr;
      if (b.kind == XTG_TCP_SEND_PROBE) frame.seq--;
      if (dice_.chance(s_.refused)) {
        refused += b.len > 0;
        if (b.len) xtg_tcp_refused(&f_, b.seg + i);
        continue;
      }
      const std::uint64_t lost = out_.lost;
      out_.send(now_, frame);
      data_frames += b.len > 0;
      if (b.len) lost_data += out_.lost - lost;
    }
  }

  [[nodiscard]] std::string at_end() const {
    if (receiver_.next() != f_.una || f_.una != f_.nxt) return where("not all was delivered");
    if (!s_.stop_us && f_.una != f_.limit) return where("ended early");
    if (s_.fin && !receiver_.fin) return where("the FIN did not arrive");
    if (f_.sacked_out || f_.lost_out) return where("counts remain");
    if (f_.bytes_received != receiver_.said) return where("the far end's data");
    if (f_.segments_sent != data_frames + refused) return where("segments_sent");
    if (f_.timer) return where("a timer still runs");
    return {};
  }

  [[nodiscard]] std::string where(const std::string& what) const {
    return "seed " + std::to_string(s_.seed) + ": " + what + " at " + std::to_string(passed_us()) +
           " us; una_seg " + std::to_string(f_.una_seg) + " nxt_seg " + std::to_string(f_.nxt_seg) +
           " una " + std::to_string(f_.una) + " sent_end " + std::to_string(f_.sent_end) + " nxt " +
           std::to_string(f_.nxt) + " edge " + std::to_string(f_.edge) + " limit " +
           std::to_string(f_.limit) + " sacked " + std::to_string(f_.sacked_out) + " lost " +
           std::to_string(f_.lost_out) + " cwnd " + std::to_string(f_.cwnd) + " recovery " +
           std::to_string(f_.recovery) + " timer " + std::to_string(f_.timer) + " backoff " +
           std::to_string(f_.backoff) + " phase " + std::to_string(f_.phase) + " rtos " +
           std::to_string(f_.rto_fired) + " probes " + std::to_string(f_.window_probes);
  }

  struct Event {
    std::uint64_t at;
    xtg_tcp_event event;
  };

  TcpScenario s_;
  TcpEnv env_;
  xtg_tcp_flow& f_;
  Path<DataFrame> out_;
  Path<AckFrame> back_;
  Dice dice_;
  TcpReceiver receiver_;
  BoardModel model_;
  std::deque<Event> events_;
  std::uint64_t now_;
  std::uint64_t burst_at_ = 0;
  std::uint32_t heard_us_ = 0;
  std::string fault_;
};

} // namespace xtg::test
