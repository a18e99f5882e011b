// SPDX-License-Identifier: BSD-2-Clause
// The plan of a `tcp` run: everything that can be decided before a connection is open. The far end
// determines segment size, options and windows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/diagnose.h"
#include "plan/facts.h"
#include "plan/tcp_spec.h"

namespace xtg::plan {

/// Input of resolve_tcp() beyond HostFacts: the destination's addresses, in the resolver's order,
/// and the size of --payload-file. Gathered by app.
struct TcpFacts {
  HostFacts host; ///< routes[0] leads to the address chosen by choose_address()
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
  std::vector<int> cpus;                    ///< one per thread, in worker order
  std::uint32_t max_segment_ip = 0;         ///< largest IP packet: MTU, or the live mode limit
  TxPath via = TxPath::Xdp;                 ///< Xdp or Tc
  std::string via_reason{};                 ///< why Auto chose Tc
  std::vector<std::uint64_t> flow_bytes;    ///< payload of each flow; ~0: no limit; empty
                                            ///< with num_packets: see flow_segments
  std::vector<std::uint64_t> flow_segments; ///< full segments of each flow, for num_packets
  std::vector<std::string> notes;
  TcpSpec spec;
};

/// That of a full segment.
FrameSize largest_frame(const TcpPlan& plan);

/// The payload of a full segment, before the far end's MSS option.
std::uint32_t largest_payload(const TcpPlan& plan);

/// The smallest --mss: what Linux accepts from a far end (TCP_MIN_MSS).
inline constexpr std::uint32_t kMinMss = 88;
/// The largest IP packet in a live frame: 3408 bytes without the Ethernet header.
inline constexpr std::uint32_t kMaxLiveIp = 3394;
/// The largest --mss: that packet without the smallest IP and TCP headers.
inline constexpr std::uint32_t kMaxMss = kMaxLiveIp - 40;
/// In TcpPlan::flow_bytes: no limit.
inline constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

/// InvalidArgument for options that do not fit together on any host.
Status check_tcp_spec(const TcpSpec& spec);

/// The routing query for a connection to `dst`.
RouteQuestion question_of(const TcpSpec& spec, const packet::Ip& dst);

/// InvalidArgument if the destination or the interface needs an explicit option.
Status check_safety(const TcpSpec& spec, const InterfaceFacts& iface, const packet::Ip& dst);

/// The address to connect to: the first of the requested family (-4, -6 or --src-addr), or the
/// first. NotFound with `address_error` if there is none.
Result<packet::Ip> choose_address(const TcpSpec& spec, const std::vector<packet::Ip>& addresses,
                                  const std::string& address_error);

/// Checks and completes, like resolve(); same safety rules (default route, public addresses).
Result<TcpPlan> resolve_tcp(const TcpSpec& spec, const TcpFacts& facts);

} // namespace xtg::plan
