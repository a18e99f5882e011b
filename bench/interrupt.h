// SPDX-License-Identifier: BSD-2-Clause
// ^C ends a benchmark in an orderly way: the current turn fails, and destructors clean up.
#pragma once

#include "core/result.h"

namespace xtg::bench {

/// From here on SIGINT, SIGTERM and SIGHUP only set a flag, and SIGPIPE is ignored.
void catch_interrupts();
/// In a child, before it executes another program: restores the signal handlers.
void restore_signals();
bool interrupted();

/// Sleeps; an interrupt ends the sleep early with an error.
Status pause(double seconds);

} // namespace xtg::bench
