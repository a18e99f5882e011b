// SPDX-License-Identifier: BSD-2-Clause
// Test frames that a receiver kept, and the results of checksum verification.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "xtg/abi/rx_sample.h"

namespace xtg::stats {

struct RxVerified {
  std::uint64_t corrupt = 0;    ///< wrong checksum: counted nowhere else
  std::uint64_t unverified = 0; ///< not verifiable; counted like all others
  bool operator==(const RxVerified&) const = default;
  RxVerified operator-(const RxVerified& before) const {
    return {corrupt - before.corrupt, unverified - before.unverified};
  }
};

/// Frames written to a capture file.
struct RxSamples {
  std::string file;
  std::uint64_t written = 0;
  std::uint64_t lost = 0;                          ///< because the writer was too slow
  std::uint64_t cut = 0;                           ///< of those written: truncated
  std::array<std::uint64_t, XTG_RX_REASONS> why{}; ///< written, by bit of XTG_RX_SHOW_*
  bool operator==(const RxSamples&) const = default;
};

} // namespace xtg::stats
