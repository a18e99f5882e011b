// SPDX-License-Identifier: BSD-2-Clause
// How long a search will probably take, found by a search of a computed device. No clock, no I/O.
#pragma once

#include <vector>

#include "search/controller.h"
#include "search/goal.h"

namespace xtg::search {

/// Seconds for the trials of one frame size. `limits.budget`: the time limit of all of them;
/// `overhead`: seconds of each trial beside its duration.
double estimate_seconds(Preset preset, const std::vector<Goal>& goals, Limits limits,
                        double overhead);

} // namespace xtg::search
