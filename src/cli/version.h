// SPDX-License-Identifier: BSD-2-Clause
// The text of --version.
#pragma once

#include <string>

namespace xtg::cli {

struct BuildInfo {
  std::string version, commit, kernel_programs, libraries;
};

/// Version and commit in the first line; then what of the kernel's is used, and which program this
/// is not.
std::string version_text(const BuildInfo& build);

/// The same, of this build.
std::string version_text();

} // namespace xtg::cli
