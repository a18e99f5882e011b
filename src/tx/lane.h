// SPDX-License-Identifier: BSD-2-Clause
// The seam between a sending thread and what it drives: the kernel programs in earnest, a fake in
// tests.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/result.h"

namespace xtg::tx {

enum class CallEnd : std::uint8_t { Complete, Interrupted, NoMemory };

/// One sending thread's share of a run, which is of all its streams. All methods are called on that
/// thread.
class Lane {
public:
  virtual ~Lane() = default;
  /// Called once, first: puts the thread where its calls work (network namespace).
  virtual Status enter() = 0;
  /// One kernel call: up to `runs` frames in batches of `batch`. A paced lane waits within the call
  /// for a deadline at most `spin_ns` away and passes over the rest of the batch when it is
  /// farther.
  virtual Result<CallEnd> call(std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) = 0;
  [[nodiscard]] virtual bool done() const = 0; ///< nothing more will be sent
  /// Frames of all streams' amounts nobody took; ~0 without end.
  [[nodiscard]] virtual std::uint64_t unclaimed() const = 0;
  [[nodiscard]] virtual std::uint64_t claimed() const = 0; ///< frames this lane took so far
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

} // namespace xtg::tx
