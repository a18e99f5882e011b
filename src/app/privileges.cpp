// SPDX-License-Identifier: BSD-2-Clause
#include "app/privileges.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace xtg::app {

namespace {

constexpr std::array kKept = {CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, CAP_NET_RAW, CAP_SYS_NICE};

Status become(const std::string& user) {
  errno = 0;
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) return fail(Errc::InvalidArgument, "--user " + user + ": no such user");
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_sys(errno, "keep capabilities");
  if (initgroups(user.c_str(), entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 ||
      setuid(entry->pw_uid) != 0)
    return fail_sys(errno, "--user " + user);
  // Its own files below /proc are its own again.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return {};
}

} // namespace

Status drop_privileges(const std::string& user) {
  if (!user.empty())
    if (auto ok = become(user); !ok) return ok;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> caps{};
  if (syscall(SYS_capget, &header, caps.data()) != 0) return fail_sys(errno, "read capabilities");
  std::array<std::uint32_t, 2> kept{};
  for (const int cap : kKept)
    kept[static_cast<unsigned>(cap) / 32] |= 1U << (static_cast<unsigned>(cap) % 32);
  for (std::size_t i = 0; i < caps.size(); ++i) {
    caps[i].permitted &= kept[i];
    caps[i].effective = caps[i].permitted;
    caps[i].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, caps.data()) != 0)
    return fail_sys(errno, "give up capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_sys(errno, "no new privileges");
  return {};
}

} // namespace xtg::app
