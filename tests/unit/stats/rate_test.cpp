// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rate.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

const FrameBits k64{84 * 8, 64 * 8, 46 * 8};

Snapshot at(std::uint64_t time_ns, std::vector<TxCounters> workers) {
  Snapshot snapshot;
  snapshot.time_ns = time_ns;
  snapshot.workers = std::move(workers);
  for (const TxCounters& worker : snapshot.workers)
    snapshot.total += worker;
  return snapshot;
}

TEST(TxCounters, AddEveryMember) {
  TxCounters sum{1, 2, 3, 4, 5, 6, 7, 8, 9};
  sum += {10, 20, 30, 40, 50, 60, 70, 80, 90};
  EXPECT_EQ(sum, (TxCounters{11, 22, 33, 44, 55, 66, 77, 88, 99}));
  EXPECT_EQ(sum.errors(), 33U + 44U + 55U);
}

/// Bits are those of the frames that were sent, whichever stream they are of.
TEST(Delta, WeighsTheStreams) {
  Snapshot from, to;
  to.time_ns = 1'000'000'000;
  to.total.accepted = 400;
  to.streams = {{.attempts = 300, .accepted = 300}, {.attempts = 100, .accepted = 100}};
  const std::vector<FrameBits> bits = {{.l1 = 100, .l2 = 80, .l3 = 60},
                                       {.l1 = 500, .l2 = 400, .l3 = 300}};
  const Sample sample = delta(from, to, 0, bits, std::nullopt);
  ASSERT_EQ(sample.streams.size(), 2U);
  EXPECT_EQ(sample.streams[1].tx, to.streams[1]);
  EXPECT_EQ(sample.streams[1].packets, 100U);
  EXPECT_EQ(sample.streams[1].bytes, 5'000U);
  EXPECT_DOUBLE_EQ(sample.streams[1].pps, 100);
  EXPECT_DOUBLE_EQ(sample.streams[1].l1_bps, 50'000);
  EXPECT_DOUBLE_EQ(sample.l1_bps, 300 * 100 + 100 * 500);
  EXPECT_DOUBLE_EQ(sample.l2_bps, 300 * 80 + 100 * 400);
  // The interface's counters know no streams: what was tried of each says it.
  to.streams = {{.attempts = 200}, {.attempts = 200}};
  EXPECT_DOUBLE_EQ(delta(from, to, 0, bits, std::nullopt).l1_bps, 400 * 300);
}

TEST(Delta, CountsWhatHappenedBetween) {
  const Snapshot from =
      at(3'000'000'000, {{100, 90, 6, 4, 0, 0, 1, 2, 1}, {50, 50, 0, 0, 0, 0, 0}});
  const Snapshot to =
      at(3'500'000'000, {{300, 280, 10, 10, 0, 0, 4, 7, 2}, {150, 150, 0, 0, 0, 0, 0}});
  const Sample sample = delta(from, to, 1'000'000'000, k64, 600.0);
  EXPECT_DOUBLE_EQ(sample.start_s, 2.0);
  EXPECT_DOUBLE_EQ(sample.end_s, 2.5);
  EXPECT_EQ(sample.tx, (TxCounters{300, 290, 4, 6, 0, 0, 3, 5, 1}));
  ASSERT_EQ(sample.workers.size(), 2U);
  EXPECT_EQ(sample.workers[0], (TxCounters{200, 190, 4, 6, 0, 0, 3, 5, 1}));
  EXPECT_EQ(sample.workers[1], (TxCounters{100, 100, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_DOUBLE_EQ(sample.xmit_pps, 580.0);
  EXPECT_DOUBLE_EQ(sample.err_pps, 20.0);
  EXPECT_DOUBLE_EQ(sample.l1_bps, 580.0 * 84 * 8);
  EXPECT_DOUBLE_EQ(sample.l2_bps, 580.0 * 64 * 8);
  EXPECT_DOUBLE_EQ(sample.l3_bps, 580.0 * 46 * 8);
  EXPECT_EQ(sample.target_pps, 600.0);
}

TEST(Delta, BytesOfAMixAreExactAndAddUp) {
  const FrameBits mix{0, 0, 0, SizeMix({64, 594, 64}), 14};
  const auto sent = [](std::uint64_t accepted, std::uint64_t time_ns) {
    return at(time_ns, {{accepted, accepted, 0, 0, 0, 0, 0}});
  };
  const Sample first = delta(sent(0, 0), sent(4, 1'000'000'000), 0, mix, {});
  const Sample second = delta(sent(4, 1'000'000'000), sent(6, 2'000'000'000), 0, mix, {});
  EXPECT_EQ(first.bytes, 64U + 594 + 64 + 64);
  EXPECT_EQ(second.bytes, 594U + 64);
  EXPECT_DOUBLE_EQ(second.l2_bps, (594 + 64) * 8.0);
  EXPECT_DOUBLE_EQ(second.l1_bps, (594 + 64 + 40) * 8.0);
  EXPECT_DOUBLE_EQ(second.l3_bps, (594 + 64 - 36) * 8.0);
}

TEST(Delta, EmptyIntervalHasNoRate) {
  const Sample same =
      delta(at(5, {{1, 1, 0, 0, 0, 0, 0}}), at(5, {{9, 9, 0, 0, 0, 0, 0}}), 5, k64, {});
  EXPECT_EQ(same.xmit_pps, 0);
  EXPECT_EQ(same.l1_bps, 0);
  EXPECT_EQ(same.tx.accepted, 8U);
  EXPECT_FALSE(same.target_pps);
  const Sample back = delta(at(9, {}), at(5, {{9, 9, 0, 0, 0, 0, 0}}), 5, k64, {});
  EXPECT_EQ(back.xmit_pps, 0);
}

TEST(Delta, CountersThatWentBackCountAsZero) {
  const Sample sample = delta(at(0, {{10, 10, 5, 0, 0, 0, 0}}),
                              at(1'000'000'000, {{4, 12, 1, 0, 0, 0, 0}}), 0, k64, {});
  EXPECT_EQ(sample.tx, (TxCounters{0, 2, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_DOUBLE_EQ(sample.xmit_pps, 2.0);
}

TEST(Delta, ANewWorkerStartsAtZero) {
  const Sample sample = delta(at(0, {}), at(1'000'000'000, {{7, 7, 0, 0, 0, 0, 0}}), 0, k64, {});
  ASSERT_EQ(sample.workers.size(), 1U);
  EXPECT_EQ(sample.workers[0].accepted, 7U);
}

TEST(Delta, TimesBeforeTheOriginAreNegative) {
  EXPECT_DOUBLE_EQ(delta(at(0, {}), at(1'000'000'000, {}), 500'000'000, k64, {}).start_s, -0.5);
}

TEST(Shortfall, IsTheMissingShareOfTheTarget) {
  Sample sample;
  sample.xmit_pps = 990;
  EXPECT_EQ(shortfall_ratio(sample), 0);
  sample.target_pps = 1000;
  EXPECT_DOUBLE_EQ(shortfall_ratio(sample), 0.01);
  sample.xmit_pps = 1010;
  EXPECT_DOUBLE_EQ(shortfall_ratio(sample), -0.01);
  sample.target_pps = 0;
  EXPECT_EQ(shortfall_ratio(sample), 0);
}

} // namespace
} // namespace xtg::stats
