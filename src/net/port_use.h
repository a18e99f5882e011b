// SPDX-License-Identifier: BSD-2-Clause
// Which local ports TCP connections of the calling thread's network namespace use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/tcp.h"
#include "plan/local_end.h"

namespace xtg::net {

/// Counts the connections to `to` in a table of the form of /proc/net/tcp whose local port is in
/// [use.first, use.last]. Lines that are none are left out.
void count_ports(std::string_view table, const Endpoint& to, plan::PortUse& use);

/// Of the kernel's own range (net.ipv4.ip_local_port_range), or of `count` ports from `first` on.
plan::PortUse port_use(const Endpoint& to, std::optional<std::uint16_t> first, std::uint32_t count);

} // namespace xtg::net
