// SPDX-License-Identifier: BSD-2-Clause
#include "plan/denial.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace xtg::plan {

namespace {

/// Security modules that never deny BPF or network administration.
constexpr std::array<std::string_view, 7> kHarmless = {
    "capability", "landlock", "yama", "loadpin", "safesetid", "lockdown", "integrity"};

std::string chosen(std::string_view lockdown) {
  const auto open = lockdown.find('['), close = lockdown.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return "";
  const std::string_view level = lockdown.substr(open + 1, close - open - 1);
  return level == "none" ? "" : std::string(level);
}

std::string that_refuse(std::string_view modules) {
  std::string out;
  while (!modules.empty()) {
    const auto end = std::min(modules.find_first_of(",\n"), modules.size());
    const std::string_view name = modules.substr(0, end);
    modules.remove_prefix(std::min(end + 1, modules.size()));
    if (name.empty() || std::ranges::find(kHarmless, name) != kHarmless.end()) continue;
    out.append(out.empty() ? "" : ", ").append(name);
  }
  return out;
}

} // namespace

Guards parse_guards(std::string_view status, std::string_view lockdown, std::string_view modules) {
  return {status.find("\nSeccomp:\t2") != std::string_view::npos, chosen(lockdown),
          that_refuse(modules)};
}

std::string explain_denial(const Guards& guards) {
  std::string out =
      "no capability is missing (CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON were checked)";
  if (guards.seccomp)
    out += "; a seccomp filter is in force, as in a container: run it with "
           "--security-opt seccomp=unconfined, or allow bpf(2)";
  if (!guards.lockdown.empty())
    out += fmt::format("; the kernel is locked down ({}), which forbids some uses of BPF: cat "
                       "/sys/kernel/security/lockdown",
                       guards.lockdown);
  if (!guards.modules.empty())
    out += fmt::format("; a security module may have refused ({}): see its log", guards.modules);
  if (guards == Guards{}) out += "; the cause is not known: a security module or a sysctl";
  return out;
}

std::string ingress_repair(const Error& error, bool net_admin) {
  if (error.sys == EACCES) return "chmod 666 /dev/net/tun, which is its usual mode, or run as root";
  if (error.sys == EPERM && net_admin)
    return "let the container open /dev/net/tun (--device /dev/net/tun), or run as root";
  if (error.code == Errc::NotSupported) return "modprobe tun";
  return {};
}

} // namespace xtg::plan
