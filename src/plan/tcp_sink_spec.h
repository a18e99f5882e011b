// SPDX-License-Identifier: BSD-2-Clause
// Options of `tcp-sink`, before anything is looked up; defaults as in the man page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "packet/prefix.h"
#include "plan/spec.h"

namespace xtg::plan {

inline constexpr std::uint32_t kMaxTcpSinkConnections = 60'000;

/// What the data is compared with: what `tcp --payload` sends.
enum class TcpSinkVerify : std::uint8_t { None, Zeros, Pattern };

struct TcpSinkSpec {
  std::string interface;               ///< only connections through it
  std::uint16_t port = 10000;          ///< TCP; as `tcp`
  std::vector<packet::IpPrefix> allow; ///< sources; empty: any
  std::uint32_t connections = 1'024;   ///< open at a time; more are reset
  TcpSinkVerify verify = TcpSinkVerify::None;
  std::optional<std::uint64_t> bytes; ///< stop after this many
  std::optional<Nanoseconds> duration;
  Nanoseconds interval{1'000'000'000};
  OutputSpec output;
  bool operator==(const TcpSinkSpec&) const = default;
};

} // namespace xtg::plan
