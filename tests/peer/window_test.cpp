// SPDX-License-Identifier: BSD-2-Clause
// The far end's window: never past it, asked when it is closed, taken up when it opens.
#include "fixture.h"

namespace xtg::peer::test {
namespace {

constexpr std::uint32_t window(std::uint64_t segments) {
  return static_cast<std::uint32_t>(segments * kMss);
}

class WindowTest : public EitherSender {
protected:
  /// Ten of thirty segments, which is all that the window takes.
  Peer& start_ten() {
    Peer& p = start({.bytes = at(30)});
    p.accept({.window = window(10)});
    p.expect_data(0, at(10));
    return p;
  }
};
XTG_EITHER_SENDER(WindowTest);

TEST_P(WindowTest, StopsAtTheEdgeAndGoesOnWithAnUpdate) {
  Peer& p = start_ten();
  p.ack(at(5), {.window = window(5)}); // the same edge, but for the scale
  p.expect_no_new_data_for(50);
  p.ack(at(10), {.window = 0});
  p.expect_no_data_for(100);
  p.ack(at(10), {.window = 1 << 20});
  p.expect_data(at(10), at(30));
  p.ack(at(30));
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(30));
  if (!program()) return;
  EXPECT_GT(flow().at("zero_window_seconds"), 0.09);
  EXPECT_GE(flow().at("window_limited_seconds"), flow().at("zero_window_seconds"));
  EXPECT_EQ(count("retransmits"), 0);
}

TEST_P(WindowTest, AsksAClosedWindowAndTakesTheAnswer) {
  Peer& p = start_ten();
  p.ack(at(10), {.window = 0});
  for (int i = 0; i < 3; ++i) {
    p.expect_window_probe();
    p.ack(at(10), {.window = 0, .at_once = true});
  }
  p.expect_window_probe(); // the update itself was lost: only the answer tells
  p.ack(at(10), {.window = 1 << 20, .at_once = true});
  p.receive(at(30));
  finish_closed(at(30));
  if (!program()) return;
  EXPECT_GE(count("window_probes"), 4);
  EXPECT_GT(flow().at("zero_window_seconds"), 0.5);
  EXPECT_EQ(count("retransmits"), 0);
}

TEST_P(WindowTest, AsksAgainWhenNobodyAnswers) {
  Peer& p = start_ten();
  p.ack(at(10), {.window = 0});
  const double first = p.expect_window_probe().at_s;
  const double second = p.expect_window_probe().at_s;
  p.expect_window_probe();
  const double fourth = p.expect_window_probe().at_s;
  EXPECT_GT(fourth - second, 1.5 * (second - first)) << "the pauses grow";
  p.ack(at(10), {.window = 1 << 20, .at_once = true});
  p.receive(at(30));
  finish_closed(at(30));
}

TEST_P(WindowTest, ShrinkingIsSurvived) {
  Peer& p = start_ten();
  p.ack(at(2), {.window = window(2)}); // the edge falls back from ten segments to four
  p.expect_no_new_data_for(100);
  p.ack(at(10), {.window = window(1), .at_once = true});
  p.ack(at(10), {.window = 0, .at_once = true});
  p.read_for(100); // what fitted into the first of these may come
  const std::uint64_t so_far = p.highest();
  EXPECT_LE(so_far, at(11));
  p.ack(so_far, {.window = 1 << 20});
  p.receive(at(30));
  finish_closed(at(30));
}

TEST_P(WindowTest, WhatWasLostBelowAShrunkEdgeIsRepaired) {
  Peer& p = start_ten();
  p.lose({at(2), at(3)});
  p.ack(at(2), {.window = window(4), .sack = {{at(3), at(10)}}});
  p.expect_again({{at(2), at(3)}});
  p.ack(at(10), {.window = 1 << 20});
  p.receive(at(30));
  finish_closed(at(30));
  EXPECT_EQ(p.sent_again(), 1U);
}

TEST_P(WindowTest, ManySmallWindows) {
  Peer& p = start({.bytes = 20'000});
  p.accept({.wscale = std::nullopt, .window = 2'000, .rtt_ms = 20});
  p.receive(20'000); // and the window is checked with every segment
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(20'000);
}

TEST_P(WindowTest, LessThanASegmentIsUsedInTheEnd) {
  Peer& p = start({.bytes = 3'000});
  p.accept({.wscale = std::nullopt, .window = 600, .rtt_ms = 20});
  p.receive(3'000);
  finish_closed(3'000);
}

TEST_P(WindowTest, AnOldAckDoesNotMoveTheEdgeBack) {
  Peer& p = start_ten();
  p.ack(at(10), {.window = window(12)});
  p.ack(at(4), {.window = window(6), .at_once = true}); // was overtaken
  p.ack(at(2), {.window = 0, .at_once = true});
  p.expect("the whole window", [&](const Seen& s) { return s.to + kMss > p.edge(); });
  p.ack(at(10), {.window = 1 << 20, .at_once = true});
  p.receive(at(30));
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(30));
}

} // namespace
} // namespace xtg::peer::test
