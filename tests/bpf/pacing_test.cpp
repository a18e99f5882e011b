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
    program_ = std::make_unique<Program>(ProgramSetup{.frames = {frame_}, .paced = true});
    ASSERT_TRUE(program_->ok()) << program_->error();
    cursor().interval_ns = 1'000;
    worker().spin_ns = 2'000;
    cursor().catch_up_ns = 1'000 * kSecond; // a test machine that stops for a while changes nothing
  }
  xtg_tx_worker& worker() { return program_->worker(); }
  xtg_tx_cursor& cursor() { return program_->cursor(); }
  std::uint64_t release_delays() {
    const auto cells = program_->release_delay();
    return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
  }
  /// The deadline in 2^-32 ns.
  Wide deadline() { return Wide{cursor().deadline_ns} << 32 | cursor().deadline_frac; }
  Wide interval() { return Wide{cursor().interval_ns} << 32 | cursor().interval_frac; }

  const Frame frame_ = plain_frame(128);
  std::unique_ptr<Program> program_;
};

TEST_F(PacingTest, NothingGoesBeforeItIsDue) {
  const std::uint64_t due = monotonic_ns() + 3'600 * kSecond;
  cursor().deadline_ns = due;
  worker().batch = 4;
  cursor().slot_frames = 4;
  for (int i = 0; i < 8; i++)
    EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(cursor().claimed, 0U);
  EXPECT_EQ(worker().done, 0U);
  EXPECT_EQ(cursor().deadline_ns, due);
  EXPECT_EQ(program_->progress().next, 0U);
  EXPECT_EQ(release_delays(), 0U);

  cursor().deadline_ns = monotonic_ns();
  for (std::uint64_t k = 0; k < 4; k++)
    EXPECT_TRUE(sends(program_->run(), frame_, k, 0, cursor().deadline_ns - cursor().interval_ns));
  EXPECT_EQ(cursor().claimed, 4U);
}

/// Batches are decided at their first run only: the others of one that is not due are passed over.
TEST_F(PacingTest, ABatchThatIsNotDuePassesWhole) {
  cursor().deadline_ns = monotonic_ns() + 3'600 * kSecond;
  worker().batch = 4;
  cursor().slot_frames = 4;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().idle_left, 3U);
  cursor().deadline_ns = 1;
  for (int i = 0; i < 3; i++)
    EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(program_->run().action, std::uint32_t{XDP_REDIRECT});
}

/// Such a run comes back before the deadline. (Not so every time where the test itself is held up.)
TEST_F(PacingTest, ADeadlineThatIsNotNearIsNotWaitedFor) {
  bool came_back = false;
  for (int i = 0; i < 100 && !came_back; i++) {
    const std::uint64_t due = monotonic_ns() + 200'000;
    cursor().deadline_ns = due;
    const Outcome out = program_->run();
    came_back = out.action == kDropped && out.after_ns < due;
  }
  EXPECT_TRUE(came_back);
}

TEST_F(PacingTest, ANearDeadlineIsWaitedFor) {
  worker().spin_ns = 10 * kSecond;
  for (std::uint64_t k = 0; k < 20; k++) {
    const std::uint64_t due = monotonic_ns() + 50'000;
    cursor().deadline_ns = due;
    const Outcome out = program_->run();
    ASSERT_TRUE(sends(out, frame_, k, 0, due));
    EXPECT_GE(out.after_ns, due);
  }
}

TEST_F(PacingTest, DeadlinesAdvanceByTheIntervalAndItsFraction) {
  cursor().interval_ns = 333;
  cursor().interval_frac = 0xfffffff3;
  cursor().deadline_ns = monotonic_ns() - kSecond;
  cursor().deadline_frac = 0x80000001;
  const Wide start = deadline();
  for (std::uint64_t k = 0; k < 1'000; k++) {
    ASSERT_TRUE(sends(program_->run(), frame_, k));
    ASSERT_TRUE(deadline() == start + interval() * (k + 1)) << k;
  }
  EXPECT_EQ(release_delays(), 1'000U);
  EXPECT_EQ(cursor().skipped_slots, 0U);
}

/// A worker whose refused frames have used up the time after the end: what was due before is
/// skipped.
TEST_F(PacingTest, SlotsThatWereDueWhileFramesWereSentAgainAreSkipped) {
  Program program({.frames = {frame_}, .paced = true, .resend = true});
  ASSERT_TRUE(program.ok()) << program.error();
  xtg_tx_cursor& c = program.cursor();
  const std::uint64_t end = monotonic_ns() - 2 * XTG_GRACE_NS;
  program.control().end_ns = end;
  c.resend_seq = 5;
  c.resend_end = 7;
  c.interval_ns = 1'000;
  c.deadline_ns = end - 3'000;
  EXPECT_EQ(program.run().action, kDropped);
  EXPECT_EQ(program.worker().done, 1U);
  EXPECT_EQ(c.skipped_slots, 3U);
  EXPECT_EQ(program.run().action, kDropped);
  EXPECT_EQ(c.skipped_slots, 3U);
}

TEST_F(PacingTest, SlotsReleasedTogetherAdvanceTogether) {
  cursor().interval_frac = 0xaaaaaaaa;
  cursor().deadline_ns = monotonic_ns() - kSecond;
  cursor().slot_frames = 2;
  cursor().batch_slots = 3;
  worker().batch = 6;
  const Wide start = deadline();
  for (std::uint64_t k = 0; k < 60; k++) {
    ASSERT_TRUE(sends(program_->run(), frame_, k, 0, 0));
    ASSERT_TRUE(deadline() == start + interval() * (k / 6 * 3 + 3)) << k;
  }
  EXPECT_EQ(release_delays(), 10U);
}

TEST_F(PacingTest, SlotsTooLateAreGivenUpAndCounted) {
  constexpr std::uint64_t kCatchUp = 1'000'000;
  cursor().interval_ns = 10'000;
  cursor().interval_frac = 0x40000000;
  cursor().catch_up_ns = kCatchUp;
  cursor().deadline_ns = monotonic_ns() - 5 * kSecond;
  cursor().deadline_frac = 0xffffffff;
  const std::uint64_t due = cursor().deadline_ns;
  const Wide start = deadline();
  const Outcome out = program_->run();
  ASSERT_TRUE(sends(out, frame_, 0));

  // Every slot that was due more than the catch-up ago, to within the rounding of one interval in
  // 10,001.
  const std::uint64_t lost = cursor().skipped_slots;
  const auto slots = [&](std::uint64_t now) {
    return static_cast<double>(now - due - kCatchUp) / 10'000.25;
  };
  EXPECT_GE(static_cast<double>(lost), slots(out.before_ns) * (1 - 1e-4) - 1);
  EXPECT_LE(static_cast<double>(lost), slots(out.after_ns));
  EXPECT_TRUE(deadline() == start + interval() * (lost + 1));
  EXPECT_EQ(cursor().claimed, 1U);
}

TEST_F(PacingTest, WhatIsJustWithinTheCatchUpIsSent) {
  cursor().deadline_ns = monotonic_ns() - 5 * kSecond;
  cursor().catch_up_ns = 1'000 * kSecond;
  ASSERT_TRUE(sends(program_->run(), frame_, 0));
  EXPECT_EQ(cursor().skipped_slots, 0U);
}

TEST_F(PacingTest, LatenessFallsInItsCell) {
  for (const std::uint64_t late :
       {std::uint64_t{0}, std::uint64_t{1'000'000}, kSecond, 60 * kSecond}) {
    const auto before = program_->release_delay();
    const std::uint64_t due = monotonic_ns() - late;
    cursor().deadline_ns = due;
    const Outcome out = program_->run();
    ASSERT_EQ(out.action, std::uint32_t{XDP_REDIRECT});
    const auto cells = program_->release_delay();
    const std::uint32_t lowest = xtg_hist_cell(out.before_ns - due);
    const std::uint32_t highest = xtg_hist_cell(out.after_ns - due);
    for (std::uint32_t c = 0; c < XTG_HIST_CELLS; c++) {
      if (cells[c] == before[c]) continue;
      EXPECT_EQ(cells[c], before[c] + 1);
      EXPECT_GE(c, lowest);
      EXPECT_LE(c, highest);
    }
  }
  EXPECT_EQ(release_delays(), 4U);
}

TEST_F(PacingTest, ASlotAfterTheEndIsNotWaitedFor) {
  const std::uint64_t end = monotonic_ns() + 3'600 * kSecond;
  program_->control().end_ns = end;
  worker().spin_ns = ~std::uint64_t{0}; // would wait for anything
  cursor().deadline_ns = end;
  const Outcome out = program_->run();
  EXPECT_EQ(out.action, kDropped);
  EXPECT_EQ(worker().done, 0U) << "the end has not come yet";
  EXPECT_EQ(cursor().claimed, 0U);
  EXPECT_EQ(cursor().deadline_ns, end);
  EXPECT_EQ(cursor().skipped_slots, 0U);

  program_->control().end_ns = monotonic_ns();
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().done, 1U);
  EXPECT_EQ(cursor().skipped_slots, 0U) << "no slot was due before the end";
}

/// What was due before the end and could not be sent by then is given up and counted.
TEST_F(PacingTest, SlotsHeldUpAcrossTheEndAreCounted) {
  const std::uint64_t end = monotonic_ns();
  program_->control().end_ns = end;
  cursor().deadline_ns = end - 1;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().done, 1U);
  EXPECT_EQ(cursor().skipped_slots, 1U);
  EXPECT_EQ(cursor().claimed, 0U);
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(cursor().skipped_slots, 1U);

  worker().done = cursor().done = 0;
  cursor().skipped_slots = 0;
  cursor().deadline_ns = end - 50'500;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(cursor().skipped_slots, 51U);
}

/// The slot at rate times duration is the first that does not belong to the run, even where its
/// deadline, a sum of rounded fractions, lies below the end.
TEST_F(PacingTest, TheEndIsExclusive) {
  const std::uint64_t end = monotonic_ns();
  program_->control().end_ns = end;
  cursor().deadline_ns = end - 1;
  cursor().deadline_frac = 0xfffffff0;
  EXPECT_EQ(program_->run().action, kDropped);
  EXPECT_EQ(worker().done, 1U);
  EXPECT_EQ(cursor().skipped_slots, 0U);
}

/// A host that slept for days: more slots were missed than their product with the fraction has room
/// for.
TEST_F(PacingTest, HugeLatenessIsGivenUpInParts) {
  cursor().interval_ns = 1;
  cursor().interval_frac = 0xffffffff;
  cursor().catch_up_ns = 1'000'000;
  cursor().deadline_ns = 1;
  Wide at = deadline();
  for (std::uint64_t k = 0, lost = 0; k < 3; k++) {
    ASSERT_TRUE(sends(program_->run(), frame_, k));
    at += interval() * (cursor().skipped_slots - lost + 1);
    lost = cursor().skipped_slots;
    ASSERT_TRUE(deadline() == at);
  }
}

TEST_F(PacingTest, TheTotalIsExactWithBursts) {
  cursor().deadline_ns = monotonic_ns() - kSecond;
  cursor().slot_frames = 4;
  worker().batch = 4;
  program_->progress().total = 10;
  int sent = 0;
  for (int i = 0; i < 20; i++)
    sent += program_->run().action == XDP_REDIRECT ? 1 : 0;
  EXPECT_EQ(sent, 10);
  EXPECT_EQ(cursor().claimed, 10U);
  EXPECT_EQ(worker().done, 1U);
}

} // namespace
} // namespace xtg::test
