// SPDX-License-Identifier: BSD-2-Clause
// Shell completion scripts, written from the table of options, so that they name every option there
// is.
#pragma once

#include <string>

namespace xtg::cli {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

} // namespace xtg::cli
