// SPDX-License-Identifier: BSD-2-Clause
// The other end of a veth pair, looked for in the namespaces that can be seen. Internal to net.
#pragma once

#include <optional>

#include "net/link_info.h"
#include "net/netlink.h"
#include "plan/facts.h"

namespace xtg::net {

/// `link` is a veth read through `socket`; nothing when the kernel names no peer. A peer whose
/// namespace is not found, or may not be entered, comes with `reachable` false.
std::optional<plan::VethPeer> find_peer(nl::Socket& socket, const LinkInfo& link);

} // namespace xtg::net
