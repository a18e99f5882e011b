// SPDX-License-Identifier: BSD-2-Clause
#include "plan/next_hop.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xtg/abi/base.h"

namespace xtg::plan {

using packet::Ip;
using packet::IpRange;

namespace {

/// A veth's frames reach its peer alone, so where the host cannot tell the next hop, the peer's MAC
/// is a fair guess: but not against what the host does know, nor where hosts beyond a bridge have
/// other MACs.
bool may_guess_peer(const InterfaceFacts& iface, const RouteFacts* route) {
  if (!iface.peer || !iface.peer->reachable || iface.peer->mac == packet::Mac{}) return false;
  if (iface.peer->has_master) return false;
  if (route == nullptr) return true;
  return route->fault == RouteFault::None || route->fault == RouteFault::NoRoute ||
         route->fault == RouteFault::CannotAsk;
}

/// A run would be told the same.
bool is_refused(const RouteFacts* route) {
  return route != nullptr &&
         (route->fault == RouteFault::Refused || route->fault == RouteFault::OwnAddress);
}

std::string why_no_next_hop(const InterfaceFacts& iface, const RouteFacts* route) {
  std::string why = "no route to it";
  if (route != nullptr && !route->error.empty())
    why = route->error;
  else if (route != nullptr && route->next_hop)
    why = fmt::format("the route to it leads over {}", route->interface);
  if (iface.peer && iface.peer->reachable && iface.peer->has_master)
    why +=
        fmt::format("; the veth peer {} is a port of a bridge or bond, so its MAC does not serve",
                    iface.peer->name);
  return why;
}

/// "10.0.0.3, 10.0.0.7-10.0.0.9 and 5 more": the addresses of the range that have no MAC.
std::string silent_ones(const IpRange& dst, const std::vector<std::optional<packet::Mac>>& hosts) {
  constexpr std::size_t kMostGaps = 16;
  std::vector<std::string> gaps;
  std::uint64_t left_out = 0;
  for (std::size_t i = 0; i < hosts.size(); i++) {
    if (hosts[i]) continue;
    const std::size_t first = i;
    while (i + 1 < hosts.size() && !hosts[i + 1])
      i++;
    IpRange gap{dst.at(first), i - first + 1, dst.step};
    if (!dst.list.empty())
      gap.list.assign(dst.list.begin() + static_cast<std::ptrdiff_t>(first),
                      dst.list.begin() + static_cast<std::ptrdiff_t>(i + 1));
    if (gaps.size() < kMostGaps)
      gaps.push_back(gap.to_string());
    else
      left_out += gap.count;
  }
  std::string text = fmt::format("{}", fmt::join(gaps, ", "));
  if (left_out != 0) text += fmt::format(" and {} more", left_out);
  return text;
}

/// Every address of the range has been looked up by itself.
Result<NextHops> listed_hops(const NextHopSearch& search, const InterfaceFacts& iface,
                             const std::vector<std::optional<packet::Mac>>& hosts,
                             const IpRange& dst, std::vector<std::string>& notes) {
  const auto silent = static_cast<std::size_t>(
      std::ranges::count_if(hosts, [](const auto& mac) { return !mac.has_value(); }));
  if (silent != 0 && !search.dry_run)
    return fail(search.code,
                fmt::format("no neighbour answered for {} of {} addresses on {}: {}; {}", silent,
                            hosts.size(), iface.name, silent_ones(dst, hosts), search.advice));
  if (silent != 0)
    notes.push_back(fmt::format("dst-mac is not known yet for {} of {} addresses: a run asks for "
                                "them",
                                silent, hosts.size()));
  NextHops hops;
  hops.first = hosts.front().value_or(packet::Mac{});
  hops.law = packet::HopLaw::Listed;
  for (const auto& mac : hosts)
    hops.listed.push_back(mac.value_or(packet::Mac{}).to_u64());
  return hops;
}

} // namespace

Result<packet::Mac> find_next_hop(const NextHopSearch& search, const InterfaceFacts& iface,
                                  const RouteFacts* route, const Ip& dst,
                                  std::vector<std::string>& notes) {
  if (route != nullptr && route->next_hop &&
      (route->ifindex == 0 || route->ifindex == iface.ifindex))
    return *route->next_hop;
  if (may_guess_peer(iface, route)) {
    notes.push_back(
        fmt::format("dst-mac is that of the veth peer {}: the host knows no next hop for {}",
                    iface.peer->name, dst.to_string()));
    return iface.peer->mac;
  }
  if (search.dry_run && !is_refused(route)) {
    notes.push_back(fmt::format("dst-mac is not known yet: a run asks for the next hop of {}",
                                dst.to_string()));
    return packet::Mac{};
  }
  return fail(search.code, fmt::format("no next hop for {} on {} ({}): {}", dst.to_string(),
                                       iface.name, why_no_next_hop(iface, route), search.advice));
}

Result<NextHops> find_next_hops(const NextHopSearch& search, const InterfaceFacts& iface,
                                const RouteFacts* route, IpRange& dst,
                                std::vector<std::string>& notes) {
  if (dst.first.is_multicast())
    return NextHops{packet::multicast_mac(dst.first),
                    dst.hull().last().is_multicast() ? packet::HopLaw::Group
                                                     : packet::HopLaw::Fixed,
                    {}};
  const bool here = route != nullptr && route->ifindex == iface.ifindex;
  if (here) {
    const IpRange inner = dst.without_edges(route->on_link_length);
    if (inner != dst)
      notes.push_back(fmt::format("frames go to {}: the network's own and the broadcast address "
                                  "are no hosts",
                                  inner.to_string()));
    dst = inner;
    if (!route->hosts.empty()) return listed_hops(search, iface, route->hosts, dst, notes);
    if (route->on_link_length != 0 && route->next_hop && dst.count > XTG_MAX_NEXT_HOPS)
      return fail(search.code,
                  fmt::format("the {} addresses {} are on the link of {}, where each has a MAC of "
                              "its own; at most {} are looked up: {}",
                              dst.count, dst.to_string(), iface.name, XTG_MAX_NEXT_HOPS,
                              search.advice));
  }
  auto found = find_next_hop(search, iface, route, dst.first, notes);
  if (!found) return tl::unexpected<Error>(std::move(found.error()));
  return NextHops{*found, packet::HopLaw::Fixed, {}};
}

} // namespace xtg::plan
