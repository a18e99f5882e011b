// SPDX-License-Identifier: BSD-2-Clause
// Why less was sent than requested.
#pragma once

#include <cstdint>
#include <string>

#include "stats/rate.h"
#include "stats/snapshot.h"

namespace xtg::stats {

/// A sentence without a period when the achieved rate is more than 1 % below the target; else
/// empty.
std::string explain_shortfall(const Sample& total);

/// Why a run that had time attempted nothing. A schedule's first frame is due at the run's start.
std::string explain_nothing_sent(const TxCounters& tx);

/// Transmit counters of an interface.
struct LinkSent {
  std::uint64_t transmitted = 0; ///< frames
  std::uint64_t refused = 0;     ///< dropped, or transmit errors
};

/// Fills in a snapshot's outcomes from the interface's own counters, before the run and now. They
/// count all frames that the interface sends, so they are limited to the attempts. A counter that
/// decreased, as after a driver reset, counts as unchanged. `settled`: nothing is in flight any
/// more, so frames in neither counter never reached the driver.
void use_link_counters(Snapshot& snapshot, const LinkSent& before, const LinkSent& now,
                       bool settled);

} // namespace xtg::stats
