// SPDX-License-Identifier: BSD-2-Clause
// The course of a search: trials of one frame size after the other. Internal to app.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/trials.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/stop_token.h"
#include "plan/search_spec.h"
#include "report/event.h"
#include "report/search_event.h"
#include "search/controller.h"
#include "search/goal.h"

namespace xtg::app {

class SearchRun {
public:
  SearchRun(const plan::SearchSpec& spec, Trials& trials, report::Sink& sink, StopToken stop);

  /// Errors in what was asked for, before anything is sent.
  Status check() { return read_loads(); }
  /// Everything that was found, also if the search failed half way.
  report::SearchSummary run();
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
  /// Seconds of a trial outside the search itself.
  struct Pace {
    double ceiling = 0.5, latency = 0.5;
  };
  static Pace pace_of(const plan::SearchSpec& spec, const std::vector<search::Goal>& goals);
  [[nodiscard]] bool stopped() const { return error_ || stop_.asked() != Asked::Nothing; }
  [[nodiscard]] double now_s() const {
    return static_cast<double>(monotonic_ns() - began_ns_) * 1e-9;
  }
  /// Seconds left for this size; none: no limit.
  [[nodiscard]] std::optional<double> time_left() const;
  [[nodiscard]] bool out_of_time() const { return time_left().value_or(1) <= 0; }
  std::optional<Trials::Done> trial(report::TrialKind kind, const plan::TrialShape& shape,
                                    const search::Controller* controller = nullptr);
  std::optional<Trials::Done> at(report::TrialKind kind, double load, double seconds);
  Status read_loads();
  Result<search::Limits> limits(report::SizeFound& size) const;
  void one_size(report::SizeFound& size);
  bool learn();
  bool find_ceiling(report::SizeFound& size);
  void pursue(search::Controller& controller, report::SizeFound& size);
  void look_at_latency(report::SizeFound& size);
  void sweep(report::SizeFound& size);
  void back_to_back(report::SizeFound& size);
  void show(report::TrialKind kind, const Trials::Done& done, search::Controller* controller);

  const plan::SearchSpec& spec_;
  const std::vector<search::Goal> goals_;
  Trials& trials_;
  report::Sink& sink_;
  const StopToken stop_;
  const Pace pace_;
  const std::uint64_t began_ns_;
  report::SearchSummary summary_;
  std::optional<Error> error_;
  std::string size_;
  double size_began_s_ = 0;
  double overhead_s_ = 0;                     ///< of a trial, beside its duration
  std::optional<double> least_, most_, near_; ///< --min-rate, --max-rate, --resolution
};

} // namespace xtg::app
