// SPDX-License-Identifier: BSD-2-Clause
// --help from the table of options: one line per option, grouped under headings.
#pragma once

#include <string>

#include "spec/option.h"

namespace xtg::cli {

/// Help of a command; null: help of the program.
std::string help_text(const spec::CommandInfo* command);

/// Options of every command that are not in the table.
std::vector<spec::Option> general_options();
/// Options that are accepted without a command.
std::vector<spec::Option> root_options();

} // namespace xtg::cli
