// SPDX-License-Identifier: BSD-2-Clause
// Frames that enter a stack as if received, into an nftables rule that counts and drops them:
// `--via receive` beside pktgen's netif_receive, which needs the kernel's pktgen module.
#pragma once

#include "bench_options.h"

namespace xtg::bench {

Status bench_receive(const Options& options);

} // namespace xtg::bench
