// SPDX-License-Identifier: BSD-2-Clause
// Recoveries for nothing: RFC 3522 and 4015.
#include "support/tcp_flow.h"

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

class AbiTcpUndo : public ::testing::Test {
protected:
  AbiTcpUndo() {
    t.env.config.timestamps = 1;
    t.measured(1000);
    t.f.cwnd = 40;
    t.f.ssthresh = 30;
    t.f.limit = 40'000;
    t.send();
    t.now += 1000;
  }
  /// What is to be sent again goes with this time stamp.
  Segs retransmits(std::uint32_t tsval) {
    Segs all;
    for (const xtg_tcp_burst& b : t.send()) {
      xtg_tcp_undo_sent(&t.f, &b, tsval);
      for (std::uint32_t i = 0; b.kind == XTG_TCP_SEND_RETRANSMIT && i < b.count; ++i)
        all.push_back(b.seg + i);
    }
    return all;
  }
  void ack(const Ack& a, std::uint32_t tsecr) {
    xtg_tcp_event e = t.event(a);
    e.flags |= XTG_TCP_HAS_TS;
    e.tsval = 7;
    e.tsecr = tsecr;
    t.input(e);
  }
  void time_out() {
    t.f.timer = XTG_TCP_TIMER_RTO;
    t.expire();
  }
  TcpFlow t;
};

TEST_F(AbiTcpUndo, AnswerToTheOriginalAfterATimeout) {
  time_out();
  EXPECT_EQ(t.f.lost_out, 40U);
  EXPECT_EQ(retransmits(500), Segs{0});
  t.now += 100;
  ack({2}, 300);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_SMOOTH));
  EXPECT_EQ(t.f.lost_out, 0U); // all are under way
  EXPECT_GE(t.f.cwnd, 40U);
  EXPECT_EQ(t.f.ssthresh, 30U);
  EXPECT_EQ(t.f.undone, 1U);
  EXPECT_TRUE(retransmits(501).empty());
}

TEST_F(AbiTcpUndo, AnswerToTheRetransmissionIsAnswerToALoss) {
  time_out();
  retransmits(500);
  t.now += 1000;
  ack({1}, 500);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_TIMEOUT));
  EXPECT_EQ(t.f.undone, 0U);
  EXPECT_EQ(t.f.ssthresh, 20U);
}

TEST_F(AbiTcpUndo, FarEndThatDoesNotEchoTellsNothing) {
  time_out();
  retransmits(500);
  ack({1}, 0);
  EXPECT_EQ(t.f.undone, 0U);
}

TEST_F(AbiTcpUndo, OnlyTheFirstAnswerCounts) {
  time_out();
  retransmits(500);
  ack({1}, 500);
  ack({2}, 300); // an older one that was overtaken
  EXPECT_EQ(t.f.undone, 0U);
}

TEST_F(AbiTcpUndo, FastRetransmissionOfWhatWasOnlyOvertaken) {
  ack({0, {{1, 5}}}, 300);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_FAST));
  EXPECT_EQ(t.f.cwnd, 20U);
  EXPECT_EQ(retransmits(500), Segs{0});
  ack({5}, 300);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_SMOOTH));
  EXPECT_GE(t.f.cwnd, 40U);
  EXPECT_EQ(t.f.undone, 1U);
  EXPECT_EQ(t.f.reorder_seen, 1U);
}

TEST_F(AbiTcpUndo, NothingWasSentAgainYet) {
  time_out();
  ack({40}, 300); // the schedule had no slot for it
  EXPECT_EQ(t.f.undone, 1U);
  EXPECT_GE(t.f.cwnd, 40U);
}

TEST_F(AbiTcpUndo, WhatTheDriverRefusedStaysLost) {
  xtg_tcp_refused(&t.f, 7);
  time_out();
  retransmits(500);
  ack({2}, 300);
  EXPECT_EQ(t.f.undone, 1U);
  EXPECT_EQ(t.lost(), Segs{7});
}

TEST_F(AbiTcpUndo, TwoTransmissionsCannotBeDistinguished) {
  time_out();
  retransmits(500);
  ack({1}, 500);
  EXPECT_EQ(retransmits(501), (Segs{1, 2}));
  t.f.recovery = XTG_TCP_SMOOTH; // a new recovery begins with what was sent twice already
  time_out();
  retransmits(600);
  ack({2}, 501);
  EXPECT_EQ(t.f.undone, 0U);
}

TEST_F(AbiTcpUndo, NotWithoutTimestamps) {
  t.env.config.timestamps = 0;
  time_out();
  retransmits(500);
  t.ack({2});
  EXPECT_EQ(t.f.undone, 0U);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_TIMEOUT));
}

TEST_F(AbiTcpUndo, CubicGoesOnWhereItWas) {
  t.env.config.congestion = XTG_TCP_CC_CUBIC;
  t.f.cubic_max = 50;
  t.f.cubic_running = 1;
  time_out();
  EXPECT_NE(t.f.cubic_max, 50U);
  retransmits(500);
  ack({2}, 300);
  EXPECT_EQ(t.f.cubic_max, 50U);
  EXPECT_EQ(t.f.cubic_running, 1U);
}

} // namespace
