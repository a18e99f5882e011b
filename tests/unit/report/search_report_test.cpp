// SPDX-License-Identifier: BSD-2-Clause
// What a search says: for people and as JSON.
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/dry_run.h"
#include "unit/report/search_sample_values.h"

namespace xtg::report {
namespace {

std::string text_of(const SearchSummary& summary) {
  std::ostringstream out, err;
  sample::search_run(*make_text(out, err), summary);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(SearchReportTest, TheGeneratorsLimitIsNotTheDevices) {
  const std::string text = text_of(sample::search_summary());
  EXPECT_TRUE(says(text, "below 884,000 pkt/s; limited by the device")) << text;
  EXPECT_TRUE(says(text, "below 994,000 pkt/s; generator-limited: the generator sends no more"))
      << text;
  EXPECT_TRUE(says(text, "conditional throughput 988,000 pkt/s")) << text;
  EXPECT_TRUE(says(text, "MISSED          ndr>1Mpps: 880,000 pkt/s")) << text;
  EXPECT_TRUE(says(text, "met             pdr>=100Mbps: 665.3 Mbit/s")) << text;
  EXPECT_TRUE(says(text, "buffer 0.001000 s, corrected 0.000750 s")) << text;
}

TEST(SearchReportTest, IrregularResultsAreMarked) {
  const std::string text = text_of(sample::search_irregular());
  EXPECT_TRUE(says(text, "irregular: no loss at the generator's ceiling")) << text;
  EXPECT_TRUE(says(text, "irregular: too much loss even at the smallest load, 10 pkt/s")) << text;
  EXPECT_TRUE(says(text, "no lower bound found")) << text;
  EXPECT_TRUE(says(text, "interrupted")) << text;
}

/// What was not sent is the generator's, however little was found.
TEST(SearchReportTest, UnsentFramesAreNotTheDevicesLoss) {
  SearchSummary summary = sample::search_irregular();
  auto& goals = summary.sizes[0].goals;
  goals[1].result.limited_by = search::LimitedBy::Generator;
  goals[0].result = {.upper = 900e3, .limited_by = search::LimitedBy::Generator};
  const std::string text = text_of(summary);
  EXPECT_TRUE(says(text, "irregular: frames are not sent even at the smallest load, 10 pkt/s; "
                         "generator-limited:"))
      << text;
  EXPECT_TRUE(says(text, "unfinished: below 900,000 pkt/s; generator-limited:")) << text;
  EXPECT_FALSE(says(text, "too much loss")) << text;
}

/// Interrupted, or failed, before there was a figure.
TEST(SearchReportTest, WhatWasNotMeasuredIsNoZero) {
  SearchSummary summary = sample::search_irregular();
  SizeFound& size = summary.sizes[0];
  size.ceiling = size.min_load = size.max_load = std::nullopt;
  size.goals.clear();
  size.latency_not_measured = {0.5};
  const std::string text = text_of(summary);
  EXPECT_TRUE(says(text, "ceiling         not measured")) << text;
  EXPECT_TRUE(says(text, "delay at 50 %   not measured: no time was left")) << text;
  std::ostringstream out;
  sample::search_run(*make_json(out), summary);
  const auto found = nlohmann::json::parse(out.str())["end"]["sizes"][0];
  EXPECT_TRUE(found["ceiling"].is_null()) << found;
  EXPECT_TRUE(found["min_load_pps"].is_null()) << found;
  EXPECT_TRUE(found["max_load_pps"].is_null()) << found;
  EXPECT_EQ(found["latency_not_measured_percent"][0], 50) << found;
}

TEST(SearchReportTest, PathOfEachSize) {
  SearchSummary summary = sample::search_summary();
  EXPECT_FALSE(says(text_of(summary), "  via "));
  summary.sizes.push_back(summary.sizes[0]);
  summary.sizes[1].frames.path = SearchPath{plan::TxPath::Tc, "frames are long"};
  const std::string text = text_of(summary);
  EXPECT_TRUE(says(text, "via             tc: frames are long")) << text;
  std::ostringstream out;
  sample::search_run(*make_json(out), summary);
  const auto found = nlohmann::json::parse(out.str())["end"]["sizes"];
  EXPECT_EQ(found[0]["via"], "xdp");
  EXPECT_TRUE(found[0]["via_reason"].is_null());
  EXPECT_EQ(found[1]["via"], "tc");
  EXPECT_EQ(found[1]["via_reason"], "frames are long");
}

TEST(SearchReportTest, AShortenedLatencyTrialSaysHowFewPackets) {
  SearchSummary summary = sample::search_summary();
  EXPECT_FALSE(says(text_of(summary), "the time limit"));
  LatencyFound& found = summary.sizes[0].latency[0];
  found.shortened = true;
  found.delay.count = 3;
  found.outcome.duration = 0.25;
  EXPECT_TRUE(says(text_of(summary), "(of 3 packets in 250ms: the time limit allowed no more)"))
      << text_of(summary);
}

TEST(SearchReportTest, AnEstimateIsCalledOne) {
  SearchSummary summary = sample::search_irregular();
  summary.sizes[0].goals[0].result = {.upper = 900e3, .estimate = 800e3};
  const std::string text = text_of(summary);
  EXPECT_TRUE(says(text, "800,000 pkt/s")) << text;
  EXPECT_TRUE(says(text, "(an estimate from trials shorter than the goal's)")) << text;
  EXPECT_TRUE(says(text, "unfinished: below 900,000 pkt/s")) << text;
  summary.end = stats::EndReason::Duration;
  EXPECT_TRUE(says(text_of(summary), "time limit reached"));
}

TEST(SearchReportTest, AConditionWithoutAResultIsMissed) {
  const auto conditions = *plan::parse_search_expect("pdr<1Mpps");
  const auto verdicts = judge(conditions, sample::search_irregular());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_FALSE(verdicts[0].held);
  EXPECT_FALSE(verdicts[0].value);
}

TEST(SearchReportTest, Json) {
  std::ostringstream out;
  sample::search_run(*make_json(out), sample::search_summary());
  const auto document = nlohmann::json::parse(out.str());
  const auto& trial = document["intervals"][1];
  EXPECT_EQ(trial["asked"], 900'000);
  EXPECT_EQ(trial["bounds"]["ndr"], "upper");
  EXPECT_EQ(trial["bounds"]["pdr"], "undecided");
  EXPECT_TRUE(document["intervals"][0]["load_pps"].is_null());
  const auto& goals = document["end"]["sizes"][0]["goals"];
  EXPECT_EQ(goals[0]["limited_by"], "device");
  EXPECT_EQ(goals[1]["limited_by"], "generator");
  EXPECT_EQ(goals[0]["lower"]["l1_bits_per_second"], 880e3 * 672);
  EXPECT_EQ(document["end"]["reason"], "complete");
  EXPECT_EQ(document["end"]["expect"][0]["held"], false);
}

TEST(SearchReportTest, DryRunPrintsTheSearchsPlan) {
  SearchBegin begin = sample::search_begin();
  SearchSize large = begin.sizes[0];
  large.size = "9220";
  large.path = SearchPath{plan::TxPath::Tc, "frames are long"};
  large.max_load.reset();
  begin.sizes.push_back(large);
  std::ostringstream out;
  print_search_plan(out, begin);
  for (const char* line :
       {"  ndr: no loss, trials of 1s, 21s per load", "  pdr: loss up to 0.5 %",
        "frames of 64 bytes\n  via           xdp\n"
        "  loads         a small part of the highest load to 1,000,000 pkt/s (--max-rate)\n"
        "  time          about 75s, no limit\n",
        "frames of 9220 bytes\n  via           tc: frames are long\n",
        "to what the generator reaches", "all sizes: about 150s", "expected: ndr>1Mpps"})
    EXPECT_TRUE(says(out.str(), line)) << line << "\n" << out.str();
  const auto plan = nlohmann::json::parse(search_plan_json(begin))["plan"];
  EXPECT_EQ(plan["role"], "search");
  EXPECT_EQ(plan["goals"].size(), 2U);
  EXPECT_EQ(plan["searches"][0]["max_load_pps"], 1e6);
  EXPECT_EQ(plan["searches"][0]["estimated_seconds"], 75);
  EXPECT_EQ(plan["searches"][1]["via_reason"], "frames are long");
  EXPECT_TRUE(plan["searches"][1]["max_load_pps"].is_null());
}

} // namespace
} // namespace xtg::report
