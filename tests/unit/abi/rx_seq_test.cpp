// SPDX-License-Identifier: BSD-2-Clause
// The same source that the kernel program runs: cases worked out by hand, and random traces against
// a plain model.
#include "support/rx_env.h"
#include "support/rx_model.h"

#include <initializer_list>
#include <limits>

#include <gtest/gtest.h>

namespace {

using namespace xtg::test;

constexpr std::uint32_t kWindow = 1024;
constexpr std::uint64_t kStep = 1000; ///< ns between two packets

/// A flow with a packet every microsecond, of 100 bytes and 500 ns of delay.
struct Line {
  RxFlow flow{kWindow};
  std::uint64_t now = 5'000'000;

  xtg_rx_verdict at(std::uint64_t seq, std::uint32_t worker = 0, std::int64_t delay = 500) {
    now += kStep;
    return flow.packet(seq, worker, 100, delay, now);
  }
  /// All of [from, to).
  void range(std::uint64_t from, std::uint64_t to, std::uint32_t worker = 0) {
    for (std::uint64_t seq = from; seq < to; ++seq)
      ASSERT_EQ(at(seq, worker), XTG_RX_NEW) << seq;
  }
  /// The same behind a jump, of which the first number is not believed alone.
  void range_beyond(std::uint64_t from, std::uint64_t to) {
    ASSERT_EQ(at(from), XTG_RX_SUSPECT);
    range(from + 1, to);
  }
  void all(std::initializer_list<std::uint64_t> seqs) {
    for (const std::uint64_t seq : seqs)
      at(seq);
  }
  const xtg_rx_slot& slot() const { return flow.slot(); }
  xtg_rx_slot end() const { return flow.finished(); }
};

/// One run of `missed` lost packets, or none.
void expect_run(const xtg_rx_slot& s, std::uint64_t missed) {
  EXPECT_EQ(s.missed, missed);
  EXPECT_EQ(s.longest_run, missed);
  EXPECT_EQ(s.runs, missed ? 1U : 0U);
  EXPECT_EQ(s.run, 0U);
  for (unsigned size = 0; size < XTG_RX_RUNS; ++size) {
    const bool last = size + 1 == XTG_RX_RUNS;
    const bool here = missed >> size == 1 || (last && missed >> size > 1);
    EXPECT_EQ(s.run_class[size], here ? 1U : 0U) << size;
  }
}

TEST(AbiRxSeq, InOrder) {
  Line line;
  line.range(0, 10'000);
  const xtg_rx_slot s = line.end();
  expect_run(s, 0);
  EXPECT_EQ(s.packets, 10'000U);
  EXPECT_EQ(xtg_rx_unique(&s), 10'000U);
  EXPECT_EQ(s.bytes, 1'000'000U);
  EXPECT_EQ(s.base, 0U);
  EXPECT_EQ(s.next, 10'000U);
  EXPECT_EQ(s.duplicates + s.too_late + s.reordered + s.extents + s.gap_count, 0U);
  EXPECT_EQ(s.first_ns, 5'001'000U);
  EXPECT_EQ(s.last_ns, 15'000'000U);
  EXPECT_EQ(s.outage_ns, 0U);
  EXPECT_EQ(s.delay_sum, 5'000'000U);
  EXPECT_EQ(s.delay_min, 500U);
  EXPECT_EQ(s.delay_max, 500U);
  EXPECT_EQ(s.jitter16 + s.ipdv_sum + s.ipdv_max + s.negative, 0U);
  EXPECT_EQ(line.flow.hist().delay[xtg_hist_cell(500)], 10'000U);
  EXPECT_EQ(line.flow.hist().arrival[xtg_hist_cell(1000)], 9'999U);
}

TEST(AbiRxSeq, NothingArrived) {
  const RxFlow flow(kWindow);
  const xtg_rx_slot s = flow.finished();
  expect_run(s, 0);
  EXPECT_EQ(s.packets, 0U);
}

TEST(AbiRxSeq, RunsOfEveryPlaceAndLength) {
  for (const std::uint64_t from : {1, 42, 63, 64, 65, 1000}) {
    for (const std::uint64_t missed : {1, 2, 3, 4, 63, 64, 65, 127, 128, 137, 700, 1024}) {
      SCOPED_TRACE(testing::Message() << missed << " from " << from);
      Line line;
      line.range(0, from);
      line.now += missed * kStep;
      line.range(from + missed, from + missed + 1);
      const xtg_rx_slot early = line.end();
      expect_run(early, missed);
      EXPECT_EQ(early.outage_ns, (missed + 1) * kStep);
      // The same once it is long behind the window, whether or not somebody looked before.
      line.range(from + missed + 1, from + missed + 3000);
      expect_run(line.end(), missed);
      expect_run(line.slot(), missed);
      EXPECT_EQ(line.slot().gap_count, 1U);
      EXPECT_EQ(line.slot().reordered, 0U);
      EXPECT_EQ(line.slot().outage_ns, (missed + 1) * kStep);
    }
  }
}

TEST(AbiRxSeq, EveryOtherLost) {
  for (const std::uint64_t first : {0, 1}) { // as many runs as a word can hold, ended by either
    Line line;
    for (std::uint64_t seq = first; seq < 4096; seq += 2)
      line.at(seq);
    EXPECT_EQ(line.slot().missed, 1536 - first);
    EXPECT_EQ(line.end().missed, 2047U);
    EXPECT_EQ(line.end().run_class[0], 2047U);
  }
}

TEST(AbiRxSeq, Duplicates) {
  Line line;
  EXPECT_EQ(line.at(7), XTG_RX_NEW);
  EXPECT_EQ(line.at(7), XTG_RX_DUPLICATE);
  line.range(8, 200);
  for (const std::uint64_t seq : {7, 8, 63, 64, 100, 199})
    EXPECT_EQ(line.at(seq), XTG_RX_DUPLICATE) << seq;
  line.range(200, 201);
  const xtg_rx_slot s = line.end();
  expect_run(s, 0);
  EXPECT_EQ(s.packets, 201U);
  EXPECT_EQ(s.duplicates, 7U);
  EXPECT_EQ(s.replicated, 6U); // 7 came three times
  EXPECT_EQ(xtg_rx_unique(&s), 194U);
  EXPECT_EQ(s.reordered, 0U);
}

/// Copies of a number are known to be of one packet as long as the window has it, and no longer.
TEST(AbiRxSeq, ReplicatedPacketsOfEveryWindow) {
  for (const std::uint64_t step : {1, 700, 1023, 1024, 1025}) {
    Line line;
    std::uint64_t packets = 0;
    for (std::uint64_t seq = 70; seq < 40'000; seq += step) {
      for (int copy = 0; copy < 4; ++copy)
        line.at(seq);
      EXPECT_EQ(line.slot().replicated, ++packets) << seq;
      EXPECT_EQ(line.slot().duplicates, 3 * packets) << seq;
    }
    EXPECT_EQ(line.end().replicated, packets);
  }
}

TEST(AbiRxSeq, NeighboursSwapped) {
  Line line;
  line.all({0, 1, 3, 2, 4});
  const xtg_rx_slot s = line.end();
  expect_run(s, 0);
  EXPECT_EQ(s.reordered, 1U);
  EXPECT_EQ(s.extents, 1U);
  EXPECT_EQ(s.extent_sum, 1U);
  EXPECT_EQ(s.extent_max, 1U);
  EXPECT_EQ(s.late_max, kStep);
}

TEST(AbiRxSeq, HeldBack) {
  for (const std::uint64_t k : {2, 63, 64, 500}) {
    Line line;
    line.range(0, 10);
    line.range(11, 11 + k);
    EXPECT_EQ(line.at(10), XTG_RX_REORDERED);
    EXPECT_EQ(line.at(10), XTG_RX_DUPLICATE);
    line.range(11 + k, 3000);
    const xtg_rx_slot s = line.end();
    expect_run(s, 0);
    EXPECT_EQ(s.reordered, 1U);
    EXPECT_EQ(s.extent_sum, k);
    EXPECT_EQ(s.extent_max, k);
    EXPECT_EQ(s.late_max, k * kStep);
  }
}

TEST(AbiRxSeq, ExtentsOfSeveral) {
  Line line;
  line.all({1, 2, 3, 4, 7, 5, 6}); // 7 overtook both: 1 and 2
  EXPECT_EQ(line.slot().extent_sum, 3U);
  EXPECT_EQ(line.slot().extent_max, 2U);
  line.all({10, 9, 11, 8}); // 10 overtook both
  EXPECT_EQ(line.slot().extent_sum, 3U + 1 + 3);
  line.all({13, 15, 12, 14}); // a jump each, the first one's packet comes first
  EXPECT_EQ(line.slot().extent_sum, 7U + 2 + 2);
  EXPECT_EQ(line.slot().extents, 6U);
  EXPECT_EQ(line.slot().extent_max, 3U);
}

TEST(AbiRxSeq, OldJumpsAreForgotten) {
  Line line;
  for (std::uint64_t seq = 0; seq <= 2 * XTG_RX_GAPS; seq += 2)
    line.at(seq); // each of them but the first a jump
  EXPECT_EQ(line.at(1), XTG_RX_REORDERED);
  EXPECT_EQ(line.slot().extents, 1U);
  EXPECT_EQ(line.slot().extent_max, XTG_RX_GAPS);
  line.at(2 * XTG_RX_GAPS + 2);
  EXPECT_EQ(line.slot().gap_count, XTG_RX_GAPS + 1);
  Line other = line;
  EXPECT_EQ(line.at(3), XTG_RX_REORDERED); // the jump over it is the oldest one known
  EXPECT_EQ(line.slot().extents, 2U);
  other.at(2 * XTG_RX_GAPS + 4); // and is not any more
  EXPECT_EQ(other.at(3), XTG_RX_REORDERED);
  EXPECT_EQ(other.slot().extents, 1U);
  EXPECT_EQ(other.slot().reordered, 2U);
}

TEST(AbiRxSeq, BeyondTheWindow) {
  for (const bool beyond : {false, true}) {
    Line line;
    line.range(0, 2);
    line.range(3, beyond ? 1025 : 1024);
    EXPECT_EQ(line.at(2), beyond ? XTG_RX_TOO_LATE : XTG_RX_REORDERED);
    // Nobody knows any more that it was there before.
    EXPECT_EQ(line.at(0), beyond ? XTG_RX_TOO_LATE : XTG_RX_DUPLICATE);
    const xtg_rx_slot s = line.end();
    expect_run(s, beyond ? 1 : 0);
    EXPECT_EQ(s.too_late, beyond ? 2U : 0U);
    EXPECT_EQ(s.reordered, beyond ? 0U : 1U);
    EXPECT_EQ(xtg_rx_unique(&s), 1024U);
  }
}

TEST(AbiRxSeq, Jumps) {
  for (const std::uint64_t from : {1, 64, 101, 128, 2000}) {
    for (const std::uint64_t by :
         {64ULL, 960ULL, 1000ULL, 1023ULL, 1024ULL, 1025ULL, 1088ULL, 1089ULL, 2048ULL, 5000ULL,
          64ULL * 50, (1ULL << 24) + 1, (1ULL << 27) + 3, (1ULL << 40) + 64}) {
      SCOPED_TRACE(testing::Message() << by << " from " << from);
      Line line;
      line.range(0, from);
      const std::uint64_t to = from - 1 + by;
      const bool far = by - 1 > kWindow;
      if (far)
        line.range_beyond(to, to + 2);
      else
        line.range(to, to + 2);
      expect_run(line.end(), by - 1);
      EXPECT_EQ(line.slot().suspect, 0U);
      // Only what is in the window may still come.
      const std::uint64_t highest = (to + 1) / 64;
      const std::uint64_t oldest = highest >= 15 ? (highest - 15) * 64 : 0;
      EXPECT_EQ(line.slot().missed, oldest > from ? oldest - from : 0);
      Line late = line;
      line.range(to + 2, to + 3000);
      expect_run(line.slot(), by - 1);
      expect_run(line.end(), by - 1);
      if (oldest > from) {
        EXPECT_EQ(late.at(oldest - 1), XTG_RX_TOO_LATE);
        EXPECT_EQ(late.at(oldest), XTG_RX_REORDERED);
        EXPECT_EQ(late.end().missed, by - 2);
      }
    }
  }
}

/// Whoever lets every packet jump by nearly a window makes it cost no more than what came.
TEST(AbiRxSeq, AJumpCostsWhatCameSinceTheOneBefore) {
  constexpr std::uint64_t kWide = XTG_RX_WINDOW_MOST, kGroups = kWide / 64 / 64;
  std::uint64_t seq = 0, now = 0, most = 0;
  RxFlow flow(kWide);
  const auto at = [&](std::uint64_t number) {
    const std::uint64_t before = rx_steps;
    flow.packet(number, 0, 60, 0, now += kStep);
    most = std::max(most, rx_steps - before);
  };
  for (; seq < kWide; seq += 64)
    at(seq); // a bit in each word
  most = 0;
  at(seq += kWide - 64);
  EXPECT_LE(most, 3 * kWide / 64 + kGroups) << "each word, one that came, and those missing behind";
  most = 0;
  for (int i = 0; i < 50; i++)
    at(seq += kWide - 1);
  EXPECT_LE(most, kGroups + 16) << "words that nobody wrote in are passed over";
  const xtg_rx_slot s = flow.finished();
  EXPECT_EQ(s.packets, kWide / 64 + 51);
  EXPECT_EQ(s.missed, s.next - s.packets);
}

TEST(AbiRxSeq, TheFirstNumberNeedNotBeZero) {
  for (const std::uint64_t first :
       {777ULL, 64ULL, 5000ULL, (1ULL << 32) - 100, (1ULL << 63) - 100, (1ULL << 63) + 5}) {
    SCOPED_TRACE(first);
    Line line;
    line.range(first, first + 50);
    line.range(first + 53, first + 3000);
    expect_run(line.slot(), 3);
    expect_run(line.end(), 3);
    EXPECT_EQ(line.slot().base, first);
    EXPECT_EQ(line.slot().next, first + 3000);
    EXPECT_EQ(line.slot().too_late, 0U);
    line.range_beyond(first + 9000, first + 9010);
    EXPECT_EQ(line.end().missed, 6003U);
    EXPECT_EQ(line.at(first), XTG_RX_TOO_LATE);
  }
}

TEST(AbiRxSeq, BeforeTheFirst) {
  Line line;
  line.range(5000, 5010);
  EXPECT_EQ(line.at(4990), XTG_RX_REORDERED);
  const xtg_rx_slot s = line.end();
  expect_run(s, 9);
  EXPECT_EQ(s.base, 4990U);
  EXPECT_EQ(s.extents, 0U); // nothing tells when it was passed over
  EXPECT_EQ(s.outage_ns, 0U);
  EXPECT_EQ(line.at(4992, 1), XTG_RX_NEW);
  EXPECT_EQ(line.slot().base, 4990U);
  EXPECT_EQ(line.at(4992 - 1024), XTG_RX_TOO_LATE);
  EXPECT_EQ(line.slot().base, 4990U);
  line.range(5010, 8000);
  EXPECT_EQ(line.slot().missed, 8U);
  EXPECT_EQ(line.slot().runs, 2U);
  EXPECT_EQ(line.slot().longest_run, 7U);
}

/// Whatever one frame says, those after it are judged as though it had not come.
TEST(AbiRxSeq, ADamagedNumberChangesNothing) {
  Line line, plain;
  std::uint64_t suspects = 0;
  for (std::uint64_t seq = 100; seq < 9000; ++seq) {
    ASSERT_EQ(line.at(seq), XTG_RX_NEW) << seq;
    plain.now = line.now - kStep;
    ASSERT_EQ(plain.at(seq), XTG_RX_NEW);
    if (seq % 7 != 0) continue;
    // The least number that is one, then far ones that do not agree.
    const std::uint64_t damaged = seq % 2 ? seq + 2 + kWindow : seq ^ 1ULL << (20 + seq % 43);
    ASSERT_EQ(line.at(damaged, seq % 5, seq % 3 ? 90'000 : -5), XTG_RX_SUSPECT) << damaged;
    suspects++;
  }
  const xtg_rx_slot s = line.end(), t = plain.end();
  EXPECT_EQ(s.suspect, suspects);
  EXPECT_EQ(s.packets, 8900U);
  EXPECT_EQ(xtg_rx_unique(&s), 8900U);
  EXPECT_EQ(s.bytes, 100 * (8900 + suspects));
  expect_run(s, 0);
  EXPECT_EQ(s.next, t.next);
  EXPECT_EQ(s.reordered + s.too_late + s.duplicates + s.gap_count + s.negative, 0U);
  EXPECT_EQ(s.delay_max, 500U);
  EXPECT_EQ(s.jitter16 + s.ipdv_sum + s.outage_ns, 0U);
  EXPECT_EQ(line.flow.hist().arrival[xtg_hist_cell(kStep)],
            plain.flow.hist().arrival[xtg_hist_cell(kStep)]);
}

TEST(AbiRxSeq, HowFarIsTooFar) {
  Line line;
  line.range(0, 10);
  Line other = line;
  EXPECT_EQ(line.at(10 + kWindow), XTG_RX_NEW);
  EXPECT_EQ(other.at(10 + kWindow + 1), XTG_RX_SUSPECT);
  // The second one follows within the window, and is another one.
  for (const std::uint64_t second :
       {std::uint64_t{10 + kWindow + 1}, std::uint64_t{10 + kWindow + 1 + kWindow + 1}}) {
    Line alone = other;
    EXPECT_EQ(alone.at(second), XTG_RX_SUSPECT);
    EXPECT_EQ(alone.slot().suspect, 2U);
    EXPECT_EQ(alone.slot().next, 10U);
    EXPECT_EQ(alone.at(second + 1), XTG_RX_NEW); // agrees with that one
    EXPECT_EQ(alone.slot().suspect, 1U);
    EXPECT_EQ(alone.slot().packets, 12U);
  }
  EXPECT_EQ(other.at(10 + kWindow + 1 + kWindow), XTG_RX_NEW);
  EXPECT_EQ(other.slot().suspect, 0U);
  EXPECT_EQ(other.slot().packets, 12U);
}

TEST(AbiRxSeq, AnOutageLongerThanTheWindowCostsNothing) {
  Line line;
  line.range(0, 100);
  line.now += 4000 * kStep;
  EXPECT_EQ(line.at(4100, 0, 700), XTG_RX_SUSPECT);
  EXPECT_EQ(line.at(4101, 0, 900), XTG_RX_NEW);
  line.range(4102, 9000);
  const xtg_rx_slot s = line.end();
  expect_run(s, 4000);
  EXPECT_EQ(s.packets, 5000U);
  EXPECT_EQ(s.suspect, 0U);
  EXPECT_EQ(s.outage_ns, 4001 * kStep);
  EXPECT_EQ(s.gap_count, 1U);
  // But for the first one's times: a delay, and the time since the packet before.
  EXPECT_EQ(s.delay_sum, 500 * 4998U + 900);
  EXPECT_EQ(s.delay_max, 900U);
  EXPECT_EQ(s.ipdv_sum, 200U + 400);
  EXPECT_EQ(line.flow.hist().arrival[xtg_hist_cell(kStep)], 4998U);
}

/// What comes between the two keeps its place; the first is entered behind it.
TEST(AbiRxSeq, StragglersBetweenTwoSuspects) {
  Line line;
  line.range(0, 100);
  line.at(5000, 1), line.at(100), line.at(101), line.at(5002, 1);
  const xtg_rx_slot s = line.end();
  EXPECT_EQ(s.packets, 104U);
  EXPECT_EQ(s.suspect + s.reordered, 0U);
  EXPECT_EQ(s.missed, 4898U + 1);
  EXPECT_EQ(s.outage_ns, kStep);
  EXPECT_EQ(line.flow.hist().arrival[xtg_hist_cell(kStep)], 101U); // all but 99 and 100
  EXPECT_EQ(s.last_ns, line.now);
}

TEST(AbiRxSeq, ADamagedFirstNumber) {
  for (const std::int64_t delay : {20, -20}) {
    for (const std::uint64_t first : {5000ULL, 1ULL << 40, (1ULL << 63) + 70}) {
      SCOPED_TRACE(first);
      Line line;
      EXPECT_EQ(line.at(first, 9, delay), XTG_RX_NEW);
      EXPECT_EQ(line.at(0), XTG_RX_SUSPECT);
      EXPECT_EQ(line.slot().base, first);
      line.range(1, 9000);
      const xtg_rx_slot s = line.end();
      expect_run(s, 0);
      EXPECT_EQ(s.suspect, 1U);
      EXPECT_EQ(s.packets, 9000U);
      EXPECT_EQ(s.bytes, 900'100U);
      EXPECT_EQ(s.base, 0U);
      EXPECT_EQ(s.next, 9000U);
      EXPECT_EQ(s.first_ns, 5'000'000 + 2 * kStep);
      EXPECT_EQ(s.delay_sum, 500 * 8999U);
      EXPECT_EQ(s.delay_min, 500U);
      EXPECT_EQ(s.negative + s.jitter16 + s.ipdv_sum + s.outage_ns, 0U);
      EXPECT_EQ(s.negative_min, 0);
      EXPECT_EQ(line.flow.hist().delay[xtg_hist_cell(20)], 0U);
      EXPECT_EQ(line.at(9001, 9), XTG_RX_NEW); // its worker begins anew, too
    }
  }
}

TEST(AbiRxSeq, ADamagedSecondNumber) {
  Line line;
  line.at(70'000);
  EXPECT_EQ(line.at(5), XTG_RX_SUSPECT);
  line.range(70'001, 70'100);
  EXPECT_EQ(line.at(6), XTG_RX_TOO_LATE); // of more than one packet one knows where it was
  const xtg_rx_slot s = line.end();
  expect_run(s, 0);
  EXPECT_EQ(s.base, 70'000U);
  EXPECT_EQ(s.suspect, 1U);
  EXPECT_EQ(s.too_late, 1U);
  EXPECT_EQ(xtg_rx_unique(&s), 100U);
}

/// A stream of which one address in 4,000 has a queue of its own: it sees less than one number per
/// window, and the other queue all others.
struct Spread {
  static constexpr std::uint64_t kEach = 4000;
  std::uint64_t position = 0;
  RxFlow many{kWindow, &position}, few{kWindow, &position};
  std::uint64_t now = 5'000'000;

  xtg_rx_verdict at(std::uint64_t seq) {
    now += kStep;
    return (seq % kEach == 577 ? few : many).packet(seq, 0, 100, 500, now);
  }
};

TEST(AbiRxSeq, ARecordThatSeesLessThanOneNumberPerWindow) {
  Spread spread;
  for (std::uint64_t seq = 0; seq < 20 * Spread::kEach; ++seq)
    ASSERT_EQ(spread.at(seq), XTG_RX_NEW) << seq;
  const xtg_rx_slot many = spread.many.finished(), few = spread.few.finished();
  EXPECT_EQ(few.suspect + many.suspect, 0U);
  EXPECT_EQ(few.packets, 20U);
  EXPECT_EQ(xtg_rx_unique(&few) + xtg_rx_unique(&many), 20 * Spread::kEach);
}

TEST(AbiRxSeq, ADamagedNumberOfARecordThatSeesFew) {
  Spread spread;
  for (std::uint64_t seq = 0; seq < 20 * Spread::kEach; ++seq) {
    ASSERT_EQ(spread.at(seq), XTG_RX_NEW) << seq;
    // Its very first one is damaged, and later ones are.
    if (seq == 570 || seq % 10'000 == 1'000)
      spread.few.packet(seq ^ 1ULL << 40, 0, 100, 500, spread.now);
  }
  const xtg_rx_slot few = spread.few.finished();
  EXPECT_EQ(few.suspect, 9U);
  EXPECT_EQ(few.packets, 20U);
  EXPECT_EQ(few.base, 577U);
  EXPECT_EQ(few.next, 19 * Spread::kEach + 578);
}

TEST(AbiRxSeq, WorkersAreNotReordered) {
  Line line;
  for (std::uint64_t from = 0; from < 6400; from += 128) {
    for (std::uint64_t i = 0; i < 64; ++i) { // the second worker is a batch ahead
      ASSERT_EQ(line.at(from + 64 + i, 1), XTG_RX_NEW);
      ASSERT_EQ(line.at(from + i, 0), XTG_RX_NEW);
    }
  }
  const xtg_rx_slot s = line.end();
  expect_run(s, 0);
  EXPECT_EQ(s.reordered, 0U);
  EXPECT_EQ(s.base, 0U);
  EXPECT_EQ(s.next, 6400U);
}

TEST(AbiRxSeq, OrderWithinAWorker) {
  Line line;
  line.at(0, 0), line.at(100, 1), line.at(1, 0), line.at(101, 1);
  EXPECT_EQ(line.at(3, 0), XTG_RX_NEW);
  EXPECT_EQ(line.at(103, 1), XTG_RX_NEW);
  EXPECT_EQ(line.at(102, 1), XTG_RX_REORDERED);
  EXPECT_EQ(line.slot().extent_max, 1U);
  EXPECT_EQ(line.at(2, 0), XTG_RX_REORDERED); // passed over three packets ago, whosoever they are
  EXPECT_EQ(line.slot().extent_max, 3U);
  EXPECT_EQ(line.slot().extent_sum, 4U);
}

TEST(AbiRxSeq, EveryWorkerNumberOfTheWire) {
  for (const std::uint32_t worker : {0, 1, 63, 64, 200, 255}) {
    Line line;
    for (const std::uint64_t seq : {0, 2, 3, 1})
      line.at(seq, worker);
    EXPECT_EQ(line.slot().reordered, 1U) << worker;
    EXPECT_EQ(line.slot().extents, 1U) << worker;
    EXPECT_EQ(line.slot().extent_max, 2U) << worker;
  }
}

TEST(AbiRxSeq, AnOutageNeedsMissingNumbers) {
  Line line;
  line.range(0, 10);
  line.now += 70'000; // only late
  line.range(10, 11);
  EXPECT_EQ(line.slot().outage_ns, 0U);
  line.range(12, 13);
  EXPECT_EQ(line.slot().outage_ns, kStep);
  line.now += 5000;
  line.at(12); // something arrived, if only once more
  line.now += 3000;
  line.range(20, 21);
  EXPECT_EQ(line.slot().outage_ns, 4000U);
  line.range(30, 31); // shorter
  EXPECT_EQ(line.slot().outage_ns, 4000U);
}

TEST(AbiRxSeq, NegativeDelaysAreApart) {
  Line line;
  line.at(0, 0, -5), line.at(1, 0, 300), line.at(2, 0, -40), line.at(3, 0, 0), line.at(4, 0, -7);
  const xtg_rx_slot& s = line.slot();
  EXPECT_EQ(s.negative, 3U);
  EXPECT_EQ(s.negative_min, -40);
  EXPECT_EQ(s.delay_sum, 300U);
  EXPECT_EQ(s.delay_min, 0U);
  EXPECT_EQ(s.delay_max, 300U);
  EXPECT_EQ(s.last_delay, -7);
  EXPECT_EQ(s.ipdv_sum, 305U + 340 + 40 + 7);
  EXPECT_EQ(s.ipdv_max, 340U);
  EXPECT_EQ(line.flow.hist().delay[0], 1U);
  EXPECT_EQ(line.flow.hist().delay[xtg_hist_cell(300)], 1U);
}

TEST(AbiRxSeq, AbsurdDelaysAreApart) {
  constexpr std::int64_t kMost = XTG_RX_PLAUSIBLE_NS;
  Line line;
  line.at(0, 0, 100), line.at(1, 0, kMost + 1000), line.at(2, 0, 200), line.at(3, 0, -kMost - 1);
  line.at(4, 0, std::numeric_limits<std::int64_t>::max()), line.at(5, 0, 300);
  line.at(6, 0, std::numeric_limits<std::int64_t>::min()), line.at(7, 0, kMost);
  line.at(8, 0, -kMost);
  const xtg_rx_slot& s = line.slot();
  EXPECT_EQ(s.packets, 9U);
  EXPECT_EQ(s.absurd, 4U);
  EXPECT_EQ(s.negative, 1U);
  EXPECT_EQ(s.negative_min, -kMost);
  EXPECT_EQ(s.delay_sum, 600U + kMost);
  EXPECT_EQ(s.delay_min, 100U);
  EXPECT_EQ(s.delay_max, 0U + kMost);
  EXPECT_EQ(s.ipdv_sum, 0U) << "a change to or from one tells nothing";
}

/// Two clocks that have nothing to do with each other, as those of two hosts.
TEST(AbiRxSeq, TheVariationOfAbsurdDelaysIsAsGoodAsAny) {
  constexpr std::int64_t kDays = 5 * 24 * XTG_RX_PLAUSIBLE_NS;
  Line line;
  for (int i = 0; i < 10; i++)
    line.at(static_cast<std::uint64_t>(i), 0, kDays + 100 * (i % 2));
  EXPECT_EQ(line.slot().absurd, 10U);
  EXPECT_EQ(line.slot().ipdv_sum, 900U);
  EXPECT_EQ(line.slot().delay_sum + line.slot().delay_max, 0U);
}

TEST(AbiRxSeq, SumsOfDelaysDoNotWrap) {
  Line line;
  const std::uint64_t most = XTG_RX_PLAUSIBLE_NS, times = 6'000'000; // 2^64 has 5.1 million
  for (std::uint64_t seq = 0; seq < times; seq++)
    line.at(seq, 0, XTG_RX_PLAUSIBLE_NS);
  const xtg_rx_slot& s = line.slot();
  EXPECT_EQ(s.delay_high, 1U);
  EXPECT_EQ(s.delay_sum, most * times) << "the low 64 bits";
}

TEST(AbiRxSeq, JitterByHand) {
  // J16 += |D| - ((J16 + 8) >> 4)
  Line line;
  const std::int64_t delays[] = {500, 516, 516, 508, 1508};
  const std::uint64_t jitter16[] = {0, 16, 15, 22, 1021};
  for (int i = 0; i < 5; ++i) {
    line.at(static_cast<std::uint64_t>(i), 0, delays[i]);
    EXPECT_EQ(line.slot().jitter16, jitter16[i]) << i;
  }
}

TEST(AbiRxSeq, SendTimesOfNonsense) {
  // A time from the wire may be anything.
  using Limits = std::numeric_limits<std::int64_t>;
  Line line;
  line.at(0, 0, Limits::max()), line.at(1, 0, Limits::min()), line.at(2, 0, Limits::max());
  const xtg_rx_slot& s = line.slot();
  EXPECT_EQ(s.absurd, 3U);
  EXPECT_EQ(s.ipdv_max + s.jitter16 + s.negative + s.delay_sum + s.delay_max, 0U);
}

TEST(AbiRxSeq, RandomTracesAsTheModel) {
  xtg_rx_slot seen{}; // that the traces hold something of everything
  unsigned started_over = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    RxDice dice(seed);
    const std::uint32_t window = dice.of<std::uint32_t>({1024, 1024, 2048, 8192});
    RxFlow flow(window);
    RxModel model(window);
    const std::uint64_t pause = dice.of<std::uint64_t>({1, 1000, 1ULL << 41});
    std::uint64_t now = dice.below(1ULL << 60);
    const auto trace = rx_trace(dice, window);
    for (const auto& [place, seq, worker] : trace) {
      now += dice.below(pause);
      const std::int64_t delay = static_cast<std::int64_t>(dice.below(1ULL << dice.below(42))) - 99;
      const auto size = static_cast<std::uint32_t>(60 + dice.below(1455));
      const xtg_rx_verdict got = flow.packet(seq, worker, size, delay, now);
      const RxVerdict want = model.packet(seq, worker, size, delay, now);
      ASSERT_EQ(static_cast<int>(got), static_cast<int>(want)) << seq;
      ASSERT_EQ(flow.slot().missed, model.missed_so_far()) << seq;
      if (!dice.chance(0.001)) continue;
      ASSERT_EQ(rx_differences({flow.finished(), flow.hist()}, model.totals()), "") << seq;
    }
    const xtg_rx_slot s = flow.finished();
    ASSERT_EQ(rx_differences({s, flow.hist()}, model.totals()), "");
    started_over += s.base + window < trace.front().seq ? 1 : 0;
    seen.suspect += s.suspect, seen.duplicates += s.duplicates, seen.replicated += s.replicated;
    seen.too_late += s.too_late, seen.negative += s.negative;
    seen.extents += s.extents, seen.reordered += s.reordered, seen.outage_ns += s.outage_ns;
    for (unsigned i = 0; i < XTG_RX_RUNS; ++i)
      seen.run_class[i] += s.run_class[i];
  }
  for (const std::uint64_t count :
       {seen.suspect, seen.duplicates - seen.replicated, seen.replicated, seen.too_late,
        seen.negative, seen.extents, seen.reordered - seen.extents, seen.outage_ns})
    EXPECT_GT(count, 1000U);
  EXPECT_GT(started_over, 10U);
  for (const unsigned size : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 23})
    EXPECT_GT(seen.run_class[size], 0U) << size;
}

} // namespace
