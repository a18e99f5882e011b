// SPDX-License-Identifier: BSD-2-Clause
// One connection in a test's hands: the send program on this side, the test as the far end, and
// what every frame must be, by packet::render_tcp().
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tcp_program.h"

namespace xtg::test {

/// A segment of ours.
struct Want {
  std::uint64_t offset = 0; ///< of its first byte in the stream
  std::uint32_t len = 0;
  std::uint8_t flags = XTG_TCP_ACK;
  bool fresh = true; ///< data that is sent for the first time
};

/// A segment of the far end's.
struct Said {
  std::uint64_t ack = 0; ///< offset
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sack = {};
  std::uint32_t window = 1 << 20; ///< bytes, a multiple of 4
  std::uint8_t flags = XTG_TCP_ACK;
  Bytes payload = {};
  std::uint8_t ecn = 0;    ///< of the IP header
  std::uint32_t tsecr = 0; ///< where time stamps are used
};

class Talk {
public:
  static constexpr std::uint16_t kPort = 40000;
  static constexpr std::uint32_t kIsn = 0xfffff000U; ///< the numbers wrap after 4096 bytes
  static constexpr std::uint32_t kFarIsn = 0xffffffffU;

  /// One flow, open; `limit` bytes, `window` as the far end told at first.
  explicit Talk(TcpSetup setup, std::uint64_t limit = ~std::uint64_t{0},
                std::uint32_t window = 1 << 20);

  TcpProgram program;

  /// One run. Of the flow's timers only that of reordering goes off by itself. before_ns is when
  /// the burst began.
  TcpSent send();
  /// Until nothing is sent, or so many frames and the rest of their burst.
  std::vector<TcpSent> send_all(std::size_t most = 100'000);
  /// Nothing is sent, however often the program is run.
  testing::AssertionResult silent();
  /// The flow's timer is of this kind, XTG_TCP_TIMER_*, and its time has come: it goes off in the
  /// next run.
  void fire(std::uint32_t timer);
  /// A segment from the far end comes in.
  void hear(const Said& said);

  /// The frame is exactly this one.
  testing::AssertionResult is(const TcpSent& sent, const Want& want) const;
  /// send(), and it is.
  testing::AssertionResult sends(const Want& want);
  /// The next segment of the grid from there on, with PSH where something ends.
  [[nodiscard]] Want segment(std::uint64_t offset) const;
  /// Where in the stream a frame's payload begins; counted from offset 0, modulo 2^32.
  [[nodiscard]] std::uint32_t offset_of(const TcpSent& sent) const;
  [[nodiscard]] Bytes stream(std::uint64_t offset, std::uint32_t len) const;

private:
  [[nodiscard]] bool v4() const { return setup_.header.src_addr.is_v4(); }
  TcpSetup setup_;
  xdp::FlowSetup flow_;
  std::uint32_t said_ = 1;     ///< the far end's next number, from kFarIsn
  std::uint32_t far_ms_ = 700; ///< its clock
  std::uint64_t burst_ns_ = 0; ///< the clock before the burst began
  bool fired_ = false;
};

} // namespace xtg::test
