// SPDX-License-Identifier: BSD-2-Clause
// Losses, as the far end's SACK blocks, duplicate ACKs or silence tell them: what is missing is
// sent again, all of it and nothing else.
#include "fixture.h"

namespace xtg::peer::test {
namespace {

constexpr Range segments(std::uint64_t first, std::uint64_t end) {
  return {at(first), at(end)};
}

class LossTest : public EitherSender {
protected:
  /// Twenty segments, all of them in flight and seen.
  Peer& start_twenty(const Handshake& how = {}) {
    Peer& p = start({.bytes = at(20)});
    p.accept(how);
    p.expect_data(0, at(20));
    return p;
  }
  /// Retransmissions were these many segments, and for this cause.
  void expect_again_count(const char* cause, std::int64_t segments, Where where = Where::here()) {
    if (!program()) return;
    const testing::ScopedTrace trace(where.file, where.line, cause);
    EXPECT_EQ(again(cause), segments);
    EXPECT_EQ(count("retransmits"), static_cast<std::int64_t>(peer().sent_again()));
    EXPECT_EQ(count("rto_fired"), 0);
  }
};
XTG_EITHER_SENDER(LossTest);

TEST_P(LossTest, OneHole) {
  Peer& p = start_twenty();
  p.ack(at(3), {.sack = {segments(4, 20)}});
  p.expect_again({segments(3, 4)});
  p.ack(at(20));
  finish_closed(at(20));
  expect_again_count("sack", 1);
  expect_count("retransmitted_bytes", static_cast<std::int64_t>(kMss));
  expect_count("spurious", 0);
}

TEST_P(LossTest, HolesOfSeveralSizes) {
  Peer& p = start_twenty();
  p.ack(at(2), {.sack = {segments(11, 20), segments(7, 10), segments(3, 5)}});
  p.expect_again({segments(2, 3), segments(5, 7), segments(10, 11)});
  p.ack(at(20));
  finish_closed(at(20));
  expect_again_count("sack", 4);
}

TEST_P(LossTest, BlocksThatGrowAckByAck) {
  Peer& p = start_twenty();
  p.ack(0, {.sack = {segments(1, 2)}});
  p.ack(0, {.sack = {segments(3, 4), segments(1, 2)}, .at_once = true});
  p.ack(0, {.sack = {segments(5, 6), segments(3, 4), segments(1, 2)}, .at_once = true});
  p.ack(0, {.sack = {segments(7, 20), segments(5, 6), segments(3, 4)}, .at_once = true});
  p.expect_again({segments(0, 1), segments(2, 3), segments(4, 5), segments(6, 7)});
  p.ack(at(20));
  finish_closed(at(20));
  expect_again_count("sack", 4);
}

TEST_P(LossTest, EveryOtherSegment) {
  Peer& p = start_twenty();
  std::vector<Range> blocks;
  for (std::uint64_t i = 0; i < 20; i += 2) {
    p.lose(segments(i, i + 1));
    blocks.insert(blocks.begin(), segments(i + 1, i + 2));
    if (blocks.size() > 3) blocks.pop_back();
    p.ack(0, {.sack = blocks, .at_once = i != 0});
  }
  p.receive(at(20)); // with congestion control they come a few at a time
  EXPECT_EQ(p.sent_again(), 10U);
  finish_closed(at(20));
  expect_again_count("sack", 10);
}

TEST_P(LossTest, PartialAcksAndHolesToldLater) {
  Peer& p = start_twenty();
  p.ack(at(2), {.sack = {segments(3, 8)}});
  p.expect_again({segments(2, 3)});
  p.ack(at(8), {.sack = {segments(9, 14), segments(15, 20)}});
  p.expect_again({segments(8, 9), segments(14, 15)});
  p.ack(at(14), {.sack = {segments(15, 20)}});
  p.ack(at(20));
  finish_closed(at(20));
  expect_again_count("sack", 3);
}

TEST_P(LossTest, SlightReorderingIsNoLoss) {
  Peer& p = start_twenty({.rtt_ms = 400}); // its quarter is the time to put it in order
  p.ack(at(10), {.sack = {segments(11, 12)}});
  p.ack(at(12), {.at_once = true});
  p.ack(at(12), {.sack = {segments(13, 14)}, .at_once = true});
  p.ack(at(20), {.at_once = true});
  finish_closed(at(20));
  EXPECT_EQ(p.sent_again(), 0U);
  expect_again_count("sack", 0);
}

TEST_P(LossTest, LostRetransmission) {
  Peer& p = start({.bytes = at(40)});
  p.accept({.window = static_cast<std::uint32_t>(at(20))});
  p.expect_data(0, at(20));
  p.lose(segments(3, 4));
  p.ack(at(3), {.sack = {segments(4, 20)}});
  p.expect_again({segments(3, 4)});
  p.lose(segments(3, 4));
  // What leaves after the retransmission arrives.
  p.ack(at(3), {.window = 1 << 20, .sack = {segments(4, 20)}});
  p.expect("new data", [](const Seen& s) { return s.data() && !s.again; });
  p.read_for(20);
  p.ack(at(3), {.sack = {{at(4), p.highest()}}});
  p.expect_again({segments(3, 4)});
  p.ack(p.highest());
  p.receive(at(40));
  EXPECT_EQ(p.sent_again(), 2U);
  finish_closed(at(40));
  expect_again_count("sack", 2);
}

TEST_P(LossTest, DroppedTail) {
  Peer& p = start_twenty();
  p.lose(segments(16, 20));
  p.ack(at(16));
  const Seen probe = p.expect_tail_probe();
  EXPECT_EQ(probe.to, at(20));
  p.ack(at(16), {.sack = {segments(19, 20)}});
  p.receive(at(20));
  EXPECT_EQ(p.sent_again(), 4U);
  finish_closed(at(20));
  if (!program()) return;
  EXPECT_EQ(count("tail_probes"), 1);
  EXPECT_EQ(again("tail_probe"), 1);
  EXPECT_EQ(again("sack"), 3);
  EXPECT_EQ(count("rto_fired"), 0);
}

TEST_P(LossTest, TimeoutsBackOffAndThenAllIsRepaired) {
  Peer& p = start_twenty();
  const auto head = [](const Seen& s) { return s.again && s.from == 0; };
  std::vector<double> times;
  for (int i = 0; i < 3; ++i)
    times.push_back(p.expect("the head again", head).at_s);
  EXPECT_GT(times[2] - times[1], 1.5 * (times[1] - times[0])) << "RFC 6298, 5.5";
  p.lose(segments(1, 20));
  p.ack(at(1));
  p.receive(at(20));
  finish_closed(at(20));
  if (!program()) return;
  EXPECT_GE(count("rto_fired"), 3);
  EXPECT_GE(again("rto"), 3);
}

TEST_P(LossTest, WithoutSackThreeDuplicateAcksTell) {
  Peer& p = start_twenty({.sack = false});
  p.ack(at(4));
  for (int i = 0; i < 5; ++i)
    p.ack(at(4), {.at_once = true});
  p.expect_again({segments(4, 5)});
  p.ack(at(9)); // partial: the next hole (RFC 6582)
  p.expect_again({segments(9, 10)});
  p.ack(at(20));
  finish_closed(at(20));
  expect_again_count("sack", 2);
  if (!program()) return;
  EXPECT_GE(count("dup_acks"), 3) << "RFC 5681";
}

TEST_P(LossTest, WindowUpdatesAreNoDuplicateAcks) {
  Peer& p = start_twenty({.sack = false});
  p.ack(at(4));
  for (std::uint32_t i = 1; i <= 6; ++i)
    p.ack(at(4), {.window = (1 << 20) + i * 1024, .at_once = true});
  p.ack(at(20), {.at_once = true});
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(20));
  expect_again_count("sack", 0);
  expect_count("dup_acks", 0);
}

TEST_P(LossTest, DsackTellsOfASpuriousRetransmission) {
  Peer& p = start_twenty();
  p.ack(at(3), {.sack = {segments(4, 20)}});
  p.expect_again({segments(3, 4)});
  // The first one was only late.
  p.ack(at(20), {.at_once = true});
  p.ack(at(20), {.dsack = segments(3, 4), .at_once = true});
  finish_closed(at(20));
  expect_again_count("sack", 1);
  expect_count("spurious", 1);
}

TEST_P(LossTest, DsackBeforeMoreDataMakesNothingLost) {
  Peer& p = start({.bytes = at(30)});
  p.accept({.window = static_cast<std::uint32_t>(at(20))});
  p.expect_data(0, at(20));
  p.ack(at(10), {.dsack = segments(2, 3)});
  p.ack(at(10), {.dsack = segments(5, 6), .at_once = true});
  p.ack(at(10), {.dsack = segments(6, 8), .at_once = true});
  p.ack(at(20), {.window = 1 << 20, .at_once = true});
  p.expect_data(at(20), at(30));
  p.ack(at(30));
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(30));
}

TEST_P(LossTest, SackBlocksWithoutSenseAreIgnored) {
  Peer& p = start_twenty();
  p.ack(at(10), {.sack = {segments(25, 30)}});                  // never sent
  p.ack(at(10), {.sack = {segments(15, 12)}, .at_once = true}); // the wrong way round
  p.ack(at(10), {.sack = {segments(12, 12)}, .at_once = true}); // nothing
  p.ack(at(10), {.sack = {{at(10) - (1U << 31), at(20)}}, .at_once = true});
  p.ack(at(20), {.at_once = true});
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(20));
  expect_again_count("sack", 0);
}

TEST_P(LossTest, BrokenOptionsAreIgnored) {
  Peer& p = start({.bytes = 20 * 1460});
  p.accept({.timestamps = false});
  p.expect_data(0, 20 * 1460);
  const std::vector<std::vector<std::uint8_t>> broken = {
      {5, 0, 1, 1},    {5, 1, 1, 1}, {5, 40, 0, 0}, {8, 10, 0, 0},
      {254, 2, 5, 10}, {1, 1, 1, 5}, {0, 5, 10, 1}, {5, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
  for (const auto& options : broken)
    p.ack(5 * 1460, {.options = options, .at_once = &options != &broken[0]});
  p.ack(20 * 1460, {.at_once = true});
  finish_closed(20 * 1460);
}

} // namespace
} // namespace xtg::peer::test
