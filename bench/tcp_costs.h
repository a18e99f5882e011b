// SPDX-License-Identifier: BSD-2-Clause
// Costs of a TCP run besides transmission time.
#pragma once

#include "bench_options.h"

namespace xtg::bench {

/// Time from the start to the first data, and memory per 1,000 flows.
Status report_tcp_costs(const Options& options);

} // namespace xtg::bench
