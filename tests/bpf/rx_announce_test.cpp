// SPDX-License-Identifier: BSD-2-Clause
// What the receiving program does with announcements, and with send times of CLOCK_TAI.
#include <gtest/gtest.h>

#include "core/clock.h"
#include "packet/announce.h"
#include "packet/bytes.h"
#include "program.h"
#include "rx_program.h"
#include "xtg/abi/signature.h"

namespace xtg::test {
namespace {

using packet::Announcement;
using packet::AnnouncementKind;
using packet::Family;
using packet::store_be;

constexpr std::uint32_t kRunId = 0x12345678; // plain_spec()'s
constexpr std::uint16_t kStream = 3;

Announcement ending() {
  return {.kind = AnnouncementKind::End,
          .frames = 0x0102030405060708,
          .driver_drops = 9,
          .duration_ns = 10,
          .rate_millipps = 11,
          .host = 12,
          .clock_error_ns = 13,
          .streams = 14,
          .threads = 15};
}

Bytes announce(const Announcement& what, bool reflector = false, Family family = Family::V4) {
  const auto frame = packet::build(plain_spec(family, 128), {}).value();
  return packet::render_announcement(frame, what, reflector, 0, monotonic_ns()).value();
}

class RxAnnounce : public testing::TestWithParam<Family> {
protected:
  void SetUp() override { XTG_REQUIRE_CAPS("bpf"); }
};
INSTANTIATE_TEST_SUITE_P(, RxAnnounce, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(RxAnnounce, IsTakenAndCountedInNobodysFigures) {
  RxProgram program;
  const std::uint64_t before = monotonic_ns();
  EXPECT_TRUE(program.takes(announce(ending(), false, GetParam())));
  const std::uint64_t after = monotonic_ns();
  EXPECT_TRUE(program.takes(announce(ending(), false, GetParam())));
  EXPECT_EQ(program.control().announced, 2U);
  EXPECT_EQ(program.control().slots, 0U);
  for (const std::uint64_t count : {program.queue().packets, program.queue().passed,
                                    program.queue().unknown, program.queue().filtered})
    EXPECT_EQ(count, 0U);

  const xtg_rx_announcement said = program.announcement(kRunId, kStream, XTG_SIG_END);
  EXPECT_EQ(said.seen, 2U);
  EXPECT_EQ(said.frames, 0x0102030405060708U);
  EXPECT_EQ(said.driver_drops, 9U);
  EXPECT_EQ(said.duration_ns, 10U);
  EXPECT_EQ(said.rate, 11U);
  EXPECT_EQ(said.host, 12U);
  EXPECT_EQ(said.clock_error, 13U);
  EXPECT_EQ(said.frame_size, 128U);
  EXPECT_EQ(said.streams, 14U);
  EXPECT_EQ(said.threads, 15U);
  EXPECT_EQ(said.flags, 0U);
  EXPECT_GE(said.arrival_ns, before);
  EXPECT_LE(said.arrival_ns, after) << "the first copy's";
  EXPECT_EQ(program.announcement(kRunId, kStream, XTG_SIG_START).seen, 0U);
  EXPECT_TRUE(program.takes(announce({}, false, GetParam())));
  EXPECT_EQ(program.announcement(kRunId, kStream, XTG_SIG_START).frames, ~0ULL);
}

TEST_P(RxAnnounce, IsFoundBehindTagsAndBeforePadding) {
  RxProgram program;
  Bytes frame = announce(ending(), false, GetParam());
  frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x07});
  frame.insert(frame.end(), 6, 0);
  EXPECT_TRUE(program.takes(frame));
  EXPECT_EQ(program.announcement(kRunId, kStream, XTG_SIG_END).threads, 15U);
}

TEST_P(RxAnnounce, ReflectorTimestampsAreThoseOfTheLastCopy) {
  RxProgram program;
  Bytes frame = announce(ending(), true, GetParam());
  const auto words = std::span(frame).subspan(
      frame.size() - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN, XTG_SIG_REFLECTOR_LEN);
  EXPECT_TRUE(program.takes(frame));
  EXPECT_EQ(program.announcement(kRunId, kStream, XTG_SIG_END).frames, 0x0102030405060708U);
  frame[frame.size() - 9] |= XTG_SIG_F_REFLECTED;
  for (std::uint64_t copy = 1; copy <= 2; copy++) {
    for (std::size_t i = 0; i < 3; i++)
      store_be(words.subspan(8 * i, 8), 10 * copy + i);
    EXPECT_TRUE(program.takes(frame));
  }
  EXPECT_EQ(program.announcement(kRunId, kStream, XTG_SIG_END).seen, 1U);
  const auto back = program.announcement(kRunId, kStream, XTG_SIG_END, true);
  EXPECT_EQ(back.seen, 2U);
  EXPECT_EQ(back.frames, 0x0102030405060708U);
  EXPECT_EQ(back.flags, 0U + (XTG_SIG_F_REFLECTOR | XTG_SIG_F_REFLECTED));
  EXPECT_EQ(back.reflector_seq, 20U);
  EXPECT_EQ(back.reflector_rx_ns, 21U);
  EXPECT_EQ(back.reflector_tx_ns, 22U);
}

TEST_P(RxAnnounce, OfOthersPasses) {
  RxProgram by_run_id(RxSetup{.by_run_id = 1, .run_id = kRunId + 1});
  EXPECT_TRUE(by_run_id.passes(announce(ending(), false, GetParam())));
  EXPECT_EQ(by_run_id.queue().filtered, 1U);
  EXPECT_EQ(by_run_id.control().announced, 0U);
  RxProgram by_port(RxSetup{.by_port = 1, .port = 1001});
  EXPECT_TRUE(by_port.passes(announce(ending(), false, GetParam())));
  EXPECT_EQ(by_port.control().announced, 0U);
  RxProgram ours(RxSetup{.by_port = 1, .port = 1000});
  EXPECT_TRUE(ours.takes(announce(ending(), false, GetParam())));
}

TEST_P(RxAnnounce, MakesItsSessionKnown) {
  const std::uint32_t size = GetParam() == Family::V4 ? 64 : 82; // too small for a full signature
  const auto alone =
      packet::render(packet::build(plain_spec(GetParam(), size), {}).value(), 0, 0, monotonic_ns());
  RxProgram program;
  EXPECT_TRUE(program.takes(announce(ending(), false, GetParam())));
  EXPECT_TRUE(program.takes(alone));
  EXPECT_TRUE(RxProgram().passes(alone));
}

TEST_P(RxAnnounce, IsObserved) {
  RxProgram program(RxSetup{.observe = 1});
  EXPECT_TRUE(program.passes(announce(ending(), false, GetParam())));
  EXPECT_EQ(program.control().announced, 1U);
}

TEST_P(RxAnnounce, UsesUpNothingOfTheAmount) {
  RxProgram program(RxSetup{.limit = 1});
  for (int i = 0; i < 3; i++)
    EXPECT_TRUE(program.takes(announce(ending(), false, GetParam())));
  EXPECT_EQ(program.control().taken, 0U);
}

TEST_P(RxAnnounce, CutShortOrNonsensePasses) {
  for (const bool reflector : {false, true}) {
    RxProgram program;
    const Bytes whole = announce(ending(), reflector, GetParam());
    const std::size_t words = XTG_SIG_FULL_LEN + XTG_SIG_ANNOUNCE_LEN + (reflector ? 24 : 0);
    // The end of it is whole, what should stand before it is not there.
    for (const std::size_t left :
         {words - 1, words - 8, XTG_SIG_FULL_LEN + 24UL, XTG_SIG_FULL_LEN + 0UL})
      EXPECT_TRUE(program.passes(Bytes(whole.end() - static_cast<long>(left), whole.end())))
          << left;
    EXPECT_EQ(program.control().announced, 0U);
    EXPECT_EQ(program.queue().unsound, 4U);
  }
  RxProgram program;
  Announcement nonsense = ending();
  nonsense.driver_drops = nonsense.frames + 1;
  EXPECT_TRUE(program.passes(announce(nonsense, false, GetParam())));
  Bytes other = announce(ending(), false, GetParam());
  other[other.size() - 5]++; // version
  EXPECT_TRUE(program.passes(other));
  EXPECT_EQ(program.queue().unsound, 1U);
  EXPECT_EQ(program.queue().unknown, 1U);
  EXPECT_EQ(program.control().announced, 0U);
}

/// Those of nobody leave room for those of streams that are here.
TEST_P(RxAnnounce, MadeUpOnesDoNotFillTheTable) {
  RxProgram program;
  packet::FrameSpec spec = plain_spec(GetParam(), 128);
  const auto ours = packet::build(spec, {}).value();
  for (std::uint64_t seq = 0; seq < 2; seq++)
    ASSERT_TRUE(program.takes(packet::render(ours, seq, 0, monotonic_ns())));
  for (std::uint32_t i = 0; i < 2 * XTG_RX_ANNOUNCED; i++) {
    spec.run_id = i;
    const auto frame = packet::build(spec, {}).value();
    ASSERT_TRUE(program.takes(packet::render_announcement(frame, {}, false, 0, 0).value())) << i;
  }
  const std::uint32_t most = XTG_RX_ANNOUNCED - XTG_RX_ANNOUNCED_KNOWN;
  EXPECT_EQ(program.announcement(0, kStream, XTG_SIG_START).seen, 1U);
  EXPECT_EQ(program.announcement(most - 1, kStream, XTG_SIG_START).seen, 1U);
  EXPECT_EQ(program.announcement(most, kStream, XTG_SIG_START).seen, 0U);
  EXPECT_EQ(program.queue().unheard, 2 * XTG_RX_ANNOUNCED - most);
  EXPECT_TRUE(program.takes(announce(ending(), false, GetParam())));
  EXPECT_EQ(program.announcement(kRunId, kStream, XTG_SIG_END).seen, 1U);
}

TEST_P(RxAnnounce, OneDamagedBitMakesItNone) {
  for (const bool reflector : {false, true}) {
    const Bytes whole = announce(ending(), reflector, GetParam());
    const std::size_t end = whole.size(), from = end - XTG_SIG_FULL_LEN,
                      words = XTG_SIG_ANNOUNCE_LEN + (reflector ? XTG_SIG_REFLECTOR_LEN : 0);
    RxProgram program;
    for (std::size_t at = from - words; at < end - 4; at++) {
      if (reflector && at >= from - XTG_SIG_REFLECTOR_LEN && at < from) continue; // anybody's
      for (unsigned bit = 0; bit < 8; bit++) {
        Bytes damaged = whole;
        damaged[at] ^= static_cast<std::uint8_t>(1U << bit);
        if (at == from + 23 && 1U << bit == XTG_SIG_F_REFLECTED) continue; // the reflector's
        program.receive(damaged);
        ASSERT_EQ(program.control().announced, 0U) << at << " " << bit;
      }
    }
    EXPECT_EQ(program.control().slots, 0U);
    EXPECT_TRUE(program.takes(whole));
    EXPECT_EQ(program.control().announced, 1U);
  }
}

/// What a data frame says of its run changes nothing where one bit of it is wrong.
TEST_P(RxAnnounce, OneDamagedBitOfDataSteersNothing) {
  packet::FrameSpec spec = plain_spec(GetParam(), 160);
  spec.reflector = true;
  const auto frame = packet::build(spec, {}).value();
  RxProgram program;
  for (std::uint64_t seq = 0; seq < 2; seq++)
    ASSERT_TRUE(program.takes(packet::render(frame, seq, 0, monotonic_ns())));
  for (std::size_t back = 16; back >= 5; back--) // session, stream, worker, flags, type, version
    for (unsigned bit = 0; bit < 8; bit++) {
      Bytes damaged = packet::render(frame, 2, 0, monotonic_ns());
      damaged[damaged.size() - back] ^= static_cast<std::uint8_t>(1U << bit);
      program.receive(damaged);
      ASSERT_EQ(program.control().slots, 1U) << back << " " << bit;
    }
  EXPECT_EQ(program.control().announced, 0U);
  EXPECT_EQ(program.queue().unsound, 2U) << "a start and an end";
  EXPECT_LE(program.slot(0).absurd, 1U) << "the bit that says CLOCK_TAI";
  EXPECT_LT(program.slot(0).delay_max, 1'000'000'000U);
}

TEST_P(RxAnnounce, WithAKeyOnlyThoseOfItAreHeard) {
  const xtg_sip_key ours{1, 2}, other{1, 3};
  const auto frame = packet::build(plain_spec(GetParam(), 128), {}).value();
  const auto by = [&](const xtg_sip_key& key) {
    return packet::render_announcement(frame, ending(), false, 0, 0, key).value();
  };
  RxProgram program(RxSetup{.key = ours});
  EXPECT_TRUE(program.passes(by({})));
  EXPECT_TRUE(program.passes(by(other)));
  EXPECT_EQ(program.queue().unsound, 2U);
  EXPECT_EQ(program.control().announced, 0U);
  EXPECT_TRUE(program.takes(by(ours)));
  EXPECT_EQ(program.control().announced, 1U);
  RxProgram without;
  EXPECT_TRUE(without.passes(by(ours)));
}

packet::Frame tai_frame(Family family) {
  packet::FrameSpec spec = plain_spec(family, 128);
  spec.signature_flags = XTG_SIG_F_TAI;
  return packet::build(spec, {}).value();
}

TEST_P(RxAnnounce, OfTaiOnlyTheDelayIsByTai) {
  RxProgram program;
  const packet::Frame frame = tai_frame(GetParam());
  const std::uint64_t before = monotonic_ns();
  ASSERT_TRUE(program.takes(packet::render(frame, 0, 0, tai_ns() - 1'000'000'000)));
  ASSERT_TRUE(program.takes(packet::render(frame, 1, 0, tai_ns() - 1'000'000'000)));
  const std::uint64_t after = monotonic_ns();
  const xtg_rx_slot slot = program.slot(0);
  EXPECT_EQ(slot.flags, XTG_SIG_F_TAI + 0U);
  EXPECT_EQ(slot.negative, 0U);
  // Two clocks are not read at one moment: off by at most what the calls took.
  EXPECT_GE(slot.delay_min + (after - before), 1'000'000'000U);
  EXPECT_LE(slot.delay_max, 1'000'000'000U + (after - before));
  EXPECT_GE(slot.first_ns, before) << "CLOCK_MONOTONIC";
  EXPECT_LE(slot.last_ns, after);
  ASSERT_TRUE(program.takes(packet::render(frame, 2, 0, tai_ns() + 3'600'000'000'000)));
  EXPECT_EQ(program.slot(0).negative, 1U);
}

TEST_P(RxAnnounce, TheSendersClockMayBeFarOff) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  for (const std::int64_t ahead : {10 * kHour, -10 * kHour})
    for (const bool is_compact : {false, true}) {
      RxProgram program(RxSetup{.sender_ahead_ns = ahead});
      const std::uint32_t least = GetParam() == Family::V4 ? 64 : 82;
      packet::FrameSpec spec = plain_spec(GetParam(), is_compact ? least : 128);
      const packet::Frame frame = packet::build(spec, {}).value();
      for (std::uint64_t seq = 0; seq < 3; seq++) {
        const auto sent = monotonic_ns() + static_cast<std::uint64_t>(ahead) - 5'000'000;
        (void)program.receive(packet::render(frame, seq, 0, sent));
      }
      const xtg_rx_slot slot = program.slot(0);
      EXPECT_EQ(slot.packets, 3U);
      EXPECT_EQ(slot.absurd + slot.negative, 0U);
      EXPECT_GE(slot.delay_min, 5'000'000U);
      EXPECT_LT(slot.delay_min, 1'000'000'000U);
    }
  // Times by CLOCK_TAI are the same everywhere.
  RxProgram program(RxSetup{.sender_ahead_ns = kHour});
  ASSERT_TRUE(program.takes(packet::render(tai_frame(GetParam()), 0, 0, tai_ns() - 1'000'000)));
  ASSERT_TRUE(program.takes(packet::render(tai_frame(GetParam()), 1, 0, tai_ns() - 1'000'000)));
  EXPECT_EQ(program.slot(0).absurd + program.slot(0).negative, 0U);
}

TEST_P(RxAnnounce, WithoutTaiItsDelaysAreAbsurd) {
  RxProgram program(RxSetup{.has_tai = 0});
  for (std::uint64_t seq = 0; seq < 2; seq++)
    ASSERT_TRUE(program.takes(packet::render(tai_frame(GetParam()), seq, 0, tai_ns())));
  EXPECT_EQ(program.slot(0).absurd, 2U);
  EXPECT_EQ(program.slot(0).negative + program.slot(0).delay_sum, 0U);
}

} // namespace
} // namespace xtg::test
