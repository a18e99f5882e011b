// SPDX-License-Identifier: BSD-2-Clause
// How many frames the send program sends, in which batches, and when it stops.
#include <vector>

#include <linux/bpf.h>

#include "core/clock.h"
#include "program.h"

namespace xtg::test {
namespace {

using packet::FieldKind;
using packet::Frame;

constexpr std::uint32_t kDrop = XDP_DROP;

class AmountsTest : public BpfTest {};

/// The actions of so many runs, S for sent and . for dropped.
std::string actions(Program& program, int runs, std::size_t worker_id = 0) {
  std::string out;
  for (int i = 0; i < runs; i++)
    out += program.run(worker_id).action == XDP_REDIRECT ? 'S' : '.';
  return out;
}

TEST_F(AmountsTest, TheTotalIsExact) {
  for (const std::uint32_t batch : {1U, 2U, 3U, 5U, 7U, 256U}) {
    SCOPED_TRACE(batch);
    Program program({.frames = {plain_frame()}});
    ASSERT_TRUE(program.ok()) << program.error();
    program.progress().total = 5;
    program.worker().batch = batch;
    EXPECT_EQ(actions(program, 4), "SSSS");
    EXPECT_EQ(program.worker().done, 0U);
    EXPECT_EQ(actions(program, 1), "S");
    EXPECT_EQ(actions(program, 300), std::string(300, '.'));
    EXPECT_EQ(program.worker().done, 1U);
    EXPECT_EQ(program.cursor().claimed, 5U);
    EXPECT_EQ(program.attempts(), 5U);
  }
}

TEST_F(AmountsTest, NothingIsSentOfATotalOfZero) {
  Program program({.frames = {plain_frame()}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.progress().total = 0;
  EXPECT_EQ(actions(program, 3), "...");
  EXPECT_EQ(program.worker().done, 1U);
  EXPECT_EQ(program.cursor().claimed, 0U);
}

TEST_F(AmountsTest, TheTotalIsExactOverWorkers) {
  const Frame frame = plain_frame();
  Program program({.frames = {frame}, .worker_streams = {0, 0, 0}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.progress().total = 20;
  for (const std::size_t worker_id : {0, 1, 2})
    program.worker(worker_id).batch = 3 + static_cast<std::uint32_t>(worker_id);
  std::vector<std::string> sent(3);
  for (int turn = 0; turn < 20; turn++) {
    for (const std::size_t worker_id : {0, 1, 2})
      sent[worker_id] += actions(program, 1, worker_id);
  }
  // Claims of 3, 4 and 5 in turn; the last that finds something takes what is left.
  EXPECT_EQ(sent[0], "SSSSSS..............");
  EXPECT_EQ(sent[1], "SSSSSSSS............");
  EXPECT_EQ(sent[2], "SSSSSS..............");
  for (const std::size_t worker_id : {0, 1, 2})
    EXPECT_EQ(program.worker(worker_id).done, 1U);
}

/// The kernel's batch is as long as it is: what a short last batch does not fill passes idle.
TEST_F(AmountsTest, AShortBatchLeavesTheRestIdle) {
  Program program({.frames = {plain_frame()}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 4;
  program.progress().total = 6;
  EXPECT_EQ(actions(program, 6), "SSSSSS");
  EXPECT_EQ(program.worker().idle_left, 2U);
  EXPECT_EQ(actions(program, 2), "..");
  EXPECT_EQ(program.worker().idle_left, 0U);
  // More to send again, as of another stream: the batches are still in step.
  EXPECT_EQ(program.worker().done, 0U);
  program.progress().total = 100;
  program.progress().next = 6;
  EXPECT_EQ(actions(program, 4), "SSSS");
}

/// A kernel call that broke off within a batch: what it had claimed goes first, in a batch of its
/// own.
TEST_F(AmountsTest, WhatABrokenCallLeftIsSentFirst) {
  const Frame frame = plain_frame(64, {.fields = {vary(FieldKind::DstPort, 1, 7)}});
  Program program({.frames = {frame}});
  ASSERT_TRUE(program.ok()) << program.error();
  xtg_tx_worker& w = program.worker();
  w.batch = 5;
  ASSERT_TRUE(sends(program.run(), frame, 0));
  ASSERT_TRUE(sends(program.run(), frame, 1, 0, 0));
  EXPECT_EQ(w.send_end - w.seq, 3U);
  EXPECT_EQ(program.cursor().claimed, 5U);
  EXPECT_EQ(program.attempts(), 2U);
  program.progress().next = 50; // others went on
  w.idle_left = 2;              // the next call, as Sender::run() begins it
  for (const std::uint64_t k : {2U, 3U, 4U})
    ASSERT_TRUE(sends(program.run(), frame, k, 0, 0));
  EXPECT_EQ(actions(program, 2), "..");
  ASSERT_TRUE(sends(program.run(), frame, 50));
  EXPECT_EQ(program.cursor().claimed, 10U);
}

TEST_F(AmountsTest, StopHoldsFromTheNextBatchOn) {
  Program program({.frames = {plain_frame()}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 3;
  EXPECT_EQ(actions(program, 1), "S");
  program.control().stop = 1;
  EXPECT_EQ(actions(program, 20), "SS" + std::string(18, '.'));
  EXPECT_EQ(program.worker().done, 1U);
  EXPECT_EQ(program.cursor().claimed, 3U);
  EXPECT_EQ(program.progress().next, 3U);
}

TEST_F(AmountsTest, NothingIsSentFromTheEndOn) {
  Program program({.frames = {plain_frame()}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.control().end_ns = monotonic_ns() + 3'600'000'000'000;
  EXPECT_EQ(actions(program, 2), "SS");
  EXPECT_EQ(program.worker().done, 0U);
  program.control().end_ns = monotonic_ns();
  EXPECT_EQ(actions(program, 2), "..");
  EXPECT_EQ(program.worker().done, 1U);
  EXPECT_EQ(program.cursor().claimed, 2U);
}

/// The kernel clears the slot of a device that leaves; the helper then returns its fallback, and
/// what was tried is still counted.
TEST_F(AmountsTest, FramesForADeviceThatLeftAreAttempts) {
  Program program({.frames = {plain_frame()}, .target = false});
  ASSERT_TRUE(program.ok()) << program.error();
  for (std::uint64_t i = 1; i < 4; i++) {
    EXPECT_EQ(program.run().action, kDrop);
    EXPECT_EQ(program.attempts(), i);
  }
}

/// done comes with the moment in which it came true.
TEST_F(AmountsTest, TheEndIsTimed) {
  Program program({.frames = {plain_frame()}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.progress().total = 1;
  EXPECT_EQ(actions(program, 1), "S");
  EXPECT_EQ(program.worker().last_ns, 0U);
  const Outcome end = program.run();
  EXPECT_EQ(program.worker().done, 1U);
  const std::uint64_t at = program.worker().last_ns;
  EXPECT_GE(at, end.before_ns);
  EXPECT_LE(at, end.after_ns);
  EXPECT_EQ(actions(program, 3), "...");
  EXPECT_EQ(program.worker().last_ns, at);
}

} // namespace
} // namespace xtg::test
