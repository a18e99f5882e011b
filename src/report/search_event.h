// SPDX-License-Identifier: BSD-2-Clause
// What a search reports: trials, and what was found with them. Loads are frames per second of one
// port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/search_spec.h"
#include "report/starts_apart.h"
#include "search/controller.h"
#include "search/procedures.h"
#include "stats/rate.h"
#include "stats/rx.h"

namespace xtg::report {

enum class TrialKind : std::uint8_t {
  Learning,   ///< whether anything arrives; bridges and neighbours learn addresses
  Ceiling,    ///< what the generator reaches
  Search,     ///< chosen by the controller
  Latency,    ///< at a share of the rate found
  LossRate,   ///< RFC 2544, 26.3
  BackToBack, ///< RFC 9004
};
std::string_view name(TrialKind kind);

struct SearchTrial {
  std::size_t number = 0; ///< from 1
  TrialKind kind = TrialKind::Search;
  std::string size;        ///< the frames' size law
  double at_s = 0;         ///< since the command began
  search::Outcome outcome; ///< `load` 0: at full speed
  double rate = 0;         ///< frames per second that the driver of each port accepted
  double l1_bits = 0;      ///< of one frame, the mean
  stats::RxDelay delay;
  std::optional<StartsApart> starts; ///< of both directions, between two hosts
  std::vector<search::Bound> bounds; ///< of this load, by goal; empty outside the search itself
  std::optional<double> left_s;      ///< estimated time until the search ends
};

/// How the frames leave the sending port.
struct SearchPath {
  plan::TxPath via = plan::TxPath::Xdp;
  std::string reason; ///< why it is not XDP, unless --via asked for it
};
/// A frame size as planned, before anything is sent.
struct SearchSize {
  std::string size;                             ///< the frames' size law
  double l1_bits = 0, l2_bits = 0;              ///< of one frame, the mean
  double rate_bits = 0;                         ///< on the layer on which bit rates count
  std::optional<SearchPath> path{};             ///< none: the server's host sends
  std::optional<double> min_load{}, max_load{}; ///< as requested
  double estimate_s = 0;                        ///< about how long its trials take
};

struct GoalFound {
  search::Goal goal;
  search::GoalResult result;
};
struct LatencyFound {
  double share = 1; ///< of the rate found
  double load = 0;
  search::Outcome outcome;
  stats::RxDelay delay;
  bool shortened = false; ///< to the time limit
};
/// What was found with frames of one size. What was not measured has no value.
struct SizeFound {
  SearchSize frames;
  std::optional<double> ceiling{}; ///< what the generator reached
  bool ceiling_is_max = false;     ///< the ceiling is --max-rate
  std::optional<double> min_load{}, max_load{};
  std::vector<GoalFound> goals{};
  std::vector<LatencyFound> latency{};
  std::vector<double> latency_not_measured{}; ///< shares, for want of time
  std::vector<search::Outcome> loss_rate{};
  std::optional<search::BurstReport> bursts{};
};
struct SearchSummary {
  std::vector<SizeFound> sizes;
  std::size_t trials = 0;
  double end_s = 0; ///< duration of the command
  stats::EndReason end = stats::EndReason::Amount;
  double cpu_s = 0;
};

struct SearchVerdict {
  plan::SearchCondition condition;
  std::string size;
  std::optional<double> value; ///< the relevant lower bound, in the condition's unit
  bool held = false;
};
/// Each condition for each size. Without a lower bound a condition is missed.
std::vector<SearchVerdict> judge(const std::vector<plan::SearchCondition>& conditions,
                                 const SearchSummary& summary);

std::string_view name(search::Bound bound);
std::string_view name(search::Regular regular);
std::string_view name(search::LimitedBy limit);

} // namespace xtg::report
