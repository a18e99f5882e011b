// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

namespace xtg::xdp {

/// Where a program that receives runs: in the driver, or behind it.
enum class AttachMode : std::uint8_t { Native, Generic };

} // namespace xtg::xdp
