// SPDX-License-Identifier: BSD-2-Clause
#include "cli/version.h"

#include <fmt/format.h>

#include "core/version.h"

namespace xtg::cli {

std::string version_text(const BuildInfo& build) {
  std::string out = fmt::format("xdp-trafficgen {}, commit {}\n", build.version,
                                build.commit.empty() ? "unknown" : build.commit);
  out += "kernel: Linux 5.18 or later, for BPF live frames; \"probe\" shows what this machine can "
         "do\n";
  if (!build.kernel_programs.empty())
    out += fmt::format("kernel programs inside: {}\n", build.kernel_programs);
  if (!build.libraries.empty()) out += fmt::format("built with: {}\n", build.libraries);
  out +=
      "This is not the xdp-trafficgen of xdp-tools, which has the same name and other options.\n";
  return out;
}

std::string version_text() {
  return version_text({kVersion, kCommit, kKernelPrograms, kLibraries});
}

} // namespace xtg::cli
