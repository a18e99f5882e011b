// SPDX-License-Identifier: BSD-2-Clause
#include "net/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace xtg::net {

namespace {

constexpr const char* kOwnNetNs = "/proc/thread-self/ns/net";

std::string path_of(const std::string& name) {
  return fmt::format("{}/{}", kNetNsDir, name);
}

Status check_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    return fail(Errc::InvalidArgument, fmt::format("\"{}\" cannot name a namespace", name));
  return {};
}

/// Makes /run/netns a shared mount point of its own, so that names created and removed here also
/// appear and disappear in other mount namespaces. A lock keeps two first users from mounting
/// twice.
Status prepare_directory() {
  if (mkdir(kNetNsDir, 0755) != 0 && errno != EEXIST)
    return fail_sys(errno, fmt::format("create {}", kNetNsDir));
  UniqueFd lock(open(kNetNsDir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock.valid() || flock(lock.get(), LOCK_EX) != 0)
    return fail_sys(errno, fmt::format("lock {}", kNetNsDir));
  if (mount("", kNetNsDir, "none", MS_SHARED | MS_REC, nullptr) == 0) return {};
  if (errno != EINVAL) return fail_sys(errno, fmt::format("share {}", kNetNsDir));
  // EINVAL: not a mount point yet.
  if (mount(kNetNsDir, kNetNsDir, "none", MS_BIND | MS_REC, nullptr) != 0 ||
      mount("", kNetNsDir, "none", MS_SHARED | MS_REC, nullptr) != 0)
    return fail_sys(errno, fmt::format("make {} a shared mount point", kNetNsDir));
  return {};
}

Status on_thread(const std::function<void()>& fn) {
  try {
    std::thread(fn).join();
  } catch (const std::system_error& e) {
    return fail_sys(e.code().value(), "start a thread");
  }
  return {};
}

} // namespace

Result<NetNs> NetNs::open_path(const std::string& path, const std::string& what) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return fail(Errc::NotFound, fmt::format("there is no {}", what));
    return fail_sys(errno, fmt::format("open {}", what));
  }
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return fail_sys(errno, fmt::format("stat {}", what));
  return NetNs(std::move(fd), st.st_ino);
}

Result<NetNs> NetNs::current() {
  return open_path(kOwnNetNs, "network namespace of this thread");
}

Result<NetNs> NetNs::open(const std::string& name) {
  if (auto ok = check_name(name); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  return open_path(path_of(name), fmt::format("network namespace \"{}\"", name));
}

Result<NetNs> NetNs::of_pid(pid_t pid) {
  return open_path(fmt::format("/proc/{}/ns/net", pid),
                   fmt::format("network namespace of process {}", pid));
}

Result<NetNs> NetNs::create_private() {
  Result<NetNs> made = fail(Errc::Internal, "not run");
  Status ran = on_thread([&made] {
    if (unshare(CLONE_NEWNET) != 0)
      made = fail_sys(errno, "create a network namespace");
    else
      made = current();
  });
  if (!ran) return tl::unexpected<Error>(std::move(ran.error()));
  return made;
}

Status NetNs::create_named(const std::string& name) {
  if (auto ok = check_name(name); !ok) return ok;
  const std::string what = fmt::format("create network namespace \"{}\"", name);
  auto ns = create_private();
  if (!ns) return forward(std::move(ns), what);
  if (auto ok = prepare_directory(); !ok) return forward(std::move(ok), what);

  const std::string path = path_of(name);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
  if (!file.valid()) return fail_sys(errno, what);
  const std::string source = fmt::format("/proc/thread-self/fd/{}", ns->fd());
  if (mount(source.c_str(), path.c_str(), "none", MS_BIND, nullptr) != 0) {
    const int err = errno;
    unlink(path.c_str());
    return fail_sys(err, what);
  }
  return {};
}

Status NetNs::remove_named(const std::string& name) {
  if (auto ok = check_name(name); !ok) return ok;
  const std::string path = path_of(name);
  // EINVAL: the mount is gone already; only the file is left.
  if (umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
    return fail_sys(errno, fmt::format("remove network namespace \"{}\"", name));
  if (unlink(path.c_str()) != 0) {
    if (errno == ENOENT)
      return fail(Errc::NotFound, fmt::format("there is no network namespace \"{}\"", name));
    return fail_sys(errno, fmt::format("remove network namespace \"{}\"", name));
  }
  return {};
}

Status NetNs::enter() const {
  struct stat st {};
  if (stat(kOwnNetNs, &st) == 0 && st.st_ino == inode_) return {};
  if (setns(fd_.get(), CLONE_NEWNET) != 0) return fail_sys(errno, "enter a network namespace");
  return {};
}

Status NetNs::run_on_thread(const std::function<void()>& fn) const {
  Status entered;
  Status ran = on_thread([&] {
    entered = enter();
    if (entered) fn();
  });
  return ran ? entered : ran;
}

Result<NamedNetNs> NamedNetNs::create(const std::string& name) {
  if (auto made = NetNs::create_named(name); !made)
    return tl::unexpected<Error>(std::move(made.error()));
  auto ns = NetNs::open(name);
  if (!ns) {
    (void)NetNs::remove_named(name);
    return tl::unexpected<Error>(std::move(ns.error()));
  }
  return NamedNetNs(name, std::move(*ns));
}

NamedNetNs::~NamedNetNs() {
  if (!name_.empty()) (void)NetNs::remove_named(name_); // a destructor cannot report an error
}

} // namespace xtg::net
