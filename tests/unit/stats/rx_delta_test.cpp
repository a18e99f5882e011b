// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx.h"

#include <gtest/gtest.h>

#include "unit/stats/rx_records.h"

namespace xtg::stats {
namespace {

using namespace sample;

TEST(RxDelta, CountersAndRates) {
  RxRecord before = record(100), now = record(350);
  before.slot.next = 220; // 20 lost
  now.slot.next = 465;    // 15 lost: late ones came
  RxSnapshot from = at(3 * kSecond, {before});
  RxSnapshot to = at(3 * kSecond + kSecond / 2, {now, record(50, 0, 2)});
  from.queues = {{0, 100, 6'000, 7}};
  to.queues = {{0, 300, 0, 9}, {3, 0, 0, 20}};
  from.cpus = to.cpus = {{1, 0, 0, 1'000}};
  const RxSample s = rx_delta(from, to, kSecond);
  EXPECT_EQ(s.start_s, 2);
  EXPECT_EQ(s.end_s, 2.5);
  EXPECT_EQ(s.sum, (RxCounters{300, 18'000, 300, 0, 0, 0, -5, 0}));
  EXPECT_EQ(s.pps, 600);
  EXPECT_EQ(s.l2_bps, 600 * 64 * 8);
  EXPECT_EQ(s.l1_bps, 600 * 84 * 8);
  EXPECT_EQ(s.passed, 22U);
  ASSERT_EQ(s.streams.size(), 2U);
  EXPECT_EQ(s.streams[0].counters.packets, 350U) << "as it stands";
}

TEST(RxDelta, DelayOfTheIntervalAlone) {
  RxRecord before = record(100), now = record(104);
  before.slot.delay_min = now.slot.delay_min = 5;
  before.delay[5] = now.delay[5] = 1;
  now.slot.delay_sum += 4 * 1'000 - 4 * 20; // four of 990 to 1,010 ns
  now.slot.delay_max = 1'010;
  before.delay[20] = now.delay[20] = 99;
  now.delay[xtg_hist_cell(990)] = 3;   // 984 to 991
  now.delay[xtg_hist_cell(1'010)] = 1; // 1008 to 1015
  const RxSample s = rx_delta(at(0, {before}), at(kSecond, {now}), 0);
  EXPECT_EQ(s.delay.count, 4U);
  EXPECT_EQ(s.delay.min, 984U);
  EXPECT_EQ(s.delay.mean, 1'000);
  EXPECT_EQ(s.delay.quantile(0.5), 988U) << "the second of three between 984 and 991";
  EXPECT_EQ(s.delay.max, 1'010U) << "the cell's edge is beyond the largest of the run";
  now.slot.delay_max = 5'000;
  EXPECT_EQ(rx_delta(at(0, {before}), at(kSecond, {now}), 0).delay.max, 1'015U);
  now.slot.delay_min = 990;
  EXPECT_EQ(rx_delta(at(0, {before}), at(kSecond, {now}), 0).delay.min, 990U)
      << "no delay of the run is smaller";
}

TEST(RxDelta, RecordsAreMatchedByAllOfTheirKey) {
  // The same stream in another queue, another stream, another form: all new.
  std::vector<RxRecord> now = {record(3, 1), record(5, 0, 2), record(7, 0, 1, XTG_SIG_COMPACT),
                               record(110)};
  const RxSample s = rx_delta(at(0, {record(100)}), at(kSecond, now), 0);
  EXPECT_EQ(s.delay.count, 25U);
  EXPECT_EQ(s.delay.min, 20U);
  EXPECT_EQ(s.delay.mean, 20);
}

TEST(RxDelta, StreamsOfAnotherClockHaveNoDelay) {
  RxRecord differs = record(100, 0, 2);
  differs.slot.delay_min = 20 * kSecond;
  differs.slot.jitter16 = 16 * 3;
  RxSample s = rx_delta(at(0, {}), at(kSecond, {record(10), differs}), 0);
  EXPECT_EQ(s.sum.packets, 110U);
  EXPECT_EQ(s.delay.count, 10U);
  EXPECT_EQ(s.jitter_ns, 3) << "the largest, whatever the clock";
  s = rx_delta(at(0, {}), at(kSecond, {differs}), 0);
  EXPECT_EQ(s.delay.count, 0U);
  EXPECT_EQ(s.delay.min, 0U);
  EXPECT_EQ(s.delay.max, 0U);
}

TEST(RxDelta, NothingHappened) {
  const RxSnapshot same = at(kSecond, {record(100)});
  const RxSample s = rx_delta(same, same, 0);
  EXPECT_EQ(s.sum, RxCounters{});
  EXPECT_EQ(s.pps, 0);
  EXPECT_EQ(s.l1_bps, 0);
  EXPECT_EQ(s.delay.count, 0U);
}

TEST(RxSummary, WholeRun) {
  RxRecord holes = with_holes();
  holes.slot.delay_max = 5'000;
  holes.delay[20]--;
  holes.delay[xtg_hist_cell(5'000)]++;
  holes.slot.delay_sum += 4'980;
  RxRecord other = record(64, 2, 2);
  other.slot.base = 64;
  other.slot.next = 128;
  other.slot.delay_min = 12;
  other.slot.jitter16 = 16 * 4;
  other.slot.extents = other.slot.reordered = 1;
  other.slot.extent_sum = 3;
  other.bitmap = {0, ~0ULL};
  holes.slot.first_ns = other.slot.first_ns = kSecond;
  holes.slot.last_ns = other.slot.last_ns = 3 * kSecond;
  RxSnapshot first = at(kSecond, {}), last = at(3 * kSecond, {holes, other});
  first.queues = {{0, 0, 0, 5}};
  last.queues = {{0, 118, 7'080, 8}, {1, 0, 0, 0}, {2, 64, 3'840, 0}};
  first.cpus = {{4, 0, 0, 5}};
  last.cpus = {{4, 0, 0, 5}, {6, 182, 10'920, 3}};
  first.uncounted = {1, 2, 3, 4, 5, 6, 7};
  last.uncounted = {11, 22, 33, 44, 55, 66, 77};
  const RxSummary s = rx_summary(first, last, kSecond);
  EXPECT_EQ(s.total.start_s, 0);
  EXPECT_NEAR(s.total.end_s, 2 * 182.0 / 181, 1e-9) << "with the last packet's own time";
  EXPECT_EQ(s.total.sum, (RxCounters{182, 10'920, 182, 0, 0, 1, 10, 0}));
  EXPECT_NEAR(s.total.pps, 90.5, 1e-6);
  EXPECT_EQ(s.total.passed, 3U);
  EXPECT_EQ(s.total.jitter_ns, 4);
  EXPECT_EQ(s.total.delay.count, 182U);
  EXPECT_EQ(s.total.delay.min, 12U) << "exact";
  EXPECT_EQ(s.total.delay.max, 5'000U) << "exact";
  EXPECT_EQ(s.total.delay.mean, (182.0 * 20 + 4'980) / 182);
  ASSERT_EQ(s.streams.size(), 2U);
  EXPECT_EQ(s.streams[0].bursts, 3U);
  EXPECT_EQ(s.all.counters, s.total.sum);
  EXPECT_EQ(s.all.units, 2U);
  EXPECT_EQ(s.all.extents, 1U);
  EXPECT_EQ(s.all.extent_mean, 3);
  EXPECT_EQ(s.all.arrival.count(), 117U + 63U);
  EXPECT_TRUE(s.all.bursts_known);
  EXPECT_EQ(s.all.bursts, 3U);
  EXPECT_EQ(s.all.longest_burst, 7U);
  EXPECT_EQ(s.all.burst_class[2], 1U);
  EXPECT_EQ(s.all.outage_ns, 9'000U);
  EXPECT_EQ(s.queues, (std::vector<RxUnit>{{0, 118, 7'080, 3}, {2, 64, 3'840, 0}}));
  EXPECT_EQ(s.cpus, (std::vector<RxUnit>{{6, 182, 10'920, 3}}));
  EXPECT_EQ(s.uncounted, (RxUncounted{10, 20, 30, 40, 50, 60, 70}));
}

TEST(RxSummary, WhatOneStreamDoesNotKnowAllDoNot) {
  RxRecord differs = record(10, 0, 2);
  differs.slot.delay_min = 20 * kSecond;
  const RxSummary s = rx_summary({}, at(kSecond, {with_holes(), differs}), 0);
  EXPECT_FALSE(s.all.bursts_known) << "a record without its window";
  EXPECT_EQ(s.all.bursts, 0U);
  EXPECT_EQ(s.all.clock, RxClock::Shared);
  EXPECT_EQ(s.total.delay.count, 118U);
  EXPECT_EQ(s.total.delay.max, 20U);
  EXPECT_EQ(rx_summary({}, at(kSecond, {differs}), 0).all.clock, RxClock::Differs);
}

TEST(RxSummary, OfNothing) {
  const RxSummary s = rx_summary(at(0, {}), at(kSecond, {}), 0);
  EXPECT_EQ(s.total.sum, RxCounters{});
  EXPECT_EQ(s.total.end_s, 1);
  EXPECT_TRUE(s.streams.empty());
  EXPECT_EQ(s.all.size_min, 0U);
  EXPECT_FALSE(s.all.bursts_known);
}

} // namespace
} // namespace xtg::stats
