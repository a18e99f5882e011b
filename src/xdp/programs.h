// SPDX-License-Identifier: BSD-2-Clause
// Other XDP programs on an interface, as libxdp sees them: a program by itself, or the members of a
// libxdp dispatcher.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace xtg::xdp {

struct AttachedProgram {
  std::uint32_t id = 0;
  std::string name;
};

/// In execution order; empty if there is none.
Result<std::vector<AttachedProgram>> attached_programs(int ifindex);

} // namespace xtg::xdp
