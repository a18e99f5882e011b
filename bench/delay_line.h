// SPDX-License-Identifier: BSD-2-Clause
// A middle hop that keeps every frame for a time and knows for how long it did. Frames enter at the
// far end of one wire, where an XDP program copies them to a ring with the time of their arrival;
// they leave at the near end of another one by a live-frame loop that does nothing else on its CPU.
// The loop sends one frame at a time, the moment its time is over, and stamps that, too: so the
// delay is not only what was asked for (exact to the fraction of a microsecond that a run of the
// loop takes) but measured, frame by frame, by programs that share nothing with the receiver's.
// That needs neither a queueing discipline (netem, fq: not every kernel has them, and their timers
// add what nobody measures) nor a process that has to be woken.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "bench.h"
#include "core/result.h"
#include "net/veth_test_bed.h"

struct xtg_bench_bpf;

namespace xtg::bench {

/// ns that frames were kept.
struct Kept {
  std::uint64_t frames = 0;
  std::uint64_t lost = 0;  ///< the ring was full, or no frame of its size
  double mean = 0;         ///< exact
  double p50 = 0, p99 = 0; ///< to BENCH_LINE_CELL
};

class DelayLine {
public:
  /// Keeps frames for `delay_ns` from here on, its loop on `cpu`.
  static Result<DelayLine> start(const net::VethTestBed& in, const net::VethTestBed& out,
                                 std::uint64_t delay_ns, int cpu);
  DelayLine(DelayLine&& other) noexcept;
  DelayLine& operator=(DelayLine&&) = delete;
  ~DelayLine();

  /// Ends it.
  Result<Kept> stop();

private:
  struct Loop {
    std::atomic<bool> over = false;
    Status done;
    std::thread thread;
  };
  DelayLine() = default;

  xtg_bench_bpf* skel_ = nullptr;
  UniqueFd link_;
  std::unique_ptr<Loop> loop_;
};

} // namespace xtg::bench
