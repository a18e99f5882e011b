// SPDX-License-Identifier: BSD-2-Clause
// What the user asked of `tcp`, before anything is looked up; defaults as in the man page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "packet/address.h"
#include "plan/spec.h"

namespace xtg::plan {

/// Connections of one run: what the kernel's ports and our maps allow to one destination.
inline constexpr std::uint32_t kMaxFlows = 60'000;
/// Segments of one connection that leave together. GRO merges up to 64 KiB: 45 of 1448 bytes.
inline constexpr std::uint32_t kMaxTcpBurst = 64;

/// Where the far end's segments are taken from: an XDP program, a tc program, or XDP unless its
/// slot is taken.
enum class Ingress : std::uint8_t { Auto, Xdp, Tc };
enum class Congestion : std::uint8_t { None, Reno, Cubic };
enum class TcpClose : std::uint8_t { Fin, Rst, KeepOpen };
enum class TcpPayload : std::uint8_t { Zeros, Pattern, File };

struct TcpSpec {
  std::string host;                     ///< a name or an address, without its zone
  std::string zone;                     ///< of an address, as in fe80::1%eth0; empty: none
  std::optional<packet::Family> family; ///< -4, -6; default: the first that the name has
  std::string interface;                ///< empty: by the route
  std::uint16_t port = 10000;
  std::optional<packet::Ip> src_addr;    ///< default: by the route
  std::optional<std::uint16_t> src_port; ///< flow i uses this plus i; default: the kernel's choice
  Nanoseconds connect_timeout{2'000'000'000};
  std::uint32_t flows = 1;
  std::uint32_t parallel = 128; ///< connections being opened at a time
  std::uint32_t threads = 1;
  std::vector<int> cpus;
  Ingress ingress = Ingress::Auto;
  Congestion congestion = Congestion::None;
  std::uint32_t burst = 45;
  std::optional<std::uint32_t> mss; ///< largest payload of a segment
  std::uint8_t hop_limit = 64;
  std::uint8_t tos = 0; ///< the ECN bits are TCP's own
  RateLaw rate;         ///< of all flows together; burst unused

  std::optional<std::uint64_t> bytes; ///< payload in all, shared evenly
  std::optional<std::uint64_t> bytes_per_flow;
  std::optional<std::uint64_t> num_packets; ///< full segments in all, shared evenly
  std::optional<Nanoseconds> duration;

  TcpPayload payload = TcpPayload::Zeros;
  std::string payload_file; ///< of TcpPayload::File
  bool repeat = false;      ///< the file over and over

  TcpClose close = TcpClose::Fin;
  Nanoseconds drain{5'000'000'000};    ///< at the end: wait this long for what is in flight
  Nanoseconds silence{30'000'000'000}; ///< a flow whose far end says nothing this long is given up

  Nanoseconds interval{1'000'000'000};
  bool allow_default_route = false;
  bool allow_public = false;
  bool fix = false;
  bool dry_run = false;
  OutputSpec output;
  std::vector<std::string> notes; ///< on the command line itself
  bool operator==(const TcpSpec&) const = default;
};

} // namespace xtg::plan
