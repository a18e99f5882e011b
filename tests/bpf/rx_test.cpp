// SPDX-License-Identifier: BSD-2-Clause
// Which frames the receiving program takes, and that it enters them as the shared source says.
#include <netinet/in.h>

#include <random>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "packet/bytes.h"
#include "packet/frame.h"
#include "rx_frames.h"
#include "rx_program.h"
#include "support/rx_env.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::store_be;

class RxTest : public testing::TestWithParam<Family> {
protected:
  [[nodiscard]] packet::Frame full() const { return stream(GetParam(), 128); }
  [[nodiscard]] packet::Frame compact() const {
    return stream(GetParam(), compact_size(GetParam()));
  }
};
INSTANTIATE_TEST_SUITE_P(, RxTest, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(RxTest, TakesFramesOfAllSizes) {
  for (std::uint32_t size = 98; size <= packet::max_frame_size(); size += 167) {
    RxProgram program;
    const auto of = stream(GetParam(), size);
    for (std::uint64_t i = 0; i < 3; i++)
      ASSERT_TRUE(program.takes(frame(of, i))) << size;
    const xtg_rx_slot slot = program.slot(0);
    EXPECT_EQ(slot.packets, 3U);
    EXPECT_EQ(slot.bytes, 3U * (size - 4));
    EXPECT_EQ(slot.size_min, size - 4);
    EXPECT_EQ(slot.key.run_id, kRunId);
    EXPECT_EQ(slot.key.stream, 3U);
    EXPECT_EQ(slot.next, 3U);
    EXPECT_GE(slot.delay_min, 1000U);
    EXPECT_EQ(slot.negative, 0U);
  }
}

TEST_P(RxTest, TakesTheShortSignatureFromTheSecondFrameOnAndCountsBoth) {
  RxProgram program;
  EXPECT_TRUE(program.passes(frame(compact(), 7)));
  EXPECT_EQ(program.queue().packets, 0U);
  EXPECT_EQ(program.control().candidates, 1U);
  EXPECT_TRUE(program.takes(frame(compact(), 9)));
  EXPECT_TRUE(program.takes(frame(compact(), 8)));
  const xtg_rx_slot slot = program.slot(0);
  EXPECT_EQ(slot.packets, 3U);
  EXPECT_EQ(slot.base, 7U);
  EXPECT_EQ(slot.next, 10U);
  EXPECT_EQ(slot.reordered, 1U);
  EXPECT_EQ(slot.key.run_id, kRunId & 0xffff);
  EXPECT_EQ(program.queue().packets, 3U);
  EXPECT_EQ(program.control().candidates, 0U);
}

TEST_P(RxTest, ShortSignaturesThatDoNotAgreePass) {
  RxProgram program;
  const auto size = compact_size(GetParam());
  EXPECT_TRUE(program.passes(frame(compact(), 7)));
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), size, kRunId + 1), 8)));
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), size, kRunId, 4), 8)));
  EXPECT_TRUE(program.passes(frame(compact(), 7 + XTG_RX_WINDOW_LEAST + 1)));
  EXPECT_EQ(program.queue().packets, 0U);
  EXPECT_EQ(program.queue().passed, 0U); // they are candidates
}

TEST_P(RxTest, TakesTheCompactSignatureAtOnceWhereTheSessionIsKnown) {
  RxProgram program(RxSetup{.by_run_id = 1, .run_id = kRunId});
  EXPECT_TRUE(program.takes(frame(compact(), 0)));
  EXPECT_TRUE(program.takes(frame(full(), 0)));
  const auto size = compact_size(GetParam());
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), size, kRunId ^ 1), 0)));
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), 128, kRunId ^ 0x10000), 0)));
  EXPECT_EQ(program.queue().filtered, 2U);
  EXPECT_EQ(program.queue().packets, 2U);
}

TEST_P(RxTest, TakesTheCompactSignatureAtOnceOfASessionThatCameBefore) {
  const auto size = compact_size(GetParam());
  const auto other = frame(stream(GetParam(), size, kRunId, 4), 0);
  RxProgram after_long;
  EXPECT_TRUE(after_long.takes(frame(full(), 0)));
  EXPECT_TRUE(after_long.passes(frame(compact(), 0))) << "one frame that may be anything";
  EXPECT_TRUE(after_long.takes(frame(full(), 1)));
  EXPECT_TRUE(after_long.takes(frame(compact(), 1)));
  EXPECT_TRUE(after_long.passes(other)) << "its stream may be damaged";
  EXPECT_TRUE(after_long.passes(frame(stream(GetParam(), size, kRunId + 1), 0)));
  RxProgram after_short;
  EXPECT_TRUE(after_short.passes(frame(compact(), 0)));
  EXPECT_TRUE(after_short.passes(other)) << "one frame that may be anything";
  EXPECT_TRUE(after_short.takes(frame(compact(), 1)));
  EXPECT_TRUE(after_short.passes(frame(stream(GetParam(), size, kRunId, 5), 0)));
}

TEST_P(RxTest, TakesSessionsThatAgreeUnderTheMask) {
  RxProgram program(RxSetup{.by_run_id = 1, .run_id_mask = ~std::uint32_t{1}, .run_id = kRunId});
  const auto size = compact_size(GetParam());
  for (const std::uint32_t run_id : {kRunId, kRunId ^ 1}) {
    EXPECT_TRUE(program.takes(frame(stream(GetParam(), size, run_id), 0)));
    EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, run_id), 0)));
  }
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), size, kRunId ^ 2), 0)));
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), 128, kRunId ^ 2), 0)));
  EXPECT_EQ(program.queue().packets, 4U);
}

TEST_P(RxTest, TakesOnePortOnly) {
  RxProgram program(RxSetup{.by_port = 1, .port = 1000});
  EXPECT_TRUE(program.takes(frame(full(), 0)));
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), 128, kRunId, 3, 1001), 0)));
  EXPECT_EQ(program.queue().filtered, 1U);
}

TEST_P(RxTest, PortZeroIsAPort) {
  RxProgram program(RxSetup{.by_port = 1, .port = 0});
  Bytes no_udp = frame(full(), 0);
  no_udp.at(GetParam() == Family::V4 ? 23 : 20) = IPPROTO_GRE;
  EXPECT_TRUE(program.passes(no_udp));
  EXPECT_TRUE(program.passes(frame(full(), 0)));
  EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 3, 0), 0)));
  EXPECT_EQ(program.queue().filtered, 2U);
}

TEST_P(RxTest, ObservesAndLetsPass) {
  RxProgram program(RxSetup{.observe = 1});
  EXPECT_TRUE(program.passes(frame(full(), 0)));
  EXPECT_TRUE(program.passes(frame(full(), 1)));
  EXPECT_EQ(program.slot(0).packets, 2U);
}

TEST_P(RxTest, CountsSoManyAndNoMore) {
  RxProgram program(RxSetup{.limit = 3});
  for (std::uint64_t i = 0; i < 3; i++)
    EXPECT_TRUE(program.takes(frame(full(), i)));
  EXPECT_TRUE(program.passes(frame(full(), 3)));
  EXPECT_EQ(program.slot(0).packets, 3U);
}

TEST_P(RxTest, AStrayShortSignatureUsesUpNothingOfTheAmount) {
  RxProgram program(RxSetup{.limit = 3});
  for (std::uint32_t i = 1; i <= 5; i++)
    EXPECT_TRUE(program.passes(frame(stream(GetParam(), compact_size(GetParam()), kRunId + i), 7)));
  EXPECT_TRUE(program.passes(frame(compact(), 0)));
  for (std::uint64_t i = 1; i < 3; i++)
    EXPECT_TRUE(program.takes(frame(compact(), i)));
  EXPECT_EQ(program.slot(0).packets, 3U); // with the first, which passed
  EXPECT_TRUE(program.passes(frame(compact(), 3)));
  EXPECT_EQ(program.queue().packets, 3U);
}

TEST_P(RxTest, CountsNothingBeforeItsStart) {
  RxProgram program;
  program.control().started = 0;
  EXPECT_TRUE(program.passes(frame(full(), 0)));
  EXPECT_EQ(program.queue().passed, 0U);
  EXPECT_EQ(program.control().slots, 0U);
}

TEST_P(RxTest, FindsTheSignatureBehindTagsAndTunnels) {
  RxProgram program;
  const Bytes inner = frame(full(), 0);
  Bytes tagged = inner;
  tagged.insert(tagged.begin() + 12, {0x81, 0x00, 0x00, 0x07});
  EXPECT_TRUE(program.takes(tagged));
  Bytes tunnel(14 + 20 + 8 + 8, 0x5a); // somebody's outer headers
  tunnel.insert(tunnel.end(), inner.begin(), inner.end());
  EXPECT_TRUE(program.takes(tunnel));
  Bytes ip_in_ip(inner.begin(), inner.begin() + 14);
  ip_in_ip.insert(ip_in_ip.end(), 20, 0x45);
  ip_in_ip.insert(ip_in_ip.end(), inner.begin() + 14, inner.end());
  EXPECT_TRUE(program.takes(ip_in_ip));
  EXPECT_EQ(program.slot(0).packets, 3U);
  EXPECT_EQ(program.slot(0).duplicates, 2U);
  EXPECT_EQ(program.slot(0).replicated, 1U);
}

/// The frame's own Ethernet and IP headers with another protocol, and the IP packet behind them.
Bytes carried_by(const Bytes& inner, std::uint8_t protocol, packet::Family family) {
  const bool v4 = family == packet::Family::V4;
  const auto header = inner.begin() + 14;
  Bytes out(inner.begin(), header + (v4 ? 20 : 40));
  out.at(14 + (v4 ? 9 : 6)) = protocol;
  out.insert(out.end(), 8, 3); // type, code, checksum and unused
  out.insert(out.end(), header, inner.end());
  const std::size_t length = out.size() - 14 - (v4 ? 0 : 40);
  store_be(std::span(out).subspan(14 + (v4 ? 2 : 4), 2), static_cast<std::uint16_t>(length));
  return out;
}

TEST_P(RxTest, ErrorsThatQuoteATestFrameAndTcpPass) {
  RxProgram program;
  const Bytes inner = frame(full(), 0);
  const int icmp = GetParam() == Family::V4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  for (const int number : {icmp, int{IPPROTO_TCP}}) {
    const auto protocol = static_cast<std::uint8_t>(number);
    Bytes outer = carried_by(inner, protocol, GetParam());
    EXPECT_TRUE(program.passes(outer)) << number;
    Bytes tagged = outer;
    tagged.insert(tagged.begin() + 12, {0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x08});
    EXPECT_TRUE(program.passes(tagged)) << number;
    outer.insert(outer.end(), 9, 0);
    EXPECT_TRUE(program.passes(outer)) << number << ", padded";
  }
  EXPECT_EQ(program.queue().packets, 0U);
  EXPECT_EQ(program.queue().passed, 6U);
  EXPECT_TRUE(program.takes(carried_by(inner, IPPROTO_IPIP, GetParam())));
  EXPECT_TRUE(program.takes(carried_by(inner, IPPROTO_GRE, GetParam())));
}

TEST_P(RxTest, FindsTheSignatureBeforePadding) {
  RxProgram program;
  for (std::size_t pad = 1; pad < 40; pad++) {
    Bytes padded = frame(full(), pad);
    padded.insert(padded.end(), pad, 0);
    EXPECT_TRUE(program.takes(padded)) << pad;
    Bytes tagged = frame(full(), 100 + pad);
    tagged.insert(tagged.begin() + 12, {0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x08});
    tagged.insert(tagged.end(), pad, 0);
    EXPECT_TRUE(program.takes(tagged)) << pad;
    tagged = frame(pad % 2 == 0 ? full() : compact(), 200 + pad);
    tagged.insert(tagged.begin() + 12, {0x88, 0xa8, 0x00, 0x07, 0x91, 0x00, 0x00, 0x0a, 0x81, 0x00,
                                        0x00, 0x08, 0x81, 0x00, 0x00, 0x09});
    tagged.insert(tagged.end(), pad, 0);
    EXPECT_TRUE(program.takes(tagged)) << pad << ", four tags";
  }
}

TEST_P(RxTest, FramesCutShortPass) {
  RxProgram program;
  const Bytes whole = frame(full(), 0);
  for (std::size_t size = 14; size < whole.size(); size++)
    EXPECT_TRUE(program.passes(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))))
        << size;
  EXPECT_EQ(program.queue().packets, 0U);
}

TEST_P(RxTest, OtherVersionsAndTypesPassAndAreCounted) {
  RxProgram program;
  Bytes other = frame(full(), 0);
  other[other.size() - 5]++; // version
  EXPECT_TRUE(program.passes(other));
  other = frame(full(), 0);
  other[other.size() - 6] = 9; // type
  EXPECT_TRUE(program.passes(other));
  EXPECT_EQ(program.queue().unknown, 2U);
  for (std::size_t i = 1; i <= 4; i++) { // magic
    other = frame(full(), 0);
    other[other.size() - i] ^= 0x40;
    EXPECT_TRUE(program.passes(other)) << i;
  }
  EXPECT_EQ(program.queue().packets, 0U);
}

TEST_P(RxTest, StreamsBeyondTheMostAreTakenAndCounted) {
  RxProgram program(RxSetup{.n_slots = 2});
  for (std::uint16_t number = 0; number < 5; number++)
    for (std::uint64_t seq = 0; seq < 2; seq++)
      EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, number), seq)));
  EXPECT_EQ(program.control().slots, 2U);
  EXPECT_EQ(program.queue().no_slot, 6U);
  EXPECT_EQ(program.queue().packets, 10U);
}

/// One frame may have a damaged session or stream number, or be somebody's.
TEST_P(RxTest, OneFrameMakesNoStream) {
  RxProgram program(RxSetup{.n_slots = 4});
  for (std::uint32_t i = 1; i <= 1000; i++) {
    const auto other = i % 2 == 0
                           ? stream(GetParam(), 128, kRunId ^ i << 12)
                           : stream(GetParam(), 128, kRunId, static_cast<std::uint16_t>(i * 64));
    EXPECT_TRUE(program.takes(frame(other, i)));
  }
  EXPECT_EQ(program.control().slots, 0U);
  EXPECT_EQ(program.control().candidates, 1000U);
  EXPECT_EQ(program.queue().packets, 0U);
  for (std::uint64_t seq = 0; seq < 3; seq++)
    EXPECT_TRUE(program.takes(frame(full(), seq)));
  EXPECT_EQ(program.slot(0).packets, 3U);
  EXPECT_EQ(program.slot(0).key.run_id, kRunId);
  EXPECT_EQ(program.control().candidates, 1000U);
  EXPECT_EQ(program.queue().no_slot, 0U);
}

/// One that nobody announced may have a damaged number, however near it is to the known ones.
TEST_P(RxTest, AFurtherStreamOfASessionIsBelievedFromTheSecondFrameOn) {
  RxProgram program(RxSetup{.n_slots = 16});
  for (std::uint64_t seq = 0; seq < 2; seq++)
    EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 5), seq)));
  EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 4), 0)));
  EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 6), 0)));
  EXPECT_EQ(program.queue().packets, 2U);
  EXPECT_EQ(program.control().candidates, 2U);
  EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 6), 1)));
  EXPECT_EQ(program.queue().packets, 4U) << "both";
}

/// Streams whose places in the cache collide are told apart all the same.
TEST_P(RxTest, ManyStreams) {
  RxProgram program(RxSetup{.n_slots = 64});
  for (std::uint64_t seq = 0; seq < 3; seq++)
    for (std::uint16_t number = 0; number < 64; number++)
      ASSERT_TRUE(program.takes(
          frame(stream(GetParam(), 128, kRunId, static_cast<std::uint16_t>(number * 1024)), seq)));
  for (std::uint32_t number = 0; number < 64; number++)
    EXPECT_EQ(program.slot(number).packets, 3U);
}

TEST(RxPrograms, NegativeDelayIsCountedApart) {
  RxProgram program;
  const auto of = stream(Family::V4, 128);
  for (std::uint64_t seq = 0; seq < 2; seq++)
    EXPECT_TRUE(program.takes(packet::render(of, seq, 0, monotonic_ns() + 1'000'000'000)));
  const xtg_rx_slot slot = program.slot(0);
  EXPECT_EQ(slot.negative, 2U);
  EXPECT_LT(slot.negative_min, -900'000'000);
  EXPECT_EQ(slot.delay_max, 0U);
}

/// The kernel's accounting against the same source in user space.
TEST(RxPrograms, EntersSequenceNumbersAsTheSharedSourceSays) {
  for (const std::uint32_t window : {XTG_RX_WINDOW_LEAST, 65'536U, XTG_RX_WINDOW_MOST}) {
    RxProgram program(RxSetup{.window = window});
    RxFlow flow(window);
    std::mt19937_64 dice(window);
    const auto of = stream(Family::V4, 128);
    std::uint64_t next = 1000, now = 0;
    for (int i = 0; i < 20'000; i++) {
      const std::uint64_t what = dice() % 100;
      std::uint64_t seq = next;
      if (i == 0) // damaged
        seq = next ^ 1ULL << 40;
      else if (what < 80)
        next++;
      else if (what < 90)
        next += dice() % 5;
      else if (what < 91)
        next += dice() % (2 * std::uint64_t{window});
      else if (what < 92) // damaged
        seq = next ^ 1ULL << dice() % 63;
      else if (what < 99)
        seq = next - dice() % 100;
      else
        seq = next - std::min(next, dice() % (2 * std::uint64_t{window}));
      const auto worker = static_cast<std::uint8_t>(dice() % 20 == 0);
      ASSERT_TRUE(program.takes(frame(of, seq, worker)));
      flow.packet(seq, worker, 124, 0, now += 1000);
    }
    const xtg_rx_slot &a = program.slot(0), &b = flow.slot();
    EXPECT_EQ(a.packets, b.packets);
    EXPECT_EQ(a.base, b.base);
    EXPECT_EQ(a.next, b.next);
    EXPECT_EQ(a.duplicates, b.duplicates);
    EXPECT_EQ(a.replicated, b.replicated);
    EXPECT_EQ(a.suspect, b.suspect);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.too_late, b.too_late);
    EXPECT_EQ(a.reordered, b.reordered);
    EXPECT_EQ(a.extents, b.extents);
    EXPECT_EQ(a.extent_sum, b.extent_sum);
    EXPECT_EQ(a.extent_max, b.extent_max);
    EXPECT_EQ(a.missed, b.missed);
    EXPECT_EQ(a.run, b.run);
    EXPECT_EQ(a.runs, b.runs);
    EXPECT_EQ(a.longest_run, b.longest_run);
    for (unsigned i = 0; i < XTG_RX_RUNS; i++)
      EXPECT_EQ(a.run_class[i], b.run_class[i]) << i;
    EXPECT_GT(a.missed, 0U);
    EXPECT_GT(a.reordered, 0U);
    EXPECT_LT(a.base, 2000U); // the first number was not believed in the end
    EXPECT_GT(a.suspect, 10U);
    EXPECT_GT(a.replicated, 0U);
    EXPECT_GT(a.duplicates, a.replicated);
  }
}

/// A short signature has the low 32 bits of a number: a CPU that serves the stream later knows from
/// the others which epoch they are of.
TEST(RxPrograms, TheEpochOfShortNumbersIsTheStreams) {
  constexpr std::uint64_t kBegin = (1ULL << 32) - 300, kTurn = kBegin + 1000;
  RxProgram program(RxSetup{.by_run_id = 1, .run_id = kRunId, .shared = 1});
  const auto of = stream(Family::V4, compact_size(Family::V4));
  for (std::uint64_t seq = kBegin; seq < kTurn; seq++)
    program.receive_on(0, frame(of, seq));
  for (std::uint64_t seq = kTurn; seq < kTurn + 10; seq++)
    program.receive_on(1, frame(of, seq));
  EXPECT_EQ(program.slot(0).base, kBegin);
  EXPECT_EQ(program.slot(0).next, kTurn);
  EXPECT_EQ(program.slot(1).base, kTurn);
  EXPECT_EQ(program.slot(1).next, kTurn + 10);
  EXPECT_EQ(program.slot(1).suspect, 0U);
}

TEST(RxPrograms, ACpuThatSeesLessThanOneNumberPerWindow) {
  constexpr std::uint64_t kEach = 3 * XTG_RX_WINDOW_LEAST;
  RxProgram program(RxSetup{.shared = 1});
  const auto of = stream(Family::V4, 128);
  for (std::uint64_t seq = 0; seq < 5 * kEach; seq++)
    if (seq % kEach == 7 || seq % 5 == 0)
      program.receive_on(seq % kEach == 7 ? 1 : 0, frame(of, seq));
  const xtg_rx_slot few = program.slot(1);
  EXPECT_EQ(few.packets, 5U);
  EXPECT_EQ(few.suspect, 0U);
  EXPECT_EQ(few.next, 4 * kEach + 8);
  EXPECT_EQ(program.slot(0).suspect, 0U);
}

/// Whatever lies in a frame: nothing is taken that has no signature.
TEST(RxPrograms, OrdinaryFramesPass) {
  RxProgram program;
  std::mt19937_64 dice(7);
  for (int i = 0; i < 20'000; i++) {
    Bytes noise(14 + dice() % 200);
    for (auto& byte : noise)
      byte = static_cast<std::uint8_t>(dice());
    static constexpr std::uint16_t kTypes[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806};
    store_be(std::span(noise).subspan(12, 2), kTypes[dice() % 5]);
    if (noise.size() > 24 && dice() % 2 == 0) {
      noise[14] = static_cast<std::uint8_t>(0x40 | dice() % 16);
      store_be(std::span(noise).subspan(16, 2), static_cast<std::uint16_t>(dice() % 256));
    }
    ASSERT_TRUE(program.passes(noise));
  }
  EXPECT_EQ(program.queue().packets, 0U);
}

} // namespace
} // namespace xtg::test
