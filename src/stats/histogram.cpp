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

std::uint64_t Histogram::quantile(double q, std::uint64_t least, std::uint64_t most) const {
  if (count_ == 0) return 0;
  if (q >= 1.0) return std::min(most, max());
  // Nearest rank. The tiny factor keeps 0.07 * 100 = 7.000000000000001 from being rank 8.
  const double exact = std::ceil(std::max(q, 0.0) * static_cast<double>(count_) * (1 - 1e-12));
  const std::uint64_t rank =
      std::clamp(static_cast<std::uint64_t>(exact), std::uint64_t{1}, count_);
  std::uint32_t cell = 0;
  std::uint64_t before = 0;
  for (; before + cells_[cell] < rank; ++cell)
    before += cells_[cell];
  const std::uint64_t last = xtg_hist_floor(cell + 1) - 1;
  const std::uint64_t low = std::clamp<std::uint64_t>(least, xtg_hist_floor(cell), last);
  const std::uint64_t high = std::clamp(most, low, last);
  const double share =
      (static_cast<double>(rank - before) - 0.5) / static_cast<double>(cells_[cell]);
  return low + static_cast<std::uint64_t>(share * static_cast<double>(high - low + 1));
}

std::uint64_t Histogram::max() const {
  for (std::uint32_t cell = XTG_HIST_CELLS; cell-- > 0;)
    if (cells_[cell]) return xtg_hist_floor(cell + 1) - 1;
  return 0;
}

} // namespace xtg::stats
