// SPDX-License-Identifier: BSD-2-Clause
// The loop of one sending thread: kernel calls in succession, sized so that each takes some tens of
// milliseconds, with sleeps where the schedule has long gaps. Worker is the interface to what the
// loop drives: the kernel programs, or a fake in tests. worker_pool.h creates the threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/result.h"

namespace xtg::tx {

enum class CallEnd : std::uint8_t { Complete, Interrupted, NoMemory };

/// One sending thread's share of all streams of a run. All methods are called on that thread.
class Worker {
public:
  virtual ~Worker() = default;
  /// Called once, first: moves the thread into the network namespace where its calls work.
  virtual Status enter() = 0;
  /// One kernel call: up to `runs` frames in batches of `batch`. A paced worker waits within the
  /// call for a deadline at most `spin_ns` away, and skips the rest of the batch when it is farther
  /// away.
  virtual Result<CallEnd> call(std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) = 0;
  [[nodiscard]] virtual bool done() const = 0; ///< nothing more will be sent
  /// Frames of all streams' amounts that no worker has claimed yet; ~0 without an end.
  [[nodiscard]] virtual std::uint64_t unclaimed() const = 0;
  [[nodiscard]] virtual std::uint64_t claimed() const = 0; ///< frames this worker has claimed
  /// Some claimed frames are not sent yet, because a call was cut short or the driver rejected
  /// them: a call from next_ns() on sends them.
  [[nodiscard]] virtual bool pending() const = 0;
  /// The earliest time to send: the next slot of any stream or the next retry of rejected frames;
  /// 0: at any time.
  [[nodiscard]] virtual std::uint64_t next_ns() const = 0;
  [[nodiscard]] virtual std::uint64_t
  end_ns() const = 0; ///< nothing is sent at or after it; ~0: no end
  [[nodiscard]] virtual std::uint64_t skipped_slots(std::size_t stream) const = 0;
  /// From now on this many slots of a stream are released together.
  virtual void set_batch_slots(std::size_t stream, std::uint32_t slots) = 0;
  virtual void count_nomem() = 0;
};

/// The worker's clock.
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
  /// Upper limit when the schedule cannot be kept.
  std::uint32_t max_batch_slots = 256;
};

struct WorkerSpec {
  /// Frames per kernel batch, at least, when a stream is not paced; otherwise a batch is one
  /// release of the stream with the largest release.
  std::uint32_t batch = 224;
  std::vector<PacedStream> paced{};
  bool flood = true;  ///< some stream is not paced
  bool sleep = false; ///< sleep through the gaps between slots
};

/// Target duration of a kernel call: short enough to end a run promptly, long enough to hide its
/// set-up cost (some 15 us, and a page pool's worth of allocations).
inline constexpr std::uint64_t kCallNs = 25'000'000;
/// The same for a paced thread: between two calls nothing is sent, and the slots in that gap of
/// some 20 us are late.
inline constexpr std::uint64_t kPacedCallNs = 100'000'000;
/// A sleeping thread checks the stop flag this often.
inline constexpr std::uint64_t kNapNs = 20'000'000;
/// A sleeping thread wakes this long before its deadline, to cover the timer and wake-up latency of
/// an ordinary kernel.
inline constexpr std::uint64_t kLeadNs = 60'000;
/// Within a kernel call the program spins for deadlines this near.
inline constexpr std::uint64_t kSpinNs = 2'000;
/// A run fails after this long without any page from the kernel.
inline constexpr std::uint64_t kNoMemoryNs = 5'000'000'000;

/// Runs until the worker is done or `stop` is set; an Error ends the whole run.
Status work(Worker& worker, Clock& clock, const WorkerSpec& spec, const std::atomic<bool>& stop);

} // namespace xtg::tx
