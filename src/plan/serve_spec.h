// SPDX-License-Identifier: BSD-2-Clause
// What the user asked of `serve`; defaults as in the man page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "packet/listen_address.h"
#include "packet/prefix.h"

namespace xtg::plan {

inline constexpr std::uint16_t kServePort = 9950;

struct ServeSpec {
  std::vector<std::string> interfaces;       ///< that tests may use; at least one
  std::vector<packet::ListenAddress> listen; ///< empty: loopback, or the sockets of systemd
  std::string token_file;                    ///< empty: no token is asked for
  std::vector<packet::IpPrefix> allow;       ///< clients; empty: any
  std::vector<packet::IpPrefix> send_to;     ///< where tests may send without a challenge
  Rate max_rate{Rate::Unit::Bps, 10e9};      ///< of one test; bits on layer 1
  Nanoseconds max_duration{300'000'000'000};
  std::optional<std::uint64_t> max_packets;
  bool fix = false; ///< tests may have interfaces repaired
  std::string user; ///< to run as; empty: who started it
  bool verbose = false;
  bool operator==(const ServeSpec&) const = default;
};

} // namespace xtg::plan
