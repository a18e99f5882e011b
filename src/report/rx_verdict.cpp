// SPDX-License-Identifier: BSD-2-Clause
// What of --expect came of a run.
#include <algorithm>

#include "packet/frame.h"
#include "report/verdict.h"
#include "report/rx_phrases.h"

namespace xtg::report {
namespace {

std::optional<double> when(bool measured, double value) {
  return measured ? std::optional<double>(value) : std::nullopt;
}

std::optional<double> delay_value(plan::Expected what, const stats::RxDelay& delay) {
  if (delay.count == 0) return std::nullopt;
  const auto at = [&](double q) { return static_cast<double>(delay.quantile(q)); };
  switch (what) {
  case plan::Expected::Min:
    return static_cast<double>(delay.min);
  case plan::Expected::Mean:
    return delay.mean;
  case plan::Expected::P50:
    return at(0.5);
  case plan::Expected::P90:
    return at(0.9);
  case plan::Expected::P99:
    return at(0.99);
  case plan::Expected::P999:
    return at(0.999);
  case plan::Expected::P9999:
    return at(0.9999);
  case plan::Expected::Max:
    return static_cast<double>(delay.max);
  default:
    return std::nullopt;
  }
}

} // namespace

std::optional<double> rx_value(plan::Expected what, const stats::RxSummary& summary) {
  const stats::RxSample& total = summary.total;
  const stats::RxCounters& sum = total.sum;
  // Without a test frame nothing tells how many came twice, and only the sender how many were lost;
  // how many came is known.
  const bool any = any_signature(sum);
  switch (what) {
  case plan::Expected::Loss:
    return when(expected_packets(sum) != 0, sum.loss_ratio());
  case plan::Expected::Lost:
    return when(any || summary.all.sent, static_cast<double>(sum.lost));
  case plan::Expected::Received:
    return static_cast<double>(sum.unique + sum.matched);
  case plan::Expected::Duplicates:
    return when(any, static_cast<double>(sum.duplicates));
  case plan::Expected::Reordered:
    return when(any, static_cast<double>(sum.reordered));
  case plan::Expected::Late:
    return when(any, static_cast<double>(sum.too_late));
  case plan::Expected::Jitter:
    return when(has_variation(summary.streams), total.jitter_ns);
  case plan::Expected::Pps:
    return when(total.end_s > total.start_s, total.pps);
  case plan::Expected::Streams:
    return static_cast<double>(streams_that_arrived(summary.streams));
  case plan::Expected::Bytes:
    return static_cast<double>(sum.bytes + sum.packets * packet::kFcsBytes);
  default:
    return delay_value(what, total.delay);
  }
}

std::vector<RxVerdict> judge(const std::vector<plan::Condition>& conditions,
                             const stats::RxSummary& summary) {
  std::vector<RxVerdict> verdicts;
  for (const plan::Condition& condition : conditions) {
    const auto value = rx_value(condition.what, summary);
    verdicts.push_back({condition, value, value && plan::holds(condition, *value)});
  }
  return verdicts;
}

} // namespace xtg::report
