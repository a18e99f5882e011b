// SPDX-License-Identifier: BSD-2-Clause
// Frames without a signature beside test frames.
#include <gtest/gtest.h>

#include "stats/rx.h"
#include "unit/stats/rx_records.h"

namespace xtg::stats {
namespace {

using namespace sample;

/// As the kernel program enters them: no numbers, no delays, 10 us apart.
RxRecord caught(std::uint64_t packets, std::uint16_t filter = 0, std::uint32_t unit = 0) {
  RxRecord r = record(packets, unit, filter, XTG_SIG_NONE);
  r.slot.key.run_id = 0;
  r.slot.base = r.slot.next = 0;
  r.slot.delay_sum = r.slot.delay_max = 0;
  r.slot.delay_min = ~std::uint64_t{0};
  r.slot.size_max = 1'514;
  r.delay.assign(XTG_HIST_CELLS, 0);
  r.arrival.assign(XTG_HIST_CELLS, 0);
  if (packets > 1) r.arrival[xtg_hist_cell(10'000)] = packets - 1;
  return r;
}

RxSnapshot with_filters(RxSnapshot snapshot) {
  snapshot.filters = {"udp dst port 10000", "tcp"};
  return snapshot;
}

TEST(RxMatched, IsAStreamOfItsFilterBehindThoseOfTestFrames) {
  const auto streams =
      rx_streams(with_filters(at(0, {caught(5, 1), caught(3), record(7), caught(4, 0, 2)})), true);
  ASSERT_EQ(streams.size(), 3U);
  EXPECT_FALSE(streams[0].name.match);
  EXPECT_EQ(streams[0].filter, "");
  EXPECT_EQ(streams[1].name, (RxName{.stream = 0, .match = true}));
  EXPECT_EQ(streams[1].filter, "udp dst port 10000");
  EXPECT_EQ(streams[1].counters, (RxCounters{.packets = 7, .bytes = 420, .matched = 7}));
  EXPECT_EQ(streams[1].units, 2U);
  EXPECT_EQ(streams[1].size_max, 1'514U);
  EXPECT_EQ(streams[1].arrival.count(), 5U);
  EXPECT_EQ(streams[1].first_number, 0U);
  EXPECT_EQ(streams[1].next_number, 0U);
  EXPECT_EQ(streams[1].delay.count, 0U);
  EXPECT_EQ(streams[1].jitter_ns, 0);
  EXPECT_FALSE(streams[1].bursts_known);
  EXPECT_EQ(streams[2].filter, "tcp");
}

TEST(RxMatched, SessionZeroIsAnotherStream) {
  RxRecord test = record(7, 0, 0);
  test.slot.key.run_id = 0;
  const auto streams = rx_streams(with_filters(at(0, {caught(3), test})), true);
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].counters.unique, 7U);
  EXPECT_EQ(streams[1].counters.matched, 3U);
}

/// What the test frames tell stays as it is without the others.
TEST(RxMatched, ChangesNothingOfWhatTestFramesTell) {
  RxRecord test = with_holes();
  test.slot.ipdv_sum = 117 * 30;
  test.slot.jitter16 = 16 * 25;
  const RxSnapshot first = at(0, {});
  const RxSummary alone = rx_summary(first, at(kSecond, {test}), 0);
  const RxSummary mixed = rx_summary(first, with_filters(at(kSecond, {test, caught(1'000)})), 0);
  EXPECT_EQ(mixed.total.sum.packets, 1'118U);
  EXPECT_EQ(mixed.total.sum.matched, 1'000U);
  EXPECT_EQ(mixed.total.sum.unique, alone.total.sum.unique);
  EXPECT_EQ(mixed.total.sum.lost, 10);
  EXPECT_EQ(mixed.total.sum.loss_ratio(), alone.total.sum.loss_ratio());
  EXPECT_NEAR(mixed.total.pps, 1'117 / 999e-6, 1);
  EXPECT_EQ(mixed.all.counters, mixed.total.sum);
  EXPECT_EQ(mixed.all.delay.count, alone.all.delay.count);
  EXPECT_EQ(mixed.all.delay.mean, alone.all.delay.mean);
  EXPECT_EQ(mixed.all.ipdv_mean_ns, 30);
  EXPECT_EQ(mixed.all.jitter_ns, 25);
  EXPECT_TRUE(mixed.all.bursts_known);
  EXPECT_EQ(mixed.all.bursts, 3U);
  EXPECT_EQ(mixed.all.arrival.count(), 117U + 999U);
  EXPECT_EQ(mixed.all.size_max, 1'514U);
}

TEST(RxMatched, AloneNothingIsKnownOfLossAndDelay) {
  const RxSummary s =
      rx_summary(at(0, {}), with_filters(at(kSecond, {caught(10), caught(20, 0, 1)})), 0);
  EXPECT_EQ(s.total.sum, (RxCounters{.packets = 30, .bytes = 1'800, .matched = 30}));
  EXPECT_EQ(s.all.delay.count, 0U);
  EXPECT_FALSE(s.all.bursts_known);
}

TEST(RxMatched, FiltersThatCountedNothingAreTold) {
  const RxSnapshot first = at(0, {}), last = with_filters(at(kSecond, {caught(5, 1), record(7)}));
  const RxSummary s = rx_summary(first, last, 0);
  ASSERT_EQ(s.streams.size(), 3U);
  EXPECT_EQ(s.streams[1].filter, "udp dst port 10000");
  EXPECT_EQ(s.streams[1].counters, RxCounters{});
  EXPECT_EQ(s.streams[2].filter, "tcp");
  EXPECT_EQ(s.streams[2].counters.matched, 5U);
  EXPECT_EQ(rx_summary(first, with_filters(at(kSecond, {})), 0).streams.size(), 2U);
}

TEST(RxMatched, AnIntervalHasItsOwn) {
  const RxSample s = rx_delta(with_filters(at(0, {caught(10), record(3)})),
                              with_filters(at(kSecond, {caught(25), record(5)})), 0);
  EXPECT_EQ(s.sum, (RxCounters{.packets = 17, .bytes = 17 * 60, .unique = 2, .matched = 15}));
  EXPECT_EQ(s.delay.count, 2U);
  EXPECT_EQ(s.delay.mean, 20);
  EXPECT_EQ(s.streams.size(), 2U);
}

} // namespace
} // namespace xtg::stats
