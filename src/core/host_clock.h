// SPDX-License-Identifier: BSD-2-Clause
// State of this host's clocks, which another host needs before it compares times from both.
#pragma once

#include <cstdint>
#include <string_view>

namespace xtg {

/// Error of a clock that is not known to be synchronized.
inline constexpr std::uint64_t kNotInStep = ~std::uint64_t{0};

struct HostClock {
  std::uint64_t boot =
      0; ///< identifies the boot, within which CLOCK_MONOTONIC is one clock; 0: unknown
  std::uint64_t tai_error_ns = kNotInStep; ///< maximum error of CLOCK_TAI
  bool operator==(const HostClock&) const = default;
};

/// Result of adjtimex(2).
struct KernelTime {
  int state = -1; ///< TIME_OK ... TIME_ERROR; negative: the call failed
  int status = 0; ///< STA_*
  long max_error_us = 0;
};

/// Maximum error of CLOCK_TAI according to the kernel.
std::uint64_t tai_error_ns(const KernelTime& time);

/// A number for the boot, from /proc/sys/kernel/random/boot_id; 0 only if that is empty.
std::uint64_t boot_name(std::string_view boot_id);

HostClock this_host_clock();

/// The less certain of two readings of one clock.
HostClock worse_of(const HostClock& a, const HostClock& b);

} // namespace xtg
