// SPDX-License-Identifier: BSD-2-Clause
// User-space side of the kernel's log-linear histograms (xtg/abi/hist.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace xtg::stats {

class Histogram {
public:
  Histogram();
  void add(std::uint64_t ns, std::uint64_t times = 1);
  /// Adds XTG_HIST_CELLS cells as the kernel counted them.
  void merge(std::span<const std::uint64_t> cells);
  void merge(const Histogram& other) { merge(other.cells_); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Largest value of the cell in which the q-quantile lies (0 <= q <= 1), so at most 3.2 % high,
  /// never low; 0 for an empty histogram.
  [[nodiscard]] std::uint64_t quantile(double q) const;
  [[nodiscard]] std::uint64_t max() const { return quantile(1.0); }

private:
  std::vector<std::uint64_t> cells_;
  std::uint64_t count_ = 0;
};

} // namespace xtg::stats
