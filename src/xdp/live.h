// SPDX-License-Identifier: BSD-2-Clause
// What all users of live frames see of them, whichever programs they run.
#pragma once

#include <cstdint>

namespace xtg::xdp {

/// How one kernel call ended.
enum class RunEnd : std::uint8_t {
  Complete,
  Interrupted, ///< a signal; what was sent is in the counters, call again
  NoMemory,    ///< the kernel could not get a page; call again after a pause
};

/// Sends libbpf's log lines to a ring of the last few, which load errors quote; with `echo` to
/// stderr too.
void init_logging(bool echo);

} // namespace xtg::xdp
