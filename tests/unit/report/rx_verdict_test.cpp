// SPDX-License-Identifier: BSD-2-Clause
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "unit/report/rx_sample_values.h"

namespace xtg::report {
namespace {

using plan::Expected;

TEST(RxValue, OfEveryQuantity) {
  const stats::RxSummary s = sample::rx_summary();
  EXPECT_EQ(rx_value(Expected::Loss, s), 12.0 / 1'014);
  EXPECT_EQ(rx_value(Expected::Lost, s), 12);
  EXPECT_EQ(rx_value(Expected::Received, s), 1'002);
  EXPECT_EQ(rx_value(Expected::Duplicates, s), 7);
  EXPECT_EQ(rx_value(Expected::Reordered, s), 5);
  EXPECT_EQ(rx_value(Expected::Late, s), 1);
  EXPECT_EQ(rx_value(Expected::Min, s), 47'250);
  EXPECT_EQ(rx_value(Expected::Mean, s), 50'777.5);
  EXPECT_EQ(rx_value(Expected::P50, s), 47'874);
  EXPECT_EQ(rx_value(Expected::P90, s), 48'081);
  EXPECT_EQ(rx_value(Expected::P99, s), 130'099);
  EXPECT_EQ(rx_value(Expected::P999, s), 131'020);
  EXPECT_EQ(rx_value(Expected::P9999, s), 1'999'486);
  EXPECT_EQ(rx_value(Expected::Max, s), 2'000'123);
  EXPECT_EQ(rx_value(Expected::Jitter, s), 1'312.5);
  EXPECT_EQ(rx_value(Expected::Pps, s), 505);
  EXPECT_EQ(rx_value(Expected::Streams, s), 1);
}

TEST(RxValue, EachPercentileIsItsOwn) {
  stats::RxSummary s = sample::rx_summary();
  s.total.delay.histogram = {};
  for (std::uint64_t i = 0; i < 10'000; i++) // values below 32 are exact
    s.total.delay.histogram.add(i < 5'000 ? 1 : i < 9'000 ? 2 : i < 9'900 ? 3 : i < 9'990 ? 4 : 5);
  EXPECT_EQ(rx_value(Expected::P50, s), 1);
  EXPECT_EQ(rx_value(Expected::P90, s), 2);
  EXPECT_EQ(rx_value(Expected::P99, s), 3);
  EXPECT_EQ(rx_value(Expected::P999, s), 4);
  EXPECT_EQ(rx_value(Expected::P9999, s), 5);
}

TEST(RxValue, OfNothingOnlyWhatCanBeCounted) {
  const stats::RxSummary s = sample::rx_nothing();
  for (const Expected what :
       {Expected::Loss, Expected::Lost, Expected::Duplicates, Expected::Reordered, Expected::Late,
        Expected::Min, Expected::Mean, Expected::P50, Expected::P90, Expected::P99, Expected::P999,
        Expected::P9999, Expected::Max, Expected::Jitter})
    EXPECT_FALSE(rx_value(what, s)) << to_string(what);
  EXPECT_EQ(rx_value(Expected::Received, s), 0);
  EXPECT_EQ(rx_value(Expected::Streams, s), 0);
  EXPECT_EQ(rx_value(Expected::Pps, s), 0);
  EXPECT_FALSE(rx_value(Expected::Pps, {})) << "in no time";
}

TEST(RxValue, ThatAllIsLostIsKnownWhereTheEndWasAnnounced) {
  stats::RxSummary s = sample::rx_nothing();
  stats::RxStream silent;
  silent.sent = s.all.sent = 1'000;
  silent.counters.lost = s.total.sum.lost = 1'000;
  s.streams = {silent};
  EXPECT_EQ(rx_value(Expected::Lost, s), 1'000);
  EXPECT_EQ(rx_value(Expected::Loss, s), 1);
  EXPECT_EQ(rx_value(Expected::Streams, s), 0);
  EXPECT_FALSE(rx_value(Expected::Duplicates, s));
}

TEST(RxValue, WhatTheClockOrASinglePacketDoesNotTell) {
  stats::RxSummary s = sample::rx_summary();
  s.total.delay = {};
  EXPECT_FALSE(rx_value(Expected::P99, s));
  EXPECT_TRUE(rx_value(Expected::Jitter, s));
  s.streams[0].counters.packets = 1;
  EXPECT_FALSE(rx_value(Expected::Jitter, s));
}

TEST(RxValue, FramesWithoutASignatureArriveAndNothingElseIsKnownOfThem) {
  const stats::RxSummary mixed = sample::rx_mixed();
  EXPECT_EQ(rx_value(Expected::Received, mixed), 1'002 + 1'234);
  EXPECT_EQ(rx_value(Expected::Loss, mixed), 12.0 / 1'014) << "of the test frames";
  EXPECT_EQ(rx_value(Expected::Streams, mixed), 2);
  const stats::RxSummary only = sample::rx_matched_only();
  EXPECT_EQ(rx_value(Expected::Received, only), 1'234);
  EXPECT_EQ(rx_value(Expected::Streams, only), 1);
  EXPECT_EQ(rx_value(Expected::Pps, only), 505);
  for (const Expected what : {Expected::Loss, Expected::Lost, Expected::Duplicates,
                              Expected::Reordered, Expected::Late, Expected::P50, Expected::Jitter})
    EXPECT_FALSE(rx_value(what, only)) << to_string(what);
}

TEST(RxValue, MoreThanExpectedIsNoLoss) {
  stats::RxSummary s = sample::rx_summary();
  s.total.sum.lost = -3;
  EXPECT_EQ(rx_value(Expected::Loss, s), 0);
  EXPECT_EQ(rx_value(Expected::Lost, s), -3);
}

TEST(RxJudge, InOrderWithValues) {
  const std::vector<plan::Condition> conditions = {
      {Expected::Lost, plan::Relation::Equal, 12, "lost=12"},
      {Expected::Lost, plan::Relation::Less, 12, "lost<12"},
      {Expected::Max, plan::Relation::GreaterEqual, 1e6, "max>=1ms"}};
  const auto verdicts = judge(conditions, sample::rx_summary());
  ASSERT_EQ(verdicts.size(), 3U);
  for (std::size_t i = 0; i < 3; i++)
    EXPECT_EQ(verdicts[i].condition, conditions[i]);
  EXPECT_TRUE(verdicts[0].held);
  EXPECT_EQ(verdicts[0].value, 12);
  EXPECT_FALSE(verdicts[1].held);
  EXPECT_TRUE(verdicts[2].held);
}

TEST(RxJudge, WhatWasNotMeasuredDoesNotHold) {
  const auto verdicts = judge({{Expected::Lost, plan::Relation::Equal, 0, "lost=0"},
                               {Expected::P99, plan::Relation::Less, 1e9, "p99<1s"},
                               {Expected::Received, plan::Relation::Equal, 0, "rx=0"}},
                              sample::rx_nothing());
  ASSERT_EQ(verdicts.size(), 3U);
  EXPECT_FALSE(verdicts[0].held);
  EXPECT_FALSE(verdicts[0].value);
  EXPECT_FALSE(verdicts[1].held);
  EXPECT_TRUE(verdicts[2].held) << "that none came is a count";
  EXPECT_TRUE(judge({}, sample::rx_nothing()).empty());
}

std::string why(const stats::RxSummary& end) {
  const stats::RxSummary* const at = &end;
  const Nothing nothing = why_nothing({&at, 1});
  return (nothing.arrived ? "" : "none: ") + nothing.text;
}

TEST(RxNothing, NamesTheReasonOfTheMost) {
  stats::RxSummary s;
  s.uncounted.link_dropped = 9;
  EXPECT_EQ(why(s), "none: 0 other frames passed");
  s.total.passed = 1;
  EXPECT_EQ(why(s), "none: 1 other frame passed");
  s.uncounted.unknown = 1;
  EXPECT_EQ(why(s), "1 test frame arrived, of an unknown version or type");
  s.uncounted.candidates = 2;
  EXPECT_EQ(why(s), "2 test frames arrived, of streams without a second frame");
  s.uncounted.filtered = 3;
  EXPECT_EQ(why(s), "3 test frames arrived, of another session or port");
  s.uncounted.unannounced = 4;
  EXPECT_EQ(why(s), "4 test frames arrived, of sessions that were not announced");
  s.uncounted.no_slot = 5;
  EXPECT_EQ(why(s),
            "5 test frames arrived, of streams beyond the most that are counted (see --streams)");
  s.verified.emplace().corrupt = 1'000;
  EXPECT_EQ(why(s), "1,000 test frames arrived, with a wrong checksum");
}

TEST(RxNothing, OfSeveralReceiversTheSumCounts) {
  stats::RxSummary one, other;
  one.uncounted.filtered = 3;
  one.uncounted.candidates = other.uncounted.candidates = 2;
  const std::array<const stats::RxSummary*, 2> ends{&one, &other};
  EXPECT_EQ(why_nothing(ends).text, "4 test frames arrived, of streams without a second frame");
}

} // namespace
} // namespace xtg::report
