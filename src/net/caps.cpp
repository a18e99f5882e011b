// SPDX-License-Identifier: BSD-2-Clause
#include "net/caps.h"

#include <linux/capability.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace xtg::net {

std::vector<std::string> Caps::missing() const {
  std::vector<std::string> names;
  if (!bpf) names.emplace_back("CAP_BPF");
  if (!net_admin) names.emplace_back("CAP_NET_ADMIN");
  if (!perfmon) names.emplace_back("CAP_PERFMON");
  if (!sys_admin) names.emplace_back("CAP_SYS_ADMIN");
  return names;
}

Result<Caps> parse_caps(std::string_view status) {
  constexpr std::string_view kKey = "\nCapEff:\t";
  const auto at = status.find(kKey);
  if (at == std::string_view::npos) return fail(Errc::System, "no CapEff line in process status");
  const char* first = status.data() + at + kKey.size();
  std::uint64_t bits = 0;
  if (std::from_chars(first, status.data() + status.size(), bits, 16).ec != std::errc{})
    return fail(Errc::System, "CapEff line in process status has no number");
  const auto has = [bits](int cap) { return ((bits >> cap) & 1) != 0; };
  return Caps{.bpf = has(CAP_BPF),
              .net_admin = has(CAP_NET_ADMIN),
              .perfmon = has(CAP_PERFMON),
              .sys_admin = has(CAP_SYS_ADMIN),
              .sys_nice = has(CAP_SYS_NICE)};
}

namespace {

constexpr const char* kStatus = "/proc/thread-self/status";

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

plan::Guards guards() {
  return plan::parse_guards(text_of(kStatus), text_of("/sys/kernel/security/lockdown"),
                            text_of("/sys/kernel/security/lsm"));
}

Result<Caps> effective_caps() {
  auto caps = parse_caps(text_of(kStatus));
  if (!caps) return forward(std::move(caps), "read /proc/thread-self/status");
  return caps;
}

bool in_initial_user_namespace() {
  // The initial namespace maps every id to itself. Without the file the kernel has no user
  // namespaces.
  std::ifstream file("/proc/self/uid_map");
  std::uint64_t inside = 0, outside = 0, count = 0;
  if (!(file >> inside >> outside >> count)) return true;
  return inside == 0 && outside == 0 && count == 0xffffffff;
}

} // namespace xtg::net
