// SPDX-License-Identifier: BSD-2-Clause
// How large the frames of a stream are: one period of sizes, which packets go through in order or
// draw from. What was sent in all follows from the number of packets alone.
#pragma once

#include <cstdint>
#include <vector>

#include "core/units.h"

namespace xtg {

class SizeMix {
public:
  /// Sizes with FCS; at least one. `random`: each packet draws one of them.
  explicit SizeMix(std::vector<std::uint32_t> sizes, bool random = false);

  [[nodiscard]] const std::vector<std::uint32_t>& sizes() const { return sizes_; }
  [[nodiscard]] bool random() const { return random_; }
  [[nodiscard]] bool constant() const { return smallest_ == largest_; }
  [[nodiscard]] std::uint32_t smallest() const { return smallest_; }
  [[nodiscard]] std::uint32_t largest() const { return largest_; }
  /// Of one frame in the long run, each size as often as it is sent.
  [[nodiscard]] double mean() const;
  /// Of the first `packets` packets, with FCS: exact where they are sent in order; drawn ones are
  /// taken to have the mean size.
  [[nodiscard]] std::uint64_t bytes(std::uint64_t packets) const;
  /// The same on a layer; `l3_offset` is the length of the headers below IP.
  [[nodiscard]] std::uint64_t bits(std::uint64_t packets, std::uint32_t l3_offset,
                                   Layer layer) const;
  /// Bits of one frame in the long run.
  [[nodiscard]] double mean_bits(std::uint32_t l3_offset, Layer layer) const;
  bool operator==(const SizeMix&) const = default;

private:
  std::vector<std::uint32_t> sizes_;
  std::vector<std::uint64_t> sums_; ///< of the first i sizes
  bool random_ = false;
  std::uint32_t smallest_ = 0, largest_ = 0;
};

} // namespace xtg
