// SPDX-License-Identifier: BSD-2-Clause
// Facts about an interface, and the few of its settings that we change. Names and indexes belong to
// the calling thread's network namespace, unless a namespace is given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/netns.h"
#include "plan/facts.h"

namespace xtg::net {

/// NotFound: `no interface "eth9" here`. Facts that a driver or an older kernel does not report
/// keep their defaults.
Result<plan::InterfaceFacts> interface_facts(const std::string& name);
Result<plan::InterfaceFacts> interface_facts(int ifindex);

/// The interface's own name for `name`, which may be an alternative name; returns `name` itself if
/// no interface has it.
std::string interface_name(const std::string& name);

/// Whether a default route of either family that this host's look-ups reach leads through the
/// interface.
Result<bool> has_default_route(int ifindex);

/// Refreshes the addresses.
Status read_own_addresses(plan::InterfaceFacts& iface);

/// The interfaces that are up and have an IPv6 link-local address; only those of a VRF unless it is
/// 0.
Result<std::vector<std::string>> link_local_interfaces(int vrf);

/// The namespace in which a peer was found; otherwise NotFound.
Result<NetNs> netns_of(const plan::VethPeer& peer);

struct LinkCounters {
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0;
  std::uint64_t rx_missed = 0; ///< no space in the NIC's queue or the host's buffers (missed, fifo)
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0;
};
Result<LinkCounters> link_counters(int ifindex);

struct LinkState {
  bool exists = false;
  bool up = false;      ///< administratively
  bool running = false; ///< up and with carrier
  std::uint32_t mtu = 0;
};
/// Cheap enough to call several times a second. A removed interface is a result, not an error.
Result<LinkState> link_state(int ifindex);

/// Name of the port that a bond in mode active-backup sends through; empty if there is none.
std::string active_port(int ifindex);

Result<bool> gro(const NetNs& ns, const std::string& ifname);
Status set_gro(const NetNs& ns, const std::string& ifname, bool on);

} // namespace xtg::net
