// SPDX-License-Identifier: BSD-2-Clause
// From a plan to connections taken over from the kernel.
#include "app/tcp_run.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <unordered_map>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "core/clock.h"
#include "xtg/abi/base.h"
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_open.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kDelayedAckNs = 250'000'000; // TCP_DELACK_MAX is 200 ms
constexpr unsigned kLookUs = 2'000;

void put_address(__be32 (&to)[4], const packet::Ip& from) {
  std::memset(to, 0, sizeof to);
  std::memcpy(to, from.bytes.data(), from.size());
}

std::uint32_t now_ms() {
  return static_cast<std::uint32_t>(monotonic_ns() / 1'000'000);
}

/// A frozen socket still acknowledges received data from its timer. After our first segment that
/// would be an outdated acknowledgment with a smaller window. Waits for it until `until_ns` at
/// most.
void await_acknowledgment(const net::TcpSocket& socket, std::uint64_t until_ns) {
  for (auto state = socket.state();
       state && state->rcv_wup != state->rcv_nxt && monotonic_ns() < until_ns;
       state = socket.state())
    usleep(kLookUs);
}

tl::unexpected<Error> interruption() {
  return fail(Errc::System, "interrupted before anything was sent");
}

} // namespace

TcpRun::~TcpRun() {
  // Threads end first: no program may run when its maps are freed.
  if (sender_) sender_->stop();
  pool_.reset();
}

void TcpRun::give_up_flow(std::size_t number, stats::FlowEnd end, std::string detail) {
  Flow& flow = flows_[number];
  flow.end = end;
  flow.detail = std::move(detail);
  flow.socket.close();
}

Status TcpRun::connect() {
  net::ConnectSpec spec;
  spec.to = {plan_.dst, plan_.spec.port};
  spec.from = plan_.src;
  spec.ip = ip_fields();
  spec.first_port = plan_.spec.src_port;
  spec.interface = plan_.iface.name;
  spec.count = plan_.spec.flows;
  spec.parallel = plan_.spec.parallel;
  spec.timeout = plan_.spec.connect_timeout;
  if (auto watch = net::HandshakeWatch::open(plan_.dst.family)) handshakes_ = std::move(*watch);
  const std::uint64_t before = monotonic_ns();
  auto opened = net::open_connections(spec, [this] { return interrupted(); });
  if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
  connect_s_ = static_cast<double>(monotonic_ns() - before) * 1e-9;
  if (interrupted()) return interruption();

  flows_.resize(opened->size());
  told_.resize(flows_.size());
  const Error* first = nullptr;
  for (std::size_t i = 0; i < flows_.size(); i++) {
    net::Connected& c = (*opened)[i];
    if (c.error) {
      if (first == nullptr) first = &*c.error;
      give_up_flow(i, stats::FlowEnd::NotOpened, c.error->message());
      continue;
    }
    flows_[i].socket = std::move(c.socket);
  }
  const bool none = std::ranges::none_of(flows_, [](const Flow& f) { return f.socket.valid(); });
  if (none && first != nullptr) return tl::unexpected<Error>(*first);
  return {};
}

/// Gives up a frozen connection before the take-over. Nothing was sent on it, so the kernel's
/// socket resets it; otherwise the far end would keep it.
void TcpRun::reject_flow(std::size_t number, std::string detail) {
  (void)net::send_rst(flows_[number].socket);
  give_up_flow(number, stats::FlowEnd::Lost, std::move(detail));
}

/// Freezes the connections. They share one header, so their options must be equal.
Status TcpRun::read_states() {
  std::optional<Error> first;
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (interrupted()) return interruption();
    Flow& flow = flows_[i];
    if (!flow.socket.valid()) continue;
    auto local = flow.socket.local();
    Status frozen = flow.socket.freeze();
    auto state =
        frozen ? flow.socket.state() : Result<net::TcpState>(tl::unexpected<Error>(frozen.error()));
    if (!local || !state) {
      const Error error = !state ? state.error() : local.error();
      if (error.code == Errc::NoPermission) return tl::unexpected<Error>(error);
      if (!first) first = error;
      if (error.code == Errc::Peer)
        give_up_flow(i, stats::FlowEnd::PeerReset, error.message());
      else
        reject_flow(i, error.message());
      continue;
    }
    flow.local = *local;
    flow.state = *state;
    if (flow.state.usec_timestamps)
      reject_flow(i, "its TCP timestamps are in microseconds, which is not supported");
  }
  agree_on_options();
  if (std::ranges::any_of(flows_, [](const Flow& f) { return f.socket.valid(); })) return {};
  return tl::unexpected<Error>(
      first.value_or(Error{Errc::NotSupported, 0, "no connection could be taken over"}));
}

void TcpRun::agree_on_options() {
  const auto options_of = [](const Flow& flow) {
    return plan::TcpOptions{flow.state.timestamps, flow.state.sack, flow.state.ecn};
  };
  std::vector<plan::TcpOptions> all;
  for (const Flow& flow : flows_)
    if (flow.socket.valid()) all.push_back(options_of(flow));
  if (all.empty()) return;
  options_ = plan::most_common(all);
  for (std::size_t i = 0; i < flows_.size(); i++)
    if (flows_[i].socket.valid() && options_of(flows_[i]) != options_)
      reject_flow(i, "its TCP options differ from those of most flows");
}

/// Detects address translation by this host: by a cgroup program (visible at the socket) or by
/// netfilter (not visible there). Our frames would bypass it and reach an address nobody asked for.
Status TcpRun::look_for_translation() {
  const net::Endpoint asked{plan_.dst, plan_.spec.port};
  std::unordered_map<std::uint32_t, const Flow*> by_ack;
  for (const Flow& flow : flows_) {
    if (!flow.socket.valid()) continue;
    by_ack.emplace(flow.state.snd_nxt, &flow);
    const auto remote = flow.socket.remote();
    if (!remote || *remote == asked) continue;
    return fail(Errc::NotSupported,
                net::translation(asked, flow.local, {.from = *remote, .to = flow.local}));
  }
  if (!handshakes_) return {};
  const auto answers = handshakes_->take();
  unwatched_ =
      std::async(std::launch::async,
                 [watch = std::exchange(handshakes_, std::nullopt)]() mutable { watch.reset(); });
  std::unordered_map<std::uint32_t, std::string> found; // by acknowledgment number
  for (const net::Answer& answer : answers) {
    const auto flow = by_ack.find(answer.ack);
    if (flow == by_ack.end()) continue;
    std::string words = net::translation(asked, flow->second->local, answer);
    if (words.empty()) {
      found.erase(answer.ack);
      by_ack.erase(flow); // correct here, whatever else was seen of it elsewhere
    } else {
      found.try_emplace(answer.ack, std::move(words));
    }
  }
  if (found.empty()) return {};
  return fail(Errc::NotSupported, std::move(found.begin()->second));
}

/// From here on the far ends' segments reach the programs.
Status TcpRun::take_over() {
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (interrupted()) return interruption();
    Flow& flow = flows_[i];
    if (!flow.socket.valid()) continue;
    const auto number = static_cast<std::uint32_t>(i);
    put_address(flow.key.remote, plan_.dst);
    put_address(flow.key.local, flow.local.addr);
    flow.key.remote_port = __builtin_bswap16(plan_.spec.port);
    flow.key.local_port = __builtin_bswap16(flow.local.port);
    if (auto claimed = sender_->claim(number, flow.key); !claimed) return claimed;
  }
  // Once more, now that no segment reaches the kernel's sockets any longer.
  if (config_.timestamps != 0)
    if (auto read = sender_->read_ts_recent(); !read) return read;
  const std::uint64_t settle_ns = monotonic_ns() + kDelayedAckNs;
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (interrupted()) return interruption();
    Flow& flow = flows_[i];
    if (!flow.socket.valid()) continue;
    const auto number = static_cast<std::uint32_t>(i);
    await_acknowledgment(flow.socket, settle_ns);
    const std::uint32_t ms = now_ms();
    auto state = flow.socket.state();
    if (!state) {
      (void)sender_->release(flow.key);
      if (state.error().code == Errc::Peer)
        give_up_flow(i, stats::FlowEnd::PeerReset, state.error().message());
      else
        reject_flow(i, state.error().message());
      continue;
    }
    flow.state = *state;
    flow.received = flow.state.unread;
    xdp::FlowSetup setup;
    setup.limit = limit_of(i);
    setup.isn = flow.state.snd_nxt;
    setup.rcv_nxt = flow.state.rcv_nxt;
    setup.tsval_base = flow.state.timestamp + 1 - ms;
    setup.peer_fin = flow.state.tcp_state == 8;
    setup.window = flow.state.snd_wnd;
    setup.wscale = flow.state.snd_wscale;
    setup.own_wscale = flow.state.rcv_wscale;
    setup.own_window =
        static_cast<std::uint16_t>(xtg_tcp_own_window(flow.state.rcv_wnd, flow.state.rcv_wscale));
    flow.state.rcv_wnd = std::uint32_t{setup.own_window} << flow.state.rcv_wscale;
    setup.port = flow.local.port;
    setup.wl1 = flow.state.snd_wl1;
    setup.rtt_us = flow.state.rtt_us;
    sender_->open_flow(number, setup);
  }
  return {};
}

Status TcpRun::take_steps() {
  follower_.begin({{.question = plan::question_of(plan_.spec, plan_.dst),
                    .range = packet::IpRange{plan_.dst, 1},
                    .way = {plan_.dst_mac, {}},
                    .roams = plan_.spec.interface.empty()}},
                  plan_.iface);
  if (auto done = read_payload(); !done) return done;
  const xtg_tcp_config expected = configure(expected_terms());
  if (auto done = load(expected); !done) return done;
  if (auto done = attach_hook(); !done) return done;
  begin_anchoring();
  if (auto done = connect(); !done) return done;
  attended_.emplace(stop_.attend()); // a frozen connection must not end with the process
  if (auto done = read_states(); !done) return done;
  if (auto done = look_for_translation(); !done) return done;
  const xtg_tcp_config agreed = configure(agreed_terms());
  if (std::memcmp(&agreed, &expected, sizeof agreed) != 0) {
    notes_.clear();
    if (auto done = load(agreed); !done) return done;
    if (auto done = attach_hook(); !done) return done;
    begin_anchoring();
  }
  attended_.emplace(stop_.attend([this] { sender_->stop_new_data(); }));
  if (auto done = take_over(); !done) return done;
  if (auto done = anchored_.get(); !done) return done;
  return start_workers();
}

Status TcpRun::prepare() {
  auto done = take_steps();
  if (done) return done;
  // Nothing was sent: the sockets are still correct, but silent while frozen.
  for (Flow& flow : flows_)
    if (flow.socket.valid()) (void)net::send_rst(flow.socket);
  return done;
}

} // namespace xtg::app
