// SPDX-License-Identifier: BSD-2-Clause
// The path to a destination according to the kernel's routing and neighbour tables, as seen from
// the calling thread's network namespace.
#pragma once

#include <chrono>
#include <string>

#include "core/result.h"
#include "packet/address.h"
#include "plan/facts.h"

namespace xtg::net {

struct RouteOptions {
  /// Makes the kernel resolve a next hop missing from the table; false: only reads the table.
  bool resolve = true;
  std::chrono::milliseconds timeout{1000};
};

/// Returns what could be found out; `fault` and `error` say why the rest could not.
plan::RouteFacts route_to(const plan::RouteQuestion& question, const RouteOptions& options = {});

/// The largest number of addresses in a range that are looked up one by one.
inline constexpr std::uint64_t kMaxHosts = 256;

/// As route_to() for the first address of `all`, which is first.dst. Addresses on the link are
/// looked up one by one: see plan::RouteFacts::hosts.
plan::RouteFacts route_to_range(const plan::RouteQuestion& first, const packet::IpRange& all,
                                const RouteOptions& options = {});

/// The interface that carries such a packet; NotFound without a route.
Result<std::string> interface_for(const plan::RouteQuestion& question);

/// Read from a socket created for this.
plan::SocketDefaults socket_defaults();

} // namespace xtg::net
