// SPDX-License-Identifier: BSD-2-Clause
// What refuses a kernel call with EPERM to a process that lacks no capability for it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace xtg::plan {

/// As far as it can be read; empty or false: not in force, or not known.
struct Guards {
  bool seccomp = false; ///< a seccomp filter is in force
  std::string lockdown; ///< the kernel's lockdown level: "integrity", "confidentiality"
  std::string modules;  ///< the security modules that may refuse: "selinux, bpf"
  bool operator==(const Guards&) const = default;
};

/// From the texts of /proc/<pid>/status, and of lockdown and lsm below /sys/kernel/security.
Guards parse_guards(std::string_view status, std::string_view lockdown, std::string_view modules);

/// "no capability is missing (CAP_BPF, ... were checked); ...": what may have refused, and what to
/// do about it.
std::string explain_denial(const Guards& guards);

} // namespace xtg::plan
