// SPDX-License-Identifier: BSD-2-Clause
#include "report/streams.h"

#include <gtest/gtest.h>

namespace xtg::report {
namespace {

class StreamRows : public testing::Test {
protected:
  StreamRows() {
    sample_.streams = {{.tx = {.attempts = 110, .accepted = 100, .driver_drops = 10, .resent = 8},
                        .packets = 100,
                        .bytes = 6'400,
                        .pps = 50,
                        .l1_bps = 33'600,
                        .l2_bps = 25'600},
                       {.tx = {.attempts = 4'000, .accepted = 4'000, .skipped_slots = 7},
                        .packets = 4'000,
                        .bytes = 6'072'000,
                        .pps = 2'000,
                        .l1_bps = 24'608'000,
                        .l2_bps = 24'288'000}};
  }
  stats::Sample sample_;
  const std::vector<StreamFacts> facts_ = {{"voice", 50.0}, {"", std::nullopt}};
};

TEST_F(StreamRows, AreJson) {
  const Json rows = streams_value(sample_, facts_, stats::CountSource::Tracepoint);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].dump(),
            R"({"id":0,"name":"voice","packets":100,"bytes":6400,"attempts":110,)"
            R"("driver_drops":10,"redirect_errors":0,"resent":8,"skipped_slots":0,)"
            R"("xmit_pps":50.0,"l1_bits_per_second":33600.0,"l2_bits_per_second":25600.0,)"
            R"("target_pps":50.0})");
  EXPECT_EQ(rows[1]["id"], 1);
  EXPECT_TRUE(rows[1]["name"].is_null());
  EXPECT_TRUE(rows[1]["target_pps"].is_null());
}

TEST_F(StreamRows, OutcomesThatNobodyKnowsAreNull) {
  const Json rows = streams_value(sample_, facts_, stats::CountSource::Link);
  EXPECT_EQ(rows[0]["packets"], 100);
  EXPECT_TRUE(rows[0]["driver_drops"].is_null());
}

TEST_F(StreamRows, AreTextWhereThereAreSeveral) {
  EXPECT_EQ(interval_lines(sample_, facts_),
            (std::vector<std::string>{
                "           voice                        50 xmit/s  33.60 kbit/s L1  "
                "25.60 kbit/s L2  target 50.00 pps",
                "           stream 1                  2,000 xmit/s  24.61 Mbit/s L1  "
                "24.29 Mbit/s L2"}));
  EXPECT_EQ(summary_texts(sample_, facts_),
            (std::vector<std::string>{
                "            100 packets  50 xmit/s  33.60 kbit/s L1, target 50.00 pps, 2 refused",
                "          4,000 packets  2,000 xmit/s  24.61 Mbit/s L1, 7 missed slots"}));
  sample_.streams.resize(1);
  EXPECT_TRUE(interval_lines(sample_, facts_).empty());
  EXPECT_TRUE(summary_texts(sample_, facts_).empty());
}

} // namespace
} // namespace xtg::report
