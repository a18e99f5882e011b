// SPDX-License-Identifier: BSD-2-Clause
// Path MTU discovery (RFC 1191, 8201): evaluates an MTU that a router reports.
#pragma once

#include <cstdint>
#include <optional>

#include "packet/address.h"

namespace xtg::plan {

/// The new MTU when a router reports `reported` on a path with the assumed MTU `current`, in bytes
/// of IP packet; nothing if that changes nothing. Never below what Linux accepts (552, IPv6: 1280).
/// 0: the router predates RFC 1191, and the next lower plateau is used.
std::optional<std::uint32_t> adopt_mtu(std::uint32_t reported, std::uint32_t current,
                                       packet::Family family);

} // namespace xtg::plan
