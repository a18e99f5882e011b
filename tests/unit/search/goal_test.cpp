// SPDX-License-Identifier: BSD-2-Clause
#include "search/goal.h"

#include <string>

#include <gtest/gtest.h>

namespace xtg::search {
namespace {

TEST(GoalTest, ReadsWhatItWrites) {
  const auto goal =
      parse_goal("loss=0.1%,duration=1s,sum=21s,exceed=50%,width=0.5%,initial=100ms,name=mine");
  ASSERT_TRUE(goal) << goal.error().what;
  EXPECT_EQ(goal->name, "mine");
  EXPECT_DOUBLE_EQ(goal->loss_ratio, 0.001);
  EXPECT_DOUBLE_EQ(goal->final_duration, 1);
  EXPECT_DOUBLE_EQ(goal->duration_sum, 21);
  EXPECT_DOUBLE_EQ(goal->exceed_ratio, 0.5);
  EXPECT_DOUBLE_EQ(goal->width, 0.005);
  EXPECT_DOUBLE_EQ(goal->initial_duration, 0.1);
  EXPECT_EQ(to_string(*parse_goal(to_string(*goal))), to_string(*goal));
  for (const Preset preset : {Preset::Default, Preset::Quick, Preset::Rfc2544})
    for (const Goal& each : goals_of(preset))
      EXPECT_EQ(to_string(*parse_goal(to_string(each))), to_string(each));
}

TEST(GoalTest, NamesFollowTheLoss) {
  EXPECT_EQ(parse_goal("loss=0")->name, "ndr");
  EXPECT_EQ(parse_goal("loss=0.005")->name, "pdr");
}

TEST(GoalTest, RefusesWithWhatWouldDo) {
  const auto said = [](std::string_view text) { return parse_goal(text).error().what; };
  EXPECT_EQ(said("loss=1"), "\"loss=1\": expected a share such as 0.1% or 0.001, below 100%");
  EXPECT_EQ(said("loss=-1%"), "\"loss=-1%\": expected a share such as 0.1% or 0.001, below 100%");
  EXPECT_EQ(said("exceed=nan"),
            "\"exceed=nan\": expected a share such as 0.1% or 0.001, below 100%");
  EXPECT_EQ(said("duration=0"), "\"duration=0\": expected a duration such as 1s or 500ms, 10ms to "
                                "24h");
  EXPECT_EQ(said("duration=2s,sum=1s"), "sum=1s is less than one trial of duration=2s");
  EXPECT_EQ(said("width=0"), "\"width=0\": expected a share of at least 0.01%");
  EXPECT_EQ(said(""), "\"\": expected loss=, duration=, sum=, exceed=, width=, initial= or name=");
  EXPECT_EQ(said("lossy=1"),
            "\"lossy=1\": expected loss=, duration=, sum=, exceed=, width=, initial= or name=");
  EXPECT_EQ(said("name=A b"), "\"name=A b\": expected up to 32 letters a to z, digits, - and _");
}

TEST(GoalTest, LatencyLimits) {
  EXPECT_EQ(to_string(*parse_latency_limits("p99<50us,p99.99<=1ms,max<2s")),
            "p99<50us,p99.99<=1ms,max<2s");
  for (const char* text :
       {"", "p98<1us", "p99", "p99<", "p99>1us", "p99<x", "p99<50", "max<=1.5", "p99<1us,,max<1s"})
    EXPECT_FALSE(parse_latency_limits(text)) << text;
}

} // namespace
} // namespace xtg::search
