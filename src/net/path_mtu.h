// SPDX-License-Identifier: BSD-2-Clause
// The path MTU that the kernel knows, by its route and by what routers told it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "packet/address.h"

namespace xtg::net {

/// Of packets from `src` to `dst` over `interface` (empty: by the route) with this TOS; nothing
/// where there is no way. Sends nothing.
std::optional<std::uint32_t> path_mtu(const packet::Ip& dst, const packet::Ip& src,
                                      const std::string& interface, std::uint8_t tos);

} // namespace xtg::net
