// SPDX-License-Identifier: BSD-2-Clause
// What a `tcp` run makes of changes of the path under way.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "app/tcp_session.h"
#include "net/path_mtu.h"
#include "net/route.h"
#include "plan/path_mtu.h"
#include "stats/tcp_silence.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kRouteNs = 50'000'000; // how often changes of the tables are looked at
constexpr std::uint64_t kAskNs = 500'000'000;  // how often a silent flow's route is read again

} // namespace

void TcpSession::note(std::string text, report::TcpReporter& reporter, std::uint64_t now_ns) {
  reporter.note(text, static_cast<double>(now_ns - start_ns_) * 1e-9);
  result_.summary.notes.push_back(std::move(text));
}

/// What is asked of the routing tables for this run's packets; `interface` 0: any.
plan::RouteQuestion TcpSession::question(int interface) const {
  plan::RouteQuestion question = plan::question_of(plan_.spec, plan_.dst);
  const plan::SocketDefaults defaults = net::socket_defaults();
  question.mark = defaults.mark;
  question.interface = interface;
  if (interface == 0) question.vrf = defaults.vrf;
  return question;
}

/// The next hop's address changes where another machine takes over (VRRP) or the route does.
void TcpSession::follow_route(report::TcpReporter& reporter, std::uint64_t now_ns) {
  if (!routes_ || now_ns < next_route_ns_) return;
  next_route_ns_ = now_ns + kRouteNs;
  if (!routes_->changed()) return;
  net::RouteOptions ask;
  ask.timeout = std::chrono::milliseconds(1); // an answer that takes longer is a change again
  const plan::RouteFacts way = net::route_to(question(plan_.iface.ifindex), ask);
  if (way.next_hop && *way.next_hop != next_hop_) {
    next_hop_ = *way.next_hop;
    sender_->set_next_hop(next_hop_);
    note(fmt::format("the way to {} leads to {} now{}", plan_.dst.to_string(),
                     next_hop_.to_string(),
                     way.gateway ? fmt::format(", by {}", way.gateway->to_string()) : ""),
         reporter, now_ns);
  }
  if (!plan_.spec.interface.empty()) return;
  ask.resolve = false;
  const plan::RouteFacts any = net::route_to(question(0), ask);
  const bool astray = any.ifindex != 0 && any.ifindex != plan_.iface.ifindex;
  if (astray && !astray_)
    note(fmt::format("the route to {} leads over {} now; this run stays on {}",
                     plan_.dst.to_string(), any.interface, plan_.iface.name),
         reporter, now_ns);
  astray_ = astray;
}

/// A router may have told us, or another connection of this host.
void TcpSession::follow_mtu(report::TcpReporter& reporter, std::uint64_t now_ns) {
  const stats::TcpSeen seen = sender_->seen();
  std::optional<std::uint32_t> mtu;
  if (seen.too_big != too_big_) {
    too_big_ = seen.too_big;
    mtu = plan::adopt_mtu(seen.told_mtu, path_mtu_, plan_.dst.family);
  } else if (now_ns >= next_ask_ns_ && sender_->any_timed_out()) {
    next_ask_ns_ = now_ns + kAskNs;
    const auto open = std::ranges::find(flows_, stats::FlowEnd::Running,
                                        [](const Flow& flow) { return flow.end; });
    if (open == flows_.end()) return;
    const auto known = net::path_mtu(plan_.dst, open->local.addr, plan_.iface.name, plan_.spec.tos);
    if (known) mtu = plan::adopt_mtu(*known, path_mtu_, plan_.dst.family);
  }
  if (!mtu) return;
  path_mtu_ = *mtu;
  const std::uint32_t headers = config_.header_len - 14;
  sender_->set_cut(path_mtu_ - headers);
  result_.summary.path_mtu = path_mtu_;
  note(
      fmt::format("a link on the way takes IP packets of {} bytes: segments of {} bytes are cut to "
                  "{}",
                  path_mtu_, config_.mss, path_mtu_ - headers),
      reporter, now_ns);
}

/// A clause about why a flow is not answered, with what comes before it; or nothing.
std::string TcpSession::why_silent(std::size_t number) const {
  const auto state = sender_->flow_state(static_cast<std::uint32_t>(number), false);
  const bool untried = state.counters.bytes_acked == 0 && !result_.summary.path_mtu;
  const std::string why =
      stats::silence_reason(state.counters, sender_->seen(), untried ? config_.mss : 0);
  return why.empty() ? why : ": " + why;
}

} // namespace xtg::app
