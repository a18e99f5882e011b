// SPDX-License-Identifier: BSD-2-Clause
#include "tx/worker.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/fakes.h"

namespace xtg::tx {
namespace {

using test::FakeClock;
using test::FakeWorker;

class WorkerTest : public testing::Test {
protected:
  Status run(const WorkerSpec& spec) { return work(worker_, clock_, spec, stop_); }
  std::vector<std::uint32_t> runs() const {
    std::vector<std::uint32_t> out;
    for (const FakeWorker::Call& call : worker_.calls)
      out.push_back(call.runs);
    return out;
  }

  FakeClock clock_;
  FakeWorker worker_{clock_};
  std::atomic<bool> stop_{false};
};

WorkerSpec flood(std::uint32_t batch = 256) {
  WorkerSpec spec;
  spec.batch = batch;
  return spec;
}

WorkerSpec paced(std::uint32_t slot_frames = 1, std::uint32_t batch_slots = 1) {
  WorkerSpec spec;
  spec.flood = false;
  spec.paced = {{.slot_frames = slot_frames, .batch_slots = batch_slots}};
  return spec;
}

WorkerSpec sleeping(std::uint32_t slot_frames = 1) {
  WorkerSpec spec = paced(slot_frames);
  spec.sleep = true;
  return spec;
}

TEST_F(WorkerTest, EndsWhenTheWorkerIsDone) {
  worker_.max_calls = 3;
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(worker_.calls.size(), 3U);
}

TEST_F(WorkerTest, DoesNothingWhenTheWorkerIsDoneAlready) {
  worker_.left = 0;
  EXPECT_TRUE(run(flood()));
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(WorkerTest, EndsWhenToldTo) {
  worker_.answer = [&] {
    stop_ = worker_.calls.size() == 3;
    return CallEnd::Complete;
  };
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(worker_.calls.size(), 3U);
}

TEST_F(WorkerTest, HandsErrorsUp) {
  worker_.answer = [&]() -> Result<CallEnd> {
    if (worker_.calls.size() < 2) return CallEnd::Complete;
    return fail(Errc::Peer, "gone");
  };
  const Status status = run(flood());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::Peer);
  EXPECT_EQ(status.error().what, "gone");
  EXPECT_EQ(worker_.calls.size(), 2U);
}

TEST_F(WorkerTest, CallsAreWholeBatches) {
  worker_.ns_per_run = 137;
  worker_.max_calls = 20;
  ASSERT_TRUE(run(flood(60)));
  for (const FakeWorker::Call& call : worker_.calls) {
    EXPECT_EQ(call.batch, 60U);
    EXPECT_EQ(call.runs % 60, 0U) << call.runs;
  }
}

TEST_F(WorkerTest, CallsGrowAtMostFourfoldToTheirTime) {
  worker_.ns_per_run = 100;
  worker_.max_calls = 6;
  ASSERT_TRUE(run(flood(1)));
  const std::uint32_t fitting = kCallNs / 100;
  EXPECT_EQ(runs(), (std::vector<std::uint32_t>{8'192, 4 * 8'192, 4 * 4 * 8'192, fitting, fitting,
                                                fitting}));
}

TEST_F(WorkerTest, CallsHaveABound) {
  worker_.ns_per_run = 1;
  worker_.max_calls = 8;
  ASSERT_TRUE(run(flood()));
  EXPECT_EQ(runs().back(), 1U << 20);
}

TEST_F(WorkerTest, CallsShrinkWhenTheyTakeLong) {
  worker_.ns_per_run = 10'000;
  worker_.max_calls = 3;
  ASSERT_TRUE(run(flood(1)));
  EXPECT_EQ(runs(), (std::vector<std::uint32_t>{8'192, 2'500, 2'500}));
}

TEST_F(WorkerTest, CallsAreNeverShorterThanAFullBatch) {
  worker_.ns_per_run = 10'000'000;
  worker_.max_calls = 3;
  ASSERT_TRUE(run(flood()));
  EXPECT_EQ(runs(), (std::vector<std::uint32_t>{8'192, 256, 256}));
}

/// A thread whose CPU was taken away for a while, or that was stopped and continued, finds its
/// speed again.
TEST_F(WorkerTest, CallsRecoverFromOneSlowCall) {
  worker_.max_calls = 12;
  worker_.answer = [&] {
    worker_.ns_per_run = worker_.calls.size() == 1 ? 1'000'000 : 100;
    return CallEnd::Complete;
  };
  ASSERT_TRUE(run(flood(1)));
  EXPECT_EQ(runs()[1], 256U);
  EXPECT_EQ(runs().back(), kCallNs / 100);
}

TEST_F(WorkerTest, CallsStayWithinTheAmount) {
  worker_.ns_per_run = 100;
  worker_.left = 10'000;
  ASSERT_TRUE(run(flood()));
  EXPECT_EQ(runs(), (std::vector<std::uint32_t>{8'192, 2'048})); // 1,808 are left: 8 batches
}

TEST_F(WorkerTest, ASmallAmountIsOneCall) {
  worker_.left = 5;
  ASSERT_TRUE(run(flood(5)));
  EXPECT_EQ(worker_.calls, (std::vector<FakeWorker::Call>{{5, 5, kSpinNs + 4 * 64, clock_.now}}));
}

TEST_F(WorkerTest, EndsWhenOthersHaveClaimedTheRest) {
  worker_.answer = [&] {
    if (worker_.calls.size() == 3) worker_.left = 0;
    return CallEnd::Interrupted;
  };
  worker_.left = 1'000'000;
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(worker_.calls.size(), 3U);
}

/// Frames that a broken call has claimed and not sent are nobody else's.
TEST_F(WorkerTest, SendsWhatABrokenCallLeft) {
  class Last : public FakeWorker {
  public:
    using FakeWorker::FakeWorker;
    [[nodiscard]] bool done() const override { return false; }
    [[nodiscard]] std::uint64_t unclaimed() const override { return 0; }
  } worker(clock_);
  worker.has_pending = true;
  ASSERT_TRUE(work(worker, clock_, flood(), stop_));
  ASSERT_EQ(worker.calls.size(), 1U);
  EXPECT_EQ(worker.calls[0].runs, 4'096U) << "with some passed over behind them";
}

TEST_F(WorkerTest, AnInterruptedCallIsRepeated) {
  worker_.max_calls = 4;
  worker_.answer = [&] {
    return worker_.calls.size() < 4 ? CallEnd::Interrupted : CallEnd::Complete;
  };
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(runs(), (std::vector<std::uint32_t>{8'192, 8'192, 8'192, 8'192}));
  EXPECT_TRUE(clock_.sleeps.empty());
  EXPECT_EQ(worker_.nomem, 0U);
}

TEST_F(WorkerTest, PausesGrowWhileTheKernelHasNoMemory) {
  worker_.ns_per_run = 100;
  worker_.max_calls = 11;
  worker_.answer = [&] {
    const std::size_t n = worker_.calls.size();
    return (n > 2 && n < 10) ? CallEnd::NoMemory : CallEnd::Complete;
  };
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(worker_.nomem, 7U);
  std::vector<std::uint64_t> pauses;
  for (std::size_t i = 0; i < clock_.sleeps.size(); i++)
    pauses.push_back(clock_.sleeps[i] - worker_.calls[2 + i].at_ns);
  constexpr std::uint64_t kMs = 1'000'000;
  EXPECT_EQ(pauses, (std::vector<std::uint64_t>{kMs, 2 * kMs, 4 * kMs, 8 * kMs, 16 * kMs, 20 * kMs,
                                                20 * kMs}));
  // Smaller calls again, which ask less of the kernel at once.
  EXPECT_EQ(runs()[2], 4U * 4 * 8'192);
  EXPECT_EQ(runs()[3], 8'192U);
  EXPECT_EQ(runs()[9], 8'192U);
}

TEST_F(WorkerTest, MemoryOnceFoundResetsThePauses) {
  worker_.max_calls = 6;
  worker_.answer = [&] {
    return worker_.calls.size() % 3 == 0 ? CallEnd::Complete : CallEnd::NoMemory;
  };
  EXPECT_TRUE(run(flood()));
  ASSERT_EQ(clock_.sleeps.size(), 4U);
  EXPECT_EQ(clock_.sleeps[0] - worker_.calls[0].at_ns, 1'000'000U);
  EXPECT_EQ(clock_.sleeps[1] - worker_.calls[1].at_ns, 2'000'000U);
  EXPECT_EQ(clock_.sleeps[2] - worker_.calls[3].at_ns, 1'000'000U);
}

TEST_F(WorkerTest, GivesUpWithoutMemoryForLong) {
  const std::uint64_t start = clock_.now;
  worker_.answer = [] { return CallEnd::NoMemory; };
  const Status status = run(flood());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::System);
  EXPECT_EQ(status.error().what, "the kernel has had no memory for frames for 5 seconds");
  EXPECT_GT(clock_.now - start, kNoMemoryNs);
  EXPECT_LT(clock_.now - start, kNoMemoryNs + 2 * kNapNs);
}

/// A call that breaks off in the middle has sent what it could: that is no standstill.
TEST_F(WorkerTest, SlowProgressIsProgress) {
  worker_.max_calls = 10'000;
  worker_.ns_per_call = 10'000'000;
  worker_.answer = [&] {
    worker_.frames_claimed++;
    return CallEnd::NoMemory;
  };
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(worker_.nomem, 10'000U);
  for (std::size_t i = 0; i < clock_.sleeps.size(); i++)
    ASSERT_EQ(clock_.sleeps[i] - worker_.calls[i].at_ns, 1'000'000U);
}

/// Many short shortages with successes in between are no long one.
TEST_F(WorkerTest, ShortagesDoNotAddUp) {
  worker_.max_calls = 2'000;
  worker_.ns_per_call = 10'000'000;
  worker_.answer = [&] {
    return worker_.calls.size() % 2 == 0 ? CallEnd::Complete : CallEnd::NoMemory;
  };
  EXPECT_TRUE(run(flood()));
  EXPECT_EQ(worker_.nomem, 1'000U);
}

TEST_F(WorkerTest, SleepsTowardsADeadlineInNaps) {
  const std::uint64_t start = clock_.now, due = start + 70'000'000;
  worker_.deadline = due;
  worker_.max_calls = 1;
  ASSERT_TRUE(run(sleeping(4)));
  EXPECT_EQ(clock_.sleeps, (std::vector<std::uint64_t>{start + kNapNs, start + 2 * kNapNs,
                                                       start + 3 * kNapNs, due - kLeadNs}));
  EXPECT_EQ(worker_.calls, (std::vector<FakeWorker::Call>{{4, 4, 300'000, due - kLeadNs}}));
}

TEST_F(WorkerTest, SleepsFromSlotToSlot) {
  worker_.deadline = clock_.now + 1'000'000;
  worker_.interval = 1'000'000;
  worker_.max_calls = 5;
  const std::uint64_t first = worker_.deadline;
  ASSERT_TRUE(run(sleeping()));
  for (std::uint64_t i = 0; i < 5; i++)
    EXPECT_EQ(worker_.calls[i].at_ns, first + i * 1'000'000 - kLeadNs);
  EXPECT_EQ(clock_.sleeps.size(), 5U);
}

TEST_F(WorkerTest, DoesNotSleepForADeadlineThatIsNear) {
  worker_.deadline = clock_.now + kLeadNs;
  worker_.max_calls = 1;
  ASSERT_TRUE(run(sleeping()));
  EXPECT_TRUE(clock_.sleeps.empty());
  EXPECT_EQ(worker_.calls.size(), 1U);
}

TEST_F(WorkerTest, DoesNotSleepForADeadlineThatIsPast) {
  worker_.deadline = 5;
  worker_.max_calls = 1;
  ASSERT_TRUE(run(sleeping()));
  EXPECT_TRUE(clock_.sleeps.empty());
  EXPECT_EQ(worker_.calls.size(), 1U);
}

TEST_F(WorkerTest, LooksForTheStopFlagBetweenNaps) {
  worker_.deadline = clock_.now + 3'600'000'000'000;
  clock_.on_sleep = [&] { stop_ = clock_.sleeps.size() == 3; };
  ASSERT_TRUE(run(sleeping()));
  EXPECT_EQ(clock_.sleeps.size(), 3U);
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(WorkerTest, DoesNotSleepOverWhatABrokenCallLeft) {
  worker_.deadline = clock_.now + 1'000'000'000;
  worker_.has_pending = true;
  worker_.max_calls = 1;
  ASSERT_TRUE(run(sleeping()));
  EXPECT_TRUE(clock_.sleeps.empty());
  EXPECT_EQ(worker_.calls.size(), 1U);
}

/// Frames that the driver refused are tried again when it is time.
TEST_F(WorkerTest, WaitsForTheNextTry) {
  worker_.has_pending = true;
  worker_.retry = clock_.now + 1'000'000;
  worker_.max_calls = 1;
  const std::uint64_t wake = worker_.retry - kLeadNs;
  ASSERT_TRUE(run(flood()));
  EXPECT_EQ(clock_.sleeps, (std::vector<std::uint64_t>{wake}));
  EXPECT_EQ(worker_.calls.front().at_ns, wake);
}

/// A thread that is told to stop leaves no refused frames behind without another call for them.
TEST_F(WorkerTest, OneMoreCallForWhatIsPending) {
  for (const unsigned stays : {0U, 1'000U}) {
    FakeWorker worker(clock_);
    worker.has_pending = true;
    worker.stays_pending = stays;
    stop_ = true;
    ASSERT_TRUE(work(worker, clock_, flood(), stop_));
    EXPECT_EQ(worker.calls.size(), 1U);
  }
}

/// A slot that was due before the end and overslept is counted by the program, in one more call.
TEST_F(WorkerTest, ASlotOversleptAcrossTheEndIsTheWorkersToCount) {
  worker_.deadline = clock_.now + 30'000'000;
  worker_.interval = 20'000'000;
  worker_.end = clock_.now + 40'000'000;
  clock_.on_sleep = [&] { clock_.now += 50'000'000; };
  ASSERT_TRUE(run(sleeping()));
  EXPECT_EQ(worker_.calls.size(), 1U);
}

/// A run whose next slot comes after its end ends at its end, not at the slot.
TEST_F(WorkerTest, SleepsToTheEndAndNoFurther) {
  const std::uint64_t start = clock_.now;
  worker_.end = start + 50'000'000;
  worker_.deadline = start + 3'600'000'000'000;
  ASSERT_TRUE(run(sleeping()));
  EXPECT_EQ(clock_.now, worker_.end);
  EXPECT_EQ(clock_.sleeps.size(), 3U);
  EXPECT_TRUE(worker_.calls.empty());
}

TEST_F(WorkerTest, SendsTheLastSlotBeforeTheEnd) {
  worker_.deadline = clock_.now + 10'000'000;
  worker_.interval = 10'000'000;
  worker_.end = clock_.now + 20'000'001;
  ASSERT_TRUE(run(sleeping()));
  EXPECT_EQ(worker_.calls.size(), 2U);
  EXPECT_EQ(clock_.now, worker_.end);
}

TEST_F(WorkerTest, PacedCallsHaveBatchesOfWholeReleases) {
  worker_.max_calls = 3;
  worker_.ns_per_run = 100;
  worker_.left = 10; // runs are passes, not frames: the amount does not bound them
  ASSERT_TRUE(run(paced(5, 3)));
  ASSERT_FALSE(worker_.calls.empty());
  EXPECT_EQ(worker_.calls[0].batch, 15U);
  EXPECT_EQ(worker_.calls[0].runs, (8'192U + 14) / 15 * 15);
  EXPECT_EQ(worker_.calls[0].spin_ns, kSpinNs + 64 * 14);
  EXPECT_TRUE(clock_.sleeps.empty());
}

TEST_F(WorkerTest, AScheduleThatCannotBeKeptIsReleasedInLargerBatches) {
  worker_.max_calls = 60;
  worker_.ns_per_call = kCallNs;
  worker_.skips_per_call = 1'000;
  ASSERT_TRUE(run(paced()));
  EXPECT_EQ(worker_.batch_slots, (std::vector<std::uint32_t>{2, 4, 8, 16, 32, 64, 128, 256}));
  EXPECT_EQ(worker_.calls.back().batch, 256U);
  // Three calls behind each time.
  EXPECT_EQ(worker_.calls[2].batch, 1U);
  EXPECT_EQ(worker_.calls[3].batch, 2U);
  EXPECT_EQ(worker_.calls[5].batch, 2U);
  EXPECT_EQ(worker_.calls[6].batch, 4U);
}

TEST_F(WorkerTest, BatchesNeverPassTheKernelsLimit) {
  worker_.max_calls = 30;
  worker_.ns_per_call = kCallNs;
  worker_.skips_per_call = 1'000;
  ASSERT_TRUE(run(paced(100)));
  EXPECT_EQ(worker_.batch_slots, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(worker_.calls.back().batch, 200U);
}

TEST_F(WorkerTest, OneSlotPerMillisecondLostIsNotBehind) {
  worker_.max_calls = 12;
  worker_.ns_per_call = kCallNs;
  worker_.skips_per_call = kCallNs / 1'000'000;
  ASSERT_TRUE(run(paced()));
  EXPECT_TRUE(worker_.batch_slots.empty());

  FakeWorker more(clock_);
  more.max_calls = 12;
  more.ns_per_call = kCallNs;
  more.skips_per_call = kCallNs / 1'000'000 + 1;
  ASSERT_TRUE(work(more, clock_, paced(), stop_));
  EXPECT_FALSE(more.batch_slots.empty());
}

TEST_F(WorkerTest, TwoCallsBehindAreNotThree) {
  worker_.max_calls = 30;
  worker_.ns_per_call = kCallNs;
  worker_.answer = [&] {
    worker_.skips_per_call = worker_.calls.size() % 3 == 0 ? 0 : 1'000;
    return CallEnd::Complete;
  };
  ASSERT_TRUE(run(paced()));
  EXPECT_TRUE(worker_.batch_slots.empty());
}

/// What a disturbance made necessary is taken back when it has passed, but not below what was
/// planned.
TEST_F(WorkerTest, BatchesShrinkWhenTheScheduleIsKept) {
  worker_.max_calls = 200;
  worker_.ns_per_call = kCallNs;
  worker_.answer = [&] {
    worker_.skips_per_call = worker_.calls.size() <= 6 ? 1'000 : 0;
    return CallEnd::Complete;
  };
  ASSERT_TRUE(run(paced(1, 2)));
  EXPECT_EQ(worker_.batch_slots, (std::vector<std::uint32_t>{4, 8, 4, 2}));
  EXPECT_EQ(worker_.calls[45].batch, 8U);
  EXPECT_EQ(worker_.calls[46].batch, 4U);
  EXPECT_EQ(worker_.calls.back().batch, 2U);
}

/// A batch has room for one release of any stream, and for a flood's batch where there is one.
TEST_F(WorkerTest, BatchesFitTheStreamThatReleasesMost) {
  worker_.max_calls = 1;
  WorkerSpec spec = paced(5, 3);
  spec.paced.push_back({.number = 1, .slot_frames = 40});
  ASSERT_TRUE(run(spec));
  EXPECT_EQ(worker_.calls[0].batch, 40U);

  FakeWorker mixed(clock_);
  mixed.max_calls = 1;
  spec.flood = true;
  spec.batch = 64;
  ASSERT_TRUE(work(mixed, clock_, spec, stop_));
  EXPECT_EQ(mixed.calls[0].batch, 64U);
}

/// Only the stream that is behind is released in larger batches.
TEST_F(WorkerTest, EachStreamKeepsUpByItself) {
  worker_.max_calls = 9;
  worker_.ns_per_call = kCallNs;
  worker_.skips_per_call = 1'000;
  worker_.behind_stream = 4;
  WorkerSpec spec = paced();
  spec.paced = {{.number = 2}, {.number = 4}};
  ASSERT_TRUE(run(spec));
  EXPECT_EQ(worker_.batch_slots, (std::vector<std::uint32_t>{2, 4, 8}));
  EXPECT_EQ(worker_.batch_streams, (std::vector<std::size_t>{4, 4, 4}));
}

} // namespace
} // namespace xtg::tx
