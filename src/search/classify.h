// SPDX-License-Identifier: BSD-2-Clause
// Load classification (RFC 9971, 4.7.2, 4.8.3, 6.1). Pure arithmetic.
#pragma once

#include <cstdint>
#include <span>

#include "search/goal.h"

namespace xtg::search {

enum class Bound : std::uint8_t { Undecided, Lower, Upper };

/// Seconds of trials at one load by class. Full-length: at least the goal's final duration.
struct Sums {
  double full_low = 0, full_high = 0, short_low = 0, short_high = 0;
};
Sums sums_of(const Goal& goal, std::span<const Outcome> trials);

/// The best and the worst case of what is not measured yet.
struct Exceed {
  double high = 0;  ///< seconds of high loss, short trials balanced
  double whole = 0; ///< seconds
  double worst = 0; ///< seconds of high loss if all that is missing has it
};
Exceed exceed_of(const Goal& goal, const Sums& sums);

Bound classify(const Goal& goal, std::span<const Outcome> trials);

/// The load's forwarding rate in the best trials of which the goal requires, by loss. Of at least
/// one trial.
double conditional_throughput(const Goal& goal, double load, std::span<const Outcome> trials);

} // namespace xtg::search
