// SPDX-License-Identifier: BSD-2-Clause
// Follows the ways to a run's destinations while it lasts: a next hop's MAC address changes where
// another machine takes over (VRRP) or the route does. Main thread only. Internal to app.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/route_watch.h"
#include "packet/address.h"
#include "plan/plan.h"

namespace xtg::app {

class RouteFollower {
public:
  struct Way {
    packet::Mac next_hop;
    std::vector<std::uint64_t> hosts; ///< of a range on the link: each one's MAC
    bool operator==(const Way&) const = default;
  };
  /// Streams with one destination.
  struct Target {
    plan::RouteQuestion question;
    packet::IpRange range; ///< question.dst is the first of it
    Way way;               ///< as the plan has it
    bool roams = false;    ///< the route chose the interface: noted when it would choose another
    std::vector<std::size_t> streams{};
    bool refused = false; ///< no route leads there now
    bool astray = false;  ///< the route leads over another interface now
  };
  struct Moved {
    std::vector<std::size_t> streams;
    Way way;
  };
  struct Change {
    std::vector<Moved> moved;
    std::vector<std::string> notes;
  };

  /// A run leaves `iface` for these. What is not the kernel's word (a MAC that was given, a veth
  /// peer's that nobody asked for) is not followed.
  void begin(std::vector<Target> targets, const plan::InterfaceFacts& iface);
  /// What has changed since the last call; reads the tables only after the kernel has announced a
  /// change, and at most every 50 ms.
  Change look(std::uint64_t now_ns);

private:
  void look_at(Target& target, Change& change) const;
  void look_astray(Target& target, Change& change) const;

  plan::InterfaceFacts iface_;
  std::vector<Target> targets_;
  std::uint64_t next_ns_ = 0;
  std::optional<net::RouteWatch> watch_;
};

/// Where the streams go whose next hops are the host's choice.
std::vector<RouteFollower::Target> targets_of(const plan::Plan& plan);

} // namespace xtg::app
