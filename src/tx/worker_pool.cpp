// SPDX-License-Identifier: BSD-2-Clause
#include "tx/worker_pool.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <fmt/format.h>

#include "core/clock.h"

namespace xtg::tx {

std::uint64_t RealClock::now_ns() {
  return monotonic_ns();
}

void RealClock::sleep_until_ns(std::uint64_t deadline_ns) {
  const timespec until = own_monotonic(deadline_ns);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

WorkerPool::WorkerPool(std::vector<PooledWorker> workers, std::function<void()> on_finished)
    : workers_(std::move(workers)), on_finished_(std::move(on_finished)),
      running_(workers_.size()) {
  // Threads inherit the signal mask: all signals stay with main.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (PooledWorker& pooled : workers_)
      threads_.emplace_back([this, &pooled] { run_worker(pooled); });
  } catch (const std::system_error& error) { // no room for another thread: those that are here end
    keep(Error{Errc::System, error.code().value(), "start a sending thread"});
    const std::size_t missing = workers_.size() - threads_.size();
    running_ -= missing;
    ready_ += missing;
    stop();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  stop();
  threads_.clear();
}

void WorkerPool::run_worker(PooledWorker& pooled) {
  pthread_setname_np(pthread_self(), "xtg-send");
  // The default slack of 50 us would be part of every wake-up.
  prctl(PR_SET_TIMERSLACK, 1);
  if (pooled.cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(pooled.cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
      const std::lock_guard lock(mutex_);
      unpinned_.push_back(pooled.cpu);
    }
  }
  RealClock clock;
  Status status = pooled.task ? pooled.task->enter() : pooled.worker->enter();
  if (!status) keep(std::move(status.error()));
  ready_.fetch_add(1);
  ready_.notify_all();
  go_.wait(false);
  if (status && !stop_.load()) {
    auto worked = pooled.task ? pooled.task->work(clock, stop_)
                              : work(*pooled.worker, clock, pooled.spec, stop_);
    if (!worked) keep(std::move(worked.error()));
  }
  if (running_.fetch_sub(1) == 1 && on_finished_) on_finished_();
}

void WorkerPool::keep(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  stop_.store(true);
}

std::optional<Error> WorkerPool::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Status WorkerPool::wait_ready() {
  for (std::size_t n = ready_.load(); n < workers_.size(); n = ready_.load())
    ready_.wait(n);
  const std::lock_guard lock(mutex_);
  if (error_) return tl::unexpected<Error>(*error_);
  return {};
}

void WorkerPool::go() {
  go_.store(true);
  go_.notify_all();
}

void WorkerPool::stop() {
  stop_.store(true);
  go();
}

Status WorkerPool::join() {
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  const std::lock_guard lock(mutex_);
  if (error_) return tl::unexpected<Error>(*error_);
  return {};
}

std::vector<int> WorkerPool::unpinned() const {
  const std::lock_guard lock(mutex_);
  return unpinned_;
}

} // namespace xtg::tx
