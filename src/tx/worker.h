// SPDX-License-Identifier: BSD-2-Clause
// What a worker, one sending thread, does: kernel calls one after the other, sized so that each
// takes some tens of milliseconds, with sleeps in between where the schedule has long gaps. Worker
// is the seam to what it drives: the kernel programs in earnest, a fake in tests. No thread is made
// here: see worker_pool.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/result.h"

namespace xtg::tx {

enum class CallEnd : std::uint8_t { Complete, Interrupted, NoMemory };

/// One sending thread's share of a run, which is of all its streams. All methods are called on that
/// thread.
class Worker {
public:
  virtual ~Worker() = default;
  /// Called once, first: puts the thread where its calls work (network namespace).
  virtual Status enter() = 0;
  /// One kernel call: up to `runs` frames in batches of `batch`. A paced worker waits within the
  /// call for a deadline at most `spin_ns` away and passes over the rest of the batch when it is
  /// farther.
  virtual Result<CallEnd> call(std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) = 0;
  [[nodiscard]] virtual bool done() const = 0; ///< nothing more will be sent
  /// Frames of all streams' amounts nobody took; ~0 without end.
  [[nodiscard]] virtual std::uint64_t unclaimed() const = 0;
  [[nodiscard]] virtual std::uint64_t claimed() const = 0; ///< frames this worker took so far
  /// Frames were taken that have not been sent, because a call broke off or the driver refused
  /// them: a call from next_ns() on sends them.
  [[nodiscard]] virtual bool pending() const = 0;
  /// When something can be sent next: the earliest of all streams' next slots and of the next tries
  /// for refused frames; 0: at any time.
  [[nodiscard]] virtual std::uint64_t next_ns() const = 0;
  [[nodiscard]] virtual std::uint64_t
  end_ns() const = 0; ///< nothing is sent at or after it; ~0 without
  [[nodiscard]] virtual std::uint64_t skipped_slots(std::size_t stream) const = 0;
  /// Releases this many slots of a stream together from now on.
  virtual void set_batch_slots(std::size_t stream, std::uint32_t slots) = 0;
  virtual void count_nomem() = 0;
};

/// Time as the worker sees it.
class Clock {
public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::uint64_t now_ns() = 0; ///< CLOCK_MONOTONIC
  virtual void sleep_until_ns(std::uint64_t deadline_ns) = 0;
};

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

/// Runs until the worker is done or `stop` is set; an Error ends the whole run.
Status work(Worker& worker, Clock& clock, const WorkerSpec& spec, const std::atomic<bool>& stop);

} // namespace xtg::tx
