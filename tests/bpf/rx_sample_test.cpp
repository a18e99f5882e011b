// SPDX-License-Identifier: BSD-2-Clause
// Which test frames the receiving program shows, and that it shows them as they came.
#include <algorithm>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "packet/checksum.h"
#include "rx_frames.h"
#include "rx_program.h"

namespace xtg::test {
namespace {

using packet::Family;

RxSetup showing(std::uint32_t why, std::uint64_t every = 0, std::uint64_t first = 0,
                RxSetup setup = {}) {
  setup.sampling = {0, 0, why, 0, every, first};
  return setup;
}

std::vector<std::uint64_t> numbers(const std::vector<Shown>& shown) {
  std::vector<std::uint64_t> out;
  for (const Shown& one : shown)
    out.push_back(one.about.seq);
  return out;
}

class RxSample : public testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(, RxSample, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(RxSample, ByNumberOfEveryStreamWholeAndAsTheyCame) {
  for (const std::uint32_t size : {82U, 128U, 129U, 1514U, packet::max_frame_size()}) {
    RxProgram program(showing(XTG_RX_SHOW_EVERY, 10, 0, {.by_run_id = 1, .run_id = kRunId}));
    std::vector<Bytes> sent;
    const std::uint64_t before = monotonic_ns();
    for (std::uint64_t seq = 5; seq < 45; seq++) {
      for (const std::uint16_t number : {1, 2}) {
        const Bytes bytes = frame(stream(GetParam(), size, kRunId, number), seq);
        ASSERT_TRUE(program.takes(bytes));
        if (seq % 10 == 0) sent.push_back(bytes);
      }
    }
    const auto shown = program.shown();
    EXPECT_EQ(numbers(shown), (std::vector<std::uint64_t>{10, 10, 20, 20, 30, 30, 40, 40}));
    std::uint64_t last = before;
    for (std::size_t i = 0; i < shown.size(); i++) {
      EXPECT_EQ(shown[i].bytes, sent[i]);
      EXPECT_EQ(shown[i].about.length, size - 4);
      EXPECT_EQ(shown[i].about.why, XTG_RX_SHOW_EVERY);
      EXPECT_GE(shown[i].about.arrival_ns, last);
      last = shown[i].about.arrival_ns;
    }
    EXPECT_LE(last, monotonic_ns());
    EXPECT_EQ(program.slot(0).packets, 40U);
  }
}

/// The wire has the low 32 bits only; it is the whole number that counts.
TEST_P(RxSample, ByTheWholeNumberOfAShortSignature) {
  RxProgram program(showing(XTG_RX_SHOW_EVERY, 1000, 0, {.by_run_id = 1, .run_id = kRunId}));
  const auto of = stream(GetParam(), compact_size(GetParam()));
  const std::uint64_t wrap = std::uint64_t{1} << 32; // no multiple of 1000
  for (std::uint64_t seq = wrap - 1000; seq < wrap + 1000; seq++)
    ASSERT_TRUE(program.takes(frame(of, seq)));
  EXPECT_EQ(numbers(program.shown()), (std::vector<std::uint64_t>{wrap - 1000 + 704, wrap + 704}));
}

TEST_P(RxSample, TheFirstOfTheRun) {
  RxProgram program(showing(XTG_RX_SHOW_FIRST, 0, 5));
  for (std::uint64_t seq = 100; seq < 110; seq++)
    for (const std::uint16_t number : {1, 2})
      ASSERT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, number), seq)));
  EXPECT_EQ(numbers(program.shown()), (std::vector<std::uint64_t>{100, 100, 101, 101, 102}));
}

/// Numbers in the order of their arrival, and those of them that are shown.
struct Trace {
  std::vector<std::uint64_t> arrive, late, gap, duplicate;
};

TEST_P(RxSample, ByWhatBecameOfThem) {
  const Trace trace{{7, 8, 10, 9, 10, 9, 11, 148, 149, 11, 1100, 2000, 148, 2001, 1999, 2003},
                    {9, 148, 1999},
                    {10, 148, 1100, 2000, 2003},
                    {10, 9, 11}};
  const auto shown_for = [&](std::uint32_t why) {
    RxProgram program(showing(why)); // with a window of 1,024
    for (const std::uint64_t seq : trace.arrive)
      EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128), seq)));
    const auto shown = program.shown();
    for (const Shown& one : shown)
      EXPECT_NE(one.about.why & why, 0U);
    return shown;
  };
  EXPECT_EQ(numbers(shown_for(XTG_RX_SHOW_LATE)), trace.late);
  EXPECT_EQ(numbers(shown_for(XTG_RX_SHOW_GAP)), trace.gap);
  EXPECT_EQ(numbers(shown_for(XTG_RX_SHOW_DUPLICATE)), trace.duplicate);
  const auto all =
      shown_for(XTG_RX_SHOW_LATE | XTG_RX_SHOW_GAP | XTG_RX_SHOW_DUPLICATE | XTG_RX_SHOW_CORRUPT);
  EXPECT_EQ(all.size(), trace.late.size() + trace.gap.size() + trace.duplicate.size());
  for (const Shown& one : all)
    EXPECT_EQ(one.about.gap != 0, one.about.why == XTG_RX_SHOW_GAP);
  EXPECT_EQ(all[0].about.gap, 1U);   // 9
  EXPECT_EQ(all[4].about.gap, 136U); // 12 to 147
  EXPECT_EQ(all[6].about.gap, 950U); // 150 to 1,099
}

TEST_P(RxSample, AGapIsToldInTime) {
  RxProgram program(showing(XTG_RX_SHOW_GAP));
  ASSERT_TRUE(program.takes(frame(stream(GetParam(), 128), 0)));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  ASSERT_TRUE(program.takes(frame(stream(GetParam(), 128), 138)));
  const auto shown = program.shown();
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].about.gap, 137U);
  EXPECT_GE(shown[0].about.since_ns, 2'000'000U);
}

TEST_P(RxSample, SeveralReasonsAreOneFrame) {
  RxProgram program(showing(XTG_RX_SHOW_EVERY | XTG_RX_SHOW_FIRST | XTG_RX_SHOW_DUPLICATE, 2, 2));
  for (const std::uint64_t seq : {4, 4, 4, 5})
    ASSERT_TRUE(program.takes(frame(stream(GetParam(), 128), seq)));
  std::vector<std::uint32_t> why;
  for (const Shown& one : program.shown())
    why.push_back(one.about.why);
  EXPECT_EQ(why, (std::vector<std::uint32_t>{XTG_RX_SHOW_EVERY | XTG_RX_SHOW_FIRST,
                                             XTG_RX_SHOW_EVERY | XTG_RX_SHOW_FIRST |
                                                 XTG_RX_SHOW_DUPLICATE,
                                             XTG_RX_SHOW_EVERY | XTG_RX_SHOW_DUPLICATE}));
}

TEST_P(RxSample, OnlyFramesThatAreOurs) {
  RxProgram program(showing(XTG_RX_SHOW_EVERY, 1, 0,
                            {.by_run_id = 1, .run_id = kRunId, .observe = 1, .limit = 2}));
  EXPECT_TRUE(program.passes(frame(stream(GetParam(), 128, kRunId ^ 1), 0)));
  EXPECT_TRUE(program.passes(Bytes(100, 0x45)));
  for (std::uint64_t seq = 0; seq < 4; seq++) // the last two are beyond the limit
    EXPECT_TRUE(program.passes(frame(stream(GetParam(), 128), seq)));
  EXPECT_EQ(numbers(program.shown()), (std::vector<std::uint64_t>{0, 1}));
}

TEST_P(RxSample, FramesOfStreamsWithoutRoomAreShownByTheirNumber) {
  RxProgram program(
      showing(XTG_RX_SHOW_EVERY | XTG_RX_SHOW_GAP | XTG_RX_SHOW_LATE, 4, 0, {.n_slots = 1}));
  for (const std::uint64_t seq : {0, 4, 9, 8})
    EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 1), seq)));
  EXPECT_EQ(numbers(program.shown()), (std::vector<std::uint64_t>{0, 4, 9, 8}));
  for (const std::uint64_t seq : {0, 4, 9, 8})
    EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128, kRunId, 2), seq)));
  EXPECT_EQ(numbers(program.shown()), (std::vector<std::uint64_t>{0, 4, 8}));
  EXPECT_EQ(program.queue().no_slot, 4U);
}

TEST_P(RxSample, WhatTheRingHasNoRoomForIsCounted) {
  RxProgram program(showing(XTG_RX_SHOW_EVERY, 1, 0, {.ring_bytes = 4096}));
  const auto of = stream(GetParam(), 512);
  for (std::uint64_t round = 1; round <= 3; round++) {
    for (std::uint64_t i = 0; i < 100; i++)
      ASSERT_TRUE(program.takes(frame(of, 100 * round + i)));
    const auto shown = program.shown();
    EXPECT_GT(shown.size(), 3U);
    EXPECT_LT(shown.size(), 10U);
    for (std::size_t i = 0; i < shown.size(); i++) {
      EXPECT_EQ(shown[i].about.seq, 100 * round + i);
      EXPECT_TRUE(packet::checksums_valid(shown[i].bytes));
    }
    EXPECT_EQ(program.samples().lost, round * (100 - shown.size()));
  }
  EXPECT_EQ(program.slot(0).packets, 300U);
}

TEST_P(RxSample, LongFramesAreCutAndSaySo) {
  RxProgram program(showing(XTG_RX_SHOW_EVERY, 1));
  for (const std::size_t size :
       {std::size_t{XTG_RX_SAMPLE_MOST} - 1, std::size_t{XTG_RX_SAMPLE_MOST},
        std::size_t{XTG_RX_SAMPLE_MOST} + 1, std::size_t{8986}}) {
    Bytes bytes = frame(stream(GetParam(), 128), 0);
    bytes.insert(bytes.begin() + 70, size - bytes.size(), 0x5a); // nobody minds the lengths
    EXPECT_TRUE(program.takes(bytes));
    const auto shown = program.shown();
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].about.length, size);
    bytes.resize(std::min(size, std::size_t{XTG_RX_SAMPLE_MOST}));
    EXPECT_EQ(shown[0].bytes, bytes);
  }
}

TEST_P(RxSample, NothingIsShownThatNobodyAskedFor) {
  RxProgram program;
  for (const std::uint64_t seq : {0, 0, 5, 3})
    EXPECT_TRUE(program.takes(frame(stream(GetParam(), 128), seq)));
  EXPECT_TRUE(program.shown().empty());
}

} // namespace
} // namespace xtg::test
