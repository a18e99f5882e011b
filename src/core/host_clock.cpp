// SPDX-License-Identifier: BSD-2-Clause
#include "core/host_clock.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <sys/timex.h>

namespace xtg {

std::uint64_t tai_error_ns(const KernelTime& time) {
  const bool in_step =
      time.state >= 0 && time.state != TIME_ERROR && (time.status & STA_UNSYNC) == 0;
  if (!in_step || time.max_error_us < 0) return kNotInStep;
  return static_cast<std::uint64_t>(time.max_error_us) * 1000;
}

std::uint64_t boot_name(std::string_view boot_id) {
  if (boot_id.empty()) return 0;
  std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (const char c : boot_id)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return std::max<std::uint64_t>(hash, 1);
}

HostClock this_host_clock() {
  HostClock out;
  std::string id;
  if (std::ifstream file("/proc/sys/kernel/random/boot_id"); file) std::getline(file, id);
  out.boot = boot_name(id);
  timex time{}; // no modes set: read only
  const int state = adjtimex(&time);
  out.tai_error_ns = tai_error_ns({state, time.status, time.maxerror});
  return out;
}

HostClock worse_of(const HostClock& a, const HostClock& b) {
  return {a.boot, std::max(a.tai_error_ns, b.tai_error_ns)};
}

} // namespace xtg
