// SPDX-License-Identifier: BSD-2-Clause
// The path MTU known to the kernel, from its route and from routers' messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "packet/address.h"

namespace xtg::net {

/// Path MTU of packets from `src` to `dst` over `interface` (empty: as routed) with this TOS; empty
/// without a route. Sends nothing.
std::optional<std::uint32_t> path_mtu(const packet::Ip& dst, const packet::Ip& src,
                                      const std::string& interface, std::uint8_t tos);

} // namespace xtg::net
