// SPDX-License-Identifier: BSD-2-Clause
// Which way a destination lies, as the kernel's routing and neighbour tables see it from the
// calling thread's network namespace.
#pragma once

#include <chrono>
#include <optional>
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

/// What could be found out; `error` of the answer says why the rest could not. With `oif` only ways
/// out of that interface count.
plan::RouteFacts route_to(const packet::Ip& dst, std::optional<int> oif = {},
                          const RouteOptions& options = {});

/// The interface that carries traffic to `dst`; NotFound when there is no route.
Result<std::string> interface_for(const packet::Ip& dst);

/// RFC 1112 section 6.4 and RFC 2464 section 7.
packet::Mac multicast_mac(const packet::Ip& group);

/// A permanent entry of the neighbour table, replacing what is there.
Status set_neighbour(int ifindex, const packet::Ip& ip, const packet::Mac& mac);
Status remove_neighbour(int ifindex, const packet::Ip& ip);

} // namespace xtg::net
