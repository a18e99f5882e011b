// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "core/units.h"

namespace xtg {

/// For ppoll() and the like; not negative.
inline timespec duration_timespec(Nanoseconds time) {
  return {.tv_sec = time.count() / 1'000'000'000, .tv_nsec = time.count() % 1'000'000'000};
}

inline std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// How far this process's CLOCK_MONOTONIC is ahead of the kernel's: a time namespace may shift it
/// (time_namespaces(7)), and BPF programs do not see the shift.
std::int64_t monotonic_offset_ns();
/// Parses the same offset from the text of /proc/<pid>/timens_offsets.
std::int64_t parse_monotonic_offset(const std::string& timens_offsets);

/// The kernel's own CLOCK_MONOTONIC, as bpf_ktime_get_ns() reads it: comparable with times from BPF
/// programs and from processes in other time namespaces.
inline std::uint64_t monotonic_ns() {
  return clock_ns(CLOCK_MONOTONIC) - static_cast<std::uint64_t>(monotonic_offset_ns());
}

/// Converts a monotonic_ns() time to this process's own CLOCK_MONOTONIC, for timers and sleeps.
/// Never below zero.
timespec own_monotonic(std::uint64_t at_ns);

/// CLOCK_TAI, the clock of bpf_ktime_get_tai_ns().
inline std::uint64_t tai_ns() {
  return clock_ns(CLOCK_TAI);
}

/// Wall-clock time since 1970.
inline std::uint64_t realtime_ns() {
  return clock_ns(CLOCK_REALTIME);
}

} // namespace xtg
