// SPDX-License-Identifier: BSD-2-Clause
// Which segments of the far end are acceptable, and what becomes of its data.
#include "support/tcp_flow.h"

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

class AbiTcpAccept : public ::testing::Test {
protected:
  AbiTcpAccept() { t.send_new(5); }
  xtg_tcp_event at(std::int32_t from_next, std::uint32_t flags = 0, std::uint32_t len = 0) {
    xtg_tcp_event e = t.event({.ack = 1, .flags = flags, .len = len});
    e.seq = t.f.rcv_nxt + static_cast<__u32>(from_next);
    return e;
  }
  bool wants_ack() {
    const bool wants = t.f.want & XTG_TCP_WANT_ACK;
    t.f.want &= ~XTG_TCP_WANT_ACK;
    return wants;
  }
  TcpFlow t;
};

TEST_F(AbiTcpAccept, ResetWithTheExactNumberOnly) {
  t.input(at(1, XTG_TCP_RST)); // RFC 5961, 3.2: within the window
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  EXPECT_TRUE(wants_ack());
  t.input(at(-1, XTG_TCP_RST));
  t.input(at(65535, XTG_TCP_RST));
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  EXPECT_FALSE(wants_ack());
  EXPECT_EQ(t.f.bad_segments, 3U);
  t.input(at(0, XTG_TCP_RST));
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_RESET));
  EXPECT_EQ(t.f.timer, static_cast<__u32>(XTG_TCP_TIMER_NONE));
  EXPECT_TRUE(t.send().empty());
  EXPECT_EQ(t.input(at(0)), 0);
}

TEST_F(AbiTcpAccept, SynIsChallenged) {
  EXPECT_EQ(t.input(at(0, XTG_TCP_SYN)), 0);
  EXPECT_TRUE(wants_ack());
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  EXPECT_EQ(t.f.una, 0U);
}

TEST_F(AbiTcpAccept, ChallengesAreLimited) {
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    t.now += 10'000;
    t.input(at(0, XTG_TCP_SYN));
    answers += wants_ack();
  }
  EXPECT_EQ(answers, 2); // in a second
  EXPECT_EQ(t.f.bad_segments, 100U);
}

TEST_F(AbiTcpAccept, KeepaliveIsAnsweredEveryTime) {
  for (int i = 0; i < 5; ++i) {
    t.input(at(-1));
    EXPECT_TRUE(wants_ack());
    t.input(at(-1, 0, 1)); // with a byte of old data
    EXPECT_TRUE(wants_ack());
  }
  EXPECT_EQ(t.f.bad_segments, 0U);
  EXPECT_EQ(t.f.una, 0U);
}

TEST_F(AbiTcpAccept, OldDataIsAnsweredEveryTime) {
  for (int i = 0; i < 5; ++i) {
    t.input(at(-100, 0, 100));
    EXPECT_TRUE(wants_ack());
  }
  EXPECT_EQ(t.f.bytes_received, 0U);
}

TEST_F(AbiTcpAccept, BeyondTheWindow) {
  EXPECT_EQ(t.input(at(65535)), 1); // its right edge
  EXPECT_EQ(t.input(at(65536)), 0);
  EXPECT_TRUE(wants_ack());
  EXPECT_EQ(t.f.bad_segments, 1U);
}

TEST_F(AbiTcpAccept, WithoutAckNothingIsTaken) {
  xtg_tcp_event e = at(0, 0, 10);
  e.flags = 0;
  EXPECT_EQ(t.input(e), 0);
  EXPECT_EQ(t.f.una, 0U);
  EXPECT_EQ(t.f.bytes_received, 0U);
}

TEST_F(AbiTcpAccept, DataIsTakenInOrder) {
  t.input(at(0, 0, 100));
  EXPECT_EQ(t.f.bytes_received, 100U);
  EXPECT_EQ(t.f.rcv_nxt, TcpFlow::kPeerSeq + 100);
  EXPECT_TRUE(wants_ack());
  t.input(at(50, 0, 100)); // a hole before it
  EXPECT_EQ(t.f.bytes_received, 100U);
  EXPECT_TRUE(wants_ack()); // a duplicate acknowledgment
  t.input(at(-30, 0, 100)); // partly new
  EXPECT_EQ(t.f.bytes_received, 170U);
  for (int i = 0; i < 10; ++i)
    t.input(at(0, 0, 100)); // over the wrap of its sequence numbers
  EXPECT_EQ(t.f.bytes_received, 1170U);
  EXPECT_EQ(t.f.una, 1000U);
}

TEST_F(AbiTcpAccept, FinOfTheFarEndLeavesUsSending) {
  t.input(at(0, XTG_TCP_FIN, 10));
  EXPECT_EQ(t.f.peer_fin, 1U);
  EXPECT_EQ(t.f.rcv_nxt, TcpFlow::kPeerSeq + 11);
  EXPECT_EQ(t.f.bytes_received, 10U);
  EXPECT_TRUE(wants_ack());
  t.input(at(-11, XTG_TCP_FIN, 10)); // our acknowledgment was lost
  EXPECT_TRUE(wants_ack());
  EXPECT_EQ(t.f.rcv_nxt, TcpFlow::kPeerSeq + 11);
  t.input(at(0, 0, 10)); // behind its end: not possible
  EXPECT_EQ(t.f.bytes_received, 10U);
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
  EXPECT_FALSE(t.send().empty());
}

TEST_F(AbiTcpAccept, FinBehindAHoleIsNotTaken) {
  t.input(at(5, XTG_TCP_FIN, 10));
  EXPECT_EQ(t.f.peer_fin, 0U);
}

TEST_F(AbiTcpAccept, PawsAndMissingTimestamps) {
  t.env.config.timestamps = 1;
  t.f.ts_recent = 0xfffffff0U;
  const auto with_ts = [&](__u32 tsval, std::int32_t from_next = 0) {
    xtg_tcp_event e = at(from_next, XTG_TCP_HAS_TS);
    e.tsval = tsval;
    return e;
  };
  EXPECT_EQ(t.input(at(0)), 1); // as Linux does, against RFC 7323, 3.2
  EXPECT_EQ(t.f.bad_segments, 0U);
  EXPECT_EQ(t.f.ts_recent, 0xfffffff0U);              // there was none to remember
  EXPECT_EQ(t.input(with_ts(0xfffffff0U - 1201)), 0); // 5.3
  EXPECT_TRUE(wants_ack());
  EXPECT_EQ(t.f.bad_segments, 1U);
  EXPECT_EQ(t.f.ts_recent, 0xfffffff0U);
  EXPECT_EQ(t.input(with_ts(0xfffffff0U)), 1);
  EXPECT_EQ(t.input(with_ts(5)), 1); // it wraps
  EXPECT_EQ(t.f.ts_recent, 5U);
  EXPECT_EQ(t.input(with_ts(9, 100)), 1); // 4.3: not from beyond what was acknowledged
  EXPECT_EQ(t.f.ts_recent, 5U);
  t.input(at(0, XTG_TCP_RST)); // a reset has none
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_RESET));
}

/// Later acknowledgments came first: it is dropped, but it is no attack and gets no answer.
TEST_F(AbiTcpAccept, OvertakenAcknowledgment) {
  t.env.config.timestamps = 1;
  t.f.ts_recent = 100; // and the older stamps are from before the wrap
  const auto old = [&](std::uint32_t ticks, std::int32_t from_next, std::uint32_t flags,
                       std::uint32_t len) {
    xtg_tcp_event e = at(from_next, XTG_TCP_HAS_TS | flags, len);
    e.tsval = 100 - ticks;
    return e;
  };
  for (const std::uint32_t ticks : {1U, 1200U})
    EXPECT_EQ(t.input(old(ticks, 0, 0, 0)), 0);
  EXPECT_FALSE(wants_ack());
  EXPECT_EQ(t.f.bad_segments, 0U);
  EXPECT_EQ(t.f.ts_recent, 100U);
  EXPECT_EQ(t.f.una, 0U);
  // Its neighbours are what PAWS is for.
  EXPECT_EQ(t.input(old(1201, 0, 0, 0)), 0);
  EXPECT_EQ(t.input(old(1, 0, 0, 10)), 0);
  EXPECT_EQ(t.input(old(1, 0, XTG_TCP_FIN, 0)), 0);
  EXPECT_EQ(t.input(old(1, 0, XTG_TCP_SYN, 0)), 0);
  EXPECT_EQ(t.input(old(1, 1, 0, 0)), 0);
  EXPECT_EQ(t.input(old(1, -1, 0, 0)), 0);
  EXPECT_EQ(t.f.bad_segments, 6U);
  EXPECT_EQ(t.f.phase, static_cast<__u32>(XTG_TCP_OPEN));
}

TEST(AbiTcpOpen, OwnWindowIsThatOfAReceiverThatReads) {
  EXPECT_EQ(xtg_tcp_own_window(0, 0), 65535U); // all of it lay unread
  EXPECT_EQ(xtg_tcp_own_window(1000, 7), 512U);
  EXPECT_EQ(xtg_tcp_own_window(65535, 0), 65535U);
  EXPECT_EQ(xtg_tcp_own_window(1 << 20, 7), (1U << 20) >> 7); // more was told already
  EXPECT_EQ(xtg_tcp_own_window((1 << 20) + 1, 7), ((1U << 20) >> 7) + 1);
  EXPECT_EQ(xtg_tcp_own_window(1 << 30, 14), 0xffffU);
  EXPECT_EQ(xtg_tcp_own_window(0, 14), 4U);
}

} // namespace
