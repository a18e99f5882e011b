// SPDX-License-Identifier: BSD-2-Clause
// --help from the option tree: one line per option, under the headings of its groups.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace xtg::cli {

/// Help of the program (`app` without a parent) or of one of its commands.
std::string help_text(const CLI::App& app);

} // namespace xtg::cli
