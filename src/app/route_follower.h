// SPDX-License-Identifier: BSD-2-Clause
// Follows the paths to a run's destinations: a next hop's MAC address changes when another machine
// takes over (VRRP) or the route changes, and a bond fails over to another port. Main thread only.
// Internal to app.
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
    std::vector<std::uint64_t> hosts; ///< for a range on the link: the MAC address of each host
    bool operator==(const Way&) const = default;
  };
  /// Streams with one destination.
  struct Target {
    plan::RouteQuestion question;
    packet::IpRange range; ///< question.dst is its first address
    Way way;               ///< as planned
    bool roams = false;    ///< the route chose the interface: another choice is noted
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

  /// The targets of a run on `iface`. Addresses that did not come from the kernel's tables (a given
  /// MAC address, or a veth peer's that needed no resolution) are not followed.
  void begin(std::vector<Target> targets, const plan::InterfaceFacts& iface);
  /// Changes since the last call. Reads the tables only after the kernel has announced a change,
  /// and at most every 50 ms; a bond's state every 50 ms.
  Change look(std::uint64_t now_ns);

private:
  void look_at_bond(Change& change);
  void look_at(Target& target, Change& change) const;
  void look_astray(Target& target, Change& change) const;

  plan::InterfaceFacts iface_;
  std::string active_port_; ///< of a bond
  std::vector<Target> targets_;
  std::uint64_t next_ns_ = 0;
  std::optional<net::RouteWatch> watch_;
};

/// The targets of those streams whose next hops the host chooses.
std::vector<RouteFollower::Target> targets_of(const plan::Plan& plan);

} // namespace xtg::app
