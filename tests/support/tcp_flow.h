// SPDX-License-Identifier: BSD-2-Clause
// One flow driven by a test: segments of 1000 bytes, round trips as given.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/tcp_env.h"

namespace xtg::test {

/// An acknowledgment in segments: everything below `ack`, and these blocks.
struct Ack {
  double ack = 0;
  std::vector<std::pair<double, double>> sack = {};
  std::uint32_t flags = 0;
  std::uint32_t len = 0;
  int window = -1; ///< bytes; -1: as before
};

class TcpFlow {
public:
  static constexpr std::uint32_t kPeerSeq = 0xffffff00U;
  static constexpr std::uint32_t kMss = 1000;

  explicit TcpFlow(std::uint32_t window_segs = 100, std::uint32_t isn = 0xfffff000U) {
    f.isn = isn;
    f.limit = ~std::uint64_t{0};
    f.rcv_nxt = kPeerSeq;
    f.wl1 = kPeerSeq;
    f.own_window = 65535;
    f.wscale = 3; // windows of whole segments, up to 524
    window = window_segs * kMss;
    xtg_tcp_flow_open(&env.config, &f, window, 0, now);
    f.phase = XTG_TCP_OPEN;
  }

  TcpEnv env;
  xtg_tcp_flow& f = env.flow;
  std::uint32_t now = 0xffff0000U; ///< the clock wraps in many tests
  std::uint32_t window = 0;
  std::uint32_t peer_seq = kPeerSeq;

  /// With a measured round trip.
  void measured(std::uint32_t rtt_us) { xtg_tcp_rtt_update(&f, rtt_us); }

  xtg_tcp_burst pick(std::uint32_t flags = 0) {
    xtg_tcp_burst b{};
    xtg_tcp_pick(&f, &b, now, flags);
    return b;
  }
  /// All bursts that can be sent now.
  std::vector<xtg_tcp_burst> send(std::uint32_t flags = 0) {
    std::vector<xtg_tcp_burst> all;
    for (xtg_tcp_burst b = pick(flags); b.kind != XTG_TCP_SEND_NONE && all.size() < 1000;
         b = pick(flags))
      all.push_back(b);
    return all;
  }
  /// Segments in the bursts that can be sent now.
  std::vector<std::uint64_t> segments(std::uint32_t kind) {
    std::vector<std::uint64_t> all;
    for (const xtg_tcp_burst& b : send())
      for (std::uint32_t i = 0; b.kind == kind && i < b.count; ++i)
        all.push_back(b.seg + i);
    return all;
  }
  /// This many segments of new data, even if more could be sent.
  void send_new(std::uint32_t segs) {
    const std::uint32_t cwnd = f.cwnd;
    const std::uint64_t limit = f.limit;
    f.cwnd = 10'000;
    f.limit = f.nxt + std::uint64_t{segs} * kMss;
    send();
    f.cwnd = cwnd;
    f.limit = limit;
  }

  [[nodiscard]] std::uint32_t seq(double segs) const {
    return f.isn + static_cast<std::uint32_t>(std::llround(segs * kMss));
  }
  [[nodiscard]] xtg_tcp_event event(const Ack& a) const {
    xtg_tcp_event e{};
    e.seq = peer_seq;
    e.ack = seq(a.ack);
    e.flags = static_cast<std::uint16_t>(XTG_TCP_ACK | a.flags);
    e.len = a.len;
    e.at_us = now;
    e.window = static_cast<std::uint16_t>(
        (a.window < 0 ? window : static_cast<unsigned>(a.window)) >> f.wscale);
    for (const auto& [from, to] : a.sack) {
      e.sack[e.n_sack][0] = seq(from);
      e.sack[e.n_sack][1] = seq(to);
      e.n_sack++;
    }
    return e;
  }
  int input(xtg_tcp_event e) { return xtg_tcp_input(&f, &e, now); }
  int ack(const Ack& a) { return input(event(a)); }

  void timer() { xtg_tcp_timer(&f, now); }
  /// Lets time pass until the timer is due, and makes it expire.
  void expire() {
    now = f.timer_us;
    timer();
  }

  [[nodiscard]] std::vector<std::uint64_t> sacked() const { return marked(&xtg_tcp_word::sacked); }
  [[nodiscard]] std::vector<std::uint64_t> lost() const { return marked(&xtg_tcp_word::lost); }

private:
  [[nodiscard]] std::vector<std::uint64_t> marked(__u64 xtg_tcp_word::*bits) const {
    std::vector<std::uint64_t> all;
    for (std::uint64_t seg = f.una_seg; seg < f.nxt_seg; ++seg)
      if (xtg_tcp_word_at(&f, seg / 64)->*bits >> (seg % 64) & 1) all.push_back(seg);
    return all;
  }
};

using Segs = std::vector<std::uint64_t>;

} // namespace xtg::test
