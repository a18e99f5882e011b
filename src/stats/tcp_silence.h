// SPDX-License-Identifier: BSD-2-Clause
// Why a far end does not answer, from signs that this host has seen.
#pragma once

#include <cstdint>
#include <string>

namespace xtg::stats {

struct FlowCounters;

/// What the ingress program saw apart from the segments that it took.
struct TcpSeen {
  std::uint64_t fragments = 0;       ///< pieces of IP packets with TCP, from the far end
  std::uint64_t refused_headers = 0; ///< segments with IP options or headers that IP rejects
  std::uint64_t too_big = 0;         ///< ICMP errors: a link on the path has a smaller MTU
  std::uint64_t icmp_errors = 0;     ///< all others
  std::uint32_t icmp_type = 0;       ///< of the last of them
  std::uint32_t icmp_code = 0;
  std::uint32_t told_mtu = 0; ///< from the last too_big; 0: the router did not report it
  bool ipv6 = false;
};

/// "host unreachable": text of the last of the other ICMP errors.
std::string icmp_text(const TcpSeen& seen);

/// A clause that explains silence; empty if there is no sign. `mss`: payload of the unanswered
/// segments; 0 if they were answered before or already have the size that the path takes.
std::string silence_reason(const FlowCounters& counters, const TcpSeen& seen, std::uint32_t mss);

} // namespace xtg::stats
