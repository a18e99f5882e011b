// SPDX-License-Identifier: BSD-2-Clause
// Selects the received test frames that are written to a capture file: --sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace xtg::plan {

/// A frame is written if any of these selects it.
struct SampleLaw {
  std::optional<std::uint64_t> every{}; ///< sequence numbers that are multiples of it
  std::optional<std::uint64_t> first{}; ///< the first frames of the run
  bool late = false;                    ///< reordered or too late
  bool lost = false;                    ///< the first frame after a gap in the sequence numbers
  bool duplicate = false;
  bool corrupt = false; ///< wrong checksums
  bool operator==(const SampleLaw&) const = default;
};

/// "1/1000", "first:100" or "100", "late", "lost", "duplicate", "corrupt", or several of them
/// separated by commas, each once. InvalidArgument begins with the wrong part.
Result<SampleLaw> parse_sample(std::string_view text);
/// In the notation of parse_sample().
std::string to_string(const SampleLaw& law);

} // namespace xtg::plan
