// SPDX-License-Identifier: BSD-2-Clause
// Trials of a search: the same test again and again, each at a load of its own. The only place
// where a search touches how a test is described and measured. Internal to app.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "app/kept_ports.h"
#include "core/result.h"
#include "core/stop_token.h"
#include "packet/size_law.h"
#include "plan/port_test_plan.h"
#include "plan/facts.h"
#include "plan/search_spec.h"
#include "report/starts_apart.h"
#include "search/goal.h"
#include "stats/port_test.h"

namespace xtg::app {

/// The outcome of a trial from its final counts. `seconds`: how long it sent; `shape`: as
/// requested.
search::Outcome outcome_of(const std::vector<stats::Ledger>& ledgers, const stats::RxDelay& delay,
                           double seconds, const plan::TrialShape& shape);

class Trials {
public:
  /// `facts`: of each port.
  Trials(plan::TestSpec test, std::vector<plan::HostFacts> facts, StopToken stop)
      : test_(std::move(test)), facts_(std::move(facts)), stop_(std::move(stop)) {}
  virtual ~Trials() = default;
  Trials(const Trials&) = delete;
  Trials& operator=(const Trials&) = delete;

  /// All streams have frames of this size from here on; none: their own.
  Status set_size(const std::optional<packet::SizeLaw>& size);
  /// Of a trial at full speed.
  [[nodiscard]] const plan::PortTestPlan& plan() const { return plan_; }
  /// Bits of one frame of the first sending port, the mean over its streams.
  [[nodiscard]] double l1_bits() const { return l1_; }
  [[nodiscard]] double l2_bits() const { return l2_; }

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
  Result<Done> run(const plan::TrialShape& shape);

protected:
  /// The trial's times and interruption are entered by run().
  virtual Result<Done> measure_trial(const plan::TestSpec& trial,
                                     const plan::TrialShape& shape) = 0;
  [[nodiscard]] virtual Result<plan::PortTestPlan> resolve(const plan::TestSpec& trial) const = 0;

  plan::TestSpec test_;
  std::vector<plan::HostFacts> facts_;
  StopToken stop_;

private:
  plan::PortTestPlan plan_;
  std::vector<double> stream_l1_;
  double l1_ = 0, l2_ = 0;
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
