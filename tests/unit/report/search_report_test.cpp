// SPDX-License-Identifier: BSD-2-Clause
// What a search says: for people and as JSON.
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

} // namespace
} // namespace xtg::report
