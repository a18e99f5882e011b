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

/// Fills in a snapshot's outcomes from the interface's own counters: frames transmitted and refused
/// since the run began. They count whatever else the interface sends, so they are cut to what was
/// attempted. `settled`: nothing is in flight any more, so what is in neither never reached the
/// driver.
void use_link_counters(Snapshot& snapshot, std::uint64_t transmitted, std::uint64_t refused,
                       bool settled);

} // namespace xtg::stats
