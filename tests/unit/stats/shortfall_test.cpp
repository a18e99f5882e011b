// SPDX-License-Identifier: BSD-2-Clause
#include "stats/shortfall.h"

#include <gtest/gtest.h>

namespace xtg::stats {
namespace {

Sample sample(double achieved, std::optional<double> target, TxCounters tx = {}) {
  Sample out;
  out.xmit_pps = achieved;
  out.target_pps = target;
  out.tx = tx;
  return out;
}

TEST(ExplainShortfall, SaysNothingWithoutNeed) {
  const TxCounters bad{.driver_drops = 5, .redirect_errors = 5, .skipped_slots = 5};
  EXPECT_EQ(explain_shortfall(sample(10, std::nullopt, bad)), "");
  EXPECT_EQ(explain_shortfall(sample(1'000, 1'000, bad)), "");
  EXPECT_EQ(explain_shortfall(sample(1'001, 1'000, bad)), "");
  EXPECT_EQ(explain_shortfall(sample(990.1, 1'000, bad)), "");
  EXPECT_NE(explain_shortfall(sample(989.9, 1'000, bad)), "");
}

TEST(ExplainShortfall, NamesTheLargestCause) {
  EXPECT_EQ(explain_shortfall(sample(
                900, 1'000, {.driver_drops = 12'345, .redirect_errors = 2, .skipped_slots = 3})),
            "the driver refused 12,345 frames: its transmit ring was full");
  EXPECT_EQ(explain_shortfall(sample(
                900, 1'000, {.driver_drops = 1, .redirect_errors = 1'000, .skipped_slots = 3})),
            "1,000 frames could not be handed to the driver");
  EXPECT_EQ(explain_shortfall(sample(
                900, 1'000, {.driver_drops = 1, .redirect_errors = 2, .skipped_slots = 7'000'000})),
            "the sending threads could not keep the schedule and missed 7,000,000 frames of it; "
            "more --threads, a larger --burst or a lower rate would keep it");
}

TEST(ExplainShortfall, DroppedFramesAreNotHeldBack) {
  EXPECT_EQ(explain_shortfall(sample(900, 1'000, {.queue_drops = 28})),
            "the queueing discipline of the interface dropped 28 frames");
  EXPECT_EQ(explain_shortfall(sample(900, 1'000, {.queued = 28})),
            "the queueing discipline of the interface still holds 28 frames");
  EXPECT_EQ(explain_shortfall(sample(900, 1'000, {.queue_drops = 20, .queued = 8})),
            "the queueing discipline of the interface dropped 20 frames and still holds 8");
}

TEST(ExplainShortfall, NamesAShortRun) {
  EXPECT_EQ(explain_shortfall(sample(500, 1'000)),
            "the run was too short for its rate: sending began late or ended within a slot");
}

Snapshot attempted(std::uint64_t attempts) {
  Snapshot out;
  out.source = CountSource::Link;
  out.total.attempts = attempts;
  return out;
}

TEST(UseLinkCounters, TakesThemAsTheyAre) {
  Snapshot snapshot = attempted(1'000);
  use_link_counters(snapshot, {}, {900, 60}, true);
  EXPECT_EQ(
      snapshot.total,
      (TxCounters{.attempts = 1'000, .accepted = 900, .driver_drops = 60, .redirect_errors = 40}));
}

/// While it runs, what is in neither counter may be on its way.
TEST(UseLinkCounters, LeavesOpenWhatIsOnItsWay) {
  Snapshot snapshot = attempted(1'000);
  use_link_counters(snapshot, {100, 40}, {1'000, 100}, false);
  EXPECT_EQ(snapshot.total, (TxCounters{.attempts = 1'000, .accepted = 900, .driver_drops = 60}));
}

/// The interface counts what others send as well: the figures still add up.
TEST(ExplainNothingSent, FollowsTheCounters) {
  EXPECT_EQ(explain_nothing_sent({}),
            "nothing was sent: the run ended before its sending threads got to run");
  EXPECT_EQ(explain_nothing_sent({.skipped_slots = 50}),
            "nothing was sent: the sending threads ran too late for all 50 frames that were due; "
            "less load on their CPUs, or a longer run, would help");
}

TEST(UseLinkCounters, CutsThemToWhatWasAttempted) {
  Snapshot snapshot = attempted(1'000);
  use_link_counters(snapshot, {}, {1'001, 5}, true);
  EXPECT_EQ(snapshot.total, (TxCounters{.attempts = 1'000, .accepted = 1'000}));
  snapshot = attempted(1'000);
  use_link_counters(snapshot, {}, {950, 500}, true);
  EXPECT_EQ(snapshot.total, (TxCounters{.attempts = 1'000, .accepted = 950, .driver_drops = 50}));
  snapshot = attempted(0);
  use_link_counters(snapshot, {}, {7, 7}, true);
  EXPECT_EQ(snapshot.total, TxCounters{});
}

/// A driver that was reset begins again at 0.
TEST(UseLinkCounters, CountersThatWentBackStoodStill) {
  Snapshot snapshot = attempted(1'000);
  use_link_counters(snapshot, {5'000, 70}, {3, 2}, false);
  EXPECT_EQ(snapshot.total, (TxCounters{.attempts = 1'000}));
}

/// What is sent again holds up the schedule behind it.
TEST(ExplainShortfall, RefusalsHoldUpTheSchedule) {
  Sample s = sample(500, 1'000);
  s.tx = {.driver_drops = 40, .resent = 40, .skipped_slots = 500};
  EXPECT_EQ(explain_shortfall(s),
            "500 frames of the schedule were missed while the driver refused others: its transmit "
            "ring was full");
}

} // namespace
} // namespace xtg::stats
