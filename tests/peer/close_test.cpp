// SPDX-License-Identifier: BSD-2-Clause
// How the program ends a connection, on the wire and in its report: asked for, in time, or with a
// far end that does not play along.
#include <csignal>
#include <thread>

#include "fixture.h"

namespace xtg::peer::test {
namespace {

class CloseTest : public PeerTest {
protected:
  Peer& start_program(std::vector<std::string> options, bool limited = true) {
    return start(Sender::Program,
                 {.bytes = at(20), .options = std::move(options), .limited = limited});
  }
  void expect_reason_among(const std::vector<std::string>& reasons) {
    EXPECT_NE(std::ranges::find(reasons, close_reason()), reasons.end()) << close_reason();
  }
};

TEST_F(CloseTest, NumberOfSegments) {
  Peer& p = start(Sender::Program, {.options = {"-n", "20"}, .limited = false});
  p.accept();
  p.receive(at(20));
  finish_closed(at(20));
  EXPECT_EQ(count("segments_sent"), 20);
}

TEST_F(CloseTest, FirstInterruptDrainsAndCloses) {
  Peer& p = start_program({}, false);
  p.accept({.window = 20 * kMss, .rtt_ms = 20});
  p.receive(at(100));
  child().signal(SIGINT);
  const std::uint64_t end = p.receive_rest();
  EXPECT_GE(end, at(100));
  finish_closed(end);
  EXPECT_EQ(json().at("end").at("reason"), "interrupted");
  EXPECT_EQ(count("retransmits"), 0);
}

TEST_F(CloseTest, DurationDrainsAndCloses) {
  Peer& p = start_program({"--duration", "1s"}, false);
  p.accept({.window = 20 * kMss, .rtt_ms = 20});
  const std::uint64_t end = p.receive_rest();
  finish_closed(end);
  EXPECT_EQ(json().at("end").at("reason"), "duration");
}

TEST_F(CloseTest, ResetAsAskedFor) {
  Peer& p = start_program({"--close", "rst"});
  p.accept();
  p.receive(at(20));
  EXPECT_EQ(p.expect_rst().from, at(20));
  finish(0);
  EXPECT_EQ(close_reason(), "rst");
}

TEST_F(CloseTest, KeptOpenAsAskedFor) {
  Peer& p = start_program({"--close", "keep-open"});
  p.accept();
  p.receive(at(20));
  // There is no sign of it on the wire but the program's end.
  while (!child().ended())
    p.expect_none(
        "FIN or RST", [](const Seen& s) { return s.has(kFin | kRst); }, 0);
  finish(0);
  EXPECT_EQ(close_reason(), "kept_open");
  p.expect_none(
      "FIN or RST", [](const Seen& s) { return s.has(kFin | kRst); }, 0);
}

TEST_F(CloseTest, SilenceBeforeAllIsAcknowledged) {
  Peer& p = start_program({"--drain", "1s"});
  p.accept();
  p.expect_data(0, at(20));
  p.ack(at(10));
  const Seen reset = p.expect_rst();
  EXPECT_GE(reset.from, at(10)); // of what the far end may have, nobody can know more
  EXPECT_LE(reset.from, at(20));
  finish(5);
  expect_reason_among({"unfinished", "unanswered"});
  EXPECT_EQ(count("bytes"), static_cast<std::int64_t>(at(10)));
}

TEST_F(CloseTest, SilenceInTheMiddle) {
  Peer& p = start_program({"--silence", "1s", "--drain", "1s"}, false);
  p.accept({.window = 20 * kMss});
  p.receive(at(40));
  const Seen reset = p.expect_rst();
  EXPECT_GE(reset.from, at(40));
  EXPECT_LE(reset.from, at(60));
  finish(5);
  expect_reason_among({"unanswered"});
}

TEST_F(CloseTest, AClosedWindowThatIsAnsweredIsNotSilence) {
  Peer& p = start_program({"--silence", "1s"});
  p.accept({.window = 10 * kMss});
  p.expect_data(0, at(10));
  p.ack(at(10), {.window = 0});
  for (double until = 0; until == 0 || p.now_s() < until;) {
    if (until == 0) until = p.now_s() + 2.5;
    p.expect_window_probe();
    p.ack(at(10), {.window = 0, .at_once = true});
  }
  p.ack(at(10), {.window = 1 << 20});
  p.receive(at(20));
  finish_closed(at(20));
}

TEST_F(CloseTest, FinThatNobodyAcknowledges) {
  Peer& p = start_program({"--drain", "1s"});
  p.accept();
  p.receive(at(20));
  p.expect_fin(at(20));
  finish(5);
  EXPECT_EQ(close_reason(), "fin_unacknowledged");
  EXPECT_EQ(count("bytes"), static_cast<std::int64_t>(at(20)));
}

TEST_F(CloseTest, PeerThatDoesNotCloseItsSide) {
  Peer& p = start_program({"--drain", "1s"});
  p.accept();
  p.receive(at(20));
  p.expect_fin(at(20));
  p.ack(at(20) + 1);
  finish(0);
  EXPECT_EQ(close_reason(), "fin_one_way");
}

TEST_F(CloseTest, WhatTheDriverRefusesIsSentAgainAtOnce) {
  Peer& p = start(Sender::Program, {.bytes = at(200), .wire = {.ring = 16}});
  p.accept({.rtt_ms = 20});
  p.allow_gaps();
  std::this_thread::sleep_for(std::chrono::milliseconds(300)); // the ring is full meanwhile
  p.receive(at(200));
  finish_closed(at(200));
  EXPECT_GT(again("local_drop"), 0);
  EXPECT_LT(count("retransmits"), 20) << "told by SACK or a time-out, not by the driver";
}

} // namespace
} // namespace xtg::peer::test
