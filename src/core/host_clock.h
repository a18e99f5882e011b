// SPDX-License-Identifier: BSD-2-Clause
// What another host has to know of this one's clocks before times of both are compared.
#pragma once

#include <cstdint>
#include <string_view>

namespace xtg {

/// An error of a clock that is not known to be in step with anything.
inline constexpr std::uint64_t kNotInStep = ~std::uint64_t{0};

struct HostClock {
  std::uint64_t boot = 0;                  ///< within one boot CLOCK_MONOTONIC is one clock; 0: ?
  std::uint64_t tai_error_ns = kNotInStep; ///< that CLOCK_TAI may be off
  bool operator==(const HostClock&) const = default;
};

/// The kernel's answer to adjtimex(2).
struct KernelTime {
  int state = -1; ///< TIME_OK ... TIME_ERROR; negative: the call failed
  int status = 0; ///< STA_*
  long max_error_us = 0;
};

/// The error that the kernel vouches for.
std::uint64_t tai_error_ns(const KernelTime& time);

/// A boot's name from its /proc/sys/kernel/random/boot_id; never 0 unless that is empty.
std::uint64_t boot_name(std::string_view boot_id);

HostClock this_host_clock();

/// Of two looks at one clock the less certain one.
HostClock worse_of(const HostClock& a, const HostClock& b);

} // namespace xtg
