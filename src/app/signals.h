// SPDX-License-Identifier: BSD-2-Clause
// A thread of its own receives SIGINT, SIGTERM and SIGHUP, whatever the main thread is doing, and
// trips a StopToken. Until somebody attends to the token, that thread reports the first signal and
// ends the process. It also ends the process if a second signal has no effect in time.
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
  /// Blocks the signals in the calling thread and in threads created later, and ignores SIGPIPE:
  /// construct it before any other thread. A SIGHUP that was ignored at the start (nohup) stays
  /// ignored; a SIGINT does not, because shells ignore it in every background job. `unattended`
  /// reports a run interrupted before it began and returns the exit status.
  explicit Signals(std::function<int()> unattended);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] StopToken token() const { return token_; }
  /// Readable when unread output is no longer waited for (core/fd_buffer.h): after a second signal,
  /// or some time after the first.
  [[nodiscard]] int hurry_fd() const { return hurry_.get(); }

  /// In a child, before it executes another program: restores the signals as the process inherited
  /// them.
  void restore() const;

private:
  void watch();
  void hear(bool sent, std::uint64_t now);
  void look_at_time();
  [[nodiscard]] std::uint64_t end_ns() const;
  [[nodiscard]] int wait_ms() const;

  const std::function<int()> unattended_;
  sigset_t before_{};
  struct sigaction sigint_before_ {};
  UniqueFd signals_, hurry_, quit_; ///< the last two are eventfds
  StopToken token_;
  std::uint64_t hurry_ns_ = ~std::uint64_t{0}, end_ns_ = ~std::uint64_t{0}; ///< used by the thread
  std::jthread thread_;
};

} // namespace xtg::app
