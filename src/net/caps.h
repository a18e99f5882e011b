// SPDX-License-Identifier: BSD-2-Clause
// The effective capabilities of the calling thread, as far as they matter here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plan/denial.h"

namespace xtg::net {

struct Caps {
  bool bpf = false;       ///< load programs
  bool net_admin = false; ///< attach XDP, create devices
  bool perfmon = false;   ///< tracepoints
  bool sys_admin =
      false; ///< enter namespaces; the kernel accepts it for CAP_BPF and CAP_PERFMON as well
  bool sys_nice = false; ///< leave SCHED_IDLE again; optional
  bool operator==(const Caps&) const = default;

  /// True if no capability that a run needs is missing.
  [[nodiscard]] bool complete() const { return can_load() && can_trace() && net_admin; }
  [[nodiscard]] bool can_load() const { return bpf || sys_admin; }
  [[nodiscard]] bool can_trace() const { return perfmon || sys_admin; }
  /// Names of the capabilities not in effect: "CAP_BPF", ...
  [[nodiscard]] std::vector<std::string> missing() const;
};

Result<Caps> effective_caps();
/// Parses the text of /proc/<pid>/status.
Result<Caps> parse_caps(std::string_view status);
/// Restrictions, besides missing capabilities, that may deny this process a call.
plan::Guards guards();
/// False inside a user namespace, whose capabilities do not reach BPF.
bool in_initial_user_namespace();

} // namespace xtg::net
