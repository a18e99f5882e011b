// SPDX-License-Identifier: BSD-2-Clause
// Path MTU discovery (RFC 1191, 8201): what to make of what a router tells.
#pragma once

#include <cstdint>
#include <optional>

#include "packet/address.h"

namespace xtg::plan {

/// The MTU to go on with when a router has told `told` for a path that was taken to bear `current`
/// bytes of IP packet; nothing where that changes nothing. Never below the least that Linux
/// believes (552, IPv6: 1280). 0: the router is older than RFC 1191, and the next of its plateaus
/// is taken.
std::optional<std::uint32_t> adopt_mtu(std::uint32_t told, std::uint32_t current,
                                       packet::Family family);

} // namespace xtg::plan
