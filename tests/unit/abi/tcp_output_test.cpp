// SPDX-License-Identifier: BSD-2-Clause
// What is sent next: bursts, pieces, probes, control segments, the time accounts.
#include "support/tcp_flow.h"

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

TEST(AbiTcpOutput, BurstsOfFullSegments) {
  TcpFlow t(200);
  t.f.cwnd = 100;
  t.f.limit = 100'500;
  auto b = t.pick();
  EXPECT_EQ(b.kind, static_cast<__u32>(XTG_TCP_SEND_NEW));
  EXPECT_EQ(b.count, 45U);
  EXPECT_EQ(b.len, 1000U);
  EXPECT_EQ(b.from, 0U);
  EXPECT_EQ(b.push, 0U);
  b = t.pick();
  EXPECT_EQ(b.seg, 45U);
  b = t.pick();
  EXPECT_EQ(b.count, 10U);
  EXPECT_EQ(b.push, 0U);
  b = t.pick();
  EXPECT_EQ(b.kind, static_cast<__u32>(XTG_TCP_SEND_NONE));
  t.f.cwnd = 200;
  b = t.pick();
  EXPECT_EQ(b.seg, 100U);
  EXPECT_EQ(b.count, 1U);
  EXPECT_EQ(b.len, 500U);
  EXPECT_EQ(b.push, 1U);
  EXPECT_EQ(t.f.segments_sent, 101U);
  EXPECT_EQ(t.f.bytes_sent, 100'500U);
  t.ack({100.5});
  EXPECT_TRUE(t.send().empty());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_DRAINED));
}

TEST(AbiTcpOutput, BurstEndsWithThePeriod) {
  TcpFlow t;
  t.env.config.period = 3'300;
  t.env.config.period_segs = 4;
  t.f.cwnd = 100;
  t.f.limit = 8'000;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> got;
  for (const auto& b : t.send())
    got.emplace_back(b.from, b.count * b.len);
  const std::vector<std::pair<std::uint64_t, std::uint32_t>> expected{
      {0, 3000}, {3000, 300}, {3300, 3000}, {6300, 300}, {6600, 1000}, {7600, 400}};
  EXPECT_EQ(got, expected);
  t.measured(1000);
  t.ack({0, {{7.6, 8}}});
  t.now += 2000;
  t.timer();
  t.f.cwnd = 100;
  got.clear();
  for (const auto& b : t.send())
    got.emplace_back(b.from, b.count * b.len);
  EXPECT_EQ(got, (std::vector<std::pair<std::uint64_t, std::uint32_t>>(expected.begin(),
                                                                       expected.end() - 1)));
}

TEST(AbiTcpOutput, SillyWindowsAreAvoided) {
  TcpFlow t(10);
  t.f.cwnd = 100;
  t.f.edge = 1'400;
  t.f.max_window = 10'000;
  EXPECT_EQ(t.segments(XTG_TCP_SEND_NEW), Segs{0}); // 400 more are less than half of 10000
  t.f.max_window = 800;
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].from, 1'000U);
  EXPECT_EQ(bursts[0].len, 400U);
  EXPECT_EQ(bursts[0].push, 1U);
  EXPECT_EQ(t.f.nxt, 2'000U);
  EXPECT_EQ(t.f.sent_end, 1'400U);
  t.f.edge = 1'600;
  t.f.max_window = 10'000;
  EXPECT_TRUE(t.send().empty());
  t.f.edge = 2'100;
  const auto rest = t.send();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].from, 1'400U);
  EXPECT_EQ(rest[0].len, 600U);
  EXPECT_EQ(rest[0].seg, 1U);
}

TEST(AbiTcpOutput, WindowTooSmallForLongIsFilled) {
  TcpFlow t(10);
  t.measured(1000);
  t.f.edge = 300;
  EXPECT_TRUE(t.send().empty());
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_PERSIST));
  t.expire(); // RFC 9293, 3.8.6.2.1, (4)
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].len, 300U);
  EXPECT_EQ(t.f.window_probes, 0U);
  EXPECT_EQ(t.f.backoff, 0U);
  t.now += 1000;
  t.ack({.ack = 0.3, .window = 0});
  t.send();
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_PERSIST)); // nothing is outstanding
  EXPECT_FALSE(xtg_tcp_outstanding(&t.f));
}

TEST(AbiTcpOutput, ClosedWindowIsProbed) {
  TcpFlow t(4);
  t.measured(1000);
  t.send_new(4);
  t.ack({.ack = 4, .window = 0});
  EXPECT_TRUE(t.send().empty());
  __u32 wait = 200'000;
  for (unsigned i = 1; i <= 10; ++i) {
    // No second one within half a second: it would not be answered.
    EXPECT_EQ(t.f.timer_us - t.now, i == 1 ? wait : std::max(wait, 600'000U));
    t.expire();
    const auto bursts = t.send();
    ASSERT_EQ(bursts.size(), 1U);
    EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_PROBE));
    EXPECT_EQ(bursts[0].from, 4'000U);
    EXPECT_EQ(bursts[0].len, 0U);
    EXPECT_EQ(t.f.window_probes, i);
    t.ack({.ack = 4, .window = 0});
    wait = std::min(2 * wait, XTG_TCP_PERSIST_MAX_US);
  }
  t.ack({.ack = 4, .window = 4'000});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_NEW), (Segs{4, 5, 6, 7}));
  EXPECT_EQ(t.f.dup_acks, 0U);
  EXPECT_EQ(t.f.rto_fired, 0U);
}

TEST(AbiTcpOutput, ClosedWithinASegmentIsProbedToo) {
  TcpFlow t(10);
  t.measured(1000);
  t.f.edge = 500;
  t.f.max_window = 500;
  ASSERT_EQ(t.send().size(), 1U);
  t.ack({.ack = 0.5, .window = 0});
  EXPECT_TRUE(t.send().empty());
  t.expire();
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_PROBE));
  EXPECT_EQ(t.f.rto_fired, 0U);
  t.now += 5'000'000;
  t.ack({.ack = 0.5, .window = 4'000});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_NEW), (Segs{0, 1, 2, 3}));
  t.now += 700;
  t.ack({3});
  EXPECT_EQ(t.env.rtts, std::vector<std::uint32_t>{700}); // not the time the window was closed
}

TEST(AbiTcpOutput, TailOfASegmentThatIsAcknowledgedIsNotSentAgain) {
  TcpFlow t(10);
  t.measured(1000);
  t.f.edge = 500;
  t.f.max_window = 500;
  t.send();
  t.f.want |= XTG_TCP_WANT_TAIL;
  t.ack({.ack = 0.5, .window = 0});
  EXPECT_TRUE(t.send().empty());
  EXPECT_EQ(t.f.retransmits[XTG_TCP_RETRANSMIT_TAIL], 0U);
  EXPECT_EQ(t.env.words[0].retransmits & 1, 0U);
}

TEST(AbiTcpOutput, RestWaitsForTheLostFirstPart) {
  TcpFlow t(10);
  t.measured(1000);
  t.f.edge = 3'500;
  t.f.max_window = 500;
  t.f.cwnd = 10;
  t.send();
  ASSERT_EQ(t.f.sent_end, 3'500U);
  xtg_tcp_refused(&t.f, 3);
  t.f.cwnd = 3; // the first part cannot be sent yet
  t.f.edge = 10'000;
  EXPECT_TRUE(t.send().empty());
}

TEST(AbiTcpOutput, LostFirstPartGoesBeforeTheRest) {
  TcpFlow t(10);
  t.measured(1000);
  t.f.edge = 500;
  t.f.max_window = 500;
  t.send();
  t.f.tail_out = 1;
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  t.f.edge = 10'000;
  const auto bursts = t.send();
  ASSERT_GE(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_RETRANSMIT));
  EXPECT_EQ(bursts[0].len, 500U);
  EXPECT_EQ(t.f.lost_out, 0U);
}

TEST(AbiTcpOutput, FirstOneGoesBeyondAShrunkWindow) {
  TcpFlow t(10);
  t.measured(1000);
  t.send_new(10);
  t.f.edge = 0;
  t.f.tail_out = 1;
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0});
  EXPECT_TRUE(t.send().empty());
}

TEST(AbiTcpOutput, AcknowledgmentGoesWithData) {
  TcpFlow t;
  t.f.want = XTG_TCP_WANT_ACK;
  t.f.limit = 1'000;
  auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_NEW));
  t.f.want = XTG_TCP_WANT_ACK;
  bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_ACK));
  EXPECT_EQ(bursts[0].from, 1'000U);
  EXPECT_EQ(bursts[0].len, 0U);
}

TEST(AbiTcpOutput, NoNewDataWhenTheRunEnds) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(5);
  EXPECT_TRUE(t.send(XTG_TCP_NO_NEW).empty());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  t.now += 1000;
  t.ack({0, {{1, 5}}});
  EXPECT_EQ(t.send(XTG_TCP_NO_NEW).size(), 1U); // but what is lost
  t.ack({5});
  EXPECT_TRUE(t.send(XTG_TCP_NO_NEW).empty());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_DRAINED));
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_NONE));
  t.ack({.ack = 5, .window = 0}); // no probing any more
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_NONE));
  t.ack({.ack = 5, .len = 7});
  EXPECT_EQ(t.send(XTG_TCP_NO_NEW).size(), 1U); // still answers
}

TEST(AbiTcpOutput, BegunSegmentIsCompletedWhenTheRunEnds) {
  TcpFlow t;
  t.f.edge = 500;
  t.f.max_window = 500;
  t.send();
  t.ack({.ack = 0.5, .window = 800});
  const auto bursts = t.send(XTG_TCP_NO_NEW);
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].from, 500U);
  EXPECT_EQ(bursts[0].len, 500U);
  EXPECT_TRUE(t.send(XTG_TCP_NO_NEW).empty());
}

TEST(AbiTcpOutput, PieceEndsTheDataWhenTheRunEndsWithTheWindowClosed) {
  TcpFlow t;
  t.f.edge = 500;
  t.f.max_window = 500;
  t.send();
  EXPECT_TRUE(t.send(XTG_TCP_NO_NEW).empty()); // it is under way
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  t.ack({.ack = 0.5, .window = 0});
  EXPECT_TRUE(t.send(XTG_TCP_NO_NEW).empty());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_DRAINED));
  EXPECT_EQ(t.f.nxt, 500U); // where a FIN belongs
}

TEST(AbiTcpOutput, PieceDoesNotEndTheDataOfAnAmount) {
  TcpFlow t;
  t.f.limit = 1'000;
  t.f.edge = 500;
  t.f.max_window = 500;
  t.send();
  t.ack({.ack = 0.5, .window = 0});
  EXPECT_TRUE(t.send().empty());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
}

TEST(AbiTcpOutput, EndNeedsNoSlotOfTheSchedule) {
  TcpFlow t;
  t.f.limit = 5'000;
  t.send();
  t.ack({5});
  EXPECT_TRUE(t.send(XTG_TCP_NO_DATA).empty());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_DRAINED));
  TcpFlow u;
  u.send_new(5);
  u.ack({5});
  EXPECT_TRUE(u.send(XTG_TCP_NO_DATA).empty());
  EXPECT_EQ(u.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  EXPECT_TRUE(u.send(XTG_TCP_NO_DATA | XTG_TCP_NO_NEW).empty());
  EXPECT_EQ(u.f.phase, static_cast<__u32>(XTG_TCP_DRAINED));
}

// The driver refuses a second copy of what has arrived in the meantime.
TEST(AbiTcpOutput, RefusedDuplicateOfAnArrivedPieceIsNotLost) {
  TcpFlow t;
  t.measured(1000);
  t.f.edge = 500;
  t.f.max_window = 500;
  t.send();
  t.ack({.ack = 0.5, .window = 0});
  xtg_tcp_refused(&t.f, 0);
  EXPECT_EQ(t.f.lost_out, 0U);
  t.ack({.ack = 0.5, .window = 5'000});
  EXPECT_EQ(t.segments(XTG_TCP_SEND_NEW), (Segs{0, 1, 2, 3, 4}));
}

TEST(AbiTcpOutput, FinIsSentAndRepeated) {
  TcpFlow t;
  t.measured(1000);
  t.f.limit = 1'000;
  t.send();
  t.f.fin = 1;
  EXPECT_TRUE(t.send().empty()); // not before all is acknowledged
  t.ack({1});
  auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_FIN));
  EXPECT_EQ(bursts[0].from, 1'000U);
  t.now += 200'000;
  EXPECT_TRUE(t.send().empty());
  t.now += 1;
  EXPECT_EQ(t.send().size(), 1U);
  t.now += 200'001; // twice as long now
  EXPECT_TRUE(t.send().empty());
  t.ack({1.001});
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_CLOSED));
  EXPECT_EQ(t.f.una, 1'000U);
  t.ack({.ack = 1.001, .flags = XTG_TCP_FIN});
  bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_ACK));
  EXPECT_EQ(bursts[0].from, 1'001U); // behind the FIN
  EXPECT_EQ(t.f.bad_segments, 0U);
}

TEST(AbiTcpOutput, TimeAccounts) {
  TcpFlow t(4);
  t.measured(1000);
  t.f.cwnd = 100;
  t.f.limit = 8'000;
  t.send();
  t.now += 300;
  t.send(); // held up by the window
  t.now += 200;
  t.ack({.ack = 4, .window = 0});
  t.send();
  t.now += 100;
  t.ack({.ack = 4, .window = 4'000});
  t.send();
  EXPECT_EQ(t.f.window_us, 600U);
  EXPECT_EQ(t.f.zero_us, 100U);
  t.now += 1000;
  t.ack({8});
  t.send();
  EXPECT_EQ(t.f.window_us, 600U);
  EXPECT_EQ(t.f.idle_us, 0U);
}

/// As much is in flight as the scoreboard has room for, whatever the far end's window is.
TEST(AbiTcpOutput, TheScoreboardIsALimitThatIsTold) {
  TcpFlow t(2'000);
  t.measured(1000);
  t.f.cwnd = 2'000;
  t.send();
  EXPECT_EQ(t.f.nxt_seg, xtg_tcp_board_segs(&t.env.config));
  t.now += 300;
  t.send();
  t.now += 50;
  t.ack({8});
  t.send();
  EXPECT_EQ(t.f.board_us, 350U);
  EXPECT_EQ(t.f.window_us, 0U);
}

TEST(AbiTcpOutput, LongTimesAreCountedToo) {
  TcpFlow t(4);
  t.measured(1000);
  t.send_new(4);
  t.ack({.ack = 4, .window = 0});
  std::uint64_t passed = 0;
  for (int i = 0; i < 2000; ++i) { // hours: 32-bit times wrap
    t.send();
    passed += t.f.timer_us - t.now;
    t.expire();
    t.ack({.ack = 4, .window = 0});
  }
  t.send();
  EXPECT_GT(passed, 1ULL << 33);
  EXPECT_EQ(t.f.zero_us, passed);
}

} // namespace
