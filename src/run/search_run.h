// SPDX-License-Identifier: BSD-2-Clause
// The course of a search: trials of one frame size after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/stop_token.h"
#include "plan/search_spec.h"
#include "report/event.h"
#include "report/search_event.h"
#include "run/search_trials.h"
#include "search/controller.h"
#include "search/goal.h"
#include "search/pace.h"

namespace xtg::run {

class SearchRun {
public:
  SearchRun(const plan::SearchSpec& spec, SearchTrials& trials, report::Sink& sink, StopToken stop);

  /// Plans the trials of all sizes. Errors in what was asked for, before anything is sent. The
  /// trials' plan is that of the first size afterwards.
  Result<std::vector<report::SearchSize>> plan();
  /// Everything that was found, also if the search failed half way. After plan().
  report::SearchSummary run();
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
  using Done = SearchTrials::Done;
  [[nodiscard]] bool stopped() const { return error_ || stop_.asked() != Asked::Nothing; }
  [[nodiscard]] double now_s() const {
    return static_cast<double>(trials_.now_ns() - began_ns_) * 1e-9;
  }
  /// Seconds left for this size; none: no limit.
  [[nodiscard]] std::optional<double> time_left() const;
  [[nodiscard]] bool fits(double seconds) const;
  std::optional<Done> trial(report::TrialKind kind, const plan::TrialShape& shape,
                            const search::Controller* controller = nullptr);
  std::optional<Done> at(report::TrialKind kind, double load, double seconds);
  Status read_loads();
  Result<report::SearchSize> plan_size(const std::optional<packet::SizeLaw>& law);
  [[nodiscard]] double estimate() const;
  Result<search::Limits> limits(report::SizeFound& size) const;
  void one_size(report::SizeFound& size);
  bool learn();
  bool find_ceiling(report::SizeFound& size);
  void pursue(search::Controller& controller, report::SizeFound& size);
  void look_at_latency(report::SizeFound& size);
  void sweep(report::SizeFound& size);
  void back_to_back(report::SizeFound& size);
  void show(report::TrialKind kind, const Done& done, search::Controller* controller);

  const plan::SearchSpec& spec_;
  const std::vector<search::Goal> goals_;
  const std::vector<std::optional<packet::SizeLaw>> laws_; ///< none: the streams' own sizes
  SearchTrials& trials_;
  report::Sink& sink_;
  const StopToken stop_;
  const search::Pace pace_;
  const std::uint64_t began_ns_;
  report::SearchSummary summary_;
  std::optional<Error> error_;
  std::string size_;
  double size_began_s_ = 0;
  double overhead_s_ = 0;                     ///< of a trial, beside its duration
  std::optional<double> least_, most_, near_; ///< --min-rate, --max-rate, --resolution
};

} // namespace xtg::run
