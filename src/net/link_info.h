// SPDX-License-Identifier: BSD-2-Clause
// One link as rtnetlink describes it. Internal to net.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/netlink.h"
#include "packet/address.h"
#include "plan/facts.h"

namespace xtg::net {

struct LinkInfo {
  int ifindex = 0;
  std::string name;
  std::string kind;
  packet::Mac mac;
  bool ethernet = false;
  unsigned flags = 0; ///< IFF_*
  bool carrier = false;
  std::uint32_t mtu = 0;
  std::uint32_t tx_queues = 1;
  std::uint32_t rx_queues = 1;
  std::vector<std::uint32_t> xdp_prog_ids;
  std::string xdp_mode;
  bool xdp_native = false;          ///< a program in the driver, possibly with others
  int master_ifindex = 0;           ///< bridge, bond or VRF that it is a port of
  int active_port_ifindex = 0;      ///< of a bond: the port that it sends through; 0: none
  std::optional<int> other_ifindex; ///< IFLA_LINK: for a veth, its peer
  std::optional<int>
      other_nsid; ///< id of other_ifindex's namespace, as seen from here; empty: this one
};

Result<LinkInfo> read_link(nl::Socket& socket, const std::string& name);
Result<LinkInfo> read_link(nl::Socket& socket, int ifindex);
struct Addresses {
  std::vector<packet::Ip> usable;
  std::vector<plan::UnusableAddress> unusable;
};
Result<Addresses> read_addresses(nl::Socket& socket, int ifindex);

} // namespace xtg::net
