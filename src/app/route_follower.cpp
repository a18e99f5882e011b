// SPDX-License-Identifier: BSD-2-Clause
#include "app/route_follower.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "net/interface.h"
#include "net/route.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kLookNs = 50'000'000;

/// The current path according to the kernel; empty if the next hop is unknown. A host that does not
/// answer keeps its address from `before`.
std::optional<RouteFollower::Way> way_of(const plan::RouteFacts& facts,
                                         const RouteFollower::Way& before) {
  if (!facts.next_hop && facts.hosts.empty()) return std::nullopt;
  RouteFollower::Way way{facts.next_hop.value_or(before.next_hop), {}};
  if (!facts.hosts.empty() && facts.hosts.size() != before.hosts.size()) return std::nullopt;
  for (std::size_t i = 0; i < facts.hosts.size(); i++)
    way.hosts.push_back(facts.hosts[i] ? facts.hosts[i]->to_u64() : before.hosts[i]);
  if (!way.hosts.empty()) way.next_hop = packet::Mac::from_u64(way.hosts.front());
  return way;
}

/// Reads the path again. An answer after the timeout shows up as a later change.
plan::RouteFacts ask_way(const RouteFollower::Target& target, int timeout_ms) {
  net::RouteOptions ask;
  ask.resolve = timeout_ms != 0;
  ask.timeout = std::chrono::milliseconds(timeout_ms);
  return net::route_to_range(target.question, target.range, ask);
}

/// Notes that no route leads there any more. The run continues; ending it is the user's decision.
void look_refused(RouteFollower::Target& target, const plan::RouteFacts& facts,
                  RouteFollower::Change& change) {
  const bool refused = facts.fault == plan::RouteFault::NoRoute ||
                       facts.fault == plan::RouteFault::Refused ||
                       facts.fault == plan::RouteFault::OwnAddress;
  if (refused && !target.refused)
    change.notes.push_back(fmt::format("this host would no longer send to {} ({}); the run "
                                       "continues unchanged",
                                       target.question.dst.to_string(), facts.error));
  target.refused = refused;
}

} // namespace

std::vector<RouteFollower::Target> targets_of(const plan::Plan& plan) {
  std::vector<RouteFollower::Target> targets;
  for (std::size_t i = 0; i < plan.streams.size(); i++) {
    const plan::StreamSpec& spec = plan.asked().streams[i];
    const packet::Frame& frame = plan.streams[i].frame;
    const bool looked_up = frame.sweep.hop_law == packet::HopLaw::Fixed ||
                           frame.sweep.hop_law == packet::HopLaw::Listed;
    if (spec.dst_mac || !looked_up) continue;
    const plan::RouteQuestion question = plan::question_of(spec);
    const packet::IpRange range =
        spec.dst_addr.value_or(packet::IpRange{plan::destination_of(spec), 1});
    auto target = std::ranges::find_if(targets, [&](const RouteFollower::Target& known) {
      return known.question == question && known.range == range;
    });
    if (target == targets.end()) {
      targets.push_back({question, range, {frame.spec.dst_mac, frame.sweep.next_hops}});
      target = std::prev(targets.end());
      target->roams = i == 0 && plan.asked().interface.empty();
    }
    target->streams.push_back(i);
  }
  return targets;
}

void RouteFollower::begin(std::vector<Target> targets, const plan::InterfaceFacts& iface) {
  iface_ = iface;
  if (iface.kind == "bond") active_port_ = net::active_port(iface.ifindex);
  auto watch =
      net::RouteWatch::open(); // before reading the tables, so that no change in between is missed
  if (!watch) return;
  const std::uint32_t mark = net::socket_defaults().mark;
  for (Target& target : targets) {
    target.question.interface = iface.ifindex;
    target.question.mark = mark;
    if (way_of(ask_way(target, 0), target.way) == target.way) targets_.push_back(std::move(target));
  }
  if (!targets_.empty()) watch_.emplace(std::move(*watch));
}

RouteFollower::Change RouteFollower::look(std::uint64_t now_ns) {
  Change change;
  if (now_ns < next_ns_) return change;
  next_ns_ = now_ns + kLookNs;
  if (iface_.kind == "bond") look_at_bond(change);
  if (!watch_ || !watch_->changed()) return change;
  for (Target& target : targets_)
    look_at(target, change);
  return change;
}

void RouteFollower::look_at_bond(Change& change) {
  std::string now = net::active_port(iface_.ifindex);
  if (now == active_port_) return;
  change.notes.push_back(now.empty() ? iface_.name + " has no active port any more"
                                     : fmt::format("{} sends through {} now", iface_.name, now));
  active_port_ = std::move(now);
}

void RouteFollower::look_at(Target& target, Change& change) const {
  const plan::RouteFacts facts = ask_way(target, 1);
  look_refused(target, facts, change);
  auto way = way_of(facts, target.way);
  // The run has room for exactly as many hosts as before, or for one next hop for all.
  if (way && *way != target.way && way->hosts.size() == target.way.hosts.size()) {
    const std::string by =
        facts.gateway ? fmt::format(" ({})", facts.gateway->to_string()) : std::string();
    change.notes.push_back(
        way->hosts.empty()
            ? fmt::format("the next hop to {} is now {}{}", target.question.dst.to_string(),
                          way->next_hop.to_string(), by)
            : fmt::format("hosts of {} have other MAC addresses now", target.range.to_string()));
    target.way = *way;
    change.moved.push_back({target.streams, std::move(*way)});
  }
  if (target.roams) look_astray(target, change);
}

void RouteFollower::look_astray(Target& target, Change& change) const {
  net::RouteOptions ask;
  ask.resolve = false;
  plan::RouteQuestion question = target.question;
  question.interface = 0;
  question.vrf = net::socket_defaults().vrf;
  const plan::RouteFacts any = net::route_to(question, ask);
  const bool astray = any.ifindex != 0 && any.ifindex != iface_.ifindex;
  if (astray && !target.astray)
    change.notes.push_back(fmt::format("the route to {} now uses {}; this run stays on {}",
                                       question.dst.to_string(), any.interface, iface_.name));
  target.astray = astray;
}

} // namespace xtg::app
