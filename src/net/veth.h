// SPDX-License-Identifier: BSD-2-Clause
// Creates veth pairs and changes links. Everything here needs CAP_NET_ADMIN in the namespaces
// concerned; names belong to the calling thread's namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "net/netns.h"
#include "packet/address.h"

namespace xtg::net {

struct VethEnd {
  std::string name;
  const NetNs* ns = nullptr; ///< namespace of the end; null: the caller's
  std::optional<packet::Mac> mac;
  int ifindex =
      0; ///< 0: the kernel chooses; ignored for the far end unless the near one has an index too
};

struct VethSpec {
  VethEnd near;
  VethEnd far;
  unsigned queues = 1; ///< transmit and receive, both ends
  std::uint32_t mtu = 1500;
  bool up = true;
};
Status create_veth(const VethSpec& spec);

Status remove_link(const std::string& name);

/// To another namespace, where it keeps its index. EBUSY or EEXIST: index or name is taken there.
Status move_link(const std::string& name, const NetNs& to);

/// Changes to a link; absent members stay as they are.
struct LinkChange {
  std::optional<bool> up;
  std::optional<std::uint32_t> mtu;
  /// False: the kernel gives the link no IPv6 address of its own.
  std::optional<bool> auto_ipv6;
};
Status change_link(const std::string& name, const LinkChange& change);

/// Usable at once: skips duplicate address detection of an IPv6 address.
Status add_address(const std::string& name, const packet::Ip& ip, unsigned prefix_len);

} // namespace xtg::net
