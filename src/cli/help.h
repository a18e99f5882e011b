// SPDX-License-Identifier: BSD-2-Clause
// --help from the table: one line per option, under the headings of its groups.
#pragma once

#include <string>

#include "spec/option.h"

namespace xtg::cli {

/// Help of a command; null: of the program.
std::string help_text(const spec::CommandInfo* command);

/// The options that every command has besides those of the table.
std::vector<spec::Option> general_options();
/// Those that may be given without a command.
std::vector<spec::Option> root_options();

} // namespace xtg::cli
