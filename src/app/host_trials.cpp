// SPDX-License-Identifier: BSD-2-Clause
#include "app/host_trials.h"

#include <algorithm>
#include <optional>

#include "app/two_hosts.h"
#include "core/exit_status.h"
#include "plan/plan.h"
#include "run/trial_outcome.h"
#include "serve/far_end.h"

namespace xtg::app {

namespace {

/// What one side reports. Nothing arrived: the load may be too high. Anything else is a failure.
std::optional<Error> failure_of(const serve::HalfResult& half) {
  if (half.exit_status == static_cast<int>(ExitStatus::Done)) return std::nullopt;
  return Error{half.exit_status == static_cast<int>(ExitStatus::Peer) ? Errc::Peer : Errc::System,
               0, half.error};
}

} // namespace

Result<plan::PortTestPlan> HostTrials::resolve(const plan::TestSpec& trial) const {
  auto send = plan::resolve(serve::near_sender(trial, 0, path_.far_ip), facts_.front(), 0);
  if (!send) return tl::unexpected<Error>(std::move(send.error()));
  plan::PortTestPlan plan;
  plan.spec = trial;
  plan::PortPlan& port = plan.ports.emplace_back();
  port.iface = *facts_.front().iface;
  port.send = std::move(*send);
  return plan;
}

Result<Trials::Done> HostTrials::measure_trial(const plan::TestSpec& trial,
                                               const plan::TrialShape& shape) {
  const serve::BothHosts hosts = measure_between(trial, far_, host_, kept_, context_);
  Done done;
  if (stop_.asked() != Asked::Nothing) return done;
  if (!hosts.errors.empty()) return tl::unexpected<Error>(hosts.errors.front());
  std::vector<stats::Ledger> ledgers;
  for (const serve::Way& way : hosts.ways) {
    const auto ledger = serve::ledger_of(way);
    const bool unsent = ledger && ledger->asked == ledger->not_sent;
    for (const serve::HalfResult* half : {&way.sent, &way.received})
      if (auto failure = failure_of(*half); failure && !done.silence) {
        if (failure->code != Errc::Peer && !unsent) return tl::unexpected<Error>(*failure);
        done.silence = std::move(failure);
      }
    if (!ledger) return tl::unexpected<Error>(ledger.error());
    done.starved = done.starved || (unsent && shape.load.has_value());
    ledgers.push_back(*ledger);
    done.delay.merge(serve::delay_of(way));
    const double rate = serve::accepted_pps(way);
    done.rate = ledgers.size() == 1 ? rate : std::min(done.rate, rate);
  }
  done.starts = serve::starts_apart(hosts);
  const double frames = static_cast<double>(ledgers.front().asked - ledgers.front().not_sent);
  done.outcome =
      run::outcome_of(ledgers, done.delay, done.rate > 0 ? frames / done.rate : 0, shape);
  return done;
}

} // namespace xtg::app
