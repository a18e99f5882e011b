// SPDX-License-Identifier: BSD-2-Clause
// Segments that end a connection, and those that must not: resets, old and spoiled segments, ACKs
// of what was never sent.
#include "fixture.h"

namespace xtg::peer::test {
namespace {

constexpr std::uint32_t kTenSegments = 10 * kMss;

class AttackTest : public EitherSender {
protected:
  Peer& start_ten(const Handshake& how = {.window = kTenSegments}) {
    Peer& p = start({.bytes = at(30)});
    p.accept(how);
    p.expect_data(0, at(10));
    return p;
  }
  /// It lives, and what was done had no effect.
  void go_on() {
    peer().ack(at(10), {.window = 1 << 20});
    peer().receive(at(30));
    finish_closed(at(30));
  }
};
XTG_EITHER_SENDER(AttackTest);

TEST_P(AttackTest, RefusedConnection) {
  Peer& p = start();
  p.refuse();
  finish(5);
  if (program()) {
    EXPECT_TRUE(json().contains("error"));
  }
}

TEST_P(AttackTest, ResetEndsIt) {
  Peer& p = start_ten();
  p.ack(at(4), {.window = 6 * kMss});
  p.rst();
  finish(5);
  EXPECT_EQ(p.highest(), at(10));
  if (!program()) return;
  EXPECT_EQ(close_reason(), "peer_reset");
  EXPECT_EQ(count("bytes"), static_cast<std::int64_t>(at(4)));
}

TEST_P(AttackTest, ResetWhereTheWindowIsClosed) {
  Peer& p = start_ten();
  p.ack(at(10), {.window = 0});
  p.expect_window_probe();
  p.rst();
  finish(5);
  if (!program()) return;
  EXPECT_EQ(close_reason(), "peer_reset");
}

TEST_P(AttackTest, ResetAfterThePeersDataAndFin) {
  Peer& p = start_ten();
  p.send_data(500);
  p.fin();
  p.expect_ack(501);
  p.rst();
  finish(5);
  if (!program()) return;
  EXPECT_EQ(close_reason(), "peer_reset");
  EXPECT_EQ(count("bytes_received"), 500);
}

TEST_P(AttackTest, ResetWithAWrongNumberDoesNot) {
  Peer& p = start_ten();
  p.rst(1'000); // in the window: a challenge ACK at most (RFC 5961, 3.2)
  p.rst(1);
  p.rst(-1);      // old
  p.rst(1 << 30); // anywhere
  go_on();
  if (!program()) return;
  EXPECT_GE(count("bad_segments"), 4);
}

TEST_P(AttackTest, AckOfWhatWasNeverSentIsNone) {
  Peer& p = start_ten();
  p.ack(at(25), {.window = 1 << 20});
  p.expect_no_new_data_for(100);
  go_on();
  if (!program()) return;
  EXPECT_GE(count("bad_segments"), 1);
}

TEST_P(AttackTest, SegmentsThatPawsRefuses) {
  Peer& p = start_ten();
  const std::uint32_t old = Handshake{}.tsval - 1'000'000;
  p.ack(at(10), {.window = 1 << 20, .tsval = old});
  p.expect_no_new_data_for(100);
  p.send_data(100, 0, old);
  p.expect_none(
      "an ACK of it", [](const Seen& s) { return s.ack != 0; }, 100);
  p.send_data(100, 0);
  p.expect_ack(100);
  go_on();
  expect_count("bytes_received", 100);
  if (!program()) return;
  EXPECT_GE(count("bad_segments"), 2);
}

TEST_P(AttackTest, SegmentsOutsideOfItsWindow) {
  Peer& p = start_ten();
  p.ack(at(10), {.window = 1 << 20, .seq_delta = 10'000'000});
  p.ack(at(10), {.window = 1 << 20, .seq_delta = -10'000'000, .at_once = true});
  p.expect_no_new_data_for(100);
  go_on();
  if (!program()) return;
  EXPECT_GE(count("bad_segments"), 2);
}

TEST_P(AttackTest, SpoiledAckIsNone) {
  Peer& p = start_ten();
  p.ack(at(10), {.window = 1 << 20, .spoiled = true});
  p.expect_no_new_data_for(100);
  go_on();
}

TEST_P(AttackTest, SynInsideOfTheConnection) {
  Peer& p = start_ten();
  p.ack(at(4), {.flags = kSyn});
  go_on();
}

} // namespace
} // namespace xtg::peer::test
