// SPDX-License-Identifier: BSD-2-Clause
// One turn of a contestant: its rate in a window, after it has started and caches are warm.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/netns.h"
#include "table.h"

namespace xtg::bench {

inline constexpr double kWarmUp = 0.4; // seconds

/// The number of frames so far.
using Count = std::function<std::uint64_t()>;

/// Frames per microsecond in a window after the first frame and the warm-up.
double window(const Count& count, double seconds);

/// A command that sends until it is interrupted, pinned to `cpus` (empty: by itself).
Result<Figures> measure_command(const net::NetNs& ns, const Count& count,
                                const std::vector<std::string>& command,
                                const std::vector<int>& cpus, double seconds);

/// A live-frame loop that runs for as many seconds as it is given.
Result<Figures> measure_loop(const Count& count, const std::function<Status(double)>& loop,
                             double seconds);

} // namespace xtg::bench
