// SPDX-License-Identifier: BSD-2-Clause
// RACK and the timer: RFC 8985, with RFC 6298 for the time-out.
#include "support/tcp_flow.h"

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

/// A round trip of 1000 us, and one segment in each group of 16, so that all have their own time.
class AbiTcpLoss : public ::testing::Test {
protected:
  AbiTcpLoss() {
    t.measured(1000);
    t.f.cwnd = 1000;
  }
  TcpFlow t;
};

TEST_F(AbiTcpLoss, SentBeforeTheNewestDeliveredAndOutForAWindow) {
  t.send_new(16);
  t.now += 100;
  t.send_new(16);
  t.now += 950;
  t.ack({0, {{16, 17}}}); // sent 100 us after the first ones, round trip 950
  EXPECT_TRUE(t.lost().empty());
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_REORDER));
  EXPECT_EQ(t.f.timer_us,
            t.now - 1050 + 1000 + 250); // at least the shortest round trip, and a quarter
  t.expire();
  EXPECT_EQ(t.lost().size(), 16U);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_FAST));
}

TEST_F(AbiTcpLoss, LaterOnesAreNotLost) {
  t.send_new(16);
  t.now += 100;
  t.send_new(16);
  t.now += 900;
  t.ack({0, {{3, 4}}});
  t.now += 250;
  t.timer();
  EXPECT_EQ(t.lost(), (Segs{0, 1, 2})); // sent together with 3, and before it
}

TEST_F(AbiTcpLoss, ThreeAreEnoughWhereNothingWasEverReordered) {
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 3}}});
  EXPECT_TRUE(t.lost().empty());
  t.ack({0, {{1, 4}}});
  EXPECT_EQ(t.lost(), Segs{0});
}

TEST_F(AbiTcpLoss, NotWhereItWas) {
  t.f.reorder_seen = 1;
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 9}}});
  EXPECT_TRUE(t.lost().empty());
  t.now += 249;
  xtg_tcp_detect(&t.f, t.now);
  EXPECT_TRUE(t.lost().empty());
  t.now += 1;
  t.timer();
  EXPECT_EQ(t.lost(), Segs{0});
}

TEST_F(AbiTcpLoss, LearnsThatThePathReorders) {
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 3}}});
  EXPECT_EQ(t.f.reorder_seen, 0U);
  t.now += 100;
  t.ack({3}); // 0 was only late
  EXPECT_EQ(t.f.reorder_seen, 1U);
}

TEST_F(AbiTcpLoss, BlocksInOneAcknowledgmentAreNoReordering) {
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{8, 9}, {5, 6}, {3, 4}}}); // earlier acknowledgments were lost
  EXPECT_EQ(t.f.reorder_seen, 0U);
  t.ack({0, {{6, 7}}});
  EXPECT_EQ(t.f.reorder_seen, 1U);
}

TEST_F(AbiTcpLoss, OriginalAfterARetransmissionTellsOfReordering) {
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 4}}});
  t.send();
  t.now += 50; // too soon for an answer to the retransmission
  t.ack({4});
  EXPECT_EQ(t.f.reorder_seen, 1U);
}

TEST_F(AbiTcpLoss, DsackWidensTheWindowOnceInARoundTrip) {
  t.send_new(16);
  t.now += 1000;
  t.ack({4, {{1, 2}}});
  EXPECT_EQ(t.f.reorder_steps, 2U);
  EXPECT_EQ(xtg_tcp_reorder_window(&t.f), 500U);
  t.ack({6, {{2, 3}}});
  EXPECT_EQ(t.f.reorder_steps, 2U);
  EXPECT_EQ(t.f.spurious, 2U);
  t.ack({16, {{3, 4}}});
  EXPECT_EQ(t.f.reorder_steps, 3U);
  t.f.reorder_steps = 64;
  EXPECT_EQ(xtg_tcp_reorder_window(&t.f), 1000U); // at most the smoothed round trip
}

TEST_F(AbiTcpLoss, LostRetransmissionIsFound) {
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 16}}});
  t.f.cwnd = 16;
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0}); // and 15 new ones, sent after it
  t.now += 10;
  t.f.cwnd = 100;
  t.send_new(24);
  t.now += 989;
  t.ack({0, {{16, 31}, {1, 16}}});
  EXPECT_TRUE(t.lost().empty()); // a round trip may take as long as it used to
  t.now += 11;
  t.ack({0, {{16, 33}, {1, 16}}});
  EXPECT_EQ(t.lost(), Segs{0});
}

TEST_F(AbiTcpLoss, RetransmissionThatSucceedsTellsOfOneThatDidNot) {
  t.f.rttvar_us4 = 200; // round trips hardly vary
  t.f.limit = 16'000;
  t.send();
  t.now += 1000;
  t.ack({0, {{1, 8}, {9, 16}}}); // 0 and 8 are lost; there is nothing new to send
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), (Segs{0, 8}));
  t.now += 1000;
  t.ack({0, {{1, 16}}}); // 8 has come, 0 not
  EXPECT_EQ(t.lost(), Segs{0});
}

TEST(AbiTcpLossSeldom, WhoReportsSeldomIsGivenTimeForAllButTheFirstHole) {
  for (const bool seldom : {false, true}) {
    TcpFlow t;
    t.f.rttvar_us4 = 200;
    t.f.spurious = seldom ? 1 : 0;
    t.send_new(32);
    t.now += 1000;
    t.ack({0, {{1, 16}, {17, 32}}});
    t.f.cwnd = 32;
    EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), (Segs{0, 16})); // and new ones, sent after them
    t.now += 10;
    t.f.cwnd = 100;
    t.send_new(48);
    t.now += 1100;
    t.ack({0, {{32, t.f.nxt_seg}, {17, 32}, {1, 16}}});
    EXPECT_EQ(t.lost(), seldom ? Segs{0} : (Segs{0, 16}));
    t.now += 1100;
    t.ack({0, {{32, t.f.nxt_seg}, {17, 32}, {1, 16}}});
    if (seldom) {
      EXPECT_EQ(t.lost(), (Segs{0, 16}));
    }
  }
}

TEST_F(AbiTcpLoss, TimeOfAGroupIsNotTheTimeOfARetransmission) {
  t.send_new(8);
  t.now += 1000;
  t.ack({0, {{1, 5}}}); // 0 is lost
  EXPECT_EQ(t.lost(), Segs{0});
  t.f.limit = 12'000;
  t.send(); // it goes again, and 8 to 11, in the same group
  EXPECT_TRUE(t.lost().empty());
  t.now += 10;
  t.ack({0, {{1, 6}}}); // 5, sent long before
  t.ack({0, {{1, 7}}});
  EXPECT_TRUE(t.lost().empty()) << "the retransmission has been out for 10 us";
}

TEST_F(AbiTcpLoss, ReorderTimerOutlivesWhatIsSent) {
  t.f.reorder_seen = 1;
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 2}}});
  const __u32 due = t.f.timer_us;
  t.now += 10;
  t.send_new(1);
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_REORDER));
  EXPECT_EQ(t.f.timer_us, due);
}

TEST_F(AbiTcpLoss, FirstOneGoesAtOnceHoweverMuchIsInFlight) {
  t.f.cwnd = 20;
  t.send();
  t.now += 1000;
  t.ack({0, {{1, 4}}});
  EXPECT_EQ(t.f.cwnd, 10U);
  EXPECT_GT(xtg_tcp_in_flight(&t.f), t.f.cwnd);
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0});
}

TEST_F(AbiTcpLoss, OneAcknowledgmentOfManyDoesNotMakeTheFlightSmall) {
  t.f.cwnd = 40;
  t.send();
  t.now += 1000;
  t.ack({0, {{1, 40}}});
  EXPECT_EQ(t.f.ssthresh, 20U); // FlightSize / 2 (RFC 5681)
}

TEST_F(AbiTcpLoss, TailProbeAfterTwoRoundTrips) {
  t.f.limit = 5'000;
  t.send();
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_TAIL));
  EXPECT_EQ(t.f.timer_us, t.now + 2000 + t.env.config.tail_slack_us);
  t.expire();
  EXPECT_EQ(t.f.tail_probes, 1U);
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].seg, 4U);
  EXPECT_EQ(bursts[0].cause, static_cast<__u32>(XTG_TCP_RETRANSMIT_TAIL));
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_RTO));
  EXPECT_EQ(t.f.timer_us, t.now + 200'000);
}

TEST_F(AbiTcpLoss, TailProbeOfOneWaitsForADelayedAcknowledgment) {
  t.f.limit = 1'000;
  t.f.rto_us = 1'000'000;
  t.send();
  EXPECT_EQ(t.f.timer_us, t.now + 2000 + XTG_TCP_DELACK_US);
}

TEST_F(AbiTcpLoss, TailProbeIsNewDataWhereThereIsSome) {
  t.send_new(5);
  t.f.cwnd = 6;
  t.expire();
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].kind, static_cast<__u32>(XTG_TCP_SEND_NEW));
  EXPECT_EQ(t.f.tail_out, 1U);
}

TEST_F(AbiTcpLoss, FarEndsChatterDoesNotPutOffTheProbe) {
  t.f.limit = 5'000;
  t.send();
  const __u32 due = t.f.timer_us;
  for (int i = 0; i < 20; ++i) {
    t.now += 500;
    t.ack({.ack = 0, .len = 10});
    t.peer_seq += 10;
    t.send();
  }
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_TAIL));
  EXPECT_EQ(t.f.timer_us, due);
}

TEST_F(AbiTcpLoss, TailProbeThatRepairedALossReduces) {
  t.f.cwnd = 20;
  t.f.limit = 5'000;
  t.send();
  t.expire();
  t.send();
  t.now += 1000;
  t.ack({5}); // the original or the probe
  EXPECT_EQ(t.f.cwnd, 20U);
  t.f.limit = 6'000;
  t.send();
  t.now += 1000;
  t.ack({6}); // and no duplicate was told of in between
  EXPECT_EQ(t.f.cwnd, 10U);
  EXPECT_EQ(t.f.tail_out, 0U);
}

TEST_F(AbiTcpLoss, TailProbeThatWasNotNeededDoesNot) {
  for (const bool dsack : {true, false}) { // or a far end that only repeats itself
    TcpFlow u;
    u.measured(1000);
    u.f.limit = 5'000;
    u.send();
    u.expire();
    u.send();
    u.now += 1000;
    u.ack({5});
    if (dsack)
      u.ack({5, {{4, 5}}});
    else
      u.ack({5});
    EXPECT_EQ(u.f.tail_out, 0U);
    u.f.limit = 6'000;
    u.send();
    u.ack({6});
    EXPECT_EQ(u.f.cwnd, 15U); // grown by the five
  }
}

TEST_F(AbiTcpLoss, TimeoutLosesAllButWhatArrived) {
  t.send_new(10);
  t.f.tail_out = 1;
  t.now += 1000;
  t.ack({0, {{8, 9}}});
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  EXPECT_EQ(t.f.rto_fired, 1U);
  EXPECT_EQ(t.lost().size(), 9U);
  EXPECT_EQ(t.sacked(), Segs{8});
  EXPECT_EQ(t.f.cwnd, 1U);
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 1U);
  EXPECT_EQ(bursts[0].seg, 0U);
  EXPECT_EQ(bursts[0].cause, static_cast<__u32>(XTG_TCP_RETRANSMIT_RTO));
}

TEST_F(AbiTcpLoss, TimeoutTakesBackWhatTheFarEndTookBack) {
  t.send_new(10);
  t.now += 1000;
  t.ack({0, {{2, 5}}});
  t.ack({2, {{7, 9}}}); // 2 to 4 were SACKed, and are not acknowledged
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  EXPECT_TRUE(t.sacked().empty());
  EXPECT_EQ(t.f.sacked_out, 0U);
  EXPECT_EQ(t.lost().size(), 8U);
}

TEST_F(AbiTcpLoss, RetransmissionOfTheFirstRestartsTheTimeout) {
  t.send_new(16);
  t.now += 1000;
  t.ack({0, {{1, 4}}});
  t.now += 50'000; // it could not be sent so far
  t.send();
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_RTO));
  EXPECT_EQ(t.f.timer_us, t.now + 200'000);
}

TEST_F(AbiTcpLoss, TimeoutsAreCountedFromTheLastProgress) {
  t.env.config.sack = 0;
  t.send_new(10);
  const __u32 due = t.f.timer_us;
  t.now += 1000;
  t.ack({0});
  EXPECT_EQ(t.f.timer_us, due);
  t.now += 1000;
  t.ack({1}); // RFC 6298, (5.3)
  EXPECT_EQ(t.f.timer_us, t.now + 200'000);
  t.ack({10});
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_NONE)); // (5.2)
}

TEST_F(AbiTcpLoss, GivesUpAFarEndThatIsSilent) {
  t.env.config.silence_us = 5'000'000;
  t.send_new(1);
  const __u32 began = t.now;
  while (t.f.phase == XTG_TCP_OPEN && t.now - began < 100'000'000) {
    t.expire();
    t.send();
  }
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_SILENT));
  EXPECT_GT(t.now - began, 5'000'000U);
  EXPECT_LT(t.now - began, 15'000'000U);
}

// RFC 9293, 3.8.3: the far end says this and that, and acknowledges nothing.
TEST_F(AbiTcpLoss, GivesUpAFarEndThatAcknowledgesNothing) {
  t.send_new(4);
  const __u32 began = t.now;
  while (t.f.phase == XTG_TCP_OPEN && t.now - began < 1'000'000'000) {
    t.expire();
    t.send();
    t.now += 1000;
    t.ack({.ack = 0, .len = 10});
    t.peer_seq += 10;
    t.send();
  }
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_NO_PROGRESS));
  EXPECT_GE(t.now - began, 100'000'000U);
  EXPECT_LT(t.now - began, 250'000'000U);
  EXPECT_GE(t.f.rto_fired, 3U);
}

TEST_F(AbiTcpLoss, ProgressBeginsTheTimeAnew) {
  t.send_new(100);
  for (int i = 1; i < 100; ++i) { // each takes a time-out or two
    t.expire();
    t.send();
    t.expire();
    t.send();
    t.now += 10'000'000;
    t.ack({static_cast<double>(i)});
    t.f.backoff = 0;
    ASSERT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  }
}

TEST_F(AbiTcpLoss, ClosedWindowIsNoReasonToGiveUp) {
  t.send_new(10);
  t.ack({.ack = 5, .window = 0}); // taken back: five are outstanding
  for (int i = 0; i < 200; ++i) {
    t.expire();
    t.send();
    t.now += 1000;
    t.ack({.ack = 5, .window = 0});
    ASSERT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  }
}

// --rate 1kbps: the next slot is seconds away.
TEST_F(AbiTcpLoss, NoTimeoutOfWhatWaitsForItsSlot) {
  t.send_new(4);
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.expire();
  EXPECT_EQ(t.f.rto_fired, 1U);
  const __u32 backoff = t.f.backoff;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(t.send(XTG_TCP_NO_DATA).empty());
    t.expire();
  }
  EXPECT_EQ(t.f.rto_fired, 1U);
  EXPECT_EQ(t.f.backoff, backoff);
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN)); // it could not have been answered
  EXPECT_EQ(t.segments(XTG_TCP_SEND_RETRANSMIT), Segs{0});
  EXPECT_EQ(t.f.timer_us, t.now + 400'000);
  t.expire();
  EXPECT_EQ(t.f.rto_fired, 2U);
}

TEST_F(AbiTcpLoss, WideningLastsSixteenRecoveries) {
  t.send_new(16);
  t.now += 1000;
  t.ack({4, {{1, 2}}});
  EXPECT_EQ(t.f.reorder_steps, 2U);
  t.ack({16});
  for (int i = 1; i <= 16; ++i) { // RFC 8985, 6.2, step 4
    EXPECT_EQ(t.f.reorder_steps, 2U) << i;
    t.send_new(16);
    t.now += 1000;
    const auto una = static_cast<double>(t.f.una_seg);
    t.ack({una, {{una + 1, una + 16}}});
    t.now += 2000;
    t.timer();
    ASSERT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_FAST)) << i;
    t.send();
    t.now += 1000;
    t.ack({static_cast<double>(t.f.nxt_seg)});
    ASSERT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_SMOOTH)) << i;
  }
  EXPECT_EQ(t.f.reorder_steps, 1U);
}

// What the handshake measured over empty queues is no measure of what is late.
TEST_F(AbiTcpLoss, ReorderingWindowGoesByTheRoundTripsOfLate) {
  t.f.reorder_seen = 1;
  EXPECT_EQ(xtg_tcp_reorder_window(&t.f), 250U);
  for (int i = 0; i < 2200; ++i) { // 22 seconds
    t.send_new(1);
    t.now += 10'000;
    t.ack({static_cast<double>(t.f.nxt_seg)});
  }
  EXPECT_EQ(xtg_tcp_reorder_window(&t.f), 2500U);
  EXPECT_EQ(t.f.rtt_min_us, 1000U); // what is reported
}

TEST_F(AbiTcpLoss, HeardInTheFutureIsNotSilent) {
  t.send_new(1);
  t.f.backoff = 5;
  t.f.heard_us = t.now + 3; // the event came while this program ran
  t.f.timer = XTG_TCP_TIMER_RTO;
  t.timer();
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
}

TEST_F(AbiTcpLoss, OldTimesAreForgotten) {
  t.send_new(5);
  t.now += 1000;
  t.ack({0, {{2, 3}}});
  t.ack({5});
  t.now += 0x80000100U; // 36 minutes later the old time would be in the future
  t.send_new(5);
  t.now += 1000;
  t.ack({5, {{6, 7}}});
  EXPECT_EQ(t.f.rack_seg, 7U);
}

} // namespace
