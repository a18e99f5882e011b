// SPDX-License-Identifier: BSD-2-Clause
// SIGINT, SIGTERM and SIGHUP as a descriptor to poll. main has them blocked for the whole process;
// one that the process was started to ignore (nohup) stays ignored.
#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::app {

/// Blocks the three in the calling thread and the ones it makes later, and ignores SIGPIPE. For
/// main.
void block_signals();
/// Undoes block_signals() for a child that runs another program.
void unblock_signals();

struct TakenSignals {
  int count = 0;
  int sent =
      0; ///< of these by a process: not by the terminal, which tells its whole foreground group
};

class Signals {
public:
  static Result<Signals> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// What has come since the last call; does not wait.
  TakenSignals take();

private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

} // namespace xtg::app
