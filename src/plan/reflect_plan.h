// SPDX-License-Identifier: BSD-2-Clause
// `reflect`: checks, and the remaining decisions. Needs only values.
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
  std::string tc_reason;                 ///< why Auto goes to tc ingress; empty: it does not
  bool redirect = false;                 ///< otherwise XDP_TX; none of the two at tc ingress
  std::vector<packet::IpPrefix> sources; ///< prefixes that are answered; empty with spec.allow_any
  /// The highest rate in 1/256 ns: time between two frames, and burst allowance. 0: no limit.
  std::uint64_t rate_step = 0, rate_depth = 0;
  std::vector<std::string> notes;
};

/// Errors: InvalidArgument, NotFound (no such interface) or NotSupported (native requested where
/// the driver is known to lack it, or another XDP program attached); each names the option or the
/// interface and a remedy.
Result<ReflectPlan> resolve_reflect(const ReflectSpec& spec, const HostFacts& facts);

/// The program is meant for tc ingress.
bool by_tc(const ReflectPlan& plan);
/// Whether obstacles to sending by XDP also apply to reflected frames. In generic mode and at tc
/// ingress they leave as the host's own frames do.
bool leaves_by_xdp(const ReflectPlan& plan);

} // namespace xtg::plan
