// SPDX-License-Identifier: BSD-2-Clause
// Increase of counters between two readings.
#pragma once

#include <cstdint>

#include "stats/snapshot.h"

namespace xtg::stats {

/// A counter that decreased counts as unchanged.
inline std::uint64_t rise(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

inline TxCounters rise(const TxCounters& from, const TxCounters& to) {
  return {.attempts = rise(from.attempts, to.attempts),
          .accepted = rise(from.accepted, to.accepted),
          .driver_drops = rise(from.driver_drops, to.driver_drops),
          .redirect_errors = rise(from.redirect_errors, to.redirect_errors),
          .queue_drops = rise(from.queue_drops, to.queue_drops),
          .queued = rise(from.queued, to.queued),
          .resent = rise(from.resent, to.resent),
          .skipped_slots = rise(from.skipped_slots, to.skipped_slots),
          .nomem_retries = rise(from.nomem_retries, to.nomem_retries)};
}

/// A 128-bit sum of ns.
struct WideSum {
  std::uint64_t low = 0, high = 0;
  WideSum& operator+=(const WideSum& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
  }
  /// Like rise().
  [[nodiscard]] WideSum since(const WideSum& before) const {
    if (high < before.high || (high == before.high && low < before.low)) return {};
    return {low - before.low, high - before.high - (low < before.low ? 1 : 0)};
  }
  [[nodiscard]] double value() const {
    return static_cast<double>(high) * 0x1p64 + static_cast<double>(low);
  }
};

/// Negative for a time before the origin.
inline double seconds_since(std::uint64_t origin_ns, std::uint64_t time_ns) {
  return static_cast<double>(static_cast<std::int64_t>(time_ns - origin_ns)) / 1e9;
}

} // namespace xtg::stats
