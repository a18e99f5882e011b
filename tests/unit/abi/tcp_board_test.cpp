// SPDX-License-Identifier: BSD-2-Clause
#include "support/tcp_flow.h"

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

TEST(AbiTcpBoard, WordsTouched) {
  EXPECT_EQ(xtg_tcp_words(5, 5), 0U);
  EXPECT_EQ(xtg_tcp_words(6, 5), 0U);
  EXPECT_EQ(xtg_tcp_words(63, 64), 1U);
  EXPECT_EQ(xtg_tcp_words(63, 65), 2U);
  EXPECT_EQ(xtg_tcp_words(64, 128), 1U);
  EXPECT_EQ(xtg_tcp_words(0, ~0ULL), 1024U); // never more than there are
}

TEST(AbiTcpBoard, FirstTransmissionForgetsTheRingsPast) {
  TcpFlow t(500);
  for (int turn = 0; turn < 8; ++turn) { // the ring has 1024
    t.send_new(450);
    EXPECT_TRUE(t.sacked().empty());
    EXPECT_TRUE(t.lost().empty());
    const auto una = static_cast<double>(t.f.una_seg);
    t.ack({una, {{una + 100, una + 400}}});
    EXPECT_EQ(t.sacked().size(), 300U);
    t.ack({una + 450});
    EXPECT_EQ(t.f.sacked_out, 0U);
  }
}

TEST(AbiTcpBoard, NeverSendsMoreThanTheRingHolds) {
  TcpFlow t;
  t.f.edge = 5'000'000;
  t.f.cwnd = XTG_TCP_CWND_MAX;
  t.send();
  EXPECT_EQ(t.f.nxt_seg, 15U * 64);
  t.ack({1});
  t.f.edge = 5'000'000;
  t.send();
  EXPECT_EQ(t.f.nxt_seg, 15U * 64 + 1);
}

TEST(AbiTcpBoard, BlocksMarkWholeSegments) {
  TcpFlow t;
  t.send_new(80);
  t.ack({2, {{62, 66}, {5.5, 9.2}, {70, 70.9}}});
  EXPECT_EQ(t.sacked(), (Segs{6, 7, 8, 62, 63, 64, 65}));
  EXPECT_EQ(t.f.sacked_out, 7U);
  EXPECT_EQ(t.f.delivered, 9U);
  EXPECT_EQ(t.f.high_sacked, 66U);
  t.ack({2, {{62, 66}, {5.5, 9.2}}}); // again: nothing new
  EXPECT_EQ(t.f.sacked_out, 7U);
  EXPECT_EQ(t.f.delivered, 9U);
  t.ack({7});
  EXPECT_EQ(t.f.sacked_out, 6U);
  EXPECT_EQ(t.f.delivered, 9U + 4); // 6 was known
}

TEST(AbiTcpBoard, NonsenseBlocksAreIgnored) {
  TcpFlow t;
  t.send_new(20);
  t.ack({5, {{19, 21}}}); // beyond what was sent
  t.ack({5, {{10, 10}}});
  t.ack({5, {{12, 10}}});
  t.ack({5, {{8, 9}, {3, 7}}}); // reaches below the acknowledgment
  EXPECT_EQ(t.sacked(), (Segs{8}));
}

TEST(AbiTcpBoard, ShortLastSegmentIsWhole) {
  TcpFlow t;
  t.f.limit = 4'300;
  t.send();
  EXPECT_EQ(t.f.nxt_seg, 5U);
  t.ack({0, {{4, 4.3}}});
  EXPECT_EQ(t.sacked(), (Segs{4}));
  t.ack({4.3});
  EXPECT_EQ(t.f.una_seg, 5U);
}

TEST(AbiTcpBoard, RefusedByTheDriverIsNoRetransmission) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(10);
  xtg_tcp_refused(&t.f, 3);
  xtg_tcp_refused(&t.f, 4);
  xtg_tcp_refused(&t.f, 4); // told twice
  xtg_tcp_refused(&t.f, 8);
  xtg_tcp_refused(&t.f, 10); // never sent
  EXPECT_EQ(t.lost(), (Segs{3, 4, 8}));
  EXPECT_EQ(t.f.lost_out, 3U);
  EXPECT_EQ(xtg_tcp_in_flight(&t.f), 7U);
  EXPECT_EQ(t.f.recovery, static_cast<__u32>(XTG_TCP_SMOOTH));
  t.now += 5;
  const auto bursts = t.send();
  ASSERT_EQ(bursts.size(), 2U);
  EXPECT_EQ(bursts[0].seg, 3U);
  EXPECT_EQ(bursts[0].count, 2U);
  EXPECT_EQ(bursts[1].seg, 8U);
  for (const auto& b : bursts)
    EXPECT_EQ(b.cause, static_cast<__u32>(XTG_TCP_RETRANSMIT_LOCAL));
  EXPECT_EQ(t.f.retransmits[XTG_TCP_RETRANSMIT_LOCAL], 3U);
  EXPECT_EQ(t.f.retransmitted_bytes[XTG_TCP_RETRANSMIT_LOCAL], 3000U);
  EXPECT_EQ(t.f.retransmits[XTG_TCP_RETRANSMIT_SACK], 0U);
  // It arrives after later ones; that the path reorders is not to be learnt from it.
  t.now += 1000;
  t.ack({3, {{5, 8}, {9, 10}}});
  t.now += 5;
  t.ack({10});
  EXPECT_EQ(t.f.reorder_seen, 0U);
}

TEST(AbiTcpBoard, RefusedAfterItArrivedChangesNothing) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(10);
  t.ack({2, {{5, 6}}});
  xtg_tcp_refused(&t.f, 1);
  xtg_tcp_refused(&t.f, 5);
  EXPECT_EQ(t.f.lost_out, 0U);
}

TEST(AbiTcpBoard, LostForOtherReasonsIsSentByItself) {
  TcpFlow t;
  t.measured(1000);
  t.send_new(10);
  xtg_tcp_refused(&t.f, 1);
  t.now += 1000;
  t.ack({0, {{6, 10}}}); // 0 and 2 to 5 are lost on the way
  EXPECT_EQ(t.f.lost_out, 6U);
  t.f.cwnd = 20;
  const auto bursts = t.send();
  ASSERT_GE(bursts.size(), 3U);
  EXPECT_EQ(bursts[0].cause, static_cast<__u32>(XTG_TCP_RETRANSMIT_SACK));
  EXPECT_EQ(bursts[0].count, 1U);
  EXPECT_EQ(bursts[1].cause, static_cast<__u32>(XTG_TCP_RETRANSMIT_LOCAL));
  EXPECT_EQ(bursts[1].count, 1U);
  EXPECT_EQ(bursts[2].seg, 2U);
  EXPECT_EQ(bursts[2].count, 4U);
}

TEST(AbiTcpBoard, InFlightIsNeverBelowZero) {
  xtg_tcp_flow f{};
  f.nxt_seg = 10;
  f.sacked_out = 6;
  f.lost_out = 4;
  EXPECT_EQ(xtg_tcp_in_flight(&f), 0U);
  f.dupacks = 3;
  EXPECT_EQ(xtg_tcp_in_flight(&f), 0U);
}

} // namespace
