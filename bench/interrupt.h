// SPDX-License-Identifier: BSD-2-Clause
// ^C ends a benchmark the ordinary way: the turn at hand fails, and the destructors remove what was
// made.
#pragma once

#include "core/result.h"

namespace xtg::bench {

/// From here on SIGINT, SIGTERM and SIGHUP only set a flag, and a closed stdout is no signal.
void catch_interrupts();
/// In a child, before it becomes something else: signals as they were.
void restore_signals();
bool interrupted();

/// Sleeps; an interrupt ends that early and is an error.
Status pause(double seconds);

} // namespace xtg::bench
