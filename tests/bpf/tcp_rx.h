// SPDX-License-Identifier: BSD-2-Clause
// The ingress programs with one connection, segments made for it by hand, and the comparison with
// judge().
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "packet/bytes.h"
#include "program.h"
#include "support/hex.h"
#include "tcp_judge.h"
#include "tcp_program.h"

namespace xtg::test {

inline constexpr std::uint16_t kPort = 40000; // ours
// What the programs answer: XDP_DROP or XDP_PASS, TC_ACT_SHOT or TC_ACT_UNSPEC.
inline constexpr std::uint32_t kDrop = 1, kPass = 2, kShot = 2, kUnspec = ~0U;

/// A segment of the far end with these options, which are filled up with zeros to whole words.
struct Segment {
  std::uint32_t seq = 0x01020304, ack = 0x11121314;
  std::uint8_t flags = XTG_TCP_ACK;
  std::uint16_t window = 0x2122;
  Bytes options = {};
  Bytes payload = {};
};

// Options of TCP.
inline Bytes timestamp(std::uint32_t value, std::uint32_t echo) {
  Bytes out{8, 10, 0, 0, 0, 0, 0, 0, 0, 0};
  packet::store_be(std::span(out).subspan(2, 4), value);
  packet::store_be(std::span(out).subspan(6, 4), echo);
  return out;
}

inline Bytes sack(std::size_t blocks) {
  Bytes out{5, static_cast<std::uint8_t>(2 + 8 * blocks)};
  for (std::size_t i = 0; i < 8 * blocks; i++)
    out.push_back(static_cast<std::uint8_t>(0xc0 + i));
  return out;
}

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

class TcpRxTest : public BpfTest, public testing::WithParamInterface<packet::Family> {
protected:
  void SetUp() override {
    BpfTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    load(false);
  }
  void load(bool bare) {
    TcpSetup setup;
    setup.header = ours_;
    setup.send = false;
    setup.flows = 2;
    setup.worker_streams = 1;
    setup.bare = bare;
    program_.emplace(setup);
    ASSERT_TRUE(program_->ok()) << program_->error();
    program_->claim(1, kPort);
  }

  /// The frame as it comes off the wire, unpadded.
  [[nodiscard]] Bytes make(const Segment& s) const {
    packet::TcpSegment plain;
    plain.src_port = ours_.dst_port;
    plain.seq = s.seq;
    plain.ack = s.ack;
    plain.flags = s.flags;
    plain.window = s.window;
    Bytes rest = s.options;
    rest.resize((rest.size() + 3) / 4 * 4);
    const std::size_t words = 5 + rest.size() / 4;
    rest.insert(rest.end(), s.payload.begin(), s.payload.end());
    plain.payload = rest;
    packet::TcpHeaderSpec far = far_header(ours_, kPort);
    far.timestamps = false;
    Bytes frame = render_tcp(far, plain);
    frame.resize(l4() + 20 + rest.size());
    frame[l4() + 12] = static_cast<std::uint8_t>(words << 4);
    fix_sum(frame);
    return frame;
  }
  /// The same with these tags before the Ethernet type.
  static Bytes tagged(Bytes frame,
                      std::initializer_list<std::pair<std::uint16_t, std::uint16_t>> tags) {
    std::size_t at = 12;
    for (const auto& [type, tci] : tags) {
      frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), 4, 0);
      packet::store_be(std::span(frame).subspan(at, 2), type);
      packet::store_be(std::span(frame).subspan(at + 2, 2), tci);
      at += 4;
    }
    return frame;
  }
  /// With these bytes between the headers of IP and TCP: IPv4 options, or extension headers of
  /// which the first is of that `kind`.
  [[nodiscard]] Bytes behind(Bytes frame, const Bytes& extra, std::uint8_t kind = 0) const {
    const std::span<std::uint8_t> all(frame);
    if (v4()) {
      packet::store_be(all.subspan(16, 2), packet::load_be(all.subspan(16, 2)) + extra.size());
      frame[14] = static_cast<std::uint8_t>(0x45 + extra.size() / 4);
    } else {
      packet::store_be(all.subspan(18, 2), packet::load_be(all.subspan(18, 2)) + extra.size());
      frame[20] = kind;
    }
    frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(l4()), extra.begin(), extra.end());
    return frame;
  }
  [[nodiscard]] bool v4() const { return ours_.src_addr.is_v4(); }
  [[nodiscard]] std::size_t l4() const { return v4() ? 34 : 54; }

  /// Both programs make of the packet what judge() does.
  testing::AssertionResult as_judged(const Bytes& frame) {
    if (auto same = as_judged(frame, false); !same) return same << ", by XDP";
    // BPF_PROG_RUN refuses to make an skb without a whole IP header, of either family.
    if (frame.size() < 54) return testing::AssertionSuccess();
    if (auto same = as_judged(frame, true); !same) return same << ", by tc";
    return testing::AssertionSuccess();
  }
  testing::AssertionResult as_judged(const Bytes& frame, bool tc) {
    const Verdict want = judge(ours_, kPort, frame);
    const std::uint64_t unsound = program_->queue().unsound, head = program_->queue().head;
    const xtg_tcp_untaken untaken = program_->untaken();
    const std::uint64_t before_ns = monotonic_ns();
    const std::uint32_t answer = tc ? program_->receive_tc(frame) : program_->receive(frame);
    const std::uint64_t after_ns = monotonic_ns();
    const auto failure = [&] {
      return testing::AssertionFailure()
             << to_hex(std::span(frame).first(std::min<std::size_t>(frame.size(), 200))) << ": ";
    };
    if (answer != (want.ours ? (tc ? kShot : kDrop) : (tc ? kUnspec : kPass)))
      return failure() << "answer " << answer << " where it is " << (want.ours ? "" : "not ")
                       << "ours";
    if (program_->queue().unsound - unsound != (want.unsound ? 1U : 0U))
      return failure() << "it is " << (want.unsound ? "" : "not ") << "unsound";
    if (program_->untaken().headers - untaken.headers != (want.refused ? 1U : 0U))
      return failure() << "it is " << (want.refused ? "" : "not ") << "refused";
    // Those of other hosts are not counted, but judge() does not ask whose they are.
    if (program_->untaken().fragments - untaken.fragments > (want.fragment ? 1U : 0U))
      return failure() << "it is no fragment";
    if (program_->queue().head - head != (want.event ? 1U : 0U))
      return failure() << "queued " << program_->queue().head - head;
    if (!want.event) return testing::AssertionSuccess();
    const auto event = program_->take_event();
    if (!event) return failure() << "no event";
    if (event->turn != head + 1 || event->flow != 1)
      return failure() << "turn " << event->turn << ", flow " << event->flow;
    const auto late_us = event->at_us - static_cast<std::uint32_t>(before_ns / 1000);
    if (late_us > after_ns / 1000 - before_ns / 1000) return failure() << "its time";
    return same_event(*event, *want.event);
  }
  /// And there is an event; as_judged() cannot tell a segment that the test has got wrong.
  testing::AssertionResult taken(const Bytes& frame) {
    if (!judge(ours_, kPort, frame).event) return testing::AssertionFailure() << "not to be taken";
    return as_judged(frame);
  }
  testing::AssertionResult dropped(const Bytes& frame, bool unsound = false) {
    const Verdict want = judge(ours_, kPort, frame);
    if (!want.ours || want.event || want.unsound != unsound)
      return testing::AssertionFailure() << "not to be dropped";
    return as_judged(frame);
  }
  testing::AssertionResult passed(const Bytes& frame) {
    if (judge(ours_, kPort, frame).ours) return testing::AssertionFailure() << "not to be passed";
    return as_judged(frame);
  }

  packet::TcpHeaderSpec ours_ = tcp_header(GetParam(), true);
  std::optional<TcpProgram> program_;
};

} // namespace xtg::test
