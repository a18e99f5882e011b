// SPDX-License-Identifier: BSD-2-Clause
#include "plan/search_spec.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

TEST(SearchSpecTest, RatesOfALink) {
  EXPECT_EQ(frames_per_second(*parse_search_rate("1Mpps"), 672, 0, "--max-rate"), 1e6);
  EXPECT_EQ(frames_per_second(*parse_search_rate("672Mbps"), 672, 0, "--max-rate"), 1e6);
  EXPECT_NEAR(*frames_per_second(*parse_search_rate("50%"), 672, 10'000'000'000, "--max-rate"),
              7'440'476, 1);
  EXPECT_EQ(frames_per_second(*parse_search_rate("50%"), 672, 0, "--max-rate").error().what,
            "--max-rate 50%: the interface's speed is not known; give the rate in pps or bps");
  for (const char* text : {"", "0%", "101%", "-1%", "x%", "max", "1000", "5"})
    EXPECT_FALSE(parse_search_rate(text)) << text;
}

TEST(SearchSpecTest, Expectations) {
  const auto conditions = parse_search_expect("ndr>1Mpps,pdr<=5Gbps");
  ASSERT_TRUE(conditions);
  EXPECT_EQ((*conditions)[0].goal, "ndr");
  EXPECT_EQ((*conditions)[0].relation, Relation::Greater);
  EXPECT_EQ((*conditions)[1].relation, Relation::LessEqual);
  EXPECT_EQ((*conditions)[1].bound.unit, Rate::Unit::Bps);
  for (const char* text : {"", "ndr", "ndr>", "ndr>1000", ">1Mpps", "ndr>max", "ndr>1Mpps,"})
    EXPECT_FALSE(parse_search_expect(text)) << text;
}

TestSpec two_streams() {
  TestSpec test;
  test.duration = Nanoseconds(5);
  test.ports.push_back({.interface = "eth1"});
  test.ports.push_back({.interface = "eth2", .receive = true});
  test.ports[0].streams.resize(2);
  return test;
}

TEST(SearchSpecTest, StreamsShareALoadByTheirRates) {
  TestSpec test = two_streams();
  auto& streams = test.ports[0].streams;
  streams[0].rate.rate = {Rate::Unit::Pps, 1000};
  streams[1].rate.rate = {Rate::Unit::Bps, 3000.0 * 800};
  const TestSpec trial = trial_of(test, {8000.0, Nanoseconds(1'000'000'000), {}}, {672, 800});
  EXPECT_DOUBLE_EQ(trial.ports[0].streams[0].rate.rate.value, 2000);
  EXPECT_DOUBLE_EQ(trial.ports[0].streams[1].rate.rate.value, 6000);
  EXPECT_EQ(trial.ports[0].streams[1].rate.rate.unit, Rate::Unit::Pps);
  EXPECT_EQ(trial.duration, Nanoseconds(1'000'000'000));
  EXPECT_FALSE(trial.ports[1].sends());
}

TEST(SearchSpecTest, BurstsKeepTheLoad) {
  TestSpec test = two_streams();
  for (StreamSpec& stream : test.ports[0].streams)
    stream.rate.burst = 4;
  const TestSpec paced = trial_of(test, {4000.0, Nanoseconds(1), {}}, {672, 672});
  EXPECT_EQ(paced.ports[0].streams[0].rate.burst, 4U);
  EXPECT_DOUBLE_EQ(paced.ports[0].streams[0].rate.rate.value, 2000);
  const TestSpec flood = trial_of(test, {{}, Nanoseconds(1), {}}, {672, 672});
  EXPECT_EQ(flood.ports[0].streams[0].rate.burst, 1U);
}

TEST(SearchSpecTest, OrByTheirWeights) {
  TestSpec test = two_streams();
  test.ports[0].streams[0].weight = 3;
  const TestSpec paced = trial_of(test, {4000.0, Nanoseconds(1), {}}, {672, 672});
  EXPECT_DOUBLE_EQ(paced.ports[0].streams[0].rate.rate.value, 3000);
  EXPECT_EQ(paced.ports[0].streams[0].weight, 1U) << "a weight goes without a rate";
  const TestSpec flood = trial_of(test, {{}, Nanoseconds(1), {}}, {672, 672});
  EXPECT_EQ(flood.ports[0].streams[0].rate.rate.unit, Rate::Unit::Max);
  EXPECT_EQ(flood.ports[0].streams[0].weight, 750U);
  EXPECT_EQ(flood.ports[0].streams[1].weight, 250U);
}

TEST(SearchSpecTest, ABurstIsAnAmountWithoutATime) {
  const TestSpec trial = trial_of(two_streams(), {{}, Nanoseconds(0), 100}, {672, 672});
  ASSERT_EQ(trial.ports[0].streams.size(), 1U);
  EXPECT_EQ(trial.ports[0].streams[0].num_packets, 100U);
  EXPECT_FALSE(trial.duration);
}

TEST(SearchSpecTest, AReflectorIsWhereToSend) {
  SearchSpec spec;
  spec.test.ports.push_back({.interface = "eth1"});
  spec.test.ports[0].streams.resize(2);
  spec.reflector = "198.18.0.2";
  spec.test.drain = kSearchDrain;
  const TestSpec test = test_of(spec);
  EXPECT_TRUE(test.ports[0].receive);
  for (const StreamSpec& stream : test.ports[0].streams) {
    EXPECT_TRUE(stream.round_trip);
    EXPECT_EQ(stream.dst_addr, *packet::IpRange::parse("198.18.0.2"));
  }
  EXPECT_EQ(test.drain, kSearchDrain);
  spec.preset = search::Preset::Rfc2544;
  EXPECT_EQ(test_of(spec).drain, kDrain);
}

TEST(SearchSpecTest, LatencyLimitsAreEveryGoals) {
  SearchSpec spec;
  spec.latency = *search::parse_latency_limits("p99<1ms");
  for (const search::Goal& goal : goals_of(spec))
    EXPECT_EQ(goal.latency, spec.latency);
  EXPECT_FALSE(time_limit(spec));
  spec.preset = search::Preset::Quick;
  EXPECT_EQ(time_limit(spec), Nanoseconds(14'000'000'000));
}

} // namespace
} // namespace xtg::plan
