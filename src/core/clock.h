// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <ctime>

namespace xtg {

inline std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns(): times from both sides may be compared.
inline std::uint64_t monotonic_ns() {
  return clock_ns(CLOCK_MONOTONIC);
}

/// CLOCK_TAI, the clock of bpf_ktime_get_tai_ns().
inline std::uint64_t tai_ns() {
  return clock_ns(CLOCK_TAI);
}

/// The time of day, since 1970.
inline std::uint64_t realtime_ns() {
  return clock_ns(CLOCK_REALTIME);
}

} // namespace xtg
