// SPDX-License-Identifier: BSD-2-Clause
#include "plan/path_mtu.h"

#include <algorithm>
#include <array>

namespace xtg::plan {

std::optional<std::uint32_t> adopt_mtu(std::uint32_t told, std::uint32_t current,
                                       packet::Family family) {
  constexpr std::array<std::uint32_t, 7> kPlateaus = {32000, 17914, 8166, 4352, 2002, 1492, 1006};
  const std::uint32_t least = family == packet::Family::V4 ? 552 : 1280;
  if (told == 0) {
    const auto next = std::ranges::find_if(kPlateaus, [&](auto mtu) { return mtu < current; });
    told = next == kPlateaus.end() ? least : *next;
  }
  told = std::max(told, least);
  if (told >= current) return {};
  return told;
}

} // namespace xtg::plan
