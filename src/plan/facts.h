// SPDX-License-Identifier: BSD-2-Clause
// Facts about the host that a plan uses: a value, gathered once by app from net and xdp, invented
// by tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packet/address.h"

namespace xtg::plan {

/// The netdev family's xdp-features bits (Linux 6.3 and later, <linux/netdev.h>).
inline constexpr std::uint64_t kXdpBasic = 1, kXdpRedirect = 2, kXdpNdoXmit = 4;

/// The other end of a veth pair, as far as visible from here.
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
  bool xdp_generic = false; ///< generic mode: no receive ring, so no frame from XDP gets in
  bool has_master = false;  ///< port of a bridge or bond: hosts beyond it have other MACs
  std::uint32_t mtu = 0;
  packet::Mac mac;
};

/// An IPv6 address that is not usable as a source, yet or at all (RFC 4862 5.4).
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
  /// A DPAA with NXP erratum A050385: its driver moves badly aligned frame data.
  bool moves_bytes = false;
  packet::Mac mac;
  bool ethernet = true;  ///< has Ethernet framing and addresses
  bool loopback = false; ///< lo: Ethernet headers of zeros, and a driver without XDP
  std::uint32_t mtu = 1500;
  bool up = false; ///< administratively (IFF_UP)
  bool carrier = false;
  std::uint32_t tx_queues = 1;
  std::uint32_t rx_queues = 1;
  std::optional<std::uint32_t> tx_queues_used, rx_queues_used; ///< none: the driver does not say
  std::uint64_t speed_bps = 0;                                 ///< 0: unknown
  std::vector<std::string> offloads;         ///< ethtool features that are on and concern packets
  std::optional<std::uint64_t> xdp_features; ///< none before Linux 6.3
  std::vector<std::uint32_t> xdp_prog_ids;   ///< programs attached to it, any mode
  std::string xdp_mode;                  ///< "native", "generic", "offload", "multiple" or empty
  std::vector<packet::Ip> addresses;     ///< usable as a source
  std::vector<UnusableAddress> unusable; ///< IPv6 addresses that are not
  bool has_default_route = false;
  std::optional<VethPeer> peer;
};

/// Set on every socket of this process by cgroup programs (`ip vrf exec`). Our frames pass no
/// socket, so route look-ups must set it explicitly.
struct SocketDefaults {
  int vrf = 0; ///< index of the device that sockets are bound to; 0: none
  std::uint32_t mark = 0;
  bool operator==(const SocketDefaults&) const = default;
};

/// IPPROTO_TCP and IPPROTO_UDP.
inline constexpr std::uint8_t kProtocolTcp = 6, kProtocolUdp = 17;

/// Everything in a packet that may decide its route: rules match on any of these.
struct RouteQuestion {
  packet::Ip dst;
  std::optional<packet::Ip> src; ///< none: the route chooses
  std::uint8_t tos = 0;
  std::uint8_t protocol = 0; ///< kProtocolTcp, kProtocolUdp; 0: any
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t mark = 0;
  int interface = 0; ///< only routes through it count; 0: any
  int vrf = 0;       ///< without `interface`: look in the table of this VRF device; 0: none
  bool operator==(const RouteQuestion&) const = default;
};

/// What selected the interface: --interface and an address's zone; empty: the route.
struct InterfaceChoice {
  std::string interface;
  std::string zone;
};

/// Why a next hop is unknown.
enum class RouteFault : std::uint8_t {
  None,
  NoRoute,    ///< no route matches
  Refused,    ///< the matching route is unreachable, blackhole or prohibit
  OwnAddress, ///< an address of this host
  NotAsked,   ///< no neighbour entry, and no request was sent
  CannotAsk,  ///< no neighbour entry, and the interface cannot ask: no address, or NOARP
  NoAnswer,   ///< the neighbour did not answer the request
  Failed,     ///< the look-up itself failed
};

/// Answer to "how does this host reach that address".
struct RouteFacts {
  packet::Ip dst;
  int ifindex = 0;
  std::string interface;
  std::optional<packet::Ip> gateway;
  std::optional<packet::Ip> src;       ///< source address the host would choose
  std::optional<packet::Mac> next_hop; ///< from the neighbour table; resolved if missing
  /// Prefix length of the on-link route to `dst`; 0: behind a gateway, or unknown.
  unsigned on_link_length = 0;
  /// For a range without the prefix's network and broadcast addresses: the MAC of each address, in
  /// order; none where there was no answer. Empty: not resolved one by one.
  std::vector<std::optional<packet::Mac>> hosts;
  RouteFault fault = RouteFault::None;
  std::string error; ///< why there is no route or no neighbour; empty if all is known
};

struct HostFacts {
  std::string kernel; ///< uname -r
  int kernel_major = 0;
  int kernel_minor = 0;
  std::vector<int> cpus;               ///< CPUs this process may run on, ascending
  std::optional<InterfaceFacts> iface; ///< the one named or found by route
  std::string iface_error;             ///< why there is none
  std::vector<RouteFacts>
      routes; ///< one per stream that named a destination, in stream order of appearance
};

} // namespace xtg::plan
