// SPDX-License-Identifier: BSD-2-Clause
// An XDP program that passes everything, to be handed to a driver.
#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

/// `name`: as others see it, at most 15 characters. `frags`: it says that it can cope with frames
/// in several pieces, as the programs that receive do; a driver may then take it with a larger MTU.
Result<UniqueFd> load_pass_program(const char* name, bool frags);

} // namespace xtg::xdp
