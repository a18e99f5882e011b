// SPDX-License-Identifier: BSD-2-Clause
// argv to a test, or to text to print.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "spec/test.h"

namespace xtg::cli {

/// --help, --version, and completion scripts: print to stdout, exit status 0.
struct TextRequest {
  std::string text;
};

using Request = std::variant<TextRequest, spec::Test>;

/// `args` without the program's name. Reads the file of --profile. Errors are InvalidArgument: one
/// line naming the option, the value and what is accepted.
Result<Request> parse(const std::vector<std::string>& args);

} // namespace xtg::cli
