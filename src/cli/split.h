// SPDX-License-Identifier: BSD-2-Clause
// argv to options with their texts, by the table; their meaning is not looked at. CLI11 does it,
// and is spoken to nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/draft.h"

namespace xtg::cli {

struct Split {
  enum class End : std::uint8_t {
    Parsed,
    Help,
    Version,
    Mismatch, ///< a value is missing, or given to a flag
    Refused,
  };
  End end = End::Parsed;
  const spec::CommandInfo* command = nullptr;
  std::vector<spec::Given> given;
  /// Words that nothing took: in front of the command, and behind it.
  std::vector<std::string> before, rest;
  std::string message{}; ///< of Mismatch and Refused, in CLI11's words
};

Split split(std::vector<std::string> args);

} // namespace xtg::cli
