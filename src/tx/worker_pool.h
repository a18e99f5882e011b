// SPDX-License-Identifier: BSD-2-Clause
// The workers' threads. Main owns the pool, the programs, the sampling and the signals; a worker
// shares with the others only the stop flag and a mutex-guarded first error.
// Signals stay blocked in workers. Destruction stops and joins.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "tx/worker.h"

namespace xtg::tx {

/// CLOCK_MONOTONIC and clock_nanosleep.
class RealClock : public Clock {
public:
  std::uint64_t now_ns() override;
  void sleep_until_ns(std::uint64_t deadline_ns) override;
};

/// What a thread does that sends no streams of a run (`tcp`).
class Task {
public:
  virtual ~Task() = default;
  virtual Status enter() = 0; ///< on the thread, before the start
  virtual Status work(Clock& clock, const std::atomic<bool>& stop) = 0;
};

struct PooledWorker {
  int cpu = -1; ///< pinned to it; -1: not pinned
  WorkerSpec spec{};
  std::unique_ptr<Worker> worker{};
  std::unique_ptr<Task> task{}; ///< instead of the worker
};

class WorkerPool {
public:
  /// Starts a thread for each; `on_finished` is called once, by the last thread to end.
  WorkerPool(std::vector<PooledWorker> workers, std::function<void()> on_finished);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Waits until every thread is in place (namespace, CPU) or has failed, so that a common start
  /// time can be set.
  Status wait_ready();
  /// Lets the threads begin.
  void go();
  void stop();
  /// Joins all threads; the first error any of them met.
  Status join();
  /// That error, if there is one so far: all threads then stop, or have.
  [[nodiscard]] std::optional<Error> error() const;
  /// CPUs that a thread could not be pinned to.
  [[nodiscard]] std::vector<int> unpinned() const;

private:
  void run_worker(PooledWorker& pooled);
  void keep(Error error);

  std::vector<PooledWorker> workers_;
  std::function<void()> on_finished_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> go_{false};
  std::atomic<std::size_t> ready_{0};
  std::atomic<std::size_t> running_;
  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::vector<int> unpinned_;
  std::vector<std::jthread> threads_;
};

} // namespace xtg::tx
