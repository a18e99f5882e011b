// SPDX-License-Identifier: BSD-2-Clause
// A middle hop that delays every frame and measures by how much. Frames enter at the far end of one
// test bed, where an XDP program copies them with their arrival time to a ring; they leave at the
// near end of another one, sent by a live-frame loop that does nothing else on its CPU. The loop
// sends one frame at a time, as soon as it is due, and records that time too. So the delay is not
// only set (exact to the fraction of a microsecond that a loop run takes) but measured, frame by
// frame, by programs that share nothing with the receiver's. This needs neither a queueing
// discipline (netem, fq: not every kernel has them, and their timers add an unmeasured delay) nor a
// process that has to be woken.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "bench.h"
#include "core/result.h"
#include "net/veth_test_bed.h"

struct xtg_bench_bpf;

namespace xtg::bench {

/// Measured delays of the frames, in ns.
struct Kept {
  std::uint64_t frames = 0;
  std::uint64_t lost = 0;  ///< the ring was full, or the frame had another size
  double mean = 0;         ///< exact
  double p50 = 0, p99 = 0; ///< with a resolution of BENCH_LINE_CELL
};

class DelayLine {
public:
  /// From here on delays frames by `delay_ns`, with its loop on `cpu`.
  static Result<DelayLine> start(const net::VethTestBed& in, const net::VethTestBed& out,
                                 std::uint64_t delay_ns, int cpu);
  DelayLine(DelayLine&& other) noexcept;
  DelayLine& operator=(DelayLine&&) = delete;
  ~DelayLine();

  /// Stops the delay line and returns its measurements.
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
