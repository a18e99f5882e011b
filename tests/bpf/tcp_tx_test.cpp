// SPDX-License-Identifier: BSD-2-Clause
// What the send program of `tcp` writes, every byte against packet::render_tcp(), and when it sends
// nothing. Every page comes full of garbage where a header goes.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <linux/bpf.h>

#include "core/clock.h"
#include "packet/bytes.h"
#include "program.h"
#include "support/hex.h"
#include "tcp_talk.h"
#include "xtg/abi/tcp_math.h"

namespace xtg::test {
namespace {

using packet::Family;

constexpr std::uint8_t kAck = XTG_TCP_ACK;
constexpr std::uint8_t kPush = XTG_TCP_ACK | XTG_TCP_PSH;

struct Shape {
  Family family;
  bool timestamps;
};

TcpSetup plain(Shape shape = {Family::V4, true}, Bytes payload = {}) {
  TcpSetup setup;
  setup.header = tcp_header(shape.family, shape.timestamps);
  setup.payload = std::move(payload);
  return setup;
}

class TcpTxTest : public BpfTest {};
class TcpTxShapes : public BpfTest, public testing::WithParamInterface<Shape> {};

INSTANTIATE_TEST_SUITE_P(, TcpTxShapes,
                         testing::Values(Shape{Family::V4, false}, Shape{Family::V4, true},
                                         Shape{Family::V6, false}, Shape{Family::V6, true}),
                         [](const auto& info) {
                           return fmt::format("{}{}", info.param.family == Family::V4 ? "V4" : "V6",
                                              info.param.timestamps ? "Timestamps" : "");
                         });

/// Everything up to `end` arrives at the first attempt, and is acknowledged as it comes.
void send_smoothly(Talk& talk, std::uint64_t end) {
  std::uint64_t next = 0;
  while (next < end) {
    const auto sent = talk.send_all(64);
    ASSERT_FALSE(sent.empty()) << "at " << next;
    for (const TcpSent& frame : sent) {
      const Want want = talk.segment(next);
      ASSERT_TRUE(talk.is(frame, want));
      next += want.len;
    }
    talk.hear({.ack = next});
  }
}

TEST_P(TcpTxShapes, Zeros) {
  Talk talk(plain(GetParam()), 30 * 1000 + 123);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  send_smoothly(talk, 30 * 1000 + 123);
  EXPECT_TRUE(talk.silent());
  EXPECT_EQ(talk.program.flow().phase, std::uint32_t{XTG_TCP_DRAINED});
}

// The data repeat after 7777 bytes, where the cutting into segments begins anew.
TEST_P(TcpTxShapes, APayloadThatRepeats) {
  Talk talk(plain(GetParam(), noise(7777, 1)), 30 * 1000 + 124);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  send_smoothly(talk, 30 * 1000 + 124);
  EXPECT_TRUE(talk.silent());
}

/// The path takes less than a segment: frames of what it takes, without a gap and each right.
TEST_P(TcpTxShapes, CutToWhatThePathTakes) {
  const bool v4 = GetParam().family == Family::V4;
  for (const Bytes& payload : {Bytes{}, noise(7777, 1)}) {
    constexpr std::uint64_t kEnd = 30 * 1000 + 123;
    Talk talk(plain(GetParam(), payload), kEnd);
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    std::uint64_t next = 0, frames = 0;
    std::uint8_t flags = 0;
    while (next < kEnd) {
      if (next >= 5'000) talk.program.control().cut = 700;
      const auto sent = talk.send_all(64);
      ASSERT_FALSE(sent.empty()) << "at " << next;
      for (const TcpSent& frame : sent) {
        const std::span<const std::uint8_t> bytes(frame.bytes);
        const auto total = packet::load_be(bytes.subspan(v4 ? 16 : 18, 2)) - (v4 ? 20 : 0);
        const auto len = static_cast<std::uint32_t>(total - (GetParam().timestamps ? 32 : 20));
        flags = frame.bytes[v4 ? 47 : 67];
        ASSERT_TRUE(talk.is(frame, {.offset = next, .len = len, .flags = flags})) << next;
        if (talk.program.control().cut != 0) {
          ASSERT_LE(len, 700U) << next;
          frames++;
        }
        next += len;
      }
      talk.hear({.ack = next});
    }
    EXPECT_EQ(next, kEnd);
    EXPECT_EQ(flags, kPush) << "the last one";
    EXPECT_LE(frames, 50U) << "without regard to where segments begin";
    EXPECT_TRUE(talk.silent());
  }
}

/// What was lost is cut, too, also within what the receiver had asked for before.
TEST_P(TcpTxShapes, CutAlsoWhatGoesAgain) {
  Talk talk(plain(GetParam()), 20'000);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  ASSERT_EQ(talk.send_all(20).size(), 20U);
  talk.program.control().cut = 700;
  talk.hear({.ack = 2'000, .sack = {{6'000, 20'000}}});
  std::uint64_t next = 2'000;
  for (int i = 0; i < 10'000 && next < 6'000; i++) // once the time for reordering has passed
    for (const TcpSent& frame : talk.send_all()) {
      ASSERT_EQ(talk.offset_of(frame), next);
      next += std::min<std::uint64_t>(700, 6'000 - next);
    }
  EXPECT_EQ(next, 6'000U);
  talk.hear({.ack = 20'000});
  EXPECT_TRUE(talk.silent());
}

TEST_P(TcpTxShapes, SegmentsOfEveryLength) {
  const std::pair<std::uint32_t, std::uint32_t> lengths[] = {{88, 1},      {88, 6},   {88, 7},
                                                             {1447, 1446}, {1448, 2}, {3322, 3322}};
  for (const auto& [mss, last] : lengths) {
    TcpSetup setup = plain(GetParam(), noise(2 * mss + last, 2));
    setup.mss = mss;
    Talk talk(setup, 5 * mss + 2 * last);
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    send_smoothly(talk, 5 * mss + 2 * last);
    ASSERT_FALSE(HasFatalFailure()) << mss << ", " << last;
  }
}

// From element to element of the payload map, and once around.
TEST_F(TcpTxTest, AWholePeriodOfThePattern) {
  TcpSetup setup = plain({Family::V4, true}, packet::pattern_payload());
  setup.mss = 1448;
  setup.burst = 45;
  Talk talk(setup);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  send_smoothly(talk, packet::kPatternPeriod + 300'000);
}

TEST_F(TcpTxTest, AFileThatEndsWithItsLastByte) {
  const Bytes file = noise(XTG_TCP_CHUNK + 5000, 3);
  TcpSetup setup = plain({Family::V6, false}, file);
  setup.mss = 3333;
  Talk talk(setup, file.size());
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  send_smoothly(talk, file.size());
  EXPECT_TRUE(talk.silent());
}

// Only the last segment of what there is to send is pushed, or bursts could not be merged.
TEST_F(TcpTxTest, PushesTheLastOne) {
  Talk whole(plain(), 16 * 1000);
  ASSERT_TRUE(whole.program.ok()) << whole.program.error();
  for (std::uint64_t i = 0; i < 16; i++)
    EXPECT_TRUE(whole.sends({i * 1000, 1000, i == 15 ? kPush : kAck})) << i;
  Talk window(plain(), ~0ULL, 5 * 1000 + 400);
  ASSERT_TRUE(window.program.ok()) << window.program.error();
  for (std::uint64_t i = 0; i < 5; i++)
    EXPECT_TRUE(window.sends({i * 1000, 1000, i == 4 ? kPush : kAck})) << i;
  EXPECT_TRUE(window.silent());
}

TEST_P(TcpTxShapes, SendsAgainWhatWasLost) {
  TcpSetup setup = plain(GetParam(), noise(7777, 4));
  setup.header.ecn = true;
  Talk talk(setup);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  std::uint64_t next = 0;
  std::vector<std::uint64_t> begins;
  for (const TcpSent& frame : talk.send_all()) {
    const Want want = talk.segment(next);
    ASSERT_TRUE(talk.is(frame, want));
    begins.push_back(next);
    next += want.len;
  }
  ASSERT_GE(begins.size(), 20U);
  talk.program.flow().limit = next; // or more of it takes the room of what is lost
  // Lost: 0, 7 (the short one at the period's end) and 12.
  talk.hear({.ack = 0,
             .sack = {{begins[13], begins[20]}, {begins[8], begins[12]}, {begins[1], begins[7]}}});
  std::set<std::uint64_t> retransmits;
  // Within the time that reordering is waited for, which is about a round trip here.
  const std::uint64_t deadline = monotonic_ns() + 5'000'000'000;
  while (retransmits.size() < 3 && monotonic_ns() < deadline) {
    for (const TcpSent& frame : talk.send_all()) {
      const std::uint64_t at = talk.offset_of(frame);
      Want want = talk.segment(at);
      ASSERT_LT(at, next);
      want.fresh = false;
      want.flags = kAck; // more is outstanding behind it
      EXPECT_TRUE(talk.is(frame, want)) << at;
      EXPECT_TRUE(retransmits.insert(at).second) << at;
    }
  }
  EXPECT_EQ(retransmits, (std::set<std::uint64_t>{begins[0], begins[7], begins[12]}));
}

// The far end has taken a part of a segment: what is sent again begins within it, and has a sum
// that was not known before.
TEST_P(TcpTxShapes, SendsTheRestOfASegmentAgain) {
  for (const std::uint64_t part : {1U, 2U, 333U, 998U, 999U}) {
    Talk talk(plain(GetParam(), noise(7777, 5)), 4 * 1000);
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    ASSERT_EQ(talk.send_all().size(), 4U);
    talk.hear({.ack = 1000 + part});
    EXPECT_TRUE(talk.silent());
    talk.fire(XTG_TCP_TIMER_RTO);
    const auto rest = static_cast<std::uint32_t>(1000 - part);
    EXPECT_TRUE(talk.sends({1000 + part, rest, kAck, false})) << part;
    EXPECT_TRUE(talk.sends({2000, 1000, kAck, false}));
    EXPECT_TRUE(talk.sends({3000, 1000, kPush, false}));
    EXPECT_TRUE(talk.silent());
  }
}

TEST_P(TcpTxShapes, ObeysTheWindow) {
  Talk talk(plain(GetParam(), noise(7777, 6)), ~0ULL, 2500);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  EXPECT_TRUE(talk.sends({0, 1000}));
  EXPECT_TRUE(talk.sends({1000, 1000, kPush}));
  EXPECT_TRUE(talk.silent()); // 500 bytes are not worth a segment
  talk.hear({.ack = 2000, .window = 500});
  EXPECT_TRUE(talk.silent());
  talk.fire(XTG_TCP_TIMER_PERSIST); // unless nothing better comes
  EXPECT_TRUE(talk.sends({2000, 500, kPush}));
  EXPECT_TRUE(talk.silent());
  talk.hear({.ack = 2500, .window = 2000});
  EXPECT_TRUE(talk.sends({2500, 500, kPush})); // to the grid again
  EXPECT_TRUE(talk.sends({3000, 1000, kPush}));
  EXPECT_TRUE(talk.silent());
}

TEST_P(TcpTxShapes, AnswersThroughAClosedWindow) {
  TcpSetup setup = plain(GetParam());
  setup.header.ecn = true; // pure ACKs are not ECN-capable
  Talk talk(setup, ~0ULL, 2000);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  ASSERT_EQ(talk.send_all().size(), 2U);
  talk.hear({.ack = 2000, .window = 0});
  EXPECT_TRUE(talk.silent());
  const Want ack{2000, 0, kAck, false};
  for (const std::size_t size : {1U, 700U}) { // the acknowledgment number is seen to move
    talk.hear({.ack = 2000, .window = 0, .payload = noise(size, size)});
    EXPECT_TRUE(talk.sends(ack));
    EXPECT_TRUE(talk.silent());
  }
  EXPECT_EQ(talk.program.flow().bytes_received, 701U);
  talk.hear({.ack = 2000, .window = 0, .flags = kAck | XTG_TCP_FIN});
  EXPECT_TRUE(talk.sends(ack));
  talk.fire(XTG_TCP_TIMER_PERSIST);
  EXPECT_TRUE(talk.sends({1999, 0, kAck, false})); // an old number, to be answered
  EXPECT_TRUE(talk.silent());
  talk.hear({.ack = 2000, .window = 1000});
  EXPECT_TRUE(talk.sends({2000, 1000, kPush}));
}

// RFC 3168: the first new data after the reduction says that it took place.
TEST_F(TcpTxTest, TellsThatCongestionWasHeardOf) {
  for (const Family family : {Family::V4, Family::V6}) {
    TcpSetup setup = plain({family, true});
    setup.header.ecn = true;
    Talk talk(setup);
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    const std::uint64_t sent = talk.send_all().size() * 1000;
    talk.hear({.ack = sent, .flags = kAck | XTG_TCP_ECE});
    EXPECT_TRUE(talk.sends({sent, 1000, kAck | XTG_TCP_CWR}));
    EXPECT_TRUE(talk.sends({sent + 1000, 1000}));
  }
}

// RFC 3168, 6.1.3: and what the far end's data met is told to it, until it says that it heard.
TEST_F(TcpTxTest, EchoesTheCongestionOfTheFarEndsData) {
  for (const Family family : {Family::V4, Family::V6}) {
    TcpSetup setup = plain({family, true});
    setup.header.ecn = true;
    Talk talk(setup, 2000);
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    ASSERT_EQ(talk.send_all().size(), 2U);
    const std::uint8_t echo = kAck | XTG_TCP_ECE;
    talk.hear({.ack = 0, .payload = {1}, .ecn = 2});
    EXPECT_TRUE(talk.sends({2000, 0, kAck, false}));
    talk.hear({.ack = 0, .payload = {1}, .ecn = 3});
    EXPECT_TRUE(talk.sends({2000, 0, echo, false}));
    talk.hear({.ack = 0, .payload = {1}, .ecn = 2});
    EXPECT_TRUE(talk.sends({2000, 0, echo, false}));
    talk.hear({.ack = 0, .flags = kAck | XTG_TCP_CWR, .payload = {1}, .ecn = 2});
    EXPECT_TRUE(talk.sends({2000, 0, kAck, false}));
  }
}

// RFC 3522: the answer brings back the time stamp of what was only late.
TEST_F(TcpTxTest, TakesBackATimeoutThatWasForNothing) {
  Talk talk(plain(), 8000);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  const auto sent = talk.send_all();
  ASSERT_EQ(sent.size(), 8U);
  const auto tsval = [](const TcpSent& frame) {
    return static_cast<std::uint32_t>(packet::load_be(std::span(frame.bytes).subspan(34 + 24, 4)));
  };
  const std::uint64_t begun = monotonic_ns();
  while (monotonic_ns() < begun + 3'000'000) // so that the time stamps differ
    continue;
  talk.fire(XTG_TCP_TIMER_RTO);
  const TcpSent retransmits = talk.send();
  EXPECT_EQ(talk.offset_of(retransmits), 0U);
  ASSERT_NE(tsval(retransmits), tsval(sent[0]));
  xtg_tcp_flow& f = talk.program.flow();
  EXPECT_EQ(f.undo_tsval, tsval(retransmits));
  talk.hear({.ack = 1000, .tsecr = tsval(sent[0])});
  (void)talk.send_all();
  EXPECT_EQ(f.undone, 1U);
  EXPECT_EQ(f.recovery, std::uint32_t{XTG_TCP_SMOOTH});
  EXPECT_EQ(f.lost_out, 0U);
}

// The last of many acknowledgments counts, although the queue took only the first ones.
TEST_F(TcpTxTest, HearsTheLatestWhenTheQueueWasFull) {
  Talk talk(plain(), 8000);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  ASSERT_EQ(talk.send_all().size(), 8U);
  for (std::uint32_t i = 0; i < TcpProgram::kEvents + 100; i++)
    talk.hear({.ack = 0, .window = (1 << 20) - 1000});
  talk.hear({.ack = 8000});
  EXPECT_GT(talk.program.queue().lost, 0U);
  EXPECT_TRUE(talk.silent());
  EXPECT_EQ(talk.program.flow().una, 8000U);
  EXPECT_EQ(talk.program.flow().phase, std::uint32_t{XTG_TCP_DRAINED});
}

TEST_F(TcpTxTest, NoNewDataAfterTheEnd) {
  for (const bool stop : {false, true}) {
    Talk talk(plain());
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    talk.program.control().end_ns = monotonic_ns() + 3'600'000'000'000; // it is not over yet
    const std::uint64_t sent = talk.send_all().size() * 1000;
    ASSERT_GT(sent, 0U);
    if (stop)
      talk.program.control().stop = 1;
    else
      talk.program.control().end_ns = monotonic_ns();
    talk.hear({.ack = 2000});
    EXPECT_TRUE(talk.silent());
    // What is out is seen through, and the far end answered.
    talk.hear({.ack = 2000, .payload = {1, 2, 3}});
    EXPECT_TRUE(talk.sends({sent, 0, kAck, false}));
    talk.fire(XTG_TCP_TIMER_RTO);
    const auto retransmits = talk.send_all();
    ASSERT_FALSE(retransmits.empty());
    for (std::size_t i = 0; i < retransmits.size(); i++) {
      const std::uint64_t at = 2000 + i * 1000;
      EXPECT_TRUE(talk.is(retransmits[i], {at, 1000, at + 1000 == sent ? kPush : kAck, false}));
    }
    talk.hear({.ack = sent});
    EXPECT_TRUE(talk.silent());
    EXPECT_EQ(talk.program.flow().phase, std::uint32_t{XTG_TCP_DRAINED});
  }
}

// After a stall more waits to be read than one burst reads, and the timer has long been due.
TEST_F(TcpTxTest, ReadsTheAnswerBeforeItsTimerGoesOff) {
  for (const std::uint32_t kind : {XTG_TCP_TIMER_TAIL, XTG_TCP_TIMER_RTO}) {
    Talk talk(plain());
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    const std::uint64_t sent = talk.send_all().size() * 1000;
    ASSERT_GE(sent, 10'000U);
    for (int i = 0; i < 300; i++)
      talk.hear({.ack = 0, .window = (1 << 20) - 1000});
    talk.hear({.ack = sent});
    xtg_tcp_flow& f = talk.program.flow();
    f.timer = kind;
    f.timer_us = static_cast<std::uint32_t>(monotonic_ns() / 1000) - 1;
    f.timer_us -= 100'000; // before the segments came, which the queue had waiting
    talk.program.control().rounds++;
    for (int i = 0; i < 3 && f.una == 0; i++)
      (void)talk.program.send();
    EXPECT_EQ(f.una, sent);
    EXPECT_EQ(f.rto_fired, 0U);
    EXPECT_EQ(f.tail_probes, 0U);
  }
}

TEST_F(TcpTxTest, NothingAtAllWhenStopped) {
  Talk talk(plain());
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  talk.program.control().stop = 2;
  EXPECT_TRUE(talk.silent());
  talk.hear({.ack = 0, .payload = {1, 2, 3}});
  EXPECT_TRUE(talk.silent());
  talk.program.control().stop = 0;
  EXPECT_TRUE(talk.sends({0, 1000}));
}

TEST_F(TcpTxTest, AFinOfItsOwn) {
  Talk talk(plain(), 2000);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  ASSERT_EQ(talk.send_all().size(), 2U);
  talk.program.flow().fin = 1;
  EXPECT_TRUE(talk.silent()); // not before all has arrived
  talk.hear({.ack = 2000});
  const Want fin{2000, 0, kAck | XTG_TCP_FIN, false};
  EXPECT_TRUE(talk.sends(fin));
  EXPECT_TRUE(talk.silent());
  talk.program.flow().fin_us -= 10'000'000; // its answer is late
  talk.program.control().rounds++;
  EXPECT_TRUE(talk.sends(fin));
  talk.hear({.ack = 2001});
  EXPECT_TRUE(talk.silent());
  EXPECT_EQ(talk.program.flow().phase, std::uint32_t{XTG_TCP_CLOSED});
}

TEST_F(TcpTxTest, KeepsToTheSchedule) {
  TcpSetup setup = plain();
  setup.pace_ns_q = 1'000'000'000ULL << 20; // a segment a second, in bursts of some
  setup.burst = 4;
  Talk talk(setup);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  xtg_tcp_worker& worker = talk.program.worker();
  worker.pace_ns = monotonic_ns() + 3'600'000'000'000;
  EXPECT_TRUE(talk.silent());
  talk.hear({.ack = 0, .payload = {1}}); // answers are no part of it
  EXPECT_TRUE(talk.sends({0, 0, kAck, false}));
  const std::uint64_t due = worker.pace_ns = monotonic_ns();
  EXPECT_EQ(talk.send_all().size(), 4U);
  if (worker.pace_ns != due + 4'000'000'000) { // the test itself was held up
    EXPECT_GT(worker.pace_ns, due + 4'000'000'000);
    EXPECT_LE(worker.pace_ns, monotonic_ns() + 4'000'000'000);
  }
  worker.pace_ns = monotonic_ns() - 7'500'000'000; // what was missed is not made up for ...
  EXPECT_EQ(worker.skipped_slots, 0U);
  EXPECT_EQ(talk.send_all().size(), 4U);
  EXPECT_GT(worker.pace_ns, monotonic_ns() + 3'000'000'000);
  EXPECT_GE(worker.skipped_slots, 7U); // ... and counted; the test itself may be held up
  EXPECT_LE(worker.skipped_slots, 60U);
}

// The end needs no slot: all has arrived, and nothing more is to be sent.
TEST_F(TcpTxTest, EndsBeforeTheNextSlot) {
  TcpSetup setup = plain();
  setup.pace_ns_q = 3'600'000'000'000ULL << 20;
  setup.burst = 1;
  Talk talk(setup);
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  talk.program.worker().pace_ns = monotonic_ns();
  ASSERT_EQ(talk.send_all().size(), 1U);
  talk.hear({.ack = 1000});
  EXPECT_TRUE(talk.silent());
  EXPECT_EQ(talk.program.flow().phase, std::uint32_t{XTG_TCP_OPEN});
  talk.program.control().stop = 1;
  EXPECT_TRUE(talk.silent());
  EXPECT_EQ(talk.program.flow().phase, std::uint32_t{XTG_TCP_DRAINED});
}

/// As FrameTest.RenewingChangesTheBoundsOfEveryFrameAndNoByte: full segments, pieces, answers.
TEST_F(TcpTxTest, RenewingChangesTheBoundsOfEveryFrameAndNoByte) {
  for (const bool renew : {false, true}) {
    TcpSetup setup = plain({Family::V4, false}, noise(7777, 4));
    setup.renew = renew;
    Talk talk(setup, 3 * 1000 + 1);
    ASSERT_TRUE(talk.program.ok()) << talk.program.error();
    const auto sent = talk.send_all();
    ASSERT_EQ(sent.size(), 4U);
    for (std::size_t i = 0; i < sent.size(); i++) {
      EXPECT_TRUE(talk.is(sent[i], talk.segment(i * 1000))) << i;
      EXPECT_EQ(sent[i].metadata, renew ? 4U : 0U) << i;
    }
    talk.hear({.ack = 1000, .payload = {1, 2, 3}});
    const TcpSent answer = talk.send();
    EXPECT_TRUE(talk.is(answer, {3001, 0, kAck, false}));
    EXPECT_EQ(answer.metadata, renew ? 4U : 0U);
  }
}

/// After an error the worker waits, with everything.
TEST_F(TcpTxTest, NothingUntilTheWaitAfterAnErrorIsOver) {
  Talk talk(plain());
  ASSERT_TRUE(talk.program.ok()) << talk.program.error();
  xtg_tcp_worker& worker = talk.program.worker();
  worker.hold_ns = monotonic_ns() + 3'600'000'000'000;
  EXPECT_TRUE(talk.silent());
  talk.hear({.ack = 0, .payload = {1, 2, 3}});
  EXPECT_TRUE(talk.silent());
  worker.hold_ns = monotonic_ns();
  EXPECT_FALSE(talk.send_all(8).empty());
}

/// Ten thousand flows wait for their far ends. One whose timer is due is served by the next run,
/// and the others are not even looked at.
TEST_F(TcpTxTest, ADueTimerAmongThousandsIsServedAtOnce) {
  constexpr std::uint32_t kFlows = 10'000, kDue = 7'777;
  TcpSetup setup = plain({Family::V4, false});
  setup.flows = kFlows;
  TcpProgram program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  xtg_tcp_worker& worker = program.worker();
  const auto open = [&](std::uint32_t number, std::uint32_t window, std::uint32_t rto_us) {
    xdp::FlowSetup flow;
    flow.limit = 1000;
    flow.window = window;
    flow.port = static_cast<std::uint16_t>(20'000 + number);
    program.open(number, flow);
    program.flow(number).rto_us = rto_us;
  };
  const auto settle = [&] {
    for (std::uint32_t i = 0; i < kFlows && (worker.sweep < kFlows || worker.to_poll != 0); i++)
      (void)program.send();
    ASSERT_EQ(worker.to_poll, 0U);
  };
  for (std::uint32_t i = 0; i < kFlows; i++)
    if (i != kDue) open(i, 0, 50'000'000);
  (void)program.send();
  settle();
  EXPECT_EQ(program.flow(0).timer, std::uint32_t{XTG_TCP_TIMER_PERSIST});
  open(kDue, 1 << 20, 20'000);
  (void)program.send();
  settle();
  xtg_tcp_flow& f = program.flow(kDue);
  ASSERT_EQ(f.timer, std::uint32_t{XTG_TCP_TIMER_RTO});
  const std::uint64_t looked = worker.looked;
  const std::uint32_t fired = f.rto_fired;
  while (xtg_before(static_cast<std::uint32_t>(monotonic_ns() / 1000), f.timer_us + 10))
    continue;
  const TcpSent sent = program.send();
  EXPECT_EQ(f.rto_fired, fired + 1);
  EXPECT_EQ(sent.action, std::uint32_t{XDP_REDIRECT});
  EXPECT_LE(worker.looked, looked + 1);
}

TEST_F(TcpTxTest, AWorkerSendsItsFlows) {
  TcpSetup setup = plain({Family::V4, false});
  setup.flows = 5;
  setup.worker_streams = 2;
  setup.burst = 3;
  TcpProgram program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  for (std::uint32_t i = 0; i < 5; i++) {
    if (i == 4) continue; // never opened
    xdp::FlowSetup flow;
    flow.limit = 5000;
    flow.window = 1 << 20;
    flow.port = static_cast<std::uint16_t>(40000 + i);
    program.open(i, flow);
  }
  for (std::uint32_t worker = 0; worker < 2; worker++) {
    // Bursts in turn: three segments of each flow, then the two that are left of each.
    std::vector<std::pair<unsigned, std::uint64_t>> is, should;
    for (const TcpSent& sent : program.send_all(worker))
      is.emplace_back(packet::load_be(std::span(sent.bytes).subspan(34, 2)),
                      packet::load_be(std::span(sent.bytes).subspan(38, 4)));
    for (const auto& [first, end] : {std::pair{0, 3}, {3, 5}})
      for (const std::uint32_t flow : {worker, worker + 2})
        for (int i = first; i < end; i++)
          should.emplace_back(40000 + flow, i * 1000);
    EXPECT_EQ(is, should) << worker;
  }
}

} // namespace
} // namespace xtg::test
