// SPDX-License-Identifier: BSD-2-Clause
// Shell completion scripts, generated from the table of options.
#pragma once

#include <string>

namespace xtg::cli {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

} // namespace xtg::cli
