// SPDX-License-Identifier: BSD-2-Clause
// Frame sizes of a stream: one period of sizes, which packets use in order or at random. The total
// sent follows from the number of packets alone.
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
  /// Mean frame size over many packets, each size weighted by how often it is sent.
  [[nodiscard]] double mean() const;
  /// Bytes of the first `packets` packets, with FCS: exact when sizes are sent in order; random
  /// sizes count with their mean.
  [[nodiscard]] std::uint64_t bytes(std::uint64_t packets) const;
  /// The same in bits on a layer; `l3_offset` is the length of the headers below IP.
  [[nodiscard]] std::uint64_t bits(std::uint64_t packets, std::uint32_t l3_offset,
                                   Layer layer) const;
  /// Mean bits per frame on a layer, over many packets.
  [[nodiscard]] double mean_bits(std::uint32_t l3_offset, Layer layer) const;
  bool operator==(const SizeMix&) const = default;

private:
  std::vector<std::uint32_t> sizes_;
  std::vector<std::uint64_t> sums_; ///< sums_[i]: total of the first i sizes
  bool random_ = false;
  std::uint32_t smallest_ = 0, largest_ = 0;
};

} // namespace xtg
