// SPDX-License-Identifier: BSD-2-Clause
// Trials between this host and a server's. Internal to app.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "app/app.h"
#include "app/far_host.h"
#include "app/trials.h"
#include "plan/far_end.h"

namespace xtg::app {

class HostTrials final : public Trials {
public:
  /// `facts`: of this host's interface on the path. `host` and `context` must outlive the trials.
  HostTrials(plan::TestSpec test, plan::HostFacts facts, const plan::FarEnd& far, FarHost& host,
             HostPath path, Context& context)
      : Trials(std::move(test), {std::move(facts)}, context.stop), far_(far), host_(host),
        path_(std::move(path)), context_(context) {
    host_.runs().run_in_series();
  }

private:
  Result<Done> measure_trial(const plan::TestSpec& trial, const plan::TrialShape& shape) override;
  /// As if this host sent, also where the other one does: the frames are the same.
  [[nodiscard]] Result<plan::PortTestPlan> resolve(const plan::TestSpec& trial) const override;

  [[nodiscard]] bool sends_here() const override { return !far_.reverse; }

  const plan::FarEnd far_;
  FarHost& host_;
  const HostPath path_;
  Context& context_;
  KeptPort kept_;
};

} // namespace xtg::app
