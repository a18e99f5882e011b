// SPDX-License-Identifier: BSD-2-Clause
#include "report/streams.h"

#include <gtest/gtest.h>

namespace xtg::report {
namespace {

class StreamRows : public testing::Test {
protected:
  StreamRows() {
    sample_.start_s = 1;
    sample_.end_s = 3;
    sample_.streams = {{.attempts = 110, .accepted = 100, .driver_drops = 10, .resent = 8},
                       {.attempts = 4'000, .accepted = 4'000, .skipped_slots = 7}};
    facts_ = {{"voice", {672, 512, 368}, 50.0}, {"", {12'304, 12'144, 12'000}, std::nullopt}};
  }
  stats::Sample sample_;
  std::vector<StreamFacts> facts_;
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
  EXPECT_EQ(rows[1]["bytes"], 6'072'000);
  EXPECT_TRUE(rows[1]["target_pps"].is_null());
}

TEST_F(StreamRows, OutcomesThatNobodyKnowsAreNull) {
  sample_.streams[0].accepted = 0;
  const Json rows = streams_value(sample_, facts_, stats::CountSource::Link);
  EXPECT_EQ(rows[0]["packets"], 110);
  EXPECT_TRUE(rows[0]["driver_drops"].is_null());
}

TEST_F(StreamRows, AreLinesWhereThereAreSeveral) {
  const auto lines = stream_lines(sample_, facts_, stats::CountSource::Tracepoint);
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "stream 0 voice: 100 packets, 50 pps, 0.000 Gbit/s on the line, 2 refused",
                       "stream 1: 4,000 packets, 2000 pps, 0.025 Gbit/s on the line, "
                       "7 missed slots"}));
  facts_.resize(1);
  EXPECT_TRUE(stream_lines(sample_, facts_, stats::CountSource::Tracepoint).empty());
}

} // namespace
} // namespace xtg::report
