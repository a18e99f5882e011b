// SPDX-License-Identifier: BSD-2-Clause
#include "stats/reflect.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

ReflectSnapshot at(std::uint64_t s, std::uint64_t sent, std::uint64_t dropped) {
  ReflectSnapshot out;
  out.time_ns = 1'000'000'000 * s;
  out.total.sent = sent;
  out.total.bytes = 60 * sent;
  out.total.dropped = dropped;
  out.total.stamped = sent / 2;
  out.total.passed = 10 * s;
  out.total.not_reflected[XTG_REFLECT_SOURCE] = 7 * s;
  out.total.not_reflected[XTG_REFLECT_RATE] = s;
  return out;
}

TEST(ReflectStats, AnInterval) {
  const ReflectSample sample = reflect_delta(at(2, 1'000, 0), at(4, 3'000, 500), 1'000'000'000);
  EXPECT_DOUBLE_EQ(sample.start_s, 1);
  EXPECT_DOUBLE_EQ(sample.end_s, 3);
  EXPECT_EQ(sample.sum.sent, 2'000U);
  EXPECT_EQ(sample.sum.reflected(), 1'500U);
  EXPECT_EQ(sample.sum.stamped, 1'000U);
  EXPECT_EQ(sample.sum.passed, 20U);
  EXPECT_EQ(sample.sum.refused_sum(), 14U) << "without those above the rate";
  EXPECT_EQ(sample.sum.not_reflected[XTG_REFLECT_RATE], 2U);
  EXPECT_DOUBLE_EQ(sample.pps, 750);
  EXPECT_DOUBLE_EQ(sample.l2_bps, 750 * 64 * 8);
  EXPECT_DOUBLE_EQ(sample.l1_bps, 750 * 84 * 8);
}

TEST(ReflectStats, NothingAndNoTime) {
  const ReflectSample none = reflect_delta(at(1, 5, 0), at(2, 5, 0), 0);
  EXPECT_EQ(none.pps, 0);
  EXPECT_EQ(none.l1_bps, 0);
  EXPECT_EQ(reflect_delta(at(2, 5, 0), at(2, 9, 0), 0).pps, 0);
}

TEST(ReflectStats, CountersNeverGoBack) {
  const ReflectSample sample = reflect_delta(at(1, 100, 20), at(2, 90, 10), 0);
  EXPECT_EQ(sample.sum.sent, 0U);
  EXPECT_EQ(sample.sum.dropped, 0U);
  // A tracepoint may tell of frames that the interval before had counted.
  ReflectCounters late;
  late.sent = 1;
  late.dropped = 3;
  EXPECT_EQ(late.reflected(), 0U);
}

TEST(ReflectStats, CountersOfTwoCpus) {
  ReflectCounters sum = at(1, 10, 1).total;
  sum += at(2, 20, 2).total;
  EXPECT_EQ(sum.sent, 30U);
  EXPECT_EQ(sum.bytes, 1'800U);
  EXPECT_EQ(sum.dropped, 3U);
  EXPECT_EQ(sum.stamped, 15U);
  EXPECT_EQ(sum.passed, 30U);
  EXPECT_EQ(sum.not_reflected[XTG_REFLECT_SOURCE], 21U);
}

TEST(ReflectStats, TheWholeRun) {
  ReflectSnapshot last = at(3, 300, 0);
  last.streams = {{{7, 1, false}, 300, 2}};
  last.cpus = {{1, 300, 30}};
  last.errnos = {{28, 5}};
  last.link.tx_dropped = 4;
  const ReflectSummary summary = reflect_summary(at(1, 100, 0), last, {}, 1'000'000'000);
  EXPECT_EQ(summary.total.sum.sent, 200U);
  EXPECT_EQ(summary.streams, last.streams);
  EXPECT_EQ(summary.cpus, last.cpus);
  EXPECT_EQ(summary.errnos, last.errnos);
  EXPECT_EQ(summary.link, last.link);
}

/// What is waited before the first frame and behind the last is in no rate.
TEST(ReflectStats, RatesAreOverTheTimeInWhichFramesWentBack) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const ReflectSnapshot first = at(1, 0, 0), last = at(21, 300, 0);
  ReflectFlow flow;
  EXPECT_FALSE(flow.any());
  flow.look(first.time_ns, 0);
  for (std::uint64_t s = 2; s < 21; s++)
    flow.look(s * kSecond, s < 11 ? 0 : s < 14 ? (s - 10) * 100 : 300);
  ASSERT_TRUE(flow.any());
  const ReflectSummary summary = reflect_summary(first, last, flow, first.time_ns);
  EXPECT_DOUBLE_EQ(summary.total.start_s, 9);
  EXPECT_DOUBLE_EQ(summary.total.end_s, 12);
  EXPECT_DOUBLE_EQ(summary.total.pps, 100);
  EXPECT_DOUBLE_EQ(summary.waiting_s, 17);
}

TEST(ReflectLink, ACounterThatWentBackStoodStill) {
  const ReflectLink before{9, 1, 2, 3, 4}, now{0, 2, 4, 6, 8};
  EXPECT_EQ(now - before, (ReflectLink{0, 1, 2, 3, 4}));
  EXPECT_EQ(before - now, (ReflectLink{.rx_dropped = 9}));
}

} // namespace
} // namespace xtg::stats
