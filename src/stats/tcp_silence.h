// SPDX-License-Identifier: BSD-2-Clause
// Why a far end does not answer, as far as this host has seen signs of it.
#pragma once

#include <cstdint>
#include <string>

namespace xtg::stats {

struct FlowCounters;

/// What the ingress program saw beside the segments that it took.
struct TcpSeen {
  std::uint64_t fragments = 0;       ///< pieces of IP packets with TCP, from the far end
  std::uint64_t refused_headers = 0; ///< segments whose IP options or extension headers IP refuses
  std::uint64_t too_big = 0;         ///< ICMP errors: a link on the way has a smaller MTU
  std::uint64_t icmp_errors = 0;     ///< all others
  std::uint32_t icmp_type = 0;       ///< of the last of them
  std::uint32_t icmp_code = 0;
  std::uint32_t told_mtu = 0; ///< by the last too_big; 0: not reported by the router
  bool ipv6 = false;
};

/// "host unreachable": of the last of the other ICMP errors.
std::string icmp_text(const TcpSeen& seen);

/// A clause that explains silence; empty where there is no sign. `mss`: payload of the segments
/// that found no answer, 0 where they were answered before or have been cut to what the path takes.
std::string silence_reason(const FlowCounters& counters, const TcpSeen& seen, std::uint32_t mss);

} // namespace xtg::stats
