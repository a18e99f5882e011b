// SPDX-License-Identifier: BSD-2-Clause
// Trials as the course of a search sees them: app::Trials measures, a fake in the tests computes.
#pragma once

#include <cstdint>
#include <optional>

#include "core/result.h"
#include "packet/size_law.h"
#include "plan/port_test_plan.h"
#include "plan/search_spec.h"
#include "report/search_event.h"
#include "report/starts_apart.h"
#include "search/goal.h"
#include "stats/rx.h"

namespace xtg::run {

class SearchTrials {
public:
  SearchTrials() = default;
  virtual ~SearchTrials() = default;
  SearchTrials(const SearchTrials&) = delete;
  SearchTrials& operator=(const SearchTrials&) = delete;

  /// All streams have frames of this size from here on; none: their own. Sends nothing.
  virtual Status set_size(const std::optional<packet::SizeLaw>& size) = 0;
  /// Of a trial at full speed.
  [[nodiscard]] virtual const plan::PortTestPlan& plan() const = 0;
  /// Bits of one frame of the first sending port, the mean over its streams.
  [[nodiscard]] virtual double l1_bits() const = 0;
  [[nodiscard]] virtual double l2_bits() const = 0;
  /// The same on the layer on which bit rates count.
  [[nodiscard]] virtual double rate_bits() const = 0;
  /// How the frames of the first sending port leave; none: another host sends.
  [[nodiscard]] virtual std::optional<report::SearchPath> path() const = 0;

  struct Done {
    search::Outcome outcome;
    double rate = 0; ///< frames per second that the driver accepted, of the slowest port
    stats::RxDelay delay;
    std::optional<report::StartsApart> starts; ///< of both directions, between two hosts
    std::optional<Error> silence;              ///< nothing arrived
    bool starved = false;     ///< nothing was sent: the generator did not run in time
    bool interrupted = false; ///< the outcome is not usable
  };
  /// An error is one of a host, not of the device.
  virtual Result<Done> run(const plan::TrialShape& shape) = 0;

  /// CLOCK_MONOTONIC.
  [[nodiscard]] virtual std::uint64_t now_ns() const = 0;
};

} // namespace xtg::run
