// SPDX-License-Identifier: BSD-2-Clause
// Which destination MAC goes with a destination. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/sweep.h"
#include "plan/facts.h"

namespace xtg::plan {

/// Who finds the next hop, and what would help when it is not known.
struct NextHopSearch {
  bool dry_run = false;
  Errc code = Errc::NotFound;
  std::string_view advice;
};
/// The next hop's address, or that of a veth's peer. A dry run does without, and notes it.
Result<packet::Mac> find_next_hop(const NextHopSearch& search, const InterfaceFacts& iface,
                                  const RouteFacts* route, const packet::Ip& dst,
                                  std::vector<std::string>& notes);

/// Of a range of destinations.
struct NextHops {
  packet::Mac first;
  packet::HopLaw law = packet::HopLaw::Fixed;
  std::vector<std::uint64_t> listed; ///< of HopLaw::Listed
};
/// A multicast group's MAC is made of its address; hosts on the link have each their own. Takes the
/// network's own and the broadcast address out of `dst`, and notes it.
Result<NextHops> find_next_hops(const NextHopSearch& search, const InterfaceFacts& iface,
                                const RouteFacts* route, packet::IpRange& dst,
                                std::vector<std::string>& notes);

} // namespace xtg::plan
