// SPDX-License-Identifier: BSD-2-Clause
// A contestant that is a command: started in a namespace and a process group of its own, timed and
// measured from outside. The group ends with its Child, and its first process with this one.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/netns.h"

namespace xtg::bench {

struct ChildEnd {
  int status = 0; ///< exit status; 128 + signal if killed
  double wall_s = 0;
  double cpu_s = 0;
  long max_rss_kib = 0;
  std::string output; ///< stdout
};

class Child {
public:
  /// `cpus`: pins the process to these (empty: not pinned). Keeps stdout if `capture` is set,
  /// otherwise discards it.
  static Result<Child> start(const net::NetNs& ns, const std::vector<std::string>& command,
                             const std::vector<int>& cpus, bool capture);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running() const;
  /// Sends SIGINT to the group, as a terminal does.
  void interrupt() const;
  /// Call once. Kills what is left of the group at the end. A process that takes longer than
  /// `patience_s` is interrupted, and soon after killed; an interrupt of this process is forwarded.
  ChildEnd wait(double patience_s = 30);

private:
  Child() = default;
  void read_output(double patience_s, std::string& output);

  pid_t pid_ = -1;
  UniqueFd process_; ///< readable when the process has ended
  UniqueFd out_;
  std::uint64_t start_ns_ = 0;
};

/// Splits "a b c" into words; no quoting.
std::vector<std::string> words(const std::string& text);

} // namespace xtg::bench
