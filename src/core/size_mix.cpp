// SPDX-License-Identifier: BSD-2-Clause
#include "core/size_mix.h"

#include <algorithm>
#include <utility>

#include "core/ethernet.h"

namespace xtg {

namespace {

/// Bytes that a layer counts for a frame beyond (or below) its size with FCS.
std::int64_t overhead(std::uint32_t l3_offset, Layer layer) {
  switch (layer) {
  case Layer::L1:
    return kGapBytes;
  case Layer::L2:
    return 0;
  case Layer::L3:
    return -std::int64_t{l3_offset} - kFcsBytes;
  }
  return 0;
}

} // namespace

SizeMix::SizeMix(std::vector<std::uint32_t> sizes, bool random)
    : sizes_(std::move(sizes)), random_(random) {
  sums_.reserve(sizes_.size() + 1);
  sums_.push_back(0);
  for (const std::uint32_t size : sizes_)
    sums_.push_back(sums_.back() + size);
  const auto [least, most] = std::ranges::minmax_element(sizes_);
  smallest_ = *least;
  largest_ = *most;
}

double SizeMix::mean() const {
  return static_cast<double>(sums_.back()) / static_cast<double>(sizes_.size());
}

std::uint64_t SizeMix::bytes(std::uint64_t packets) const {
  const std::uint64_t whole = packets / sizes_.size() * sums_.back();
  const std::uint64_t rest = packets % sizes_.size();
  if (!random_) return whole + sums_[rest];
  return whole + (rest * sums_.back() + sizes_.size() / 2) / sizes_.size();
}

std::uint64_t SizeMix::bits(std::uint64_t packets, std::uint32_t l3_offset, Layer layer) const {
  const auto more = static_cast<std::uint64_t>(overhead(l3_offset, layer)); // modulo 2^64
  return (bytes(packets) + packets * more) * 8;
}

double SizeMix::mean_bits(std::uint32_t l3_offset, Layer layer) const {
  return (mean() + static_cast<double>(overhead(l3_offset, layer))) * 8;
}

} // namespace xtg
