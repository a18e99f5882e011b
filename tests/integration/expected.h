// SPDX-License-Identifier: BSD-2-Clause
// Data that a test receiver expects: zeros, the program's pattern, or a repeated file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace xtg::sink {

inline std::uint64_t splitmix64(std::uint64_t i) {
  std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// The expected data: a text repeated without end, stored with an extra chunk so that any piece is
/// contiguous.
class Expected {
public:
  static constexpr std::size_t kMost = 256UL * 1024; ///< largest piece

  explicit Expected(const std::string& kind) {
    if (kind.empty()) return;
    if (kind == "zeros") {
      text_.assign(1, 0);
    } else if (kind == "pattern") {
      text_.resize(kPatternPeriod);
      for (std::size_t i = 0; i < kPatternPeriod; ++i)
        text_[i] = static_cast<char>(splitmix64(i / 8) >> (i % 8 * 8));
    } else {
      std::ifstream file(kind, std::ios::binary);
      text_.assign(std::istreambuf_iterator<char>(file), {});
      if (text_.empty()) throw std::invalid_argument(kind);
    }
    period_ = text_.size();
    while (text_.size() < period_ + kMost)
      text_.push_back(text_[text_.size() - period_]);
  }

  /// Offset of the first wrong byte of the piece at this offset of the stream.
  [[nodiscard]] std::optional<std::size_t> first_wrong(std::uint64_t offset, const char* data,
                                                       std::size_t size) const {
    if (period_ == 0) return {};
    const char* want = text_.data() + offset % period_;
    if (std::memcmp(want, data, size) == 0) return {};
    return static_cast<std::size_t>(std::mismatch(data, data + size, want).first - data);
  }

private:
  static constexpr std::size_t kPatternPeriod = 4'194'301;

  std::vector<char> text_;
  std::size_t period_ = 0;
};

} // namespace xtg::sink
