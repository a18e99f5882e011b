// SPDX-License-Identifier: BSD-2-Clause
#include "app/route_follower.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "net/route.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kLookNs = 50'000'000;

/// The way as the kernel knows it now; none where it knows no next hop. A host that does not answer
/// keeps the address that it had in `before`.
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

} // namespace

/// An answer that takes longer than the timeout is a change again.
plan::RouteFacts RouteFollower::read(int timeout_ms) const {
  net::RouteOptions ask;
  ask.resolve = timeout_ms != 0;
  ask.timeout = std::chrono::milliseconds(timeout_ms);
  return net::route_to_range(question_, range_, ask);
}

void RouteFollower::begin(plan::RouteQuestion question, packet::IpRange range,
                          const plan::InterfaceFacts& iface, Way way, bool roams) {
  question_ = question;
  question_.interface = iface.ifindex;
  question_.mark = net::socket_defaults().mark;
  range_ = std::move(range);
  iface_ = iface;
  way_ = std::move(way);
  roams_ = roams;
  auto watch = net::RouteWatch::open(); // before it reads: a change in between is seen
  if (watch && way_of(read(0), way_) == way_) watch_.emplace(std::move(*watch));
}

RouteFollower::Change RouteFollower::look(std::uint64_t now_ns) {
  Change change;
  if (!watch_ || now_ns < next_ns_) return change;
  next_ns_ = now_ns + kLookNs;
  if (!watch_->changed()) return change;
  const plan::RouteFacts facts = read(1);
  look_refused(facts, change);
  auto way = way_of(facts, way_);
  // As many hosts as the run has room for, or one next hop for all.
  if (way && *way != way_ && way->hosts.size() == way_.hosts.size()) {
    const std::string by =
        facts.gateway ? fmt::format(", by {}", facts.gateway->to_string()) : std::string();
    change.notes.push_back(
        way->hosts.empty()
            ? fmt::format("the way to {} leads to {} now{}", question_.dst.to_string(),
                          way->next_hop.to_string(), by)
            : fmt::format("hosts of {} have other MAC addresses now", range_.to_string()));
    way_ = *way;
    change.way = std::move(way);
  }
  if (roams_) look_astray(change);
  return change;
}

/// A run goes on as it was; whether that is wanted is for its user to say.
void RouteFollower::look_refused(const plan::RouteFacts& facts, Change& change) {
  const bool refused = facts.fault == plan::RouteFault::NoRoute ||
                       facts.fault == plan::RouteFault::Refused ||
                       facts.fault == plan::RouteFault::OwnAddress;
  if (refused && !refused_)
    change.notes.push_back(fmt::format("this host would not send to {} any more ({}); this run "
                                       "goes on as before",
                                       question_.dst.to_string(), facts.error));
  refused_ = refused;
}

void RouteFollower::look_astray(Change& change) {
  net::RouteOptions ask;
  ask.resolve = false;
  plan::RouteQuestion question = question_;
  question.interface = 0;
  question.vrf = net::socket_defaults().vrf;
  const plan::RouteFacts any = net::route_to(question, ask);
  const bool astray = any.ifindex != 0 && any.ifindex != iface_.ifindex;
  if (astray && !astray_)
    change.notes.push_back(fmt::format("the route to {} now uses {}; this run stays on {}",
                                       question_.dst.to_string(), any.interface, iface_.name));
  astray_ = astray;
}

} // namespace xtg::app
