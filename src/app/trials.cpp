// SPDX-License-Identifier: BSD-2-Clause
#include "app/trials.h"

#include <algorithm>
#include <random>
#include <utility>

#include "app/measure.h"
#include "report/sink.h"
#include "run/trial_outcome.h"

namespace xtg::app {

namespace {

const plan::Plan& first_sender(const plan::PortTestPlan& plan) {
  return *std::ranges::find_if(plan.ports, [](const plan::PortPlan& port) {
            return port.send.has_value();
          })->send;
}

double bits_on(const plan::StreamPlan& stream, Layer layer) {
  switch (layer) {
  case Layer::L1:
    return stream.l1_bits;
  case Layer::L2:
    return stream.l2_bits;
  case Layer::L3:
    return stream.l3_bits;
  }
  return stream.l1_bits;
}

/// A sending port's threads did not run in time: nothing of a paced trial was even tried.
bool starved(const stats::PortTestSummary& summary, const plan::TrialShape& shape) {
  return shape.load && std::ranges::any_of(summary.ports, [](const stats::PortSummary& port) {
           return port.tx && port.tx->total.tx.offered() == 0;
         });
}

} // namespace

Status Trials::set_size(const std::optional<packet::SizeLaw>& size) {
  if (size)
    for (plan::PortSpec& port : test_.ports)
      for (plan::StreamSpec& stream : port.streams)
        stream.frame_size = *size;
  auto plan = resolve(plan::trial_of(test_, {}, {}));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  plan::settle_paths(*plan);
  if (sends_here())
    if (auto fit = plan::check_frames(*plan); !fit) return fit;
  plan_ = std::move(*plan);
  const plan::Plan& sender = first_sender(plan_);
  const auto port = std::ranges::find_if(test_.ports, &plan::PortSpec::sends);
  stream_bits_.clear();
  for (std::size_t i = 0; i < sender.streams.size(); i++)
    stream_bits_.push_back(bits_on(sender.streams[i], port->streams[i].rate.layer));
  const Layer layer = port->streams.front().rate.layer;
  const auto shares = plan::shares_of(port->streams, stream_bits_);
  l1_ = l2_ = rate_bits_ = 0;
  for (std::size_t i = 0; i < shares.size(); i++) {
    l1_ += shares[i] * sender.streams[i].l1_bits;
    l2_ += shares[i] * sender.streams[i].l2_bits;
    rate_bits_ += shares[i] * bits_on(sender.streams[i], layer);
  }
  return {};
}

std::optional<report::SearchPath> Trials::path() const {
  if (!sends_here()) return std::nullopt;
  const plan::Plan& sender = first_sender(plan_);
  return report::SearchPath{sender.via, sender.via_reason};
}

Result<Trials::Done> Trials::run(const plan::TrialShape& shape) {
  const std::uint64_t began = monotonic_ns();
  auto done = measure_trial(plan::trial_of(test_, shape, stream_bits_), shape);
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
  done.outcome = run::outcome_of(ledgers, done.delay, summary.end_s - summary.start_s, shape);
  bool first = true;
  for (const stats::PortSummary& port : summary.ports)
    if (port.tx && (std::exchange(first, false) || port.tx->total.xmit_pps < done.rate))
      done.rate = port.tx->total.xmit_pps;
  return done;
}

} // namespace xtg::app
