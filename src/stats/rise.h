// SPDX-License-Identifier: BSD-2-Clause
// What counters gained between two looks at them.
#pragma once

#include <cstdint>

#include "stats/snapshot.h"

namespace xtg::stats {

/// A counter that went back counts as one that stood still.
inline std::uint64_t rise(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

inline TxCounters rise(const TxCounters& from, const TxCounters& to) {
  return {.attempts = rise(from.attempts, to.attempts),
          .accepted = rise(from.accepted, to.accepted),
          .driver_drops = rise(from.driver_drops, to.driver_drops),
          .redirect_errors = rise(from.redirect_errors, to.redirect_errors),
          .resent = rise(from.resent, to.resent),
          .skipped_slots = rise(from.skipped_slots, to.skipped_slots),
          .nomem_retries = rise(from.nomem_retries, to.nomem_retries)};
}

/// Negative for a time before the origin.
inline double seconds_since(std::uint64_t origin_ns, std::uint64_t time_ns) {
  return static_cast<double>(static_cast<std::int64_t>(time_ns - origin_ns)) / 1e9;
}

} // namespace xtg::stats
