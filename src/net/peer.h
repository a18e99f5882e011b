// SPDX-License-Identifier: BSD-2-Clause
// Finds the other end of a veth pair in the namespaces visible from here. Internal to net.
#pragma once

#include <optional>

#include "net/link_info.h"
#include "net/netlink.h"
#include "plan/facts.h"

namespace xtg::net {

/// `link` is a veth read through `socket`. Empty if the kernel reports no peer; `reachable` is
/// false for a peer whose namespace is not found or may not be entered.
std::optional<plan::VethPeer> find_peer(nl::Socket& socket, const LinkInfo& link);

} // namespace xtg::net
