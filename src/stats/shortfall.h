// SPDX-License-Identifier: BSD-2-Clause
// Why less was sent than asked for.
#pragma once

#include <cstdint>
#include <string>

#include "stats/rate.h"
#include "stats/snapshot.h"

namespace xtg::stats {

/// A sentence without a period when the achieved rate is more than 1 % below the target; else
/// empty.
std::string explain_shortfall(const Sample& total);

/// What an interface's own counters say of its sending side.
struct LinkSent {
  std::uint64_t transmitted = 0; ///< frames
  std::uint64_t refused = 0;     ///< dropped, or in error
};

/// Fills in a snapshot's outcomes from the interface's own counters, before the run and now. They
/// count whatever else the interface sends, so they are cut to what was attempted. A counter that
/// went back, as where the driver was reset, counts as one that stood still. `settled`: nothing is
/// in flight any more, so what is in neither never reached the driver.
void use_link_counters(Snapshot& snapshot, const LinkSent& before, const LinkSent& now,
                       bool settled);

} // namespace xtg::stats
