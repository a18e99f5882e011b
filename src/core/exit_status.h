// SPDX-License-Identifier: BSD-2-Clause
// Exit statuses of the process, documented under EXIT STATUS in man/xdp-trafficgen.8.
#pragma once

#include "core/result.h"

namespace xtg {

enum class ExitStatus : int {
  Done = 0,
  Failed = 1,        ///< failed while running
  Usage = 2,         ///< wrong usage or input: nothing was sent
  Threshold = 3,     ///< ran, but missed a threshold that the user set
  Unsupported = 4,   ///< this kernel, interface or permission cannot do it, or nothing was accepted
  Peer = 5,          ///< the far end refused, reset, vanished or did not answer
  Interrupted = 130, ///< exited at once at the second interrupt
};

/// Exit status of a run that failed with this error.
int exit_status(const Error& error);

} // namespace xtg
