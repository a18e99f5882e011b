// SPDX-License-Identifier: BSD-2-Clause
#include "plan/local_end.h"

#include <algorithm>

#include <fmt/format.h>

#include "plan/checks.h"

namespace xtg::plan {

std::string why_no_local_end(const PortUse& use, bool chosen, bool v4,
                             const InterfaceFacts& iface) {
  const std::uint64_t ports = use.last - use.first + 1U, used = use.time_wait + use.open;
  // Some may be reserved (net.ipv4.ip_local_reserved_ports).
  // Of chosen ones this run itself has some open.
  if (chosen ? use.time_wait != 0 : used >= ports * 9 / 10)
    return fmt::format("no local port is free: of the {} ports {}-{}{}, {} are in use and {} in "
                       "TIME_WAIT; {} takes others, --close rst leaves none in TIME_WAIT",
                       ports, use.first, use.last, chosen ? "" : " (net.ipv4.ip_local_port_range)",
                       use.open, use.time_wait, chosen ? "another --src-port" : "--src-port");
  const auto unusable = std::ranges::find_if(
      iface.unusable, [v4](const UnusableAddress& other) { return other.ip.is_v4() == v4; });
  if (unusable != iface.unusable.end())
    return fmt::format("no local address: {} {}", unusable->ip.to_string(),
                       unusable_text(iface, *unusable));
  return "no local address or port can be used for it";
}

} // namespace xtg::plan
