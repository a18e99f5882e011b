// SPDX-License-Identifier: BSD-2-Clause
// Which of the test frames that arrive are written to a capture file: --sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace xtg::plan {

/// A frame is written when any of these says so.
struct SampleLaw {
  std::optional<std::uint64_t> every{}; ///< numbers that are multiples of it
  std::optional<std::uint64_t> first{}; ///< the first ones of the run
  bool late = false;                    ///< reordered or too late
  bool lost = false;                    ///< the first one after a gap in the numbers
  bool duplicate = false;
  bool corrupt = false; ///< checksums are wrong
  bool operator==(const SampleLaw&) const = default;
};

/// "1/1000", "first:100" or "100", "late", "lost", "duplicate", "corrupt", or several of them
/// joined by commas, each once. InvalidArgument begins with the word that is wrong.
Result<SampleLaw> parse_sample(std::string_view text);
/// parse_sample() reads it back.
std::string to_string(const SampleLaw& law);

} // namespace xtg::plan
