// SPDX-License-Identifier: BSD-2-Clause
// The schedule in the kernel program: deadlines, waiting, catching up and giving up.
#include <numeric>

#include <linux/bpf.h>

#include "core/clock.h"
#include "program.h"

namespace xtg::test {
namespace {

using packet::Frame;

constexpr std::uint32_t kDropped = XDP_DROP;
constexpr std::uint64_t kSecond = 1'000'000'000;
__extension__ using Wide = unsigned __int128;

class PacingTest : public BpfTest {
protected:
  void SetUp() override {
    BpfTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    program_ =
        std::make_unique<Program>(ProgramSetup{.frames = {frame_}, .options = {.paced = true}});
    ASSERT_TRUE(program_->ok()) << program_->error();
    worker().interval_ns = 1'000;
    worker().spin_ns = 2'000;
    worker().catch_up_ns = 1'000 * kSecond; // a test machine that stops for a while changes nothing
  }
  xtg_tx_worker& worker() { return program_->worker(); }
  std::uint64_t slips() {
    const auto cells = program_->slip();
    return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
  }
  /// The deadline in 2^-32 ns.
  Wide deadline() { return Wide{worker().deadline_ns} << 32 | worker().deadline_frac; }
  Wide interval() { return Wide{worker().interval_ns} << 32 | worker().interval_frac; }

  const Frame frame_ = plain_frame(128);
  std::unique_ptr<Program> program_;
};

TEST_F(PacingTest, NothingGoesBeforeItIsDue) {
  const std::uint64_t due = monotonic_ns() + 3'600 * kSecond;
  worker().deadline_ns = due;
  worker().batch = 4;
  worker().slot_frames = 4;
  for (int i = 0; i < 8; i++)
    EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().claimed, 0U);
  EXPECT_EQ(worker().done, 0U);
  EXPECT_EQ(worker().deadline_ns, due);
  EXPECT_EQ(program_->progress().next, 0U);
  EXPECT_EQ(slips(), 0U);

  worker().deadline_ns = monotonic_ns();
  for (std::uint64_t k = 0; k < 4; k++)
    EXPECT_TRUE(sends(program_->run(), frame_, k, 0, worker().deadline_ns - worker().interval_ns));
  EXPECT_EQ(worker().claimed, 4U);
}

/// Batches are decided at their first run only: the others of one that is not due are passed over.
TEST_F(PacingTest, ABatchThatIsNotDuePassesWhole) {
  worker().deadline_ns = monotonic_ns() + 3'600 * kSecond;
  worker().batch = 4;
  worker().slot_frames = 4;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().idle_left, 3U);
  worker().deadline_ns = 1;
  for (int i = 0; i < 3; i++)
    EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(program_->run().action, std::uint32_t{XDP_REDIRECT});
}

/// Such a run comes back before the deadline. (Not so every time where the test itself is held up.)
TEST_F(PacingTest, ADeadlineThatIsNotNearIsNotWaitedFor) {
  bool came_back = false;
  for (int i = 0; i < 100 && !came_back; i++) {
    const std::uint64_t due = monotonic_ns() + 200'000;
    worker().deadline_ns = due;
    const Outcome out = program_->run();
    came_back = out.action == kDropped && out.after_ns < due;
  }
  EXPECT_TRUE(came_back);
}

TEST_F(PacingTest, ANearDeadlineIsWaitedFor) {
  worker().spin_ns = 10 * kSecond;
  for (std::uint64_t k = 0; k < 20; k++) {
    const std::uint64_t due = monotonic_ns() + 50'000;
    worker().deadline_ns = due;
    const Outcome out = program_->run();
    ASSERT_TRUE(sends(out, frame_, k, 0, due));
    EXPECT_GE(out.after_ns, due);
  }
}

TEST_F(PacingTest, DeadlinesAdvanceByTheIntervalAndItsFraction) {
  worker().interval_ns = 333;
  worker().interval_frac = 0xfffffff3;
  worker().deadline_ns = monotonic_ns() - kSecond;
  worker().deadline_frac = 0x80000001;
  const Wide start = deadline();
  for (std::uint64_t k = 0; k < 1'000; k++) {
    ASSERT_TRUE(sends(program_->run(), frame_, k));
    ASSERT_TRUE(deadline() == start + interval() * (k + 1)) << k;
  }
  EXPECT_EQ(slips(), 1'000U);
  EXPECT_EQ(worker().skipped_slots, 0U);
}

/// A lane whose refused frames have used up the time after the end: what was due before is skipped.
TEST_F(PacingTest, SlotsThatWereDueWhileFramesWereSentAgainAreSkipped) {
  Program program({.frames = {frame_}, .options = {.paced = true}, .again = true});
  ASSERT_TRUE(program.ok()) << program.error();
  xtg_tx_worker& w = program.worker();
  const std::uint64_t end = monotonic_ns() - 2 * XTG_GRACE_NS;
  program.control().end_ns = end;
  w.again_seq = 5;
  w.again_end = 7;
  w.interval_ns = 1'000;
  w.deadline_ns = end - 3'000;
  EXPECT_EQ(program.run().action, kDrop);
  EXPECT_EQ(w.done, 1U);
  EXPECT_EQ(w.skipped_slots, 3U);
  EXPECT_EQ(program.run().action, kDrop);
  EXPECT_EQ(w.skipped_slots, 3U);
}

TEST_F(PacingTest, SlotsReleasedTogetherAdvanceTogether) {
  worker().interval_frac = 0xaaaaaaaa;
  worker().deadline_ns = monotonic_ns() - kSecond;
  worker().slot_frames = 2;
  worker().batch_slots = 3;
  worker().batch = 6;
  const Wide start = deadline();
  for (std::uint64_t k = 0; k < 60; k++) {
    ASSERT_TRUE(sends(program_->run(), frame_, k, 0, 0));
    ASSERT_TRUE(deadline() == start + interval() * (k / 6 * 3 + 3)) << k;
  }
  EXPECT_EQ(slips(), 10U);
}

TEST_F(PacingTest, SlotsTooLateAreGivenUpAndCounted) {
  constexpr std::uint64_t kCatchUp = 1'000'000;
  worker().interval_ns = 10'000;
  worker().interval_frac = 0x40000000;
  worker().catch_up_ns = kCatchUp;
  worker().deadline_ns = monotonic_ns() - 5 * kSecond;
  worker().deadline_frac = 0xffffffff;
  const std::uint64_t due = worker().deadline_ns;
  const Wide start = deadline();
  const Outcome out = program_->run();
  ASSERT_TRUE(sends(out, frame_, 0));

  // Every slot that was due more than the catch-up ago, to within the rounding of one interval in
  // 10,001.
  const std::uint64_t lost = worker().skipped_slots;
  const auto slots = [&](std::uint64_t now) {
    return static_cast<double>(now - due - kCatchUp) / 10'000.25;
  };
  EXPECT_GE(static_cast<double>(lost), slots(out.before_ns) * (1 - 1e-4) - 1);
  EXPECT_LE(static_cast<double>(lost), slots(out.after_ns));
  EXPECT_TRUE(deadline() == start + interval() * (lost + 1));
  EXPECT_EQ(worker().claimed, 1U);
}

TEST_F(PacingTest, WhatIsJustWithinTheCatchUpIsSent) {
  worker().deadline_ns = monotonic_ns() - 5 * kSecond;
  worker().catch_up_ns = 1'000 * kSecond;
  ASSERT_TRUE(sends(program_->run(), frame_, 0));
  EXPECT_EQ(worker().skipped_slots, 0U);
}

TEST_F(PacingTest, LatenessFallsInItsCell) {
  for (const std::uint64_t late :
       {std::uint64_t{0}, std::uint64_t{1'000'000}, kSecond, 60 * kSecond}) {
    const auto before = program_->slip();
    const std::uint64_t due = monotonic_ns() - late;
    worker().deadline_ns = due;
    const Outcome out = program_->run();
    ASSERT_EQ(out.action, std::uint32_t{XDP_REDIRECT});
    const auto cells = program_->slip();
    const std::uint32_t lowest = xtg_hist_cell(out.before_ns - due);
    const std::uint32_t highest = xtg_hist_cell(out.after_ns - due);
    for (std::uint32_t c = 0; c < XTG_HIST_CELLS; c++) {
      if (cells[c] == before[c]) continue;
      EXPECT_EQ(cells[c], before[c] + 1);
      EXPECT_GE(c, lowest);
      EXPECT_LE(c, highest);
    }
  }
  EXPECT_EQ(slips(), 4U);
}

TEST_F(PacingTest, ASlotAfterTheEndIsNotWaitedFor) {
  const std::uint64_t end = monotonic_ns() + 3'600 * kSecond;
  program_->control().end_ns = end;
  worker().spin_ns = ~std::uint64_t{0}; // would wait for anything
  worker().deadline_ns = end;
  const Outcome out = program_->run();
  EXPECT_EQ(out.action, kDropped);
  EXPECT_EQ(worker().done, 0U) << "the end has not come yet";
  EXPECT_EQ(worker().claimed, 0U);
  EXPECT_EQ(worker().deadline_ns, end);
  EXPECT_EQ(worker().skipped_slots, 0U);

  program_->control().end_ns = monotonic_ns();
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().done, 1U);
  EXPECT_EQ(worker().skipped_slots, 0U) << "no slot was due before the end";
}

/// What was due before the end and could not be sent by then is given up and counted.
TEST_F(PacingTest, SlotsHeldUpAcrossTheEndAreCounted) {
  const std::uint64_t end = monotonic_ns();
  program_->control().end_ns = end;
  worker().deadline_ns = end - 1;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().done, 1U);
  EXPECT_EQ(worker().skipped_slots, 1U);
  EXPECT_EQ(worker().claimed, 0U);
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().skipped_slots, 1U);

  worker().done = 0;
  worker().skipped_slots = 0;
  worker().deadline_ns = end - 50'500;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().skipped_slots, 51U);
}

/// The slot at rate times duration is the first that does not belong to the run, even where its
/// deadline, a sum of rounded fractions, lies below the end.
TEST_F(PacingTest, TheEndIsExclusive) {
  const std::uint64_t end = monotonic_ns();
  program_->control().end_ns = end;
  worker().deadline_ns = end - 1;
  worker().deadline_frac = 0xfffffff0;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().done, 1U);
  EXPECT_EQ(worker().skipped_slots, 0U);
}

/// A host that slept for days: more slots were missed than their product with the fraction has room
/// for.
TEST_F(PacingTest, HugeLatenessIsGivenUpInParts) {
  worker().interval_ns = 1;
  worker().interval_frac = 0xffffffff;
  worker().catch_up_ns = 1'000'000;
  worker().deadline_ns = 1;
  Wide at = deadline();
  for (std::uint64_t k = 0, lost = 0; k < 3; k++) {
    ASSERT_TRUE(sends(program_->run(), frame_, k));
    at += interval() * (worker().skipped_slots - lost + 1);
    lost = worker().skipped_slots;
    ASSERT_TRUE(deadline() == at);
  }
}

TEST_F(PacingTest, TheTotalIsExactWithBursts) {
  worker().deadline_ns = monotonic_ns() - kSecond;
  worker().slot_frames = 4;
  worker().batch = 4;
  program_->progress().total = 10;
  int sent = 0;
  for (int i = 0; i < 20; i++)
    sent += program_->run().action == XDP_REDIRECT ? 1 : 0;
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(worker().claimed, 10U);
  EXPECT_EQ(worker().done, 1U);
}

} // namespace
} // namespace xtg::test
