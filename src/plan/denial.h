// SPDX-License-Identifier: BSD-2-Clause
// Explains an EPERM from the kernel for a process that lacks no capability. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace xtg::plan {

/// As far as readable; empty or false: not in force, or unknown.
struct Guards {
  bool seccomp = false; ///< a seccomp filter is in force
  std::string lockdown; ///< the kernel's lockdown level: "integrity", "confidentiality"
  std::string modules;  ///< the security modules that may refuse: "selinux, bpf"
  bool operator==(const Guards&) const = default;
};

/// Parses /proc/<pid>/status, and lockdown and lsm in /sys/kernel/security.
Guards parse_guards(std::string_view status, std::string_view lockdown, std::string_view modules);

/// "no capability is missing (CAP_BPF, ... were checked); ...": what may have denied the call, and
/// a repair.
std::string explain_denial(const Guards& guards);

/// The repair of ingress devices that could not be made, with TAP devices as the last resort;
/// `net_admin`: the process has CAP_NET_ADMIN. Empty: other capabilities are the repair.
std::string ingress_repair(const Error& error, bool net_admin);

} // namespace xtg::plan
