// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tcp_agreement.h"

#include <algorithm>
#include <cstddef>
#include <map>

namespace xtg::plan {

TcpOptions most_common(std::span<const TcpOptions> all) {
  std::map<TcpOptions, std::size_t> times;
  for (const TcpOptions& options : all)
    times[options]++;
  // Ties: the first one.
  return *std::ranges::max_element(all, {}, [&](const TcpOptions& o) { return times[o]; });
}

} // namespace xtg::plan
