// SPDX-License-Identifier: BSD-2-Clause
// Local ports in use by TCP connections in the calling thread's network namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/tcp.h"
#include "plan/local_end.h"

namespace xtg::net {

/// Counts the connections to `to` whose local port is in [use.first, use.last], in a table in the
/// format of /proc/net/tcp. Other lines are skipped.
void count_ports(std::string_view table, const Endpoint& to, plan::PortUse& use);

/// Counts in the kernel's own range (net.ipv4.ip_local_port_range), or in `count` ports from
/// `first` on.
plan::PortUse port_use(const Endpoint& to, std::optional<std::uint16_t> first, std::uint32_t count);

} // namespace xtg::net
