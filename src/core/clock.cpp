// SPDX-License-Identifier: BSD-2-Clause
#include "core/clock.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <sys/stat.h>

namespace xtg {

namespace {

bool same_file(const char* a, const char* b) {
  struct stat first {};
  struct stat second {};
  return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

std::int64_t read_offset() {
  // timens_offsets describes the time namespace of future children. Until this process calls
  // execve() (before Linux 6.3 even after it), its own namespace may differ, and the kernel does
  // not report that one's offsets.
  if (!same_file("/proc/self/ns/time", "/proc/self/ns/time_for_children")) return 0;
  std::ifstream file("/proc/self/timens_offsets");
  return parse_monotonic_offset({std::istreambuf_iterator<char>(file), {}});
}

} // namespace

std::int64_t parse_monotonic_offset(const std::string& timens_offsets) {
  std::istringstream lines(timens_offsets);
  std::string clock;
  std::int64_t seconds = 0, nanoseconds = 0;
  while (lines >> clock >> seconds >> nanoseconds)
    // Before Linux 5.7 the file named clocks by number.
    if (clock == "monotonic" || clock == "1") return seconds * 1'000'000'000 + nanoseconds;
  return 0;
}

std::int64_t monotonic_offset_ns() {
  static const std::int64_t offset = read_offset(); // a process keeps its time namespace
  return offset;
}

timespec own_monotonic(std::uint64_t at_ns) {
  const std::uint64_t own = at_ns + static_cast<std::uint64_t>(monotonic_offset_ns());
  return {static_cast<time_t>(own / 1'000'000'000), static_cast<long>(own % 1'000'000'000)};
}

} // namespace xtg
