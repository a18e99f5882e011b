// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace xtg {

inline std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// By how much this process's CLOCK_MONOTONIC is ahead of the kernel's own: a time namespace may
/// shift it (time_namespaces(7)), but no kernel program sees that.
std::int64_t monotonic_offset_ns();
/// The same from the text of a /proc/<pid>/timens_offsets.
std::int64_t parse_monotonic_offset(const std::string& timens_offsets);

/// The kernel's own CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns(): times from both sides may be
/// compared, also those of processes in other time namespaces.
inline std::uint64_t monotonic_ns() {
  return clock_ns(CLOCK_MONOTONIC) - static_cast<std::uint64_t>(monotonic_offset_ns());
}

/// A moment of monotonic_ns() for timers and sleeps, which go by this process's own clock. Not
/// before that clock's zero.
timespec own_monotonic(std::uint64_t at_ns);

/// CLOCK_TAI, the clock of bpf_ktime_get_tai_ns().
inline std::uint64_t tai_ns() {
  return clock_ns(CLOCK_TAI);
}

/// The time of day, since 1970.
inline std::uint64_t realtime_ns() {
  return clock_ns(CLOCK_REALTIME);
}

} // namespace xtg
