// SPDX-License-Identifier: BSD-2-Clause
// Common to all senders of live frames.
#pragma once

#include <cstdint>

namespace xtg::xdp {

/// How one kernel call ended.
enum class RunEnd : std::uint8_t {
  Complete,
  Interrupted, ///< by a signal; frames sent so far are counted, call again
  NoMemory,    ///< the kernel had no page; call again after a pause
};

/// Keeps the last few of libbpf's log lines, which load errors quote; with `echo`, also writes them
/// to stderr.
void init_logging(bool echo);

} // namespace xtg::xdp
