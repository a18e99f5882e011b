// SPDX-License-Identifier: BSD-2-Clause
#include "app/listener.h"

#include <cerrno>

#include <fmt/format.h>

#include "app/sample_file.h"
#include "packet/filter.h"

namespace xtg::app {

Status Listener::load_and_attach(xdp::RxPlace place) {
  const plan::RxSpec& spec = plan_.spec;
  xtg_rx_config config{};
  config.n_slots = spec.streams;
  config.window = spec.window;
  config.by_session = spec.session ? 1 : 0;
  config.session = spec.session.value_or(0);
  config.session_mask = spec.session_mask;
  config.by_port = spec.port ? 1 : 0;
  config.port = spec.port.value_or(0);
  config.observe = spec.observe ? 1 : 0;
  config.limit = spec.num_packets.value_or(~std::uint64_t{0});
  auto receiver = xdp::Receiver::load(config, packet::encode(spec.match, spec.drop_matched), place,
                                      sampling_of(spec));
  if (!receiver) return tl::unexpected<Error>(std::move(receiver.error()));
  if (auto attached = receiver->attach(plan_.iface.ifindex); !attached) return attached;
  receiver_.emplace(std::move(*receiver));
  place_ = place;
  return {};
}

Status Listener::prepare() {
  if (plan_.spec.mode == plan::RxMode::Generic) return load_and_attach(xdp::RxPlace::Generic);
  auto ready = load_and_attach(xdp::RxPlace::Native);
  if (ready || plan_.spec.mode == plan::RxMode::Native ||
      ready.error().code != Errc::NotSupported || ready.error().sys == EBUSY)
    return ready;
  const std::string why = ready.error().message();
  auto behind = load_and_attach(xdp::RxPlace::Generic);
  if (!behind) return ready;
  notes_.push_back(fmt::format(
      "received in generic mode, behind the driver, which is slower: the driver of {} cannot ({})",
      plan_.iface.name, why));
  return behind;
}

const char* Listener::mode() const {
  return place_ == xdp::RxPlace::Native ? "native" : "generic";
}

void Listener::start() {
  if (const auto before = net::link_counters(plan_.iface.ifindex))
    link_before_ = link_now_ = *before;
  receiver_->start();
}

void Listener::restart() {
  if (const auto before = net::link_counters(plan_.iface.ifindex)) link_before_ = *before;
  counted_before_ = receiver_->counted();
  receiver_->restart_limit();
}

Result<stats::RxSnapshot> Listener::snapshot(bool words) {
  auto read = receiver_->snapshot(words);
  if (!read) return read;
  // An interface that is gone answers no more: its last figures stand.
  if (const auto now = net::link_counters(plan_.iface.ifindex)) link_now_ = *now;
  read->aside.link_dropped = link_now_.rx_dropped - link_before_.rx_dropped;
  read->aside.link_missed = link_now_.rx_missed - link_before_.rx_missed;
  read->aside.link_errors = link_now_.rx_errors - link_before_.rx_errors;
  return read;
}

std::optional<Error> Listener::fault() const {
  const auto state = net::link_state(plan_.iface.ifindex);
  if (!state || (state->exists && state->up)) return std::nullopt;
  return Error{Errc::System, 0,
               fmt::format("{} {} during the run", plan_.iface.name,
                           state->exists ? "went down" : "was removed")};
}

} // namespace xtg::app
