// SPDX-License-Identifier: BSD-2-Clause
// Test frames that a receiver kept, and the result of their checksums.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "xtg/abi/rx_sample.h"

namespace xtg::stats {

struct RxVerified {
  std::uint64_t corrupt = 0;    ///< wrong checksum: counted nowhere else
  std::uint64_t unverified = 0; ///< there was nothing to verify; counted as all others
  bool operator==(const RxVerified&) const = default;
  RxVerified operator-(const RxVerified& before) const {
    return {corrupt - before.corrupt, unverified - before.unverified};
  }
};

/// Frames written to a capture file.
struct RxSamples {
  std::string file;
  std::uint64_t written = 0;
  std::uint64_t lost = 0;                          ///< the writer was too slow for them
  std::uint64_t cut = 0;                           ///< of those written: longer than what is kept
  std::array<std::uint64_t, XTG_RX_REASONS> why{}; ///< written, by bit of XTG_RX_SHOW_*
  bool operator==(const RxSamples&) const = default;
};

} // namespace xtg::stats
