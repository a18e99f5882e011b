// SPDX-License-Identifier: BSD-2-Clause
// Against the records that the kernel's own lines (xtg/abi/rx_seq.h) make of the packets.
#include "stats/port_test_union.h"

#include <gtest/gtest.h>

#include "unit/stats/rx_records.h"
#include "xtg/abi/rx_back.h"
#include "xtg/abi/rx_seq.h"

namespace xtg::stats {
namespace {

constexpr std::uint32_t kRunId = 0xc0ffee;
constexpr std::uint64_t kWindow = XTG_RX_WINDOW_LEAST;

/// A queue, or a port, that packets come to.
class Queue {
public:
  explicit Queue(std::uint16_t form = XTG_SIG_FULL, std::uint32_t run_id = kRunId) {
    memory_.slot.key = {run_id, 0, form, 0};
  }
  Queue& take(std::uint64_t number) {
    xtg_rx_state state{};
    state.slot = &memory_.slot;
    state.order = &memory_.order;
    state.bitmap = memory_.bitmap;
    state.mask = kWindow / XTG_RX_WORD - 1;
    xtg_rx_packet(&state, &memory_.hist, number, 0, 60, 0, 1'000 + number);
    return *this;
  }
  /// [from, to) but for [hole, hole_end), every `step`-th.
  Queue& take(std::uint64_t from, std::uint64_t to, std::uint64_t hole = 0,
              std::uint64_t hole_end = 0, std::uint64_t step = 1) {
    for (std::uint64_t i = from; i < to; i += step)
      if (i < hole || i >= hole_end) take(i);
    return *this;
  }
  [[nodiscard]] RxRecord record() const {
    RxRecord out;
    out.slot = memory_.slot;
    const __u64* second = memory_.bitmap + kWindow / XTG_RX_WORD;
    out.bitmap.assign(memory_.bitmap, second);
    out.twice.assign(second, second + kWindow / XTG_RX_WORD);
    return out;
  }

private:
  xtg_rx_record memory_{};
};

Arrivals arrivals(const std::vector<Queue>& ports) {
  std::vector<RxSnapshot> snapshots;
  for (const Queue& port : ports)
    snapshots.push_back(sample::at(0, {port.record()}));
  std::vector<const RxSnapshot*> all;
  for (const RxSnapshot& snapshot : snapshots)
    all.push_back(&snapshot);
  const Arrivals out = arrivals_of(all, kRunId);
  RxSnapshot one; // it makes no difference whether they are ports or queues
  for (const RxSnapshot& snapshot : snapshots)
    one.records.push_back(snapshot.records.front());
  EXPECT_EQ(arrivals_of({&one}, kRunId), out);
  return out;
}

TEST(PortTestUnion, CopiesDoNotStandInForLostOnes) {
  // A device floods both ports, and the same hundred are lost to both.
  const Queue port = Queue().take(0, 1000, 300, 400);
  EXPECT_EQ(arrivals({port, port}), (Arrivals{900, 900, true}));
  EXPECT_EQ(arrivals({port, port, port}), (Arrivals{900, 900, true}));
  EXPECT_EQ(arrivals({port}), (Arrivals{900, 0, true}));
}

TEST(PortTestUnion, WhatTheOneLacksTheOtherMayHave) {
  EXPECT_EQ(arrivals({Queue().take(0, 1000, 300, 400), Queue().take(0, 1000, 500, 700)}),
            (Arrivals{1000, 700, true}));
  EXPECT_EQ(arrivals({Queue().take(0, 1000, 0, 0, 2), Queue().take(1, 1000, 0, 0, 2)}),
            (Arrivals{1000, 0, true}));
}

TEST(PortTestUnion, WhatCameAgainToTheSamePortCameMoreThanOnceOnlyOnce) {
  EXPECT_EQ(arrivals({Queue().take(0, 100).take(0, 30), Queue().take(20, 50)}),
            (Arrivals{100, 50, true}));
  EXPECT_EQ(arrivals({Queue().take(0, 100).take(0, 30), Queue().take(40, 50)}),
            (Arrivals{100, 40, true}));
}

TEST(PortTestUnion, BehindTheWindowCountsTellWhereTheyCan) {
  const std::uint64_t many = 50 * kWindow + 7;
  const Queue all = Queue().take(0, many);
  EXPECT_EQ(arrivals({all, all}), (Arrivals{many, many, true}));
  EXPECT_EQ(arrivals({all, Queue().take(0, many, 90, 190)}), (Arrivals{many, many - 100, true}));
  // Nothing in common: the one took over from the other.
  EXPECT_EQ(arrivals({Queue().take(0, many / 2, 90, 190), Queue().take(many / 2, many, 0, 0, 2)}),
            (Arrivals{many / 2 - 100 + (many - many / 2 + 1) / 2, 0, true}));
  // One record: whatever it has.
  EXPECT_EQ(arrivals({Queue().take(0, many, 90, 190).take(many - 10, many)}),
            (Arrivals{many - 100, 10, true}));
}

TEST(PortTestUnion, BehindTheWindowWhatIsNotKnownIsSaid) {
  const std::uint64_t many = 50 * kWindow;
  const Queue half = Queue().take(0, many, 90, 190);
  const Arrivals same = arrivals({half, half});
  EXPECT_FALSE(same.exact) << "the same hundred, or others?";
  EXPECT_EQ(same.numbers, many) << "no more than there are";
  const Arrivals shared =
      arrivals({Queue().take(0, many, 0, 0, 2), Queue().take(1, many, 0, 0, 2)});
  EXPECT_FALSE(shared.exact);
  EXPECT_EQ(shared.numbers, many);
  EXPECT_EQ(shared.repeated, 0U);
  // What is in the window is told apart all the same.
  const Arrivals end =
      arrivals({Queue().take(0, many, many - 50, many), Queue().take(0, many, many - 50, many)});
  EXPECT_EQ(end, (Arrivals{many - 50, many - 50, true}));
}

TEST(PortTestUnion, WithoutWindowsItIsABound) {
  RxSnapshot snapshot = sample::at(0, {sample::record(900, 0), sample::record(900, 1)});
  snapshot.records[0].slot.next = snapshot.records[1].slot.next = 1100;
  EXPECT_EQ(arrivals_of({&snapshot}, kRunId).numbers, 1052U); // 100 to the end of its word
  EXPECT_FALSE(arrivals_of({&snapshot}, kRunId).exact);
}

TEST(PortTestUnion, StreamsAndSessionsAreApart) {
  RxSnapshot s =
      sample::at(0, {Queue().take(0, 10).record(), Queue(XTG_SIG_FULL, 7).take(0, 5).record(),
                     Queue(XTG_SIG_FULL | XTG_RX_REFLECTED).take(5, 12).record(),
                     Queue(XTG_SIG_FULL | XTG_RX_REFLECTED | XTG_RX_BACK).take(50, 90).record()});
  EXPECT_EQ(arrivals_of({&s}, kRunId), (Arrivals{12, 5, true}));
  s.records.push_back(Queue().take(0, 10).record());
  s.records.back().slot.key.stream = 1;
  EXPECT_EQ(arrivals_of({&s}, kRunId), (Arrivals{22, 5, true}));
}

TEST(PortTestUnion, TheWaitEndsWhenAllHasComeAndNothingComesAnyMore) {
  const RxSnapshot here = sample::at(0, {Queue().take(0, 1000).record()});
  const RxSnapshot there = sample::at(0, {Queue().take(0, 500).record()});
  const std::vector<const RxSnapshot*> both = {&here, &there};
  const std::uint64_t last = last_arrival(here);
  EXPECT_EQ(last, 1'999U);
  EXPECT_FALSE(all_arrived(both, {{kRunId, 1000}}, last + 1)) << "a copy may follow";
  EXPECT_TRUE(all_arrived(both, {{kRunId, 1000}}, last + 20'000'000));
  EXPECT_FALSE(all_arrived(both, {{kRunId, 1400}}, last + 20'000'000)) << "copies do not count";
  EXPECT_FALSE(all_arrived(both, {{kRunId, 1000}, {7, 1}}, last + 20'000'000));
  EXPECT_TRUE(all_arrived({}, {{kRunId, 0}}, 0));
}

} // namespace
} // namespace xtg::stats
