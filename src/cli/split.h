// SPDX-License-Identifier: BSD-2-Clause
// Splits argv into options and their values, by the table; does not interpret them. Only this file
// uses CLI11.
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
  /// Arguments that nothing took, before and after the command.
  std::vector<std::string> before, rest;
  std::string message{}; ///< of Mismatch and Refused: CLI11's message
};

Split split(std::vector<std::string> args);

} // namespace xtg::cli
