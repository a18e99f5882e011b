// SPDX-License-Identifier: BSD-2-Clause
// SIGINT, SIGTERM and SIGHUP, heard by a thread of their own whatever the main thread is doing,
// trip a StopToken. Until somebody attends to that, the thread reports the first one and ends the
// process; a second one that does not come to its end ends it as well.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <thread>

#include "core/stop_token.h"
#include "core/unique_fd.h"

namespace xtg::app {

class Signals {
public:
  /// Blocks the signals in the calling thread and those it makes later, and ignores SIGPIPE: to be
  /// made before any other thread. A SIGHUP that the process was started to ignore (nohup) stays
  /// ignored; a SIGINT does not, which shells ignore in every job that they put into the
  /// background. `unattended` reports a run that was interrupted before it began; its value is the
  /// exit status.
  explicit Signals(std::function<int()> unattended);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] StopToken token() const { return token_; }
  /// Readable when output that nobody reads is not to be waited for (core/fd_buffer.h): after a
  /// second signal, or some time after the first.
  [[nodiscard]] int hurry_fd() const { return hurry_.get(); }

  /// In a child that is to run another program: signals as the process was started with.
  void restore() const;

private:
  void watch();
  void hear(bool sent);
  void look_at_time();
  [[nodiscard]] std::uint64_t end_ns() const;
  [[nodiscard]] int wait_ms() const;

  const std::function<int()> unattended_;
  sigset_t before_{};
  struct sigaction sigint_before_ {};
  UniqueFd signals_, hurry_, quit_; ///< the last two are eventfds
  StopToken token_;
  std::uint64_t hurry_ns_ = ~std::uint64_t{0}, end_ns_ = ~std::uint64_t{0}; ///< the thread's
  std::jthread thread_;
};

} // namespace xtg::app
