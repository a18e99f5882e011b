// SPDX-License-Identifier: BSD-2-Clause
// Frame sizes of a stream, and how often each occurs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/size_mix.h"

namespace xtg::packet {

/// The most entries that one period may have (XTG_MAX_SIZES).
inline constexpr std::size_t kMaxSizes = 4096;

struct SizeShare {
  std::uint32_t size = 64;  ///< with FCS
  std::uint32_t weight = 1; ///< at least 1
  bool operator==(const SizeShare&) const = default;
};

class SizeLaw {
public:
  /// One size.
  SizeLaw(std::uint32_t size = 64) : shares_{{size, 1}} {} // NOLINT(google-explicit-constructor)

  /// "N"; "A-B" or "A-B/STEP": every size in turn; "N:WEIGHT,N:WEIGHT" or "N,N,N": in proportion to
  /// the weights; "imix": 64:7,594:4,1518:1. With the suffix ":random", each packet draws a size.
  static Result<SizeLaw> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const; ///< in the notation of parse()
  /// For people: explains "imix", too.
  [[nodiscard]] std::string describe() const;
  /// One period in sending order. The sizes of a mix are spread evenly: each occurs exactly
  /// `weight` times in any run of packets as long as the sum of the weights.
  [[nodiscard]] SizeMix mix() const;

  [[nodiscard]] bool constant() const { return smallest() == largest(); }
  [[nodiscard]] std::uint32_t smallest() const;
  [[nodiscard]] std::uint32_t largest() const;
  bool operator==(const SizeLaw&) const = default;

private:
  [[nodiscard]] std::string shares_text() const;
  std::vector<SizeShare> shares_; ///< for a range, its two ends
  std::uint32_t step_ = 0;        ///< for a range; 0: a mix
  bool random_ = false;
};

} // namespace xtg::packet
