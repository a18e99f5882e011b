// SPDX-License-Identifier: BSD-2-Clause
// Which of the receiver's slots are taken back from their streams when there are few left for
// others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xtg::stats {

/// A slot in use.
struct SlotUse {
  std::uint32_t number = 0;
  std::uint64_t packets = 0;
  std::uint64_t last_ns = 0; ///< arrival of the last one
};

/// A stream without a packet for so long is idle: others keep their slots.
inline constexpr std::uint64_t kSlotIdleNs = 2'000'000'000;

/// At most `wanted` idle ones, by number: first those with one packet, which may be none
/// of a stream, then the others; of each kind the one that was quiet for longest first.
std::vector<std::uint32_t> slots_to_take_back(std::vector<SlotUse> uses, std::uint64_t now_ns,
                                              std::size_t wanted);

} // namespace xtg::stats
