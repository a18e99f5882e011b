// SPDX-License-Identifier: BSD-2-Clause
// Follows the way to a run's destination while it lasts: the next hop's MAC address changes where
// another machine takes over (VRRP) or the route does. Main thread only. Internal to app.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/route_watch.h"
#include "packet/address.h"
#include "plan/facts.h"

namespace xtg::app {

class RouteFollower {
public:
  struct Way {
    packet::Mac next_hop;
    std::vector<std::uint64_t> hosts; ///< of a range on the link: each one's MAC
    bool operator==(const Way&) const = default;
  };
  struct Change {
    std::optional<Way> way;
    std::vector<std::string> notes;
  };

  /// A run to the addresses of `range`, of which question.dst is the first, leaves `iface` for
  /// `way`. What is not the kernel's word (a MAC that was given, a veth peer's that nobody asked
  /// for) is not followed. `roams`: the route chose the interface, so that it is told when it would
  /// choose another.
  void begin(plan::RouteQuestion question, packet::IpRange range, const plan::InterfaceFacts& iface,
             Way way, bool roams);
  /// What has changed since the last call; reads the tables only after the kernel has announced a
  /// change, and at most every 50 ms.
  Change look(std::uint64_t now_ns);

private:
  [[nodiscard]] plan::RouteFacts read(int timeout_ms) const;
  void look_refused(const plan::RouteFacts& facts, Change& change);
  void look_astray(Change& change);

  plan::RouteQuestion question_;
  packet::IpRange range_;
  plan::InterfaceFacts iface_;
  Way way_;
  bool roams_ = false;
  bool refused_ = false; ///< no route leads there now
  bool astray_ = false;  ///< the route leads over another interface now
  std::uint64_t next_ns_ = 0;
  std::optional<net::RouteWatch> watch_;
};

} // namespace xtg::app
