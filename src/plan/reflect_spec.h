// SPDX-License-Identifier: BSD-2-Clause
// Options of `reflect`, before anything is looked up; defaults as in the man page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packet/prefix.h"
#include "plan/rx_spec.h"

namespace xtg::plan {

inline constexpr std::size_t kMaxAllowed = 4'096; ///< prefixes of --allow

/// How frames leave: by XDP_TX, by a redirect to the receiving interface, or through tc, which is
/// RxMode::Tc. Xdp: whichever of the first two works; Auto: the first of all that works.
enum class Via : std::uint8_t { Auto, Xdp, Tx, Redirect, Tc };

struct ReflectSpec {
  std::string interface;
  std::string zone; ///< of the addresses in `allow`
  RxMode mode = RxMode::Auto;
  Via via = Via::Auto;
  std::optional<std::uint32_t> run_id;
  std::optional<std::uint16_t> port;   ///< UDP destination port
  std::vector<packet::IpPrefix> allow; ///< sources; empty: non-public addresses
  bool allow_any = false;              ///< any source
  bool any_mac = false;                ///< also frames to other hosts' addresses
  Rate max_rate;                       ///< packets per second; Max: no limit
  std::optional<Nanoseconds> duration;
  std::optional<std::uint64_t> num_packets; ///< stop after reflecting this many
  Nanoseconds interval{1'000'000'000};
  bool fix = false;
  OutputSpec output;
  bool operator==(const ReflectSpec&) const = default;
};

} // namespace xtg::plan
