// SPDX-License-Identifier: BSD-2-Clause
// The sender under test as a child process: a program, or a function that runs in a fork. It dies
// with the test. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::peer {

class Child {
public:
  struct Start {
    std::vector<std::string> words;    ///< a program and its arguments, or
    std::function<int()> function;     ///< what gives the exit status
    std::function<void()> before = {}; ///< runs first in the child
  };
  static Result<Child> start(const Start& what);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The exit status once it has ended (128 + signal), without waiting.
  std::optional<int> ended();
  void signal(int number) const;
  /// What it has written so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

private:
  Child(pid_t pid, UniqueFd out, UniqueFd err)
      : pid_(pid), out_(std::move(out)), err_(std::move(err)) {}

  pid_t pid_ = -1;
  std::optional<int> status_;
  UniqueFd out_, err_;
};

/// The kernel's own TCP as a sender: connects, sends the bytes, then its FIN, reads what comes
/// until the far end's FIN. Status 0, or 5 when the far end refused or reset.
struct KernelSender {
  std::string addr;
  std::uint16_t port = 0;
  std::string payload;
  std::string congestion;     ///< TCP_CONGESTION; empty: the default
  std::uint16_t src_port = 0; ///< 0: any
};
int run_kernel_sender(const KernelSender& sender);

} // namespace xtg::peer
