// SPDX-License-Identifier: BSD-2-Clause
// Why the kernel has no local address and port for a connection (EADDRNOTAVAIL).
#pragma once

#include <cstdint>
#include <string>

#include "plan/facts.h"

namespace xtg::plan {

/// Local ports, as used by connections to one address and port.
struct PortUse {
  std::uint16_t first = 0, last = 0; ///< ports that connections may use
  std::uint64_t time_wait = 0;       ///< of closed connections (RFC 9293 3.6.1)
  std::uint64_t open = 0;
};

/// A clause: the obstacle and a remedy. `chosen`: the ports are those of --src-port, not the
/// kernel's choice. `iface`: the outgoing interface, with its addresses.
std::string why_no_local_end(const PortUse& use, bool chosen, bool v4, const InterfaceFacts& iface);

} // namespace xtg::plan
