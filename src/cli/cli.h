// SPDX-License-Identifier: BSD-2-Clause
// argv to a test, or to text to print.
#pragma once

#include <string>
#include <string_view>
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

inline constexpr std::string_view kFullName = "xdp-trafficgen";

/// `args` without the program's name; help and completion use the name that it was `called` by.
/// Reads the file of --profile. Errors are InvalidArgument: one line naming the option, the value
/// and what is accepted.
Result<Request> parse(const std::vector<std::string>& args, std::string_view called = kFullName);

} // namespace xtg::cli
