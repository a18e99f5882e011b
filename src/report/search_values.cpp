// SPDX-License-Identifier: BSD-2-Clause
// The objects in the JSON of `search`.
#include <algorithm>

#include "plan/tx_path.h"
#include "report/both_ends.h"
#include "report/describe.h"
#include "report/rx_values.h"
#include "report/search_parts.h"
#include "report/to_json.h"

namespace xtg::report {
namespace {

Json goal_value(const search::Goal& goal) {
  return {{"name", goal.name},
          {"loss_percent", number(goal.loss_ratio * 100)},
          {"exceed_percent", number(goal.exceed_ratio * 100)},
          {"width_percent", number(goal.width * 100)},
          {"final_trial_seconds", number(goal.final_duration)},
          {"sum_seconds", number(goal.duration_sum)},
          {"initial_trial_seconds", number(goal.initial_duration)},
          {"max_latency", or_null(search::to_string(goal.latency))}};
}

/// What an outcome counts, and its load.
void add_outcome(Json& out, const search::Outcome& o) {
  out["load_pps"] = o.load == 0 ? Json(nullptr) : number(o.load);
  out["trial_seconds"] = number(o.duration);
  out["asked"] = o.asked;
  out["unsent"] = o.unsent;
  out["lost_packets"] = o.lost;
  out["received"] = o.received;
  out["loss_percent"] = o.asked == 0 ? Json(nullptr) : number(o.loss_ratio() * 100);
}

Json rate_value(const std::optional<double>& load, const SearchSize& size) {
  if (!load) return nullptr;
  return {{"pps", number(*load)},
          {"l1_bits_per_second", number(*load * size.l1_bits)},
          {"l2_bits_per_second", number(*load * size.l2_bits)}};
}

Json found_value(const GoalFound& found, const SearchSize& size) {
  const search::GoalResult& r = found.result;
  return {{"name", found.goal.name},
          {"lower", rate_value(r.lower, size)},
          {"upper", rate_value(r.upper, size)},
          {"estimate", rate_value(r.estimate, size)},
          {"conditional_throughput",
           rate_value(r.lower ? std::optional(r.throughput) : std::nullopt, size)},
          {"regular", r.regular == search::Regular::Yes},
          {"state", report::name(r.regular)},
          {"limited_by", report::name(r.limited_by)}};
}

Json latency_value(const LatencyFound& found) {
  Json out = {{"share_percent", number(found.share * 100)}};
  add_outcome(out, found.outcome);
  out["delay_us"] = delay_value(found.delay);
  out["shortened"] = found.shortened;
  return out;
}

Json figure_or_null(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}

Json via_value(const SearchSize& size) {
  return size.path ? Json(plan::tx_path_name(size.path->via)) : Json(nullptr);
}

Json via_reason_value(const SearchSize& size) {
  return or_null(size.path ? size.path->reason : std::string{});
}

Json bursts_value(const search::BurstReport& bursts) {
  return {{"searches", bursts.searches},
          {"mean_frames", number(bursts.mean)},
          {"min_frames", bursts.least},
          {"max_frames", bursts.most},
          {"deviation_frames", number(bursts.deviation)},
          {"implied_buffer_seconds", number(bursts.implied_buffer_s)},
          {"corrected_buffer_seconds", figure_or_null(bursts.corrected_buffer_s)}};
}

Json size_value(const SizeFound& size) {
  Json goals = Json::array(), latency = Json::array(), loss_rate = Json::array(),
       missing = Json::array();
  for (const double share : size.latency_not_measured)
    missing.push_back(number(share * 100));
  for (const GoalFound& found : size.goals)
    goals.push_back(found_value(found, size.frames));
  for (const LatencyFound& found : size.latency)
    latency.push_back(latency_value(found));
  for (const search::Outcome& point : size.loss_rate)
    add_outcome(loss_rate.emplace_back(), point);
  return {{"size", size.frames.size},
          {"via", via_value(size.frames)},
          {"via_reason", via_reason_value(size.frames)},
          {"ceiling", rate_value(size.ceiling, size.frames)},
          {"ceiling_is_max_rate", size.ceiling_is_max},
          {"min_load_pps", figure_or_null(size.min_load)},
          {"max_load_pps", figure_or_null(size.max_load)},
          {"goals", std::move(goals)},
          {"latency", std::move(latency)},
          {"latency_not_measured_percent", std::move(missing)},
          {"loss_rate", std::move(loss_rate)},
          {"back_to_back", size.bursts ? bursts_value(*size.bursts) : Json(nullptr)}};
}

Json verdict_value(const SearchVerdict& verdict) {
  return {{"condition", verdict.condition.text},
          {"size", verdict.size},
          {"value", verdict.value ? number(*verdict.value) : Json(nullptr)},
          {"held", verdict.held}};
}

} // namespace

std::string_view name(TrialKind kind) {
  switch (kind) {
  case TrialKind::Learning:
    return "learning";
  case TrialKind::Ceiling:
    return "ceiling";
  case TrialKind::Search:
    return "search";
  case TrialKind::Latency:
    return "latency";
  case TrialKind::LossRate:
    return "loss-rate";
  case TrialKind::BackToBack:
    return "back-to-back";
  }
  return "?";
}

std::string_view name(search::Bound bound) {
  switch (bound) {
  case search::Bound::Lower:
    return "lower";
  case search::Bound::Upper:
    return "upper";
  case search::Bound::Undecided:
    break;
  }
  return "undecided";
}

std::string_view name(search::Regular regular) {
  switch (regular) {
  case search::Regular::Yes:
    return "regular";
  case search::Regular::NoUpper:
    return "no-upper-bound";
  case search::Regular::NoLower:
    return "no-lower-bound";
  case search::Regular::Unfinished:
    break;
  }
  return "unfinished";
}

std::string_view name(search::LimitedBy limit) {
  switch (limit) {
  case search::LimitedBy::Device:
    return "device";
  case search::LimitedBy::Generator:
    return "generator";
  case search::LimitedBy::MaxLoad:
    return "max-load";
  case search::LimitedBy::Unknown:
    break;
  }
  return "unknown";
}

std::vector<SearchVerdict> judge(const std::vector<plan::SearchCondition>& conditions,
                                 const SearchSummary& summary) {
  std::vector<SearchVerdict> verdicts;
  for (const SizeFound& size : summary.sizes)
    for (const plan::SearchCondition& condition : conditions) {
      SearchVerdict verdict{condition, size.frames.size, std::nullopt, false};
      for (const GoalFound& found : size.goals)
        if (found.goal.name == condition.goal) verdict.value = found.result.lower;
      if (verdict.value) {
        if (condition.bound.unit == Rate::Unit::Bps) *verdict.value *= size.frames.rate_bits;
        plan::Condition plain;
        plain.relation = condition.relation;
        plain.bound = condition.bound.value;
        verdict.held = plan::holds(plain, *verdict.value);
      }
      verdicts.push_back(std::move(verdict));
    }
  return verdicts;
}

Json search_configuration(const SearchBegin& begin) {
  Json ports = Json::array(), goals = Json::array(), sizes = Json::array(), expect = Json::array(),
       searches = Json::array();
  for (std::size_t i = 0; i < begin.plan.ports.size(); i++) {
    const plan::PortPlan& port = begin.plan.ports[i];
    ports.push_back({{"interface", port.iface.name},
                     {"sends", port.send ? plan_value(*port.send) : Json(nullptr)},
                     {"receives", plan::receives(begin.plan, i)}});
  }
  for (const search::Goal& goal : plan::goals_of(begin.spec))
    goals.push_back(goal_value(goal));
  for (const packet::SizeLaw& size : begin.spec.sizes)
    sizes.push_back(size.to_string());
  for (const SearchSize& size : begin.sizes)
    searches.push_back({{"size", size.size},
                        {"via", via_value(size)},
                        {"via_reason", via_reason_value(size)},
                        {"min_load_pps", figure_or_null(size.min_load)},
                        {"max_load_pps", figure_or_null(size.max_load)},
                        {"estimated_seconds", number(size.estimate_s)}});
  for (const plan::SearchCondition& condition : begin.spec.expect)
    expect.push_back(condition.text);
  const auto time_limit = plan::time_limit(begin.spec);
  return {{"role", "search"},
          {"server", begin.server.empty() ? Json(nullptr) : Json(begin.server)},
          {"reverse", begin.reverse},
          {"bidir", begin.plan.spec.bidir},
          {"drain_seconds", seconds(begin.plan.spec.drain)},
          {"max_seconds", time_limit ? Json(seconds(*time_limit)) : Json(nullptr)},
          {"goals", std::move(goals)},
          {"sizes", std::move(sizes)},
          {"searches", std::move(searches)},
          {"expect", std::move(expect)},
          {"ports", std::move(ports)}};
}

Json to_json(const SearchBegin& begin) {
  return start_value(begin.info, plan::interfaces_of(begin.plan), search_configuration(begin));
}

Json to_json(const SearchBegin& begin, const SearchTrial& trial) {
  Json out = {{"trial", trial.number},
              {"kind", report::name(trial.kind)},
              {"size", trial.size},
              {"start", number(trial.at_s)}};
  add_outcome(out, trial.outcome);
  out["sent_pps"] = number(trial.rate);
  out["delay_us"] = delay_value(trial.delay);
  out["starts"] = starts_value(trial.starts);
  Json bounds = Json::object();
  const auto goals = plan::goals_of(begin.spec);
  for (std::size_t i = 0; i < std::min(goals.size(), trial.bounds.size()); i++)
    bounds[goals[i].name] = report::name(trial.bounds[i]);
  out["bounds"] = std::move(bounds);
  out["left_seconds"] = trial.left_s ? number(*trial.left_s) : Json(nullptr);
  return out;
}

Json to_json(const SearchBegin&, const SearchEnd& end) {
  Json sizes = Json::array(), expect = Json::array();
  for (const SizeFound& size : end.summary.sizes)
    sizes.push_back(size_value(size));
  for (const SearchVerdict& verdict : end.verdicts)
    expect.push_back(verdict_value(verdict));
  return {{"reason", end.summary.end == stats::EndReason::Amount ? "complete"
                                                                 : report::name(end.summary.end)},
          {"seconds", number(end.summary.end_s)},
          {"trials", end.summary.trials},
          {"sizes", std::move(sizes)},
          {"expect", std::move(expect)},
          {"cpu_seconds", number(end.summary.cpu_s)}};
}

} // namespace xtg::report
