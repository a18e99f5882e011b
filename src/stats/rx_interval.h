// SPDX-License-Identifier: BSD-2-Clause
// What arrived between two snapshots. Internal to stats.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/rx.h"

namespace xtg::stats {

struct RxSpan {
  std::uint64_t from_ns = 0, to_ns = 0;
};

/// All of a sample but its streams and what is derived from them.
RxSample sample_between(const RxSnapshot& from, const RxSnapshot& to, const RxSpan& span,
                        std::uint64_t origin_ns);

double largest_jitter(const std::vector<RxStream>& streams);

} // namespace xtg::stats
