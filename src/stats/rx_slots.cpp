// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_slots.h"

#include <algorithm>
#include <utility>

namespace xtg::stats {

std::vector<std::uint32_t> slots_to_take_back(std::vector<SlotUse> uses, std::uint64_t now_ns,
                                              std::size_t wanted) {
  std::erase_if(uses, [&](const SlotUse& use) { return now_ns < use.last_ns + kSlotIdleNs; });
  std::ranges::sort(uses, {},
                    [](const SlotUse& use) { return std::pair(use.packets > 1, use.last_ns); });
  if (uses.size() > wanted) uses.resize(wanted);
  std::vector<std::uint32_t> numbers;
  for (const SlotUse& use : uses)
    numbers.push_back(use.number);
  return numbers;
}

} // namespace xtg::stats
