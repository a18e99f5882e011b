// SPDX-License-Identifier: BSD-2-Clause
// A sender of live frames: one thread that has the kernel run a program of the benchmark's own over
// and over, the program kept in the dispatcher.
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
  std::span<const std::uint8_t> frame; ///< what every frame is before the program has run
  std::uint32_t batch = BENCH_BATCH;   ///< frames that leave together
  int runs = 262'144;                  ///< of a kernel call
  int cpu = 0;
};

/// Where the programs send frames to: the near end.
Status aim(xtg_bench_bpf* skel, const net::VethTestBed& bed);

/// On a thread of its own, until `more` says no, which is asked between kernel calls.
Status run_live(const LiveLoop& loop, const std::function<bool()>& more);

} // namespace xtg::bench
