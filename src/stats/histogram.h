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
  /// Adds XTG_HIST_CELLS cells of a kernel histogram.
  void merge(std::span<const std::uint64_t> cells);
  void merge(const Histogram& other) { merge(other.cells_); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// XTG_HIST_CELLS counts.
  [[nodiscard]] std::span<const std::uint64_t> cells() const { return cells_; }
  /// The q-quantile (0 <= q <= 1) by nearest rank; 0 for an empty histogram. Values are assumed to
  /// be spread evenly over their cell, clipped to [`least`, `most`], which bound all values. The
  /// result is in the cell of the exact quantile, so within 1.6 % of it; for q = 1 it is max() or
  /// `most`.
  [[nodiscard]] std::uint64_t quantile(double q, std::uint64_t least = 0,
                                       std::uint64_t most = ~std::uint64_t{0}) const;
  /// Upper bound of the highest non-empty cell: at most 1.6 % above the largest value, never below.
  [[nodiscard]] std::uint64_t max() const;

private:
  std::vector<std::uint64_t> cells_;
  std::uint64_t count_ = 0;
};

} // namespace xtg::stats
