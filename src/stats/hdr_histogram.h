// SPDX-License-Identifier: BSD-2-Clause
// Histograms in HdrHistogram's interchange format: V2, compressed, in base64. It has two
// significant decimal digits and tracks 1 ns to 2^40 ns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "stats/histogram.h"

namespace xtg::stats {

/// Each cell of ours becomes the count of the value in its middle, or of `least` or `most` if the
/// middle lies beyond them: every decoded value is within 0.8 % of the measured one.
std::string hdr_encode(const Histogram& histogram, std::uint64_t least = 0,
                       std::uint64_t most = ~std::uint64_t{0});

/// The values that share a count.
struct HdrCell {
  std::uint64_t low = 0, high = 0; ///< both included
  std::uint64_t count = 0;
  bool operator==(const HdrCell&) const = default;
};
/// The cells that have a count, ascending. Accepts any precision; InvalidArgument for what is no
/// such histogram.
Result<std::vector<HdrCell>> hdr_decode(std::string_view base64);

} // namespace xtg::stats
