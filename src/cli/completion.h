// SPDX-License-Identifier: BSD-2-Clause
// Shell completion scripts, written from the option tree, so that they name every option there is.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace xtg::cli {

std::string bash_completion(const CLI::App& root);
std::string zsh_completion(const CLI::App& root);
std::string fish_completion(const CLI::App& root);

} // namespace xtg::cli
