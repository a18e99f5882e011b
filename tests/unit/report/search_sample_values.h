// SPDX-License-Identifier: BSD-2-Clause
// Hand-made values of a search, shared by the reporters' tests and the schema check's samples.
#pragma once

#include "report/sink.h"
#include "unit/report/port_test_sample_values.h"

namespace xtg::report::sample {

inline SearchBegin search_begin() {
  SearchBegin begin{port_test_plan(), {}, info()};
  begin.spec.sizes = {packet::SizeLaw(64)};
  SearchSize frames{"64", 672, 512, 672, SearchPath{}};
  frames.max_load = 1e6;
  frames.estimate_s = 75;
  begin.sizes = {frames};
  begin.spec.expect = *plan::parse_search_expect("ndr>1Mpps,pdr>=100Mbps");
  return begin;
}

inline SearchTrial search_trial() {
  SearchTrial trial;
  trial.number = 3;
  trial.size = "64";
  trial.at_s = 1.5;
  trial.outcome = {.load = 900e3,
                   .duration = 1,
                   .asked = 900'000,
                   .unsent = 100,
                   .lost = 900,
                   .received = 899'000,
                   .elapsed = 1.3};
  trial.rate = 899'900;
  trial.l1_bits = 672;
  trial.delay = rx_summary().total.delay;
  trial.bounds = {search::Bound::Upper, search::Bound::Undecided};
  trial.left_s = 12.4;
  return trial;
}

inline SearchTrial search_ceiling() {
  SearchTrial trial;
  trial.number = 2;
  trial.kind = TrialKind::Ceiling;
  trial.size = "64";
  trial.outcome = {.duration = 0.5, .asked = 500'000, .received = 500'000};
  trial.rate = 1e6;
  trial.l1_bits = 672;
  return trial;
}

/// NDR is the device's, PDR the generator's limit.
inline SearchSummary search_summary() {
  const auto goals = search::goals_of(search::Preset::Default);
  SizeFound size{.frames = {"64", 672, 512, 672, SearchPath{}}, .ceiling = 1e6};
  size.min_load = 10;
  size.max_load = 1e6;
  size.goals = {{goals[0],
                 {.lower = 880e3,
                  .upper = 884e3,
                  .throughput = 880e3,
                  .regular = search::Regular::Yes,
                  .limited_by = search::LimitedBy::Device}},
                {goals[1],
                 {.lower = 990e3,
                  .upper = 994e3,
                  .throughput = 988e3,
                  .regular = search::Regular::Yes,
                  .limited_by = search::LimitedBy::Generator}}};
  size.latency = {{0.1, 88e3, search_trial().outcome, rx_summary().total.delay},
                  {1, 880e3, search_trial().outcome, {}}};
  size.loss_rate = {search_trial().outcome};
  size.bursts = search::burst_report({900, 1000, 1100}, 1e6, 250e3);
  SearchSummary summary;
  summary.sizes = {size};
  summary.trials = 3;
  summary.end_s = 45.25;
  summary.cpu_s = 12;
  return summary;
}

/// The generator reached no limit, and what was found at all is not much.
inline SearchSummary search_irregular() {
  SearchSummary summary = search_summary();
  auto& goals = summary.sizes[0].goals;
  goals[0].result = {.lower = 1e6,
                     .throughput = 1e6,
                     .regular = search::Regular::NoUpper,
                     .limited_by = search::LimitedBy::MaxLoad};
  goals[1].result = {
      .upper = 10.0, .regular = search::Regular::NoLower, .limited_by = search::LimitedBy::Device};
  summary.sizes[0].latency.clear();
  summary.sizes[0].loss_rate.clear();
  summary.sizes[0].bursts.reset();
  summary.end = stats::EndReason::Interrupted;
  return summary;
}

inline void search_run(Sink& sink, const SearchSummary& summary) {
  sink.take(search_begin());
  sink.take(Interval(search_ceiling()));
  sink.take(Interval(search_trial()));
  sink.take(End(SearchEnd{summary, judge(search_begin().spec.expect, summary)}));
  sink.take(Finish{});
}

} // namespace xtg::report::sample
