// SPDX-License-Identifier: BSD-2-Clause
// The course of a search against a device and a clock that are computed.
#include "run/search_run.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace xtg::run {
namespace {

using report::TrialKind;

class KeptTrials final : public report::Sink {
public:
  std::vector<report::SearchTrial> trials;
  void take(const report::Event& event) override {
    if (const auto* interval = std::get_if<report::Interval>(&event))
      trials.push_back(std::get<report::SearchTrial>(*interval));
  }
};

class SimTrials final : public SearchTrials {
public:
  double generator = 1e6; ///< frames per second
  double device = 1e12;
  double overhead = 0.3;              ///< of each trial
  std::map<std::string, Error> unfit; ///< by size
  std::size_t measured = 0;
  std::optional<std::size_t> fails_at{}; ///< this trial
  double now = 100;
  double bits = 672; ///< of a frame, on the layer of --rate-layer

  Status set_size(const std::optional<packet::SizeLaw>& size) override {
    size_ = size ? size->to_string() : "64";
    if (const auto bad = unfit.find(size_); bad != unfit.end())
      return tl::unexpected<Error>(bad->second);
    plan_.ports.resize(1);
    plan_.ports[0].send.emplace();
    return {};
  }
  [[nodiscard]] const plan::PortTestPlan& plan() const override { return plan_; }
  [[nodiscard]] double l1_bits() const override { return 672; }
  [[nodiscard]] double l2_bits() const override { return 512; }
  [[nodiscard]] double rate_bits() const override { return bits; }
  [[nodiscard]] std::optional<report::SearchPath> path() const override {
    return size_ == "9220" ? report::SearchPath{plan::TxPath::Tc, "frames are long"}
                           : report::SearchPath{};
  }
  [[nodiscard]] std::uint64_t now_ns() const override {
    return static_cast<std::uint64_t>(now * 1e9);
  }
  Result<Done> run(const plan::TrialShape& shape) override {
    if (fails_at && measured == *fails_at) return fail(Errc::System, "the host failed");
    measured++;
    const double seconds = std::chrono::duration<double>(shape.duration).count();
    const double load = shape.load.value_or(generator);
    Done done;
    done.outcome.load = shape.load.value_or(0);
    done.outcome.duration = seconds;
    const double asked = std::max(1.0, std::floor(load * seconds));
    const double sent = std::min(asked, std::max(1.0, std::floor(generator * seconds)));
    const double received = std::min(sent, std::max(1.0, std::floor(device * seconds)));
    done.outcome.asked = static_cast<std::uint64_t>(asked);
    done.outcome.unsent = static_cast<std::uint64_t>(asked - sent);
    done.outcome.lost = static_cast<std::uint64_t>(sent - received);
    done.outcome.received = static_cast<std::uint64_t>(received);
    done.outcome.elapsed = seconds + overhead;
    done.rate = std::min(load, generator);
    now += seconds + overhead;
    return done;
  }

private:
  plan::PortTestPlan plan_;
  std::string size_;
};

plan::SearchSpec spec_of(search::Preset preset, std::optional<double> max_rate = {}) {
  plan::SearchSpec spec;
  spec.preset = preset;
  if (max_rate) spec.max_rate = plan::SearchRate{{Rate::Unit::Pps, *max_rate}};
  return spec;
}

struct Ran {
  report::SearchSummary summary;
  std::vector<report::SearchTrial> trials;
  std::optional<Error> error;
};

Ran search(const plan::SearchSpec& spec, SimTrials& trials) {
  KeptTrials sink;
  SearchRun run(spec, trials, sink, {});
  const auto planned = run.plan();
  EXPECT_TRUE(planned) << planned.error().what;
  Ran ran{run.run(), {}, run.error()};
  ran.trials = std::move(sink.trials);
  return ran;
}

/// However slow the load, and however long the host takes for each trial.
TEST(SearchRunTest, QuickEndsInTime) {
  for (const double most : {0.01, 0.5, 1.0, 10.0, 30.0, 1000.0, 1e5, 0.0})
    for (const double device : {1e12, 1e5, 700.0, 7.0})
      for (const double overhead : {0.02, 0.3, 0.6}) {
        SCOPED_TRACE(fmt::format("--max-rate {}, device {}, overhead {}", most, device, overhead));
        SimTrials trials;
        trials.device = device;
        trials.overhead = overhead;
        const Ran ran = search(
            spec_of(search::Preset::Quick, most > 0 ? std::optional(most) : std::nullopt), trials);
        EXPECT_LE(ran.summary.end_s, 14.0001);
        const report::SizeFound& size = ran.summary.sizes.at(0);
        ASSERT_FALSE(size.goals.empty());
        const search::GoalResult& ndr = size.goals[0].result;
        if (ndr.lower || ndr.estimate) {
          // Each point is there, and one for which there was little time says so.
          EXPECT_EQ(size.latency.size() + size.latency_not_measured.size(), 4U);
          EXPECT_FALSE(size.latency.empty());
          for (const report::LatencyFound& found : size.latency)
            EXPECT_TRUE(found.shortened || found.load * found.outcome.duration >= 4.999)
                << found.load;
        }
        for (const report::SearchTrial& trial : ran.trials) {
          if (most > 0) {
            EXPECT_LE(trial.outcome.load, most);
          }
        }
      }
}

TEST(SearchRunTest, WithoutALimitEveryLatencyTrialHasItsFrames) {
  SimTrials trials;
  const Ran ran = search(spec_of(search::Preset::Default, 10), trials);
  ASSERT_EQ(ran.summary.sizes.at(0).latency.size(), 4U);
  for (const report::LatencyFound& found : ran.summary.sizes[0].latency) {
    EXPECT_FALSE(found.shortened);
    EXPECT_GE(found.load * found.outcome.duration, 4.999);
  }
}

TEST(SearchRunTest, Rfc2544KeepsToTheTimeLimit) {
  SimTrials trials;
  trials.device = 4e5;
  plan::SearchSpec spec = spec_of(search::Preset::Rfc2544);
  for (const int limit : {10, 100, 300, 1000}) {
    spec.max_time = Nanoseconds(limit * 1'000'000'000LL);
    EXPECT_LE(search(spec, trials).summary.end_s, limit + 0.001);
  }
}

/// A size that cannot be sent is found before the first trial, not after those of other sizes.
TEST(SearchRunTest, AllSizesArePlannedFirst) {
  SimTrials trials;
  trials.unfit.emplace("9000", Error{Errc::NotSupported, 0, "does not fit"});
  plan::SearchSpec spec = spec_of(search::Preset::Quick);
  spec.sizes = {packet::SizeLaw(64), packet::SizeLaw(9000)};
  KeptTrials sink;
  const auto planned = SearchRun(spec, trials, sink, {}).plan();
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().what, "does not fit");
  EXPECT_EQ(trials.measured, 0U);
}

TEST(SearchRunTest, EachSizeHasItsPath) {
  SimTrials trials;
  plan::SearchSpec spec = spec_of(search::Preset::Quick);
  spec.sizes = {packet::SizeLaw(64), packet::SizeLaw(9220)};
  const Ran ran = search(spec, trials);
  ASSERT_EQ(ran.summary.sizes.size(), 2U);
  EXPECT_EQ(ran.summary.sizes[0].frames.path->via, plan::TxPath::Xdp);
  EXPECT_EQ(ran.summary.sizes[1].frames.path->via, plan::TxPath::Tc);
  EXPECT_EQ(ran.summary.sizes[1].frames.path->reason, "frames are long");
}

TEST(SearchRunTest, BitRatesCountOnTheirLayer) {
  plan::SearchSpec spec = spec_of(search::Preset::Quick);
  spec.max_rate = *plan::parse_search_rate("51.2Mbps");
  spec.expect = *plan::parse_search_expect("ndr>=51.2Mbps");
  SimTrials trials;
  trials.bits = 512;
  const Ran ran = search(spec, trials);
  EXPECT_DOUBLE_EQ(ran.summary.sizes.at(0).max_load.value_or(0), 100'000);
  EXPECT_TRUE(report::judge(spec.expect, ran.summary).at(0).held);
}

/// A failure before or after the ceiling leaves out what was not measured.
TEST(SearchRunTest, AFailureLeavesNoFigures) {
  for (const std::size_t at : {0U, 1U, 2U}) {
    SimTrials trials;
    trials.fails_at = at;
    const Ran ran = search(spec_of(search::Preset::Default), trials);
    ASSERT_TRUE(ran.error);
    const report::SizeFound& size = ran.summary.sizes.at(0);
    EXPECT_EQ(size.ceiling.has_value(), at == 2);
    EXPECT_EQ(size.max_load.has_value(), at == 2);
    EXPECT_TRUE(size.latency.empty());
    EXPECT_TRUE(size.latency_not_measured.empty());
  }
}

} // namespace
} // namespace xtg::run
