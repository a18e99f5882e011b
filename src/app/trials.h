// SPDX-License-Identifier: BSD-2-Clause
// Trials of a search: the same port test again and again, each at a load of its own. The only place
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
#include "search/goal.h"
#include "stats/port_test.h"

namespace xtg::app {

/// The outcome of a trial from its final counts. `shape`: as requested.
search::Outcome outcome_of(const stats::PortTestSummary& summary, const plan::TrialShape& shape);

class Trials {
public:
  Trials(plan::TestSpec test, std::vector<plan::HostFacts> facts, StopToken stop)
      : test_(std::move(test)), facts_(std::move(facts)), stop_(std::move(stop)) {}

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
    std::optional<Error> silence; ///< nothing arrived
    bool starved = false;         ///< nothing was sent: the generator did not run in time
    bool interrupted = false;     ///< the outcome is not usable
  };
  /// An error is one of this host, not of the device.
  Result<Done> run(const plan::TrialShape& shape);

private:
  plan::TestSpec test_;
  std::vector<plan::HostFacts> facts_;
  StopToken stop_;
  plan::PortTestPlan plan_;
  KeptPorts kept_;
  std::vector<double> stream_l1_;
  double l1_ = 0, l2_ = 0;
};

} // namespace xtg::app
