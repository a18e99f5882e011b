// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace xtg::bench {

struct Options {
  std::string binary; ///< the xdp-trafficgen under test
  unsigned rounds = 7;
  double seconds = 1;             ///< measured per run
  std::vector<std::string> peers; ///< whole commands; %i stands for the interface
};

Status bench_udp(const Options& options);
Status bench_pacing(const Options& options);

} // namespace xtg::bench
