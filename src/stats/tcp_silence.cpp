// SPDX-License-Identifier: BSD-2-Clause
#include "stats/tcp_silence.h"

#include <fmt/format.h>

#include "core/units.h"
#include "stats/tcp.h"

namespace xtg::stats {

namespace {

/// Destination unreachable, RFC 792 and 1812.
std::string_view unreachable_v4(std::uint32_t code) {
  switch (code) {
  case 0:
  case 6:
  case 11:
    return "network unreachable";
  case 1:
  case 7:
  case 12:
    return "host unreachable";
  case 2:
    return "protocol unreachable";
  case 3:
    return "port unreachable";
  case 9:
  case 10:
  case 13:
    return "administratively prohibited";
  default:
    return "destination unreachable";
  }
}

/// RFC 4443, 3.1.
std::string_view unreachable_v6(std::uint32_t code) {
  switch (code) {
  case 0:
    return "no route to the destination";
  case 1:
  case 5:
    return "administratively prohibited";
  case 3:
    return "address unreachable";
  case 4:
    return "port unreachable";
  default:
    return "destination unreachable";
  }
}

std::string several(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", with_thousands(count), what, count == 1 ? "" : "s");
}

} // namespace

std::string icmp_text(const TcpSeen& seen) {
  const std::uint32_t type = seen.icmp_type;
  if (type == (seen.ipv6 ? 1U : 3U))
    return std::string(seen.ipv6 ? unreachable_v6(seen.icmp_code) : unreachable_v4(seen.icmp_code));
  if (type == (seen.ipv6 ? 3U : 11U)) return "time exceeded: the path has more hops than -l allows";
  return fmt::format("type {}, code {}", type, seen.icmp_code);
}

std::string silence_reason(const FlowCounters& counters, const TcpSeen& seen, std::uint32_t mss) {
  if (seen.icmp_errors != 0)
    return fmt::format("a router answers {} of them by ICMP: {}", with_thousands(seen.icmp_errors),
                       icmp_text(seen));
  if (counters.bad_segments != 0 && counters.acks == 0)
    return fmt::format("none of the {} from it is acceptable",
                       several(counters.bad_segments, "segment"));
  if (seen.fragments != 0)
    return fmt::format("{} came from it, which XDP does not reassemble",
                       several(seen.fragments, "IP fragment"));
  if (seen.refused_headers != 0)
    return fmt::format("{} from it has IP options or extension headers that IP refuses",
                       several(seen.refused_headers, "segment"));
  if (mss > 536)
    return fmt::format(
        "no answer to full segments: a router may drop them and its ICMP be filtered; try --mss {}",
        mss > 1200 ? 1200 : 536);
  return {};
}

} // namespace xtg::stats
