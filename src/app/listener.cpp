// SPDX-License-Identifier: BSD-2-Clause
#include "app/listener.h"

#include "app/run_common.h"

#include "app/sample_file.h"
#include "packet/filter.h"
#include "plan/checks.h"
#include "stats/rise.h"

namespace xtg::app {

Status Listener::load_and_attach(xdp::AttachMode attach_mode, const Listener* beside,
                                 xdp::KeptLinks* kept) {
  const plan::RxSpec& spec = plan_.spec;
  xtg_rx_config config{};
  config.n_slots = spec.streams;
  config.window = spec.window;
  config.by_run_id = spec.run_id ? 1 : 0;
  config.run_id = spec.run_id.value_or(0);
  config.run_id_mask = spec.run_id_mask;
  config.by_port = spec.port ? 1 : 0;
  config.port = spec.port.value_or(0);
  config.observe = spec.observe ? 1 : 0;
  config.sender_ahead_ns = spec.clock_offset.value_or(Nanoseconds{}).count();
  config.key = spec.key.value_or(SipKey{}).abi();
  config.limit = spec.num_packets.value_or(~std::uint64_t{0});
  auto receiver = xdp::Receiver::load(config, packet::encode(spec.match, spec.drop_matched),
                                      attach_mode, plan_.iface.ethernet, sampling_of(spec),
                                      beside != nullptr ? &beside->receiver() : nullptr);
  if (!receiver) return tl::unexpected<Error>(std::move(receiver.error()));
  auto filter = attach_program(*receiver, plan_.iface.ifindex, attach_mode, "xtg_rx", kept);
  if (!filter) return tl::unexpected<Error>(std::move(filter.error()));
  receiver_.emplace(std::move(*receiver));
  filter_ = std::move(*filter);
  return {};
}

Status Listener::prepare(const Listener* beside, xdp::KeptLinks* kept) {
  auto attached = attach_by_mode(
      plan_.spec.mode, plan::why_tc(plan_.iface), plan_.iface, "received",
      [=, this](xdp::AttachMode mode) { return load_and_attach(mode, beside, kept); });
  if (!attached) return tl::unexpected<Error>(std::move(attached.error()));
  attach_mode_ = attached->attach_mode;
  refusal_ = std::move(attached->refusal);
  if (!attached->note.empty()) notes_.push_back(attached->note);
  return {};
}

const char* Listener::mode() const {
  return xdp::to_string(attach_mode_);
}

void Listener::start() {
  if (const auto before = net::link_counters(plan_.iface.ifindex))
    link_before_ = link_now_ = *before;
  receiver_->start();
}

Listener::Baseline Listener::baseline() {
  Baseline baseline{receiver_->counted(), std::nullopt, receiver_->verified(), receiver_->taken()};
  if (const auto link = net::link_counters(plan_.iface.ifindex)) baseline.link = *link;
  return baseline;
}

void Listener::restart(const Baseline& baseline) {
  if (baseline.link) link_before_ = *baseline.link;
  counted_before_ = baseline.counted;
  verified_before_ = baseline.verified;
  receiver_->restart_limit(baseline.taken);
}

Result<stats::RxSnapshot> Listener::snapshot(bool words) {
  auto read = receiver_->snapshot(words);
  if (!read) return read;
  // A removed interface has no counters any more: the last ones stand.
  if (const auto now = net::link_counters(plan_.iface.ifindex)) link_now_ = *now;
  if (!link_before_ || !link_now_) return read; // nothing to compare with
  read->uncounted.link_dropped = stats::rise(link_before_->rx_dropped, link_now_->rx_dropped);
  read->uncounted.link_missed = stats::rise(link_before_->rx_missed, link_now_->rx_missed);
  read->uncounted.link_errors = stats::rise(link_before_->rx_errors, link_now_->rx_errors);
  return read;
}

std::optional<Error> Listener::fault() const {
  return link_fault(plan_.iface);
}

} // namespace xtg::app
