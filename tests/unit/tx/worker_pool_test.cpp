// SPDX-License-Identifier: BSD-2-Clause
// The pool's threads over workers that need no kernel; meant to be run under ThreadSanitizer too.
#include "tx/worker_pool.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>

#include <pthread.h>
#include <sched.h>

#include <gtest/gtest.h>

namespace xtg::tx {
namespace {

/// What the workers of one pool share with their test.
struct Record {
  std::atomic<unsigned> entered{0};
  std::atomic<unsigned> calls{0};
  std::atomic<unsigned> ended{0}; ///< workers that ran to their own end
  std::atomic<unsigned> finished{0};
  std::atomic<bool> signals_blocked{true};
};

class ThreadWorker : public Worker {
public:
  explicit ThreadWorker(Record& record) : record_(record) {}
  unsigned max_calls = 10;
  bool endless = false;
  Status enter_answer;
  unsigned fail_at = ~0U; ///< this call is an error
  std::string fault = "broke";

  Status enter() override {
    record_.entered++;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (const int signal : {SIGINT, SIGTERM, SIGALRM}) {
      if (sigismember(&mask, signal) == 0) record_.signals_blocked = false;
    }
    return enter_answer;
  }
  Result<CallEnd> call(std::uint32_t, std::uint32_t, std::uint64_t) override {
    record_.calls++;
    if (++calls_ == fail_at) return fail(Errc::System, fault);
    if (!endless && calls_ == max_calls) record_.ended++;
    std::this_thread::yield();
    return CallEnd::Complete;
  }
  [[nodiscard]] bool done() const override { return !endless && calls_ >= max_calls; }
  [[nodiscard]] std::uint64_t unclaimed() const override { return ~std::uint64_t{0}; }
  [[nodiscard]] std::uint64_t claimed() const override { return calls_; }
  [[nodiscard]] bool pending() const override { return false; }
  [[nodiscard]] std::uint64_t end_ns() const override { return ~std::uint64_t{0}; }
  [[nodiscard]] std::uint64_t next_ns() const override { return 0; }
  [[nodiscard]] std::uint64_t skipped_slots(std::size_t) const override { return 0; }
  void set_batch_slots(std::size_t, std::uint32_t) override {}
  void count_nomem() override {}

private:
  Record& record_;
  unsigned calls_ = 0;
};

class WorkerPoolTest : public testing::Test {
protected:
  ThreadWorker& add() {
    auto worker = std::make_unique<ThreadWorker>(record_);
    ThreadWorker& out = *worker;
    PooledWorker pooled;
    pooled.worker = std::move(worker);
    workers_.push_back(std::move(pooled));
    return out;
  }
  std::unique_ptr<WorkerPool> start() {
    return std::make_unique<WorkerPool>(std::move(workers_), [this] { record_.finished++; });
  }

  Record record_;
  std::vector<PooledWorker> workers_;
};

TEST_F(WorkerPoolTest, AllWorkersRun) {
  for (int i = 0; i < 8; i++)
    add();
  const auto pool = start();
  ASSERT_TRUE(pool->wait_ready());
  EXPECT_EQ(record_.entered, 8U);
  EXPECT_EQ(record_.calls, 0U) << "before go()";
  pool->go();
  EXPECT_TRUE(pool->join());
  EXPECT_EQ(record_.ended, 8U);
  EXPECT_EQ(record_.calls, 80U);
  EXPECT_EQ(record_.finished, 1U);
  EXPECT_TRUE(record_.signals_blocked);
}

TEST_F(WorkerPoolTest, TheCallersSignalMaskIsLeftAsItWas) {
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  add();
  const auto pool = start();
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGINT, SIGTERM, SIGALRM})
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
}

TEST_F(WorkerPoolTest, AnErrorStopsTheOthers) {
  add().endless = true;
  add().fail_at = 5;
  add().endless = true;
  const auto pool = start();
  ASSERT_TRUE(pool->wait_ready());
  EXPECT_FALSE(pool->error());
  pool->go();
  while (!pool->error())
    std::this_thread::yield();
  EXPECT_EQ(pool->error()->what, "broke") << "known before anybody waits for the threads";
  const Status status = pool->join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what, "broke");
  EXPECT_EQ(record_.ended, 0U);
  EXPECT_EQ(record_.finished, 1U);
}

/// The second worker, in a call already, fails once the first one's thread has ended with its
/// error.
TEST_F(WorkerPoolTest, TheFirstErrorWins) {
  static std::atomic<bool> first_ended, second_began;
  first_ended = second_began = false;
  struct AtThreadEnd {
    ~AtThreadEnd() { first_ended = true; }
  };
  class First : public ThreadWorker {
  public:
    using ThreadWorker::ThreadWorker;
    Result<CallEnd> call(std::uint32_t, std::uint32_t, std::uint64_t) override {
      static thread_local const AtThreadEnd mark;
      while (!second_began)
        std::this_thread::yield();
      return fail(mark_of(mark), "first");
    }
    static Errc mark_of(const AtThreadEnd&) { return Errc::Peer; } // what makes the mark exist
  };
  class Second : public ThreadWorker {
  public:
    using ThreadWorker::ThreadWorker;
    Result<CallEnd> call(std::uint32_t, std::uint32_t, std::uint64_t) override {
      second_began = true;
      while (!first_ended)
        std::this_thread::yield();
      return fail(Errc::System, "second");
    }
  };
  workers_.resize(2);
  workers_[0].worker = std::make_unique<First>(record_);
  workers_[1].worker = std::make_unique<Second>(record_);
  const auto pool = start();
  ASSERT_TRUE(pool->wait_ready());
  pool->go();
  for (int twice = 0; twice < 2; twice++) {
    const Status status = pool->join();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().what, "first");
    EXPECT_EQ(status.error().code, Errc::Peer);
  }
}

TEST_F(WorkerPoolTest, AThreadThatCannotEnterIsReported) {
  add();
  add().enter_answer = fail(Errc::NoPermission, "no way in");
  add();
  const auto pool = start();
  const Status ready = pool->wait_ready();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, Errc::NoPermission);
  EXPECT_EQ(record_.entered, 3U) << "wait_ready() returned before all had tried";
  pool->go();
  EXPECT_FALSE(pool->join());
  EXPECT_EQ(record_.calls, 0U) << "the others began";
  EXPECT_EQ(record_.finished, 1U);
}

TEST_F(WorkerPoolTest, StopEndsWhatHasNoEnd) {
  add().endless = true;
  add().endless = true;
  const auto pool = start();
  ASSERT_TRUE(pool->wait_ready());
  pool->go();
  while (record_.calls < 10)
    std::this_thread::yield();
  pool->stop();
  EXPECT_TRUE(pool->join());
  EXPECT_EQ(record_.finished, 1U);
}

TEST_F(WorkerPoolTest, MayBeDestroyedBeforeItBegan) {
  add().endless = true;
  add();
  start().reset();
  EXPECT_EQ(record_.calls, 0U);
  EXPECT_EQ(record_.finished, 1U);
}

TEST_F(WorkerPoolTest, MayBeDestroyedWhileItRuns) {
  add().endless = true;
  {
    const auto pool = start();
    ASSERT_TRUE(pool->wait_ready());
    pool->go();
    while (record_.calls == 0)
      std::this_thread::yield();
  }
  EXPECT_EQ(record_.finished, 1U);
}

TEST_F(WorkerPoolTest, ThreadsArePinned) {
  class Pinned : public ThreadWorker {
  public:
    Pinned(Record& record, int cpu) : ThreadWorker(record), cpu_(cpu) {}
    Status enter() override {
      cpu_set_t set;
      sched_getaffinity(0, sizeof set, &set);
      if (CPU_COUNT(&set) == 1 && CPU_ISSET(static_cast<std::size_t>(cpu_), &set)) return {};
      return fail(Errc::Internal, "not pinned");
    }

  private:
    int cpu_;
  };
  const int cpu = sched_getcpu();
  PooledWorker pooled;
  pooled.cpu = cpu;
  pooled.worker = std::make_unique<Pinned>(record_, cpu);
  workers_.push_back(std::move(pooled));
  const auto pool = start();
  const Status ready = pool->wait_ready();
  EXPECT_TRUE(ready) << ready.error().what;
  EXPECT_TRUE(pool->unpinned().empty());
}

TEST_F(WorkerPoolTest, ACpuThatIsNotThereIsNamed) {
  add();
  workers_[0].cpu = CPU_SETSIZE - 1;
  const auto pool = start();
  ASSERT_TRUE(pool->wait_ready());
  EXPECT_EQ(pool->unpinned(), (std::vector<int>{CPU_SETSIZE - 1}));
  pool->go();
  EXPECT_TRUE(pool->join());
  EXPECT_EQ(record_.ended, 1U);
}

} // namespace
} // namespace xtg::tx
