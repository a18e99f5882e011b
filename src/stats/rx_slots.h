// SPDX-License-Identifier: BSD-2-Clause
// Selects the receiver's slots to take back from their streams when few are free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xtg::stats {

/// A slot in use.
struct SlotUse {
  std::uint32_t number = 0;
  std::uint64_t packets = 0;
  std::uint64_t last_ns = 0; ///< arrival of the last packet
};

/// A stream without a packet for this long is idle; others keep their slots.
inline constexpr std::uint64_t kSlotIdleNs = 2'000'000'000;

/// At most `wanted` idle slots, by number: first those with a single packet, which may not be a
/// stream at all, then the others; in each group the longest idle first.
std::vector<std::uint32_t> slots_to_take_back(std::vector<SlotUse> uses, std::uint64_t now_ns,
                                              std::size_t wanted);

} // namespace xtg::stats
