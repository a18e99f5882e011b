// SPDX-License-Identifier: BSD-2-Clause
// SIGINT, SIGTERM and SIGHUP as a descriptor to poll. main has them blocked for the whole process.
#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::app {

/// Blocks the three in the calling thread and the ones it makes later, and ignores SIGPIPE. For
/// main.
void block_signals();
/// Undoes block_signals() for a child that runs another program.
void unblock_signals();

class Signals {
public:
  static Result<Signals> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// How many have come since the last call; does not wait.
  int take();

private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

} // namespace xtg::app
