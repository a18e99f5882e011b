// SPDX-License-Identifier: BSD-2-Clause
// Which way a destination lies, as the kernel's routing and neighbour tables see it from the
// calling thread's network namespace.
#pragma once

#include <chrono>
#include <string>

#include "core/result.h"
#include "packet/address.h"
#include "plan/facts.h"

namespace xtg::net {

struct RouteOptions {
  /// Make the kernel ask for a next hop that is not in the table; false only reads it.
  bool resolve = true;
  std::chrono::milliseconds timeout{1000};
};

/// What could be found out; `fault` and `error` of the answer say why the rest could not.
plan::RouteFacts route_to(const plan::RouteQuestion& question, const RouteOptions& options = {});

/// The most addresses of a range that are looked up one by one.
inline constexpr std::uint64_t kMaxHosts = 256;

/// As route_to() for the first address of `all`, which is first.dst. Where they are on the link,
/// each is looked up by itself: see plan::RouteFacts::hosts.
plan::RouteFacts route_to_range(const plan::RouteQuestion& first, const packet::IpRange& all,
                                const RouteOptions& options = {});

/// The interface that carries such a packet; NotFound when there is no route.
Result<std::string> interface_for(const plan::RouteQuestion& question);

/// Read from a socket made for it.
plan::SocketDefaults socket_defaults();

} // namespace xtg::net
