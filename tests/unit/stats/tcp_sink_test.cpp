// SPDX-License-Identifier: BSD-2-Clause
#include "stats/tcp_sink.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

constexpr std::uint64_t kOneSecond = 1'000'000'000;

TEST(TcpSink, AnIntervalIsADifference) {
  const TcpSinkSnapshot from{10 * kOneSecond, {1'000, 3, 1, 0, 0, 0, 0}};
  const TcpSinkSnapshot to{12 * kOneSecond, {251'000, 5, 2, 1, 0, 4, 1}};
  const TcpSinkSample sample = tcp_sink_delta(from, to, 8 * kOneSecond);
  EXPECT_EQ(sample.start_s, 2);
  EXPECT_EQ(sample.end_s, 4);
  EXPECT_EQ(sample.sum, (TcpSinkCounters{250'000, 2, 1, 1, 0, 4, 1}));
  EXPECT_EQ(sample.open, 2U);
  EXPECT_EQ(sample.bps, 1e6);
}

TEST(TcpSink, TheWholeIsFromTheFirstByteToTheLast) {
  TcpSinkConnection one{
      .from = "a:1", .bytes = 500, .first_ns = 3 * kOneSecond, .last_ns = 4 * kOneSecond};
  TcpSinkConnection two{
      .from = "b:1", .bytes = 500, .first_ns = 4 * kOneSecond, .last_ns = 5 * kOneSecond};
  const TcpSinkConnection silent{.from = "c:1"};
  const TcpSinkSummary all = tcp_sink_summary({1 * kOneSecond, {}}, {9 * kOneSecond, {1'000, 3, 2}},
                                              {one, two, silent}, 1 * kOneSecond);
  EXPECT_EQ(all.total.start_s, 2);
  EXPECT_EQ(all.total.end_s, 4);
  EXPECT_EQ(all.total.bps, 4'000);
  EXPECT_EQ(all.waiting_s, 6);
  EXPECT_EQ(all.connections.size(), 3U);
  EXPECT_EQ(why_nothing(all), "");
}

TEST(TcpSink, WhyNothingWasRead) {
  const auto why = [](const TcpSinkCounters& sum) {
    return why_nothing(tcp_sink_summary({0, {}}, {kOneSecond, sum}, {}, 0));
  };
  EXPECT_EQ(why({}), "no connection was opened");
  EXPECT_NE(why({.accepted = 1}).find("nothing was sent"), std::string::npos);
  EXPECT_NE(why({.refused = 1}).find("refused"), std::string::npos);
}

} // namespace
} // namespace xtg::stats
