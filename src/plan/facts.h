// SPDX-License-Identifier: BSD-2-Clause
// What a plan may know of the host: a value, gathered once by app from net and xdp, made up by
// tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packet/address.h"

namespace xtg::plan {

/// The netdev family's xdp-features bits (Linux 6.3 and later, <linux/netdev.h>).
inline constexpr std::uint64_t kXdpBasic = 1, kXdpRedirect = 2, kXdpNdoXmit = 4;

/// The other end of a veth pair, as far as it can be seen from here.
struct VethPeer {
  int ifindex = 0;
  bool reachable = false; ///< its namespace was found, so the facts below are known
  bool same_netns = false;
  std::string name;  ///< e.g. "veth1"
  std::string netns; ///< name below /run/netns, or empty
  int netns_pid = 0; ///< a process living in its namespace, when it has no name
  bool up = false;
  bool gro = false;
  bool xdp_attached = false; ///< any XDP program
  std::uint32_t mtu = 0;
  packet::Mac mac;
};

struct InterfaceFacts {
  std::string name;
  int ifindex = 0;
  std::string driver; ///< "veth", "virtio_net", "ixgbe"; empty when the driver does not say
  std::string kind;   ///< rtnl link kind: "veth", "tun", "bond"; empty for a plain NIC
  packet::Mac mac;
  bool ethernet = true; ///< has Ethernet framing
  std::uint32_t mtu = 1500;
  bool up = false; ///< administratively (IFF_UP)
  bool carrier = false;
  std::uint32_t tx_queues = 1;
  std::uint32_t rx_queues = 1;
  std::uint64_t speed_bps = 0;               ///< 0: unknown
  std::optional<std::uint64_t> xdp_features; ///< none before Linux 6.3
  std::vector<std::uint32_t> xdp_prog_ids;   ///< programs attached to it, any mode
  std::string xdp_mode; ///< "native", "generic", "offload", "multiple" or empty
  std::vector<packet::Ip> addresses;
  bool has_default_route = false;
  std::optional<VethPeer> peer;
};

/// Answer to "how would the host reach this address".
struct RouteFacts {
  packet::Ip dst;
  int ifindex = 0;
  std::string interface;
  std::optional<packet::Ip> gateway;
  std::optional<packet::Ip> src;       ///< address the host would send from
  std::optional<packet::Mac> next_hop; ///< from the neighbour table, asked for when missing
  std::string error; ///< why there is no route or no neighbour; empty when all is known
};

struct HostFacts {
  std::string kernel; ///< uname -r
  int kernel_major = 0;
  int kernel_minor = 0;
  std::vector<int> cpus;               ///< this process may run on, ascending
  std::optional<InterfaceFacts> iface; ///< the one named or found by route
  std::string iface_error;             ///< why there is none
  std::vector<RouteFacts>
      routes; ///< one per stream that named a destination, in stream order of appearance
};

} // namespace xtg::plan
