// SPDX-License-Identifier: BSD-2-Clause
// The plan of a `tcp` run: everything decided that can be before a connection is open. What the far
// end decides (segment size, options, windows) is known only then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/tcp_spec.h"

namespace xtg::plan {

/// What resolve_tcp() needs beyond HostFacts: the destination's addresses, in the resolver's order,
/// and the size of --payload-file. Gathered by app.
struct TcpFacts {
  HostFacts host; ///< routes[0] is the one to `addresses` as chosen by choose_address()
  std::vector<packet::Ip> addresses;
  std::string address_error; ///< why there are none
  std::optional<std::uint64_t> file_size;
  std::string file_error;
};

struct TcpPlan {
  InterfaceFacts iface;
  packet::Ip dst;
  std::optional<packet::Ip> src; ///< none: the kernel's choice
  packet::Mac dst_mac;
  packet::Mac src_mac;
  std::vector<int> cpus; ///< one per thread, in worker order
  std::uint32_t max_segment_ip =
      0; ///< bytes of the largest IP packet: MTU, or what live mode allows
  std::vector<std::uint64_t> flow_bytes;    ///< payload of each flow; ~0 without limit. With
                                            ///< num_packets it is empty: see flow_segments
  std::vector<std::uint64_t> flow_segments; ///< full segments of each flow, for num_packets
  std::vector<std::string> notes;
  TcpSpec spec;
};

/// The least that --mss takes: what Linux accepts from a far end (TCP_MIN_MSS).
inline constexpr std::uint32_t kMinMss = 88;
/// The largest IP packet in a live frame: 3408 bytes without the Ethernet header.
inline constexpr std::uint32_t kMaxLiveIp = 3394;
/// The most that --mss takes: that packet without the smallest IP and TCP headers.
inline constexpr std::uint32_t kMaxMss = kMaxLiveIp - 40;
/// In TcpPlan::flow_bytes: no limit.
inline constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

/// InvalidArgument where what was asked does not fit together, whatever the host is.
Status check_tcp_spec(const TcpSpec& spec);

/// What a connection to `dst` asks of the routing tables.
RouteQuestion question_of(const TcpSpec& spec, const packet::Ip& dst);

/// InvalidArgument where the destination or the interface needs the user's explicit word.
Status check_safety(const TcpSpec& spec, const InterfaceFacts& iface, const packet::Ip& dst);

/// The address to connect to: the first of the family asked for (by -4, -6 or --src-addr), or the
/// first. NotFound with `address_error` when there is none.
Result<packet::Ip> choose_address(const TcpSpec& spec, const std::vector<packet::Ip>& addresses,
                                  const std::string& address_error);

/// Checks and completes, like resolve(); same safety rules (default route, public addresses).
Result<TcpPlan> resolve_tcp(const TcpSpec& spec, const TcpFacts& facts);

} // namespace xtg::plan
