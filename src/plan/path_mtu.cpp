// SPDX-License-Identifier: BSD-2-Clause
#include "plan/path_mtu.h"

#include <algorithm>
#include <array>

namespace xtg::plan {

std::optional<std::uint32_t> adopt_mtu(std::uint32_t reported, std::uint32_t current,
                                       packet::Family family) {
  constexpr std::array<std::uint32_t, 7> kPlateaus = {32000, 17914, 8166, 4352, 2002, 1492, 1006};
  const std::uint32_t least = family == packet::Family::V4 ? 552 : 1280;
  if (reported == 0) {
    const auto next = std::ranges::find_if(kPlateaus, [&](auto mtu) { return mtu < current; });
    reported = next == kPlateaus.end() ? least : *next;
  }
  reported = std::max(reported, least);
  if (reported >= current) return {};
  return reported;
}

} // namespace xtg::plan
