// SPDX-License-Identifier: BSD-2-Clause
#include "plan/checks.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "packet/frame.h"
#include "plan/diagnose.h"
#include "xtg/abi/base.h"

namespace xtg::plan {

namespace {

using packet::Ip;
using packet::IpRange;

/// A range may begin and end in non-public blocks and yet have public ones in between. In IPv4 no
/// block is smaller than a /24; a range of IPv6 addresses lies within one /64, and so within one
/// block.
bool all_non_public(const IpRange& range) {
  const Ip first = range.first, last = range.last();
  if (!first.is_non_public() || !last.is_non_public()) return false;
  if (!first.is_v4()) return true;
  for (std::uint64_t low = (first.low() | 0xff) + 1; low <= last.low(); low += 0x100) {
    if (!first.with_low(low).is_non_public()) return false;
  }
  return true;
}

} // namespace

tl::unexpected<Error> invalid(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

Status check_consent(const Consent& consent, const InterfaceFacts& iface, const IpRange& dst,
                     std::string_view option) {
  if (iface.has_default_route && !consent.default_route)
    return invalid(fmt::format("{} carries the default route: a flood there can cut this host off; "
                               "--allow-default-route to send all the same",
                               iface.name));
  if (!consent.public_address && !all_non_public(dst))
    return invalid(fmt::format("{} {}: a public address; --allow-public to send there all the same",
                               option, dst.to_string()));
  return {};
}

Status check_interface(const HostFacts& facts, bool dry_run) {
  if (!facts.iface)
    return fail(Errc::NotFound,
                facts.iface_error.empty() ? "no interface to send on" : facts.iface_error);
  if (!facts.iface->ethernet)
    return fail(Errc::NotSupported, fmt::format("{} has no Ethernet framing", facts.iface->name));
  if (!facts.iface->up && !dry_run) // a down interface has no routes either: say the cause
    return fail(Errc::NotSupported,
                preflight(*facts.iface, packet::min_frame_size(packet::Family::V4))->paragraph());
  return {};
}

bool lacks_xdp(const InterfaceFacts& iface) {
  return iface.xdp_features && (*iface.xdp_features & kXdpBasic) == 0;
}

Status check_ingress(std::string_view command, RxMode mode, const HostFacts& facts) {
  if (!facts.iface && facts.iface_error.empty())
    return fail(Errc::NotFound, "no interface to receive on");
  if (auto ok = check_interface(facts, false); !ok) return ok;
  const InterfaceFacts& iface = *facts.iface;
  if (!iface.xdp_prog_ids.empty())
    return fail(Errc::NotSupported,
                fmt::format("{} has an XDP program already (id {}), which stays there: ip link "
                            "show dev {} tells which; {} needs it detached",
                            iface.name, fmt::join(iface.xdp_prog_ids, ", "), iface.name, command));
  if (mode == RxMode::Native && lacks_xdp(iface))
    return fail(Errc::NotSupported,
                fmt::format("the driver of {} ({}) has no XDP, as --mode native wants; --mode "
                            "generic receives behind the driver, slower",
                            iface.name, iface.driver.empty() ? "unnamed" : iface.driver));
  return {};
}

Result<std::vector<int>> pick_cpus(std::uint32_t threads, const std::vector<int>& cpus,
                                   const HostFacts& facts) {
  if (threads == 0 || threads > XTG_MAX_WORKERS)
    return invalid(fmt::format("--threads {}: 1 to {} threads", threads, XTG_MAX_WORKERS));
  for (const int cpu : cpus) {
    if (std::find(facts.cpus.begin(), facts.cpus.end(), cpu) == facts.cpus.end())
      return invalid(fmt::format("--cpus: CPU {} is not one this process may run on ({})", cpu,
                                 fmt::join(facts.cpus, ",")));
  }
  if (!cpus.empty()) return cpus;
  if (threads > facts.cpus.size())
    return invalid(fmt::format("--threads {}: this process may run on {} CPUs, one thread each",
                               threads, facts.cpus.size()));
  return std::vector<int>(facts.cpus.begin(), facts.cpus.begin() + threads);
}

const RouteFacts* route_for(const HostFacts& facts, const Ip& dst) {
  for (const RouteFacts& route : facts.routes) {
    if (route.dst == dst) return &route;
  }
  return nullptr;
}

Result<packet::Mac> find_next_hop(const NextHopSearch& search, const InterfaceFacts& iface,
                                  const RouteFacts* route, const Ip& dst,
                                  std::vector<std::string>& notes) {
  if (route != nullptr && route->next_hop &&
      (route->ifindex == 0 || route->ifindex == iface.ifindex))
    return *route->next_hop;
  if (iface.peer && iface.peer->reachable && iface.peer->mac != packet::Mac{}) {
    notes.push_back(
        fmt::format("dst-mac is that of the veth peer {}: the host knows no next hop for {}",
                    iface.peer->name, dst.to_string()));
    return iface.peer->mac;
  }
  if (search.dry_run) {
    notes.push_back(fmt::format("dst-mac is not known yet: a run asks for the next hop of {}",
                                dst.to_string()));
    return packet::Mac{};
  }
  const std::string why =
      route != nullptr && !route->error.empty() ? route->error : "no route to it";
  return fail(search.code, fmt::format("no next hop for {} on {} ({}): {}", dst.to_string(),
                                       iface.name, why, search.advice));
}

void note_link_speed(const InterfaceFacts& iface, double l1_bps, std::vector<std::string>& notes) {
  const auto speed = static_cast<double>(iface.speed_bps);
  if (iface.speed_bps != 0 && l1_bps > speed)
    notes.push_back(
        fmt::format("the rate is above the link's speed of {}", with_prefix(speed, "bit/s")));
}

} // namespace xtg::plan
