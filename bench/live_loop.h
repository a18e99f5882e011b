// SPDX-License-Identifier: BSD-2-Clause
// A sender of live frames: one thread that has the kernel run a benchmark program in a loop; the
// program stays attached to the dispatcher.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "bench.h"
#include "core/result.h"
#include "net/veth_test_bed.h"

struct xtg_bench_bpf;

namespace xtg::bench {

struct LiveLoop {
  int prog = -1;
  std::span<const std::uint8_t> frame; ///< initial content of every frame
  std::uint32_t batch = BENCH_BATCH;   ///< frames sent together
  int runs = 262'144;                  ///< per kernel call
  int cpu = 0;
  int send_on = -1;               ///< a tc program for frames that pass
  const net::NetNs* ns = nullptr; ///< with send_on: the namespace of the output interface
};

/// Sets the programs' output interface: the near end.
Status aim(xtg_bench_bpf* skel, const net::VethTestBed& bed);

/// Runs on a thread of its own until `more` returns false; it is called between kernel calls.
Status run_live(const LiveLoop& loop, const std::function<bool()>& more);

} // namespace xtg::bench
