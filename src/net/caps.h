// SPDX-License-Identifier: BSD-2-Clause
// Which of the capabilities that matter here the calling thread has in effect.
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
  bool sys_admin = false; ///< namespaces; the kernel takes it for CAP_BPF and CAP_PERFMON as well
  bool sys_nice = false;  ///< leave SCHED_IDLE again; nobody has to have it
  bool operator==(const Caps&) const = default;

  /// Nothing that a run needs is missing.
  [[nodiscard]] bool complete() const { return can_load() && can_trace() && net_admin; }
  [[nodiscard]] bool can_load() const { return bpf || sys_admin; }
  [[nodiscard]] bool can_trace() const { return perfmon || sys_admin; }
  /// "CAP_BPF", ...: the ones not in effect.
  [[nodiscard]] std::vector<std::string> missing() const;
};

Result<Caps> effective_caps();
/// The same from the text of a /proc/<pid>/status.
Result<Caps> parse_caps(std::string_view status);
/// What besides capabilities may refuse a call of this process.
plan::Guards guards();
/// False inside a user namespace, where capabilities do not reach BPF.
bool in_initial_user_namespace();

} // namespace xtg::net
