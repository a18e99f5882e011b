// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx.h"

#include <gtest/gtest.h>

#include "unit/stats/rx_records.h"

namespace xtg::stats {
namespace {

using namespace sample;

RxStream only(const RxRecord& r, bool final = false) {
  const auto streams = rx_streams(at(0, {r}), final);
  EXPECT_EQ(streams.size(), 1U);
  return streams.empty() ? RxStream{} : streams.front();
}

TEST(RxCounters, SumAndDifferenceOfEveryMember) {
  RxCounters sum{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11};
  sum += {10, 20, 30, 40, 50, 60, 70, 80, 90, 120, 100, 110};
  EXPECT_EQ(sum, (RxCounters{11, 22, 33, 44, 55, 66, 77, 88, 99, 132, 110, 121}));
  EXPECT_EQ(sum - (RxCounters{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11}),
            (RxCounters{10, 20, 30, 40, 50, 60, 70, 80, 90, 120, 100, 110}));
  // Late ones make fewer lost, a second suspect makes one fewer; nothing else goes back.
  EXPECT_EQ((RxCounters{}) - (RxCounters{1, 1, 1, 1, 1, 1, 5, 1, 1, 1, 3}),
            (RxCounters{0, 0, 0, 0, 0, 0, -5, 0, 0, 0, -3}));
}

TEST(RxCounters, LossRatio) {
  RxCounters c;
  EXPECT_EQ(c.loss_ratio(), 0);
  c.unique = 3;
  c.lost = 1;
  EXPECT_EQ(c.loss_ratio(), 0.25);
  c.lost = -1;
  EXPECT_EQ(c.loss_ratio(), 0);
  c.unique = 0;
  c.lost = 2;
  EXPECT_EQ(c.loss_ratio(), 1);
}

TEST(RxDelay, QuantilesStayBelowTheExactMaximum) {
  RxDelay delay;
  delay.histogram.add(40, 99);
  delay.histogram.add(1'000);
  delay.max = 1'001;
  EXPECT_EQ(delay.quantile(0.5), 40U);
  EXPECT_EQ(delay.histogram.quantile(1), 1'007U);
  EXPECT_EQ(delay.quantile(1), 1'001U);
}

TEST(RxStreams, OneRecord) {
  RxRecord r = record(10);
  r.slot.packets = 14; // 10 unique ones of 13 numbers
  r.slot.next = 113;
  r.slot.duplicates = 3;
  r.slot.replicated = 2;
  r.slot.suspect = 5;
  r.slot.too_late = 1;
  r.slot.reordered = 5;
  r.slot.extents = 4;
  r.slot.extent_sum = 10;
  r.slot.extent_max = 7;
  r.slot.late_max = 4'321;
  r.slot.jitter16 = 40;
  r.slot.ipdv_sum = 26;
  r.slot.ipdv_max = 9;
  r.slot.size_min = 50;
  r.slot.size_max = 70;
  r.slot.delay_sum = 14 * 21;
  r.slot.delay_max = 22;
  r.delay[20] = 12;
  r.delay[22] = 2;
  r.arrival[xtg_hist_cell(1'000)] = 13;
  const RxStream s = only(r);
  EXPECT_EQ(s.name, (RxName{0xc0ffee, 1, false}));
  EXPECT_EQ(s.counters, (RxCounters{19, 600, 10, 3, 1, 5, 3, 0, 2, 0, 5}));
  EXPECT_EQ(s.first_number, 100U);
  EXPECT_EQ(s.next_number, 113U);
  EXPECT_EQ(s.first_ns, 5'000U);
  EXPECT_EQ(s.last_ns, 14'000U);
  EXPECT_EQ(s.size_min, 50U);
  EXPECT_EQ(s.size_max, 70U);
  EXPECT_EQ(s.units, 1U);
  EXPECT_EQ(s.clock, RxClock::Shared);
  EXPECT_EQ(s.delay.count, 14U);
  EXPECT_EQ(s.delay.min, 20U);
  EXPECT_EQ(s.delay.max, 22U);
  EXPECT_EQ(s.delay.mean, 21);
  EXPECT_EQ(s.delay.quantile(0.5), 20U);
  EXPECT_EQ(s.jitter_ns, 2.5);
  EXPECT_EQ(s.ipdv_mean_ns, 2) << "over 13 pairs";
  EXPECT_EQ(s.ipdv_max_ns, 9U);
  EXPECT_EQ(s.arrival.count(), 13U);
  EXPECT_EQ(s.extents, 4U);
  EXPECT_EQ(s.extent_mean, 2.5);
  EXPECT_EQ(s.extent_max, 7U);
  EXPECT_EQ(s.late_max_ns, 4'321U);
}

TEST(RxStreams, RecordsOfAStreamAreAddedUp) {
  RxRecord a = record(10, 0), b = record(30, 1);
  b.slot.base = 90;
  b.slot.next = 160; // numbers 90 to 159: 70, of which 40 came
  b.slot.first_ns = 4'000;
  b.slot.last_ns = 99'000;
  b.slot.size_min = 40;
  b.slot.size_max = 1'500;
  b.slot.delay_min = 10;
  b.slot.delay_max = 31;
  b.slot.delay_sum = 30 * 30;
  b.slot.jitter16 = 16 * 8;
  a.slot.jitter16 = 16 * 4;
  a.slot.ipdv_sum = 9;  // of 9 pairs
  b.slot.ipdv_sum = 67; // of 29 pairs
  b.slot.ipdv_max = 5;
  a.slot.extents = 1;
  a.slot.extent_sum = a.slot.extent_max = 8;
  b.slot.extents = 3;
  b.slot.extent_sum = 4;
  b.slot.extent_max = 2;
  b.slot.late_max = 77;
  const auto streams = rx_streams(at(0, {a, b}), false);
  ASSERT_EQ(streams.size(), 1U);
  const RxStream& s = streams[0];
  EXPECT_EQ(s.counters, (RxCounters{40, 2'400, 40, 0, 0, 0, 30, 0}));
  EXPECT_EQ(s.first_number, 90U);
  EXPECT_EQ(s.next_number, 160U);
  EXPECT_EQ(s.first_ns, 4'000U);
  EXPECT_EQ(s.last_ns, 99'000U);
  EXPECT_EQ(s.size_min, 40U);
  EXPECT_EQ(s.size_max, 1'500U);
  EXPECT_EQ(s.units, 2U);
  EXPECT_EQ(s.shares, (std::vector<RxShare>{{0, 10, 600}, {1, 30, 1'800}}));
  EXPECT_EQ(s.delay.count, 40U);
  EXPECT_EQ(s.delay.min, 10U);
  EXPECT_EQ(s.delay.max, 31U);
  EXPECT_EQ(s.delay.mean, 27.5) << "(10 * 20 + 30 * 30) / 40";
  EXPECT_EQ(s.jitter_ns, 7) << "(10 * 4 + 30 * 8) / 40";
  EXPECT_EQ(s.ipdv_mean_ns, 2) << "76 over 38 pairs";
  EXPECT_EQ(s.ipdv_max_ns, 5U);
  EXPECT_EQ(s.arrival.count(), 38U);
  EXPECT_EQ(s.extents, 4U);
  EXPECT_EQ(s.extent_mean, 3);
  EXPECT_EQ(s.extent_max, 8U);
  EXPECT_EQ(s.late_max_ns, 77U);
  EXPECT_FALSE(s.bursts_known);
}

/// A copy that came by another queue does not stand in for a packet that is lost.
TEST(RxStreams, CopiesThroughAnotherQueueHideNoLoss) {
  RxRecord copies = record(10, 1); // numbers 30 to 39 once more
  copies.slot.base = 30;
  copies.slot.next = 40;
  copies.bitmap = {0x3ffULL << 30, 0};
  const RxSnapshot last = at(kSecond, {with_holes(), copies});
  const RxSummary summary = rx_summary(at(0, {}), last, 0);
  for (const RxCounters& c :
       {summary.streams.at(0).counters, summary.all.counters, summary.total.sum}) {
    EXPECT_EQ(c.packets, 128U);
    EXPECT_EQ(c.unique, 118U);
    EXPECT_EQ(c.duplicates, 10U);
    EXPECT_EQ(c.replicated, 10U);
    EXPECT_EQ(c.lost, 10);
  }
  EXPECT_TRUE(summary.streams.at(0).loss_exact);
  EXPECT_TRUE(summary.all.loss_exact);
}

TEST(RxStreams, WhatLeftTheWindowsIsABound) {
  RxRecord a = with_holes(), b = with_holes();
  b.slot.key.unit = 1;
  for (RxRecord* r : {&a, &b})
    r->slot.next += 128; // both windows are above 127
  a.slot.packets += 128;
  a.bitmap = {~0ULL, ~0ULL};
  b.bitmap = {0, 0};
  const auto streams = rx_streams(at(0, {a, b}), true);
  EXPECT_EQ(streams.at(0).counters.lost, 0) << "118 and 118 may be all of 128";
  EXPECT_FALSE(streams.at(0).loss_exact);
  a.bitmap.clear();
  EXPECT_FALSE(rx_streams(at(0, {a, b}), true).at(0).loss_exact);
}

TEST(RxStreams, AreDistinguishedByNameAndStandInItsOrder) {
  RxRecord other = record(4, 0, 0);
  other.slot.key.run_id = 0xbeef;
  const auto streams = rx_streams(
      at(0, {record(1, 0, 2), record(2, 0, 1), record(3, 0, 1, XTG_SIG_COMPACT), other}), false);
  ASSERT_EQ(streams.size(), 4U);
  EXPECT_EQ(streams[0].name, (RxName{0xbeef, 0, false}));
  EXPECT_EQ(streams[1].name, (RxName{0xc0ffee, 1, false}));
  EXPECT_EQ(streams[2].name, (RxName{0xc0ffee, 1, true}));
  EXPECT_EQ(streams[3].name, (RxName{0xc0ffee, 2, false}));
  EXPECT_EQ(streams[2].counters.packets, 3U);
}

TEST(RxStreams, ARecordWithoutPacketsIsNone) {
  RxRecord empty = record(1);
  empty.slot = {};
  empty.slot.key = record(1).slot.key;
  empty.slot.key.unit = 1;
  const auto streams = rx_streams(at(0, {record(10), empty}), false);
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].first_number, 100U);
  EXPECT_EQ(streams[0].units, 1U);
  EXPECT_TRUE(rx_streams(at(0, {empty}), true).empty());
}

TEST(RxClock, DiffersWhenMoreThanOnePercentAreNegative) {
  RxRecord r = record(200);
  r.slot.negative = 2;
  r.slot.negative_min = -5;
  r.delay[20] = 198;
  r.slot.delay_sum = 198 * 20;
  RxStream s = only(r);
  EXPECT_EQ(s.clock, RxClock::Shared) << "exactly 1 %";
  EXPECT_EQ(s.counters.negative, 2U);
  EXPECT_EQ(s.negative_min, -5);
  EXPECT_EQ(s.delay.count, 198U);
  EXPECT_EQ(s.delay.mean, 20);
  r.slot.negative = 3;
  r.delay[20] = 197;
  s = only(r);
  EXPECT_EQ(s.clock, RxClock::Differs);
  EXPECT_EQ(s.delay.count, 0U);
  EXPECT_EQ(s.delay.histogram.count(), 0U);
  EXPECT_EQ(s.delay.max, 0U);
  EXPECT_EQ(s.arrival.count(), 199U) << "needs one clock only";
}

TEST(RxClock, DiffersWhenTheSmallestDelayIsAboveTenSeconds) {
  RxRecord a = record(10, 0), b = record(10, 1);
  a.slot.delay_min = 11 * kSecond;
  EXPECT_EQ(only(a).clock, RxClock::Differs);
  a.slot.delay_min = 10 * kSecond;
  EXPECT_EQ(only(a).clock, RxClock::Shared);
  a.slot.delay_min = 11 * kSecond;
  EXPECT_EQ(rx_streams(at(0, {a, b}), false)[0].clock, RxClock::Shared) << "of all its records";
}

TEST(RxClock, ARecordWithNegativeDelaysOnlyHasNoSmallestOne) {
  RxRecord a = record(1, 0), b = record(199, 1);
  a.slot.negative = 1;
  a.slot.delay_sum = 0;
  a.slot.delay_min = 0; // whatever stands there
  a.slot.delay_max = 0;
  a.delay[20] = 0;
  const RxStream s = rx_streams(at(0, {a, b}), false)[0];
  EXPECT_EQ(s.clock, RxClock::Shared);
  EXPECT_EQ(s.delay.min, 20U);
  EXPECT_EQ(s.delay.mean, 20);
}

TEST(RxBursts, AtTheEndTheWindowsRestCounts) {
  const RxRecord r = with_holes();
  const RxStream s = only(r, true);
  EXPECT_TRUE(s.bursts_known);
  EXPECT_EQ(s.counters.lost, 10);
  EXPECT_EQ(s.bursts, 3U);
  EXPECT_EQ(s.longest_burst, 7U);
  EXPECT_EQ(s.burst_class[0], 1U);
  EXPECT_EQ(s.burst_class[1], 1U);
  EXPECT_EQ(s.burst_class[2], 1U);
  EXPECT_EQ(s.outage_ns, 9'000U);
  EXPECT_EQ(r.slot.runs, 0U) << "the record itself stays";
}

TEST(RxBursts, DuringTheRunTheRecordsOwnStand) {
  RxRecord r = with_holes();
  r.slot.runs = 2;
  r.slot.longest_run = 5;
  r.slot.run_class[2] = 2;
  const RxStream s = only(r, false);
  EXPECT_TRUE(s.bursts_known);
  EXPECT_EQ(s.bursts, 2U);
  EXPECT_EQ(s.longest_burst, 5U);
  EXPECT_EQ(s.burst_class[2], 2U);
  EXPECT_EQ(s.outage_ns, 9'000U);
}

TEST(RxBursts, UnknownOfSeveralRecordsOrWithoutTheWindow) {
  RxRecord other = with_holes();
  other.slot.key.unit = 1;
  EXPECT_FALSE(rx_streams(at(0, {with_holes(), other}), true)[0].bursts_known);
  RxRecord r = with_holes();
  r.bitmap.clear();
  const RxStream s = only(r, true);
  EXPECT_FALSE(s.bursts_known);
  EXPECT_EQ(s.outage_ns, 0U);
}

TEST(RxBursts, NoOutageWhereNothingIsLost) {
  RxRecord r = with_holes();
  r.bitmap = {~0ULL, ~0ULL};
  const RxStream s = only(r, true);
  EXPECT_TRUE(s.bursts_known);
  EXPECT_EQ(s.bursts, 0U);
  EXPECT_EQ(s.outage_ns, 0U);
}

} // namespace
} // namespace xtg::stats
