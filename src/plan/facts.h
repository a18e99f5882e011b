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
  bool xdp_native = false;  ///< an XDP program in the driver, which makes a receive ring
  bool xdp_generic = false; ///< one behind the driver: no ring, so it lets no frame in
  bool has_master = false;  ///< port of a bridge or bond: hosts beyond it have other MACs
  std::uint32_t mtu = 0;
  packet::Mac mac;
};

/// An IPv6 address that cannot be sent from yet, or at all (RFC 4862 5.4).
struct UnusableAddress {
  packet::Ip ip;
  bool failed = false; ///< another host has it; false: still being checked
  bool operator==(const UnusableAddress&) const = default;
};

struct InterfaceFacts {
  std::string name;
  int ifindex = 0;
  std::string driver; ///< "veth", "virtio_net", "ixgbe"; empty when the driver does not say
  std::string kind;   ///< rtnl link kind: "veth", "tun", "bond"; empty for a plain NIC
  /// A DPAA with NXP's erratum A050385, whose driver moves a frame's bytes where they lie badly.
  bool moves_bytes = false;
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
  std::string xdp_mode;                  ///< "native", "generic", "offload", "multiple" or empty
  std::vector<packet::Ip> addresses;     ///< that can be sent from
  std::vector<UnusableAddress> unusable; ///< IPv6 addresses that cannot
  bool has_default_route = false;
  std::optional<VethPeer> peer;
};

/// What the kernel gives every socket of this process, by cgroup programs (`ip vrf exec`). Our
/// frames pass no socket, so their route look-ups have to carry it.
struct SocketDefaults {
  int vrf = 0; ///< index of the device that sockets are bound to; 0: none
  std::uint32_t mark = 0;
  bool operator==(const SocketDefaults&) const = default;
};

/// IPPROTO_TCP and IPPROTO_UDP.
inline constexpr std::uint8_t kProtocolTcp = 6, kProtocolUdp = 17;

/// All of a packet that may decide its route: rules match on any of these.
struct RouteQuestion {
  packet::Ip dst;
  std::optional<packet::Ip> src; ///< none: the route chooses
  std::uint8_t tos = 0;
  std::uint8_t protocol = 0; ///< kProtocolTcp, kProtocolUdp; 0: any
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t mark = 0;
  int interface = 0; ///< only ways out of it count; 0: any
  int vrf = 0;       ///< without `interface`: look in the table of this VRF device; 0: none
  bool operator==(const RouteQuestion&) const = default;
};

/// What names the interface: --interface and the zone of an address; empty: the route does.
struct InterfaceChoice {
  std::string interface;
  std::string zone;
};

/// Why a next hop is not known.
enum class RouteFault : std::uint8_t {
  None,
  NoRoute,    ///< no route matches
  Refused,    ///< a route matches that forbids: unreachable, blackhole, prohibit
  OwnAddress, ///< of this host
  NotAsked,   ///< no neighbour entry, and nobody was asked
  CannotAsk,  ///< no neighbour entry, and the interface cannot ask: no address of its own, NOARP
  NoAnswer,   ///< the neighbour was asked and did not answer
  Failed,     ///< the look-up itself failed
};

/// Answer to "how would the host reach this address".
struct RouteFacts {
  packet::Ip dst;
  int ifindex = 0;
  std::string interface;
  std::optional<packet::Ip> gateway;
  std::optional<packet::Ip> src;       ///< address the host would send from
  std::optional<packet::Mac> next_hop; ///< from the neighbour table, asked for when missing
  /// The length of the prefix on the link that `dst` is in; 0: behind a gateway, or not known.
  unsigned on_link_length = 0;
  /// Of a range, without the edges of that prefix: each address's MAC, in order, none where nobody
  /// answered. Empty: they were not looked up one by one.
  std::vector<std::optional<packet::Mac>> hosts;
  RouteFault fault = RouteFault::None;
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
