// SPDX-License-Identifier: BSD-2-Clause
#include "app/kept_ports.h"

#include <algorithm>

namespace xtg::app {

plan::HostFacts without_kept(plan::HostFacts facts, KeptPort* kept) {
  if (kept == nullptr || !facts.iface) return facts;
  const auto own = kept->links.programs();
  std::erase_if(facts.iface->xdp_prog_ids,
                [&own](std::uint32_t id) { return std::ranges::count(own, id) != 0; });
  if (facts.iface->xdp_prog_ids.empty()) facts.iface->xdp_mode.clear();
  return facts;
}

} // namespace xtg::app
