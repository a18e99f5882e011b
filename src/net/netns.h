// SPDX-License-Identifier: BSD-2-Clause
// Network namespaces. A NetNs owns a descriptor that keeps its namespace alive; a NamedNetNs also
// owns the name below /run/netns that `ip netns` shows. The current namespace belongs to each
// thread: enter() moves only the caller, run() uses a thread of its own.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::net {

inline constexpr const char* kNetNsDir = "/run/netns";

class NetNs {
public:
  static Result<NetNs> current();                     ///< of the calling thread
  static Result<NetNs> open(const std::string& name); ///< a name below /run/netns
  static Result<NetNs> of_pid(pid_t pid);
  /// Creates a namespace without a name, which ends with its last descriptor, device file or
  /// thread. Its loopback is down. Needs CAP_SYS_ADMIN.
  static Result<NetNs> create_private();

  /// Creates a namespace that stays until remove_named(), as `ip netns add` does.
  static Status create_named(const std::string& name);
  static Status remove_named(const std::string& name);

  /// Moves the calling thread there (CAP_SYS_ADMIN); does nothing if it is there already.
  [[nodiscard]] Status enter() const;

  /// Calls `fn`, which returns a Result or Status, on a new thread inside the namespace.
  template <class F>
  auto run(F&& fn) const -> std::invoke_result_t<F> {
    using R = std::invoke_result_t<F>;
    R out = fail(Errc::Internal, "not run");
    Status ran = run_on_thread([&] { out = std::forward<F>(fn)(); });
    if (!ran) return tl::unexpected<Error>(std::move(ran.error()));
    return out;
  }

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] ino_t inode() const { return inode_; } ///< equal inodes mean the same namespace

private:
  NetNs(UniqueFd fd, ino_t inode) : fd_(std::move(fd)), inode_(inode) {}
  static Result<NetNs> open_path(const std::string& path, const std::string& what);
  [[nodiscard]] Status run_on_thread(const std::function<void()>& fn) const;

  UniqueFd fd_;
  ino_t inode_ = 0;
};

/// A named namespace, which the destructor removes.
class NamedNetNs {
public:
  static Result<NamedNetNs> create(const std::string& name);
  NamedNetNs(NamedNetNs&& other) noexcept
      : name_(std::exchange(other.name_, {})), ns_(std::move(other.ns_)) {}
  NamedNetNs& operator=(NamedNetNs&&) = delete;
  ~NamedNetNs();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const NetNs& ns() const { return ns_; }

private:
  NamedNetNs(std::string name, NetNs ns) : name_(std::move(name)), ns_(std::move(ns)) {}
  std::string name_;
  NetNs ns_;
};

} // namespace xtg::net
