// SPDX-License-Identifier: BSD-2-Clause
#include "app/trials.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "app/measure.h"
#include "core/clock.h"
#include "report/sink.h"

namespace xtg::app {

namespace {

/// Share of a trial's frames that may be missing at its end without counting as unsent: the last
/// slots of the schedule.
constexpr double kRounding = 0.001;

const plan::Plan& first_sender(const plan::PortTestPlan& plan) {
  return *std::ranges::find_if(plan.ports, [](const plan::PortPlan& port) {
            return port.send.has_value();
          })->send;
}

std::vector<double> figures_of(const stats::RxDelay& delay) {
  const auto at = [&](double q) { return static_cast<double>(delay.quantile(q)); };
  return {
      static_cast<double>(delay.min), delay.mean, at(0.5), at(0.9), at(0.99), at(0.999), at(0.9999),
      static_cast<double>(delay.max)};
}

/// Slots that were still due when the time was over; no ledger has them.
std::uint64_t missing(std::uint64_t asked, const plan::TrialShape& shape) {
  if (!shape.load || shape.frames) return 0;
  const double due = *shape.load * std::chrono::duration<double>(shape.duration).count();
  if (static_cast<double>(asked) >= due * (1 - kRounding) - 1) return 0;
  return static_cast<std::uint64_t>(due) - asked;
}

/// A sending port's threads did not run in time: nothing of a paced trial was even tried.
bool starved(const stats::PortTestSummary& summary, const plan::TrialShape& shape) {
  return shape.load && std::ranges::any_of(summary.ports, [](const stats::PortSummary& port) {
           return port.tx && port.tx->total.tx.offered() == 0;
         });
}

} // namespace

search::Outcome outcome_of(const std::vector<stats::Ledger>& ledgers, const stats::RxDelay& delay,
                           double seconds, const plan::TrialShape& shape) {
  search::Outcome outcome;
  outcome.load = shape.load.value_or(0);
  outcome.duration = shape.frames ? seconds : std::chrono::duration<double>(shape.duration).count();
  for (const stats::Ledger& l : ledgers) {
    const std::uint64_t more = missing(l.asked, shape);
    outcome.asked += l.asked + more;
    outcome.unsent += l.not_sent + l.driver_drops + more;
    outcome.lost += l.lost + l.dropped + l.late;
    outcome.received += l.received + l.duplicated;
  }
  if (delay.count != 0) outcome.delay = figures_of(delay);
  return outcome;
}

Status Trials::set_size(const std::optional<packet::SizeLaw>& size) {
  if (size)
    for (plan::PortSpec& port : test_.ports)
      for (plan::StreamSpec& stream : port.streams)
        stream.frame_size = *size;
  auto plan = resolve(plan::trial_of(test_, {}, {}));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  plan_ = std::move(*plan);
  const plan::Plan& sender = first_sender(plan_);
  stream_l1_.clear();
  for (const plan::StreamPlan& stream : sender.streams)
    stream_l1_.push_back(stream.l1_bits);
  const auto port = std::ranges::find_if(test_.ports, &plan::PortSpec::sends);
  const auto shares = plan::shares_of(port->streams, stream_l1_);
  l1_ = l2_ = 0;
  for (std::size_t i = 0; i < shares.size(); i++) {
    l1_ += shares[i] * sender.streams[i].l1_bits;
    l2_ += shares[i] * sender.streams[i].l2_bits;
  }
  return {};
}

Result<Trials::Done> Trials::run(const plan::TrialShape& shape) {
  const std::uint64_t began = monotonic_ns();
  auto done = measure_trial(plan::trial_of(test_, shape, stream_l1_), shape);
  if (!done) return done;
  done->interrupted = stop_.asked() != Asked::Nothing;
  done->outcome.elapsed = static_cast<double>(monotonic_ns() - began) * 1e-9;
  return done;
}

Result<plan::PortTestPlan> PortTrials::resolve(const plan::TestSpec& trial) const {
  return plan::resolve_port_test(trial, facts_, std::random_device{}());
}

Result<Trials::Done> PortTrials::measure_trial(const plan::TestSpec& trial,
                                               const plan::TrialShape& shape) {
  const auto plan = resolve(trial);
  if (!plan) return tl::unexpected<Error>(plan.error());
  const auto sink = report::make_quiet();
  auto measured = measure(*plan, *sink, stop_, {}, &kept_);
  if (!measured) return tl::unexpected<Error>(std::move(measured.error()));
  const auto& summary = std::get<report::PortTestEnd>(measured->end).summary;
  Done done;
  if (measured->error && stop_.asked() == Asked::Nothing) {
    done.starved = starved(summary, shape);
    if (!done.starved && measured->error->code != Errc::Peer)
      return tl::unexpected<Error>(*measured->error);
    done.silence = measured->error;
  }
  std::vector<stats::Ledger> ledgers;
  for (const stats::PortSummary& port : summary.ports)
    if (port.ledger) ledgers.push_back(*port.ledger);
  done.delay = stats::all_ports(summary).total.delay;
  done.outcome = outcome_of(ledgers, done.delay, summary.end_s - summary.start_s, shape);
  bool first = true;
  for (const stats::PortSummary& port : summary.ports)
    if (port.tx && (std::exchange(first, false) || port.tx->total.xmit_pps < done.rate))
      done.rate = port.tx->total.xmit_pps;
  return done;
}

} // namespace xtg::app
