// SPDX-License-Identifier: BSD-2-Clause
// An XDP program that passes everything, for attaching in a driver.
#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

/// `name`: as shown to others, at most 15 characters. `frags`: declares multi-buffer support, as
/// the receiving programs do; a driver may then accept it with a larger MTU.
Result<UniqueFd> load_pass_program(const char* name, bool frags);

} // namespace xtg::xdp
