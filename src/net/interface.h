// SPDX-License-Identifier: BSD-2-Clause
// What there is to know of an interface, and the few settings of it that we change. Names and
// indexes are those of the calling thread's network namespace, unless a namespace is given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/netns.h"
#include "plan/facts.h"

namespace xtg::net {

/// NotFound: `no interface "eth9" here`. What a driver or an older kernel does not tell stays at
/// its default.
Result<plan::InterfaceFacts> interface_facts(const std::string& name);
Result<plan::InterfaceFacts> interface_facts(int ifindex);

/// An interface's own name, of that or of one of its alternative names; a name that no interface
/// has stays as it is.
std::string interface_name(const std::string& name);

/// Any default route that look-ups of this host come to, of either family, leads through the
/// interface.
Result<bool> has_default_route(int ifindex);

/// Brings the addresses up to date.
Status read_own_addresses(plan::InterfaceFacts& iface);

/// The interfaces that are up and have an IPv6 link-local address; those of a VRF, unless it is 0.
Result<std::vector<std::string>> link_local_interfaces(int vrf);

/// The namespace in which a peer was found; NotFound when it was not.
Result<NetNs> netns_of(const plan::VethPeer& peer);

struct LinkCounters {
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0;
  std::uint64_t rx_missed = 0; ///< no room in the NIC's queue or the host's buffers (missed, fifo)
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0;
};
Result<LinkCounters> link_counters(int ifindex);

struct LinkState {
  bool exists = false;
  bool up = false;      ///< administratively
  bool running = false; ///< and with carrier
  std::uint32_t mtu = 0;
};
/// Cheap enough to ask several times a second. An interface that is gone is an answer, not an
/// error.
Result<LinkState> link_state(int ifindex);

Result<bool> gro(const NetNs& ns, const std::string& ifname);
Status set_gro(const NetNs& ns, const std::string& ifname, bool on);

} // namespace xtg::net
