// SPDX-License-Identifier: BSD-2-Clause
// Trials of a search: the same test again and again, each at a load of its own. The only place
// where a search touches how a test is described and measured. Internal to app.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "app/kept_ports.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/stop_token.h"
#include "packet/size_law.h"
#include "plan/port_test_plan.h"
#include "plan/facts.h"
#include "plan/search_spec.h"
#include "run/search_trials.h"
#include "search/goal.h"
#include "stats/port_test.h"

namespace xtg::app {

class Trials : public run::SearchTrials {
public:
  /// `facts`: of each port.
  Trials(plan::TestSpec test, std::vector<plan::HostFacts> facts, StopToken stop)
      : test_(std::move(test)), facts_(std::move(facts)), stop_(std::move(stop)) {}

  Status set_size(const std::optional<packet::SizeLaw>& size) override;
  [[nodiscard]] const plan::PortTestPlan& plan() const override { return plan_; }
  [[nodiscard]] double l1_bits() const override { return l1_; }
  [[nodiscard]] double l2_bits() const override { return l2_; }
  [[nodiscard]] double rate_bits() const override { return rate_bits_; }
  [[nodiscard]] std::optional<report::SearchPath> path() const override;
  Result<Done> run(const plan::TrialShape& shape) override;
  [[nodiscard]] std::uint64_t now_ns() const override { return monotonic_ns(); }

protected:
  /// The trial's times and interruption are entered by run().
  virtual Result<Done> measure_trial(const plan::TestSpec& trial,
                                     const plan::TrialShape& shape) = 0;
  [[nodiscard]] virtual Result<plan::PortTestPlan> resolve(const plan::TestSpec& trial) const = 0;
  [[nodiscard]] virtual bool sends_here() const { return true; }

  plan::TestSpec test_;
  std::vector<plan::HostFacts> facts_;
  StopToken stop_;

private:
  plan::PortTestPlan plan_;
  std::vector<double> stream_bits_; ///< of one frame, on the layer of the stream's rate
  double l1_ = 0, l2_ = 0, rate_bits_ = 0;
};

/// All ports are this host's.
class PortTrials final : public Trials {
public:
  using Trials::Trials;

private:
  Result<Done> measure_trial(const plan::TestSpec& trial, const plan::TrialShape& shape) override;
  [[nodiscard]] Result<plan::PortTestPlan> resolve(const plan::TestSpec& trial) const override;

  KeptPorts kept_;
};

} // namespace xtg::app
