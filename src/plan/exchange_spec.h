// SPDX-License-Identifier: BSD-2-Clause
// What the user asked of a run that sees both ends (`udp --rx`), before anything is looked up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"

namespace xtg::plan {

/// How long what is under way is waited for when the last frame has been sent (RFC 2544, 23).
inline constexpr Nanoseconds kDrain{2'000'000'000};
inline constexpr std::size_t kMaxPorts = 16;

/// An interface that sends, receives, or both.
struct PortSpec {
  std::string interface;
  std::optional<RunSpec> send; ///< its `interface` is the same one
  bool receive = false;
  bool operator==(const PortSpec&) const = default;
};

struct ExchangeSpec {
  std::vector<PortSpec> ports; ///< at least one sends and one receives
  bool bidir = false;          ///< ports that only receive send the first one's stream turned round
  std::uint32_t window = RxSpec{}.window; ///< sequence numbers remembered per stream
  Nanoseconds interval{1'000'000'000};
  Nanoseconds drain = kDrain;
  std::vector<Condition> expect;
  bool dry_run = false;
  OutputSpec output;
  bool operator==(const ExchangeSpec&) const = default;
};

} // namespace xtg::plan
