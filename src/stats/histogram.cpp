// SPDX-License-Identifier: BSD-2-Clause
#include "stats/histogram.h"

#include <algorithm>
#include <cmath>

#include "xtg/abi/hist.h"

namespace xtg::stats {

Histogram::Histogram() : cells_(XTG_HIST_CELLS) {}

void Histogram::add(std::uint64_t ns, std::uint64_t times) {
  cells_[xtg_hist_cell(ns)] += times;
  count_ += times;
}

void Histogram::merge(std::span<const std::uint64_t> cells) {
  const std::size_t known = std::min(cells.size(), cells_.size());
  for (std::size_t i = 0; i < known; ++i) {
    cells_[i] += cells[i];
    count_ += cells[i];
  }
}

std::uint64_t Histogram::quantile(double q) const {
  if (count_ == 0) return 0;
  // Nearest rank. The tiny factor keeps 0.07 * 100 = 7.000000000000001 from being rank 8.
  std::uint64_t rank = count_;
  if (q < 1.0) {
    const double exact = std::ceil(std::max(q, 0.0) * static_cast<double>(count_) * (1 - 1e-12));
    rank = std::clamp(static_cast<std::uint64_t>(exact), std::uint64_t{1}, count_);
  }
  std::uint32_t cell = 0;
  for (std::uint64_t seen = cells_[0]; seen < rank; seen += cells_[cell])
    ++cell;
  return xtg_hist_floor(cell + 1) - 1;
}

} // namespace xtg::stats
