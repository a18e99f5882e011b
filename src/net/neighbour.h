// SPDX-License-Identifier: BSD-2-Clause
// The kernel's neighbour table (ARP and IPv6 neighbour discovery) of the calling thread's network
// namespace.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "core/result.h"
#include "net/link_info.h"
#include "net/netlink.h"
#include "packet/address.h"

namespace xtg::net {

/// The entry's address, if the kernel itself would use it (NUD_VALID). Triggers no resolution.
std::optional<packet::Mac> read_neighbour(nl::Socket& socket, int ifindex, const packet::Ip& ip);

/// Makes the kernel resolve all hops missing from the table at once, and waits for the answers;
/// with a timeout of 0 only reads the table. Results are in the order of `hops`.
std::vector<std::optional<packet::Mac>> ask_neighbours(nl::Socket& socket, const LinkInfo& link,
                                                       std::span<const packet::Ip> hops,
                                                       std::chrono::milliseconds timeout);

/// Adds a permanent entry to the neighbour table, replacing an existing one.
Status set_neighbour(int ifindex, const packet::Ip& ip, const packet::Mac& mac);
Status remove_neighbour(int ifindex, const packet::Ip& ip);

} // namespace xtg::net
