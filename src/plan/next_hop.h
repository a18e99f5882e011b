// SPDX-License-Identifier: BSD-2-Clause
// Destination MAC addresses of destinations. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/sweep.h"
#include "plan/facts.h"

namespace xtg::plan {

/// For messages: who looks up the next hop, and what helps if it is unknown.
struct NextHopSearch {
  bool dry_run = false;
  Errc code = Errc::NotFound;
  std::string_view advice;
};
/// The MAC of the next hop, or of a veth's peer. A dry run works without one, and notes it.
Result<packet::Mac> find_next_hop(const NextHopSearch& search, const InterfaceFacts& iface,
                                  const RouteFacts* route, const packet::Ip& dst,
                                  std::vector<std::string>& notes);

/// For a range of destinations.
struct NextHops {
  packet::Mac first;
  packet::HopLaw law = packet::HopLaw::Fixed;
  std::vector<std::uint64_t> listed; ///< for HopLaw::Listed
};
/// A multicast group's MAC follows from its address; each on-link host has its own. Removes the
/// network and broadcast addresses from `dst`, and notes it.
Result<NextHops> find_next_hops(const NextHopSearch& search, const InterfaceFacts& iface,
                                const RouteFacts* route, packet::IpRange& dst,
                                std::vector<std::string>& notes);

} // namespace xtg::plan
