// SPDX-License-Identifier: BSD-2-Clause
// What one sending thread does: kernel calls one after the other, sized so that each takes some
// tens of milliseconds, with sleeps in between where the schedule has long gaps. No thread is made
// here: see worker_pool.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "core/result.h"
#include "tx/lane.h"

namespace xtg::tx {

/// One paced stream's share of a thread.
struct PacedStream {
  std::size_t number = 0;
  std::uint32_t slot_frames = 1; ///< frames of one slot
  std::uint32_t batch_slots = 1; ///< slots released together
  /// And as many at most when the schedule cannot be kept.
  std::uint32_t max_batch_slots = 256;
};

struct WorkerSpec {
  /// Frames per kernel batch, at least, where some stream is not paced; else a batch is one release
  /// of the stream that releases most.
  std::uint32_t batch = 224;
  std::vector<PacedStream> paced{};
  bool flood = true;  ///< some stream is not paced
  bool sleep = false; ///< sleep through the gaps between slots
};

/// A kernel call should take about this long: short enough to end a run promptly, long enough that
/// setting it up (some 15 us, and a page pool's worth of allocations) does not show.
inline constexpr std::uint64_t kCallNs = 25'000'000;
/// The same for a paced thread: while one call follows another nothing is sent, and the slots of
/// these some 20 us are late.
inline constexpr std::uint64_t kPacedCallNs = 100'000'000;
/// A sleeping thread looks for the stop flag this often.
inline constexpr std::uint64_t kNapNs = 20'000'000;
/// A sleeping thread wakes this long before its deadline: timer and wake-up latency of an ordinary
/// kernel.
inline constexpr std::uint64_t kLeadNs = 60'000;
/// Within a kernel call the program waits for deadlines this near by reading the clock.
inline constexpr std::uint64_t kSpinNs = 2'000;
/// After this long without a single page from the kernel the run fails.
inline constexpr std::uint64_t kNoMemoryNs = 5'000'000'000;

/// Runs until the lane is done or `stop` is set; an Error ends the whole run.
Status work(Lane& lane, Clock& clock, const WorkerSpec& spec, const std::atomic<bool>& stop);

} // namespace xtg::tx
