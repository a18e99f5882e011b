// SPDX-License-Identifier: BSD-2-Clause
// Frames that a reflector sent back, as the receiving program enters them.
#include <random>

#include <time.h>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "packet/bytes.h"
#include "packet/frame.h"
#include "rx_program.h"
#include "support/rx_env.h"
#include "support/sample_spec.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/tx.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::store_be;

constexpr std::uint16_t kForm = XTG_SIG_FULL | XTG_RX_REFLECTED;
constexpr std::uint16_t kBackForm = kForm | XTG_RX_BACK;

/// reflector timestamps.
struct Words {
  std::uint64_t seq, rx_ns, tx_ns;
};

packet::FrameSpec spec_of(Family family, std::uint32_t size, bool reflector = true) {
  packet::FrameSpec spec = sample_spec(family, size);
  spec.payload = packet::Payload::Pattern;
  spec.reflector = reflector;
  return spec;
}

Bytes sent(const packet::FrameSpec& spec, std::uint64_t seq, std::uint64_t t1) {
  return packet::render(*packet::build(spec, {}), seq, 0, t1);
}

/// As a reflector sends it back.
Bytes reflected(packet::FrameSpec spec, std::uint64_t seq, std::uint64_t t1, const Words& words) {
  spec.signature_flags |= XTG_SIG_F_REFLECTED;
  Bytes frame = sent(spec, seq, t1);
  const auto at = std::span(frame).subspan(frame.size() - 56);
  store_be(at.subspan(0, 8), words.seq);
  store_be(at.subspan(8, 8), words.rx_ns);
  store_be(at.subspan(16, 8), words.tx_ns);
  return frame;
}

std::int64_t delay_of(const xtg_rx_slot& slot, std::uint64_t since) {
  return static_cast<std::int64_t>(slot.last_ns - since);
}

class RxBackTest : public testing::TestWithParam<Family> {
protected:
  [[nodiscard]] static packet::FrameSpec spec(std::uint32_t size = 128) {
    return spec_of(GetParam(), size);
  }
};
INSTANTIATE_TEST_SUITE_P(, RxBackTest, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(RxBackTest, DelaysAreExactlyTheTimesTaken) {
  for (const std::uint32_t size : {122U, 123U, 128U, 1514U, 3412U}) {
    RxProgram program;
    const std::uint64_t t1 = monotonic_ns() - 50'000;
    const Words first{0, t1 + 10'000, t1 + 12'345}, second{1, t1 + 20'000, t1 + 21'000};
    ASSERT_TRUE(program.takes(reflected(spec(size), 7, t1, first)));
    xtg_rx_slot trip = program.slot(0), back = program.slot(1);
    EXPECT_EQ(trip.last_delay, delay_of(trip, t1) - 2'345);
    EXPECT_EQ(back.last_delay, delay_of(back, first.tx_ns));
    ASSERT_TRUE(program.takes(reflected(spec(size), 8, t1, second)));
    trip = program.slot(0), back = program.slot(1);
    EXPECT_EQ(trip.last_delay, delay_of(trip, t1) - 1'000);
    EXPECT_EQ(back.last_delay, delay_of(back, second.tx_ns));
    EXPECT_EQ(trip.last_ns, back.last_ns);

    EXPECT_EQ(trip.key.form, kForm);
    EXPECT_EQ(trip.key.run_id, 0x12345678U);
    EXPECT_EQ(trip.key.stream, 3U);
    EXPECT_EQ(trip.packets, 2U);
    EXPECT_EQ(trip.base, 7U);
    EXPECT_EQ(trip.next, 9U);
    EXPECT_EQ(trip.stamped, 2U);
    EXPECT_EQ(trip.residence_sum, 3'345U);
    EXPECT_EQ(trip.residence_min, 1'000U);
    EXPECT_EQ(trip.residence_max, 2'345U);
    EXPECT_EQ(back.key.form, kBackForm);
    EXPECT_EQ(back.key.run_id, 0x12345678U);
    EXPECT_EQ(back.packets, 2U);
    EXPECT_EQ(back.base, 0U);
    EXPECT_EQ(back.next, 2U);
    EXPECT_EQ(back.stamped, 0U);
    EXPECT_EQ(program.queue().packets, 2U) << "every frame once";
    EXPECT_EQ(program.control().slots, 2U);
  }
}

/// Each CPU of a reflector sends in the order of its numbers, and not in that of another one's.
TEST_P(RxBackTest, OrderOnTheWayBackIsThatOfTheReflectorsCpu) {
  RxProgram program;
  const unsigned long long t1 = monotonic_ns(), cpu = 1ULL << XTG_SIG_REFLECTOR_CPU;
  std::uint64_t seq = 0;
  for (const std::uint64_t number : {0ULL, 2ULL, 1 | cpu, 4 | cpu, 3ULL, 6ULL, 5ULL})
    ASSERT_TRUE(program.takes(reflected(spec(), seq++, t1, {number, t1, t1})));
  const xtg_rx_slot back = program.slot(1);
  EXPECT_EQ(back.packets, 7U);
  EXPECT_EQ(back.next, 7U);
  EXPECT_EQ(xtg_rx_unique(&back), 7U);
  EXPECT_EQ(back.reordered, 1U) << "5 behind 6 of the same CPU";
}

TEST_P(RxBackTest, AreNeverMixedWithThoseThatCameStraight) {
  RxProgram program;
  const std::uint64_t t1 = monotonic_ns();
  for (std::uint64_t i = 0; i < 3; i++) {
    ASSERT_TRUE(program.takes(sent(spec(), i, t1)));
    ASSERT_TRUE(program.takes(reflected(spec(), i, t1, {i, t1, t1})));
  }
  EXPECT_EQ(program.slot(0).key.form, kForm);
  EXPECT_EQ(program.slot(1).key.form, kBackForm);
  EXPECT_EQ(program.slot(2).key.form, XTG_SIG_FULL) << "at its second frame";
  for (std::uint32_t number = 0; number < 3; number++) {
    EXPECT_EQ(program.slot(number).packets, 3U);
    EXPECT_EQ(program.slot(number).duplicates, 0U);
  }
  EXPECT_EQ(program.queue().packets, 6U);
}

TEST_P(RxBackTest, TheWayBackHasNumbersOfItsOwn) {
  RxProgram program;
  const std::uint64_t t1 = monotonic_ns();
  // Number 1 lost on the way there, the reflector's 2 on the way back; its 1 came twice, its 3
  // last.
  const std::pair<std::uint64_t, std::uint64_t> arrivals[] = {{0, 0}, {2, 1}, {2, 1},
                                                              {5, 4}, {4, 3}, {2, 5}};
  for (const auto& [seq, reflector] : arrivals)
    ASSERT_TRUE(program.takes(reflected(spec(), seq, t1, {reflector, t1, t1})));
  const xtg_rx_slot trip = program.slot(0), back = program.slot(1);
  EXPECT_EQ(trip.packets, 6U);
  EXPECT_EQ(trip.next, 6U);
  EXPECT_EQ(trip.duplicates, 2U);
  EXPECT_EQ(trip.reordered, 1U);
  EXPECT_EQ(back.packets, 6U);
  EXPECT_EQ(back.next, 6U);
  EXPECT_EQ(back.duplicates, 1U);
  EXPECT_EQ(back.reordered, 1U);
}

TEST_P(RxBackTest, AReflectorThatDoesNotNumberHasNoWayBack) {
  RxProgram program;
  const std::uint64_t t1 = monotonic_ns() - 5'000;
  ASSERT_TRUE(program.takes(reflected(spec(), 0, t1, {~std::uint64_t{0}, t1 + 100, t1 + 300})));
  const xtg_rx_slot trip = program.slot(0);
  EXPECT_EQ(trip.last_delay, delay_of(trip, t1) - 200);
  EXPECT_EQ(trip.stamped, 1U);
  EXPECT_EQ(program.control().slots, 1U);
}

TEST_P(RxBackTest, WhereNothingWasToldTheDelayIsOfAll) {
  const std::uint64_t t1 = monotonic_ns() - 5'000;
  packet::FrameSpec without = spec_of(GetParam(), 128, false);
  for (const Bytes& frame :
       {reflected(spec(), 0, t1, {0, 0, 0}), reflected(spec(), 0, t1, {1, t1 + 300, t1 + 100}),
        reflected(without, 0, t1, {1, t1 + 100, t1 + 300})}) {
    RxProgram program;
    ASSERT_TRUE(program.takes(frame));
    ASSERT_TRUE(program.takes(frame));
    const xtg_rx_slot trip = program.slot(0);
    EXPECT_EQ(trip.key.form, kForm);
    EXPECT_EQ(trip.packets, 2U);
    EXPECT_EQ(trip.last_delay, delay_of(trip, t1));
    EXPECT_EQ(trip.stamped, 0U);
    EXPECT_EQ(program.control().slots, 1U);
  }
}

TEST_P(RxBackTest, AFrameWithoutTheRoomThatItSaysIsEnteredWithoutWords) {
  RxProgram program;
  const Bytes whole = reflected(spec(), 4, monotonic_ns() - 5'000, {1, 1, 1});
  for (std::size_t size = 32; size <= 60; size++) {
    ASSERT_TRUE(program.takes(Bytes(whole.end() - static_cast<long>(size), whole.end()))) << size;
    EXPECT_EQ(program.slot(0).packets, size == 32 ? 0U : size - 31) << "believed by the second";
    EXPECT_EQ(program.slot(0).stamped, size < 56 ? 0U : size - 55) << size;
  }
}

TEST_P(RxBackTest, WordsAreFoundBehindTunnelsAndBeforePadding) {
  RxProgram program;
  const std::uint64_t t1 = monotonic_ns();
  Bytes tunnel(50, 0x5a);
  const Bytes inner = reflected(spec(), 0, t1, {0, t1, t1 + 11});
  tunnel.insert(tunnel.end(), inner.begin(), inner.end());
  EXPECT_TRUE(program.takes(tunnel));
  for (std::size_t pad = 1; pad < 70; pad++) {
    Bytes padded = reflected(spec(), pad, t1, {pad, t1, t1 + 11});
    padded.insert(padded.end(), pad, 0);
    ASSERT_TRUE(program.takes(padded)) << pad;
    ASSERT_EQ(program.slot(0).stamped, pad + 1);
  }
  EXPECT_EQ(program.slot(0).residence_min, 11U);
  EXPECT_EQ(program.slot(0).residence_max, 11U);
  EXPECT_EQ(program.slot(1).next, 70U);
  EXPECT_EQ(program.slot(1).packets, 70U);
}

/// The short signature has a bit for it, and of an unknown session two have to agree that came the
/// same way.
TEST_P(RxBackTest, ShortSignatures) {
  RxProgram program;
  const auto small = spec_of(GetParam(), GetParam() == Family::V4 ? 64 : 82, false);
  const std::uint64_t t1 = monotonic_ns() - 5'000;
  const auto back = [&](std::uint64_t seq) {
    Bytes frame = sent(small, seq, t1);
    frame.back() |= XTG_SIG_COMPACT_REFLECTED;
    return frame;
  };
  EXPECT_TRUE(program.passes(sent(small, 7, t1)));
  EXPECT_TRUE(program.passes(back(8)));
  EXPECT_TRUE(program.takes(back(9)));
  EXPECT_TRUE(program.takes(back(10)));
  EXPECT_TRUE(program.takes(sent(small, 11, t1)));
  const xtg_rx_slot trip = program.slot(0), straight = program.slot(1);
  EXPECT_EQ(trip.key.form, XTG_SIG_COMPACT | XTG_RX_REFLECTED);
  EXPECT_EQ(trip.packets, 3U);
  EXPECT_EQ(trip.base, 8U);
  EXPECT_EQ(trip.last_delay, delay_of(trip, t1));
  EXPECT_EQ(straight.key.form, XTG_SIG_COMPACT);
  EXPECT_EQ(straight.packets, 2U);
  EXPECT_EQ(program.queue().packets, 5U);
}

TEST_P(RxBackTest, WithoutRoomForTheWayBackTheRoundTripCounts) {
  RxProgram program(RxSetup{.n_slots = 1});
  const std::uint64_t t1 = monotonic_ns();
  for (std::uint64_t i = 0; i < 3; i++)
    EXPECT_TRUE(program.takes(reflected(spec(), i, t1, {i, t1, t1})));
  EXPECT_EQ(program.slot(0).packets, 3U);
  EXPECT_EQ(program.queue().no_slot, 0U) << "each of them has a record";
  packet::FrameSpec other = spec();
  other.stream++;
  for (std::uint64_t i = 0; i < 2; i++)
    EXPECT_TRUE(program.takes(reflected(other, i, t1, {i, t1, t1})));
  EXPECT_EQ(program.queue().no_slot, 2U);
}

TEST_P(RxBackTest, CountsSoManyAndNoMore) {
  RxProgram program(RxSetup{.limit = 2});
  const std::uint64_t t1 = monotonic_ns();
  for (std::uint64_t i = 0; i < 3; i++)
    EXPECT_EQ(program.takes(reflected(spec(), i, t1, {i, t1, t1})), i < 2);
  EXPECT_EQ(program.slot(0).packets, 2U);
  EXPECT_EQ(program.slot(1).packets, 2U);
}

std::uint64_t tai_ns() {
  timespec now{};
  clock_gettime(CLOCK_TAI, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// The sender's times are of one clock, the reflector's of another.
TEST(RxBackPrograms, EachDifferenceIsOfOneClock) {
  RxProgram program;
  packet::FrameSpec spec = spec_of(Family::V4, 128);
  spec.signature_flags = XTG_SIG_F_TAI;
  const std::uint64_t t1 = tai_ns() - 1'000'000'000, t3 = monotonic_ns() - 1'000;
  ASSERT_TRUE(program.takes(reflected(spec, 0, t1, {0, t3 - 100'000'000, t3})));
  const std::uint64_t after = tai_ns();
  const xtg_rx_slot trip = program.slot(0), back = program.slot(1);
  EXPECT_NE(trip.flags & XTG_SIG_F_TAI, 0U);
  EXPECT_GT(trip.last_delay, 800'000'000) << "900 ms but for the moment between two clocks";
  EXPECT_LE(trip.last_delay, static_cast<std::int64_t>(after - t1) - 100'000'000);
  EXPECT_EQ(back.flags & XTG_SIG_F_TAI, 0U);
  EXPECT_EQ(back.last_delay, delay_of(back, t3));
  EXPECT_GE(back.last_delay, 1'000);
}

/// The kernel's accounting against the same source in user space, on both ways.
TEST(RxBackPrograms, EntersNumbersAsTheSharedSourceSays) {
  RxProgram program;
  RxFlow trip(XTG_RX_WINDOW_LEAST), back(XTG_RX_WINDOW_LEAST);
  std::mt19937_64 dice(9);
  const auto frame = *packet::build(
      [] {
        packet::FrameSpec spec = spec_of(Family::V4, 128);
        spec.signature_flags = XTG_SIG_F_REFLECTED;
        return spec;
      }(),
      {});
  std::uint64_t next = 5, at_reflector = 0, now = 0;
  for (int i = 0; i < 20'000; i++) {
    const std::uint64_t what = dice() % 100;
    if (what >= 80) next += what < 99 ? dice() % 5 : dice() % 3'000; // lost on the way there
    const std::uint64_t seq = next++ - (dice() % 50 == 0 ? std::min<std::uint64_t>(next, 9) : 0);
    if (dice() % 10 == 0) at_reflector += dice() % 400 == 0 ? dice() % 3'000 : 1; // and back
    std::uint64_t number = at_reflector++;
    if (dice() % 20 == 0) number -= std::min(number, dice() % 20);
    const std::uint64_t t1 = monotonic_ns();
    Bytes bytes = packet::render(frame, seq, 0, t1);
    const auto at = std::span(bytes).subspan(bytes.size() - 56);
    store_be(at.subspan(0, 8), number);
    store_be(at.subspan(8, 8), t1);
    store_be(at.subspan(16, 8), t1);
    ASSERT_TRUE(program.takes(bytes));
    trip.packet(seq, 0, 124, 0, now += 1000);
    back.packet(number, 0, 124, 0, now);
  }
  const auto same = [](const xtg_rx_slot& a, const xtg_rx_slot& b) {
    EXPECT_EQ(a.packets, b.packets);
    EXPECT_EQ(a.base, b.base);
    EXPECT_EQ(a.next, b.next);
    EXPECT_EQ(a.duplicates, b.duplicates);
    EXPECT_EQ(a.too_late, b.too_late);
    EXPECT_EQ(a.reordered, b.reordered);
    EXPECT_EQ(a.missed, b.missed);
    EXPECT_EQ(a.runs, b.runs);
    EXPECT_GT(a.missed, 0U);
    EXPECT_GT(a.duplicates, 0U);
  };
  same(program.slot(0), trip.slot());
  same(program.slot(1), back.slot());
}

} // namespace
} // namespace xtg::test
