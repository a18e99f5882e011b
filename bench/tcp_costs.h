// SPDX-License-Identifier: BSD-2-Clause
// What a TCP run costs besides time on the wire.
#pragma once

#include "bench_options.h"

namespace xtg::bench {

/// Time from the start to the first data, and memory per 1,000 flows.
Status report_tcp_costs(const Options& options);

} // namespace xtg::bench
