// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace xtg::bench {

struct Options {
  std::string binary; ///< the xdp-trafficgen under test
  unsigned rounds = 7;
  double seconds = 1;             ///< measurement time per run
  std::vector<std::string> peers; ///< whole commands; %i and others are replaced
  std::vector<std::string> only;  ///< tables of `tcp`, `rx` or `via`; empty: all
};

Status bench_udp(const Options& options);
Status bench_via(const Options& options);
Status bench_pacing(const Options& options);
Status bench_tcp(const Options& options);
Status bench_rx(const Options& options);
Status bench_reflect(const Options& options);
/// Whether `name` is a table of the `tcp` benchmark.
bool is_tcp_table(const std::string& name);
bool is_rx_table(const std::string& name);
bool is_via_table(const std::string& name);

} // namespace xtg::bench
