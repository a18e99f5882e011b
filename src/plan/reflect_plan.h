// SPDX-License-Identifier: BSD-2-Clause
// `reflect`: checks, and what is left to decide. Needs only values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/reflect_spec.h"

namespace xtg::plan {

struct ReflectPlan {
  ReflectSpec spec;
  InterfaceFacts iface;
  bool redirect = false;                 ///< else XDP_TX
  std::vector<packet::IpPrefix> sources; ///< that are answered; empty with spec.allow_any
  /// The highest rate in 1/256 ns: between two frames, and saved up for a burst. 0: no limit.
  std::uint64_t rate_step = 0, rate_depth = 0;
  std::vector<std::string> notes;
};

/// InvalidArgument, NotFound (no such interface) or NotSupported (native asked for where the driver
/// is known not to have it, another XDP program attached); each names the option or the interface
/// and what would do.
Result<ReflectPlan> resolve_reflect(const ReflectSpec& spec, const HostFacts& facts);

/// Whether what is known to keep frames from leaving by XDP keeps these from going back. Behind the
/// driver they leave as the host's own frames do.
bool leaves_by_xdp(const ReflectPlan& plan);

} // namespace xtg::plan
