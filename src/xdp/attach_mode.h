// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

namespace xtg::xdp {

/// Where a receiving program runs: in the driver, or after it.
enum class AttachMode : std::uint8_t { Native, Generic };

} // namespace xtg::xdp
