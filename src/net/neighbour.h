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

/// What the table has, if the kernel itself would send to it (NUD_VALID). Asks nobody.
std::optional<packet::Mac> read_neighbour(nl::Socket& socket, int ifindex, const packet::Ip& ip);

/// Makes the kernel ask for those that are not in the table, all at once, and waits for the
/// answers; with a timeout of 0 only reads it. The result is in the order of `hops`.
std::vector<std::optional<packet::Mac>> ask_neighbours(nl::Socket& socket, const LinkInfo& link,
                                                       std::span<const packet::Ip> hops,
                                                       std::chrono::milliseconds timeout);

/// A permanent entry of the neighbour table, replacing what is there.
Status set_neighbour(int ifindex, const packet::Ip& ip, const packet::Mac& mac);
Status remove_neighbour(int ifindex, const packet::Ip& ip);

} // namespace xtg::net
