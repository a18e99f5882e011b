// SPDX-License-Identifier: BSD-2-Clause
// Bytes on the wire around each Ethernet frame.
#pragma once

#include <cstdint>

namespace xtg {

inline constexpr std::uint32_t kFcsBytes = 4;
/// Preamble, start delimiter and gap between frames (IEEE 802.3).
inline constexpr std::uint32_t kGapBytes = 20;

} // namespace xtg
