// SPDX-License-Identifier: BSD-2-Clause
// The loop of all runs with a course that is no run: when lines come, what ends it, what it tells.
#include "run/loop.h"

#include <gtest/gtest.h>

#include "core/exit_status.h"
#include "support/fake_run.h"

namespace xtg::run {
namespace {

using test::FakeCourse;
using test::FakeHost;
using test::FakeSink;
using test::kMs;
using Order = std::vector<std::string>;
using Reasons = std::vector<stats::EndReason>;
using stats::EndReason;

class LoopTest : public testing::Test {
protected:
  FakeHost host;
  FakeSink sink;
  FakeCourse course{host};
  StopToken stop;
  const std::uint64_t start = host.now;

  Outcome carry_out() {
    report::RunInfo info;
    info.command = "test";
    return run::carry_out(course, info, sink, stop, host);
  }
  void at(std::uint64_t ms, std::function<void()> what) {
    host.at[start + ms * kMs] = std::move(what);
  }
  void trip() { stop.trip(host.now); }
};

TEST_F(LoopTest, LinesComeWhenTheyAreDueUntilTheDurationIsOver) {
  course.duration = Nanoseconds{3'500 * kMs};
  course.rest = 3.5;
  const Outcome outcome = carry_out();
  EXPECT_EQ(sink.lines, (std::vector<double>{1, 2, 3, 3.5}));
  EXPECT_EQ(sink.order, (Order{"begin", "interval", "interval", "interval", "interval", "end"}));
  EXPECT_EQ(course.calls, (Order{"open", "begin", "start", "conclude"}));
  EXPECT_EQ(course.reasons, Reasons{EndReason::Duration});
  EXPECT_EQ(host.now, start + 3'500 * kMs) << "not a moment longer";
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(std::get<stats::Summary>(outcome.end).cpu_s, 0.25);
}

TEST_F(LoopTest, StartsWhenTheFarEndIsReadyToo) {
  course.duration = Nanoseconds{1'000 * kMs};
  run::carry_out(course, {}, sink, stop, host, [&] {
    EXPECT_EQ(sink.order, Order{"begin"}) << "all is prepared, and has been reported";
    course.calls.emplace_back("the far end starts");
    return std::uint64_t{77};
  });
  EXPECT_EQ(course.calls, (Order{"open", "begin", "the far end starts", "start", "conclude"}));
  EXPECT_EQ(course.earliest_ns_, 77U);
}

TEST_F(LoopTest, WaitsForTheNextThingThatIsDue) {
  course.duration = Nanoseconds{1'050 * kMs};
  course.look_every = 400 * kMs;
  carry_out();
  std::vector<std::uint64_t> waits;
  for (const std::uint64_t until : host.waits)
    waits.push_back((until - start) / kMs);
  EXPECT_EQ(waits, (std::vector<std::uint64_t>{400, 800, 1'000, 1'050}));
}

TEST_F(LoopTest, LinesThatWereMissedAreNotMadeUpFor) {
  course.duration = Nanoseconds{6'000 * kMs};
  at(1'500, [&] { host.now = start + 4'200 * kMs; }); // stopped by SIGSTOP, say
  carry_out();
  EXPECT_EQ(sink.lines, (std::vector<double>{1, 4.2, 5}));
}

TEST_F(LoopTest, AnAmountEndsIt) {
  course.on_look = [&](std::uint64_t now) {
    if (now >= start + 1'200 * kMs) course.end(EndReason::Amount, now);
  };
  const Outcome outcome = carry_out();
  EXPECT_EQ(sink.lines, std::vector<double>{1});
  EXPECT_EQ(course.reasons, Reasons{EndReason::Amount});
  EXPECT_EQ(host.now, start + 1'200 * kMs);
  EXPECT_EQ(outcome.exit_status, 0);
}

TEST_F(LoopTest, ARunThatEndsByItselfIsSeen) {
  at(730, [&] { course.finished = true; });
  carry_out();
  EXPECT_EQ(host.now, start + 730 * kMs);
  EXPECT_TRUE(course.reasons.empty());
}

TEST_F(LoopTest, TheFirstInterruptStopsAndReports) {
  course.ends_after = 250 * kMs;
  at(1'500, [&] { trip(); });
  at(1'750, [] {}); // its descriptor tells that it has ended
  const Outcome outcome = carry_out();
  EXPECT_EQ(course.calls, (Order{"open", "begin", "start", "halt", "conclude"}));
  EXPECT_EQ(course.reason_, EndReason::Interrupted);
  EXPECT_EQ(sink.order, (Order{"begin", "interval", "end"}));
  EXPECT_EQ(host.now, start + 1'750 * kMs) << "what is under way is waited for";
  EXPECT_EQ(outcome.exit_status, 0);
}

TEST_F(LoopTest, AnInterruptThatEndsTheRunDuringALineIsTheReason) {
  sink.on_interval = [&] { // blocked by its reader while another thread hears the signal
    trip();
    course.finished = true;
  };
  carry_out();
  EXPECT_EQ(course.reasons, Reasons{EndReason::Interrupted});
  EXPECT_EQ(sink.order, (Order{"begin", "interval", "end"}));
}

TEST_F(LoopTest, TheSecondInterruptLeavesAtOnce) {
  course.ends_after = 10'000 * kMs;
  at(500, [&] { trip(); });
  at(600, [&] { trip(); }); // one of the first: timeout(1) signals twice
  at(900, [&] { trip(); });
  const Outcome outcome = carry_out();
  EXPECT_EQ(host.now, start + 900 * kMs);
  EXPECT_EQ(course.calls.back(), "conclude at once");
  EXPECT_EQ(outcome.exit_status, static_cast<int>(ExitStatus::Interrupted));
  EXPECT_EQ(outcome.error->what, "left at the second interrupt");
  EXPECT_EQ(sink.order, (Order{"begin", "failure", "end"})) << "what was measured is told";
}

TEST_F(LoopTest, ARequestFromBeforeTheStartCounts) {
  trip();
  const Outcome outcome = carry_out();
  EXPECT_EQ(course.calls[0], "halt");
  EXPECT_EQ(course.reason_, EndReason::Interrupted);
  EXPECT_TRUE(sink.lines.empty());
  EXPECT_EQ(outcome.exit_status, 0);
}

TEST_F(LoopTest, AFaultEndsItWithItsStatus) {
  course.on_look = [&](std::uint64_t now) {
    if (now == start + 500 * kMs) course.fail_run({Errc::NotFound, 19, "eth1 was removed"});
  };
  const Outcome outcome = carry_out();
  EXPECT_EQ(host.now, start + 500 * kMs);
  EXPECT_EQ(course.reasons, Reasons{EndReason::Failed});
  ASSERT_EQ(sink.failures.size(), 1U);
  EXPECT_EQ(sink.failures[0].error.what, "explained: eth1 was removed");
  EXPECT_EQ(sink.failures[0].exit_status, 1) << "what vanishes under its feet is no wrong input";
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(sink.order, (Order{"begin", "failure", "end"}));
}

TEST_F(LoopTest, AFaultWhileItEndsIsAFailure) {
  course.ends_after = 1'000 * kMs;
  at(100, [&] { trip(); });
  course.on_look = [&](std::uint64_t now) {
    if (now >= start + 300 * kMs) course.fail_run({Errc::System, 0, "eth1 went down"});
  };
  EXPECT_EQ(carry_out().exit_status, 1);
  EXPECT_EQ(course.reason_, EndReason::Failed);
}

TEST_F(LoopTest, OnlyTheFirstErrorCounts) {
  course.on_look = [&](std::uint64_t) {
    course.fail_run({Errc::NotSupported, 0, "cause"});
    course.fail_run({Errc::System, 0, "consequence"});
  };
  course.found = Error{Errc::Peer, 0, "nothing arrived"};
  const Outcome outcome = carry_out();
  EXPECT_EQ(outcome.error->what, "cause");
  EXPECT_EQ(outcome.exit_status, 4);
}

TEST_F(LoopTest, AnOutputThatTakesNothingMoreEndsIt) {
  at(1'900, [&] { sink.full = Error{Errc::System, 32, "write to the standard output"}; });
  const Outcome outcome = carry_out();
  EXPECT_EQ(sink.lines.size(), 2U);
  EXPECT_EQ(host.now, start + 2'000 * kMs) << "seen with the next line";
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(course.reason_, EndReason::Failed);
}

TEST_F(LoopTest, AWaitThatFailsEndsIt) {
  host.broken = Error{Errc::System, 9, "poll"};
  EXPECT_EQ(carry_out().exit_status, 1);
  EXPECT_EQ(host.waits.size(), 1U);
  EXPECT_EQ(course.calls.back(), "conclude");
}

TEST_F(LoopTest, WhatTheFinalCountFindsIsTold) {
  course.duration = Nanoseconds{100 * kMs};
  course.found = Error{Errc::Peer, 0, "no test frame arrived"};
  const Outcome outcome = carry_out();
  EXPECT_EQ(outcome.error->what, "no test frame arrived");
  EXPECT_EQ(outcome.exit_status, 5);
  EXPECT_EQ(sink.order, (Order{"begin", "failure", "end"}));
}

TEST_F(LoopTest, LinesCountFromWhereTheCourseSaysAnew) {
  course.duration = Nanoseconds{3'000 * kMs};
  at(700, [&] { course.clock().restart(host.now); }); // an announced run begins
  carry_out();
  EXPECT_EQ(sink.lines, (std::vector<double>{1, 2}));
  EXPECT_EQ(host.now, start + 3'000 * kMs) << "the end stays";
}

report::RxEnd rx_end(std::vector<std::pair<bool, bool>> held_implied) {
  report::RxEnd end;
  for (const auto& [held, implied] : held_implied)
    end.verdicts.push_back({{}, std::nullopt, held, implied});
  return end;
}

TEST_F(LoopTest, ConditionsDecideTheStatus) {
  course.finished = true;
  course.end_event = rx_end({{true, false}, {true, false}});
  EXPECT_EQ(carry_out().exit_status, 0);
  course.end_event = rx_end({{true, false}, {false, false}, {false, true}});
  const Outcome missed = carry_out();
  EXPECT_EQ(missed.exit_status, 3);
  EXPECT_EQ(missed.error->what, "2 of 3 conditions missed");
}

TEST_F(LoopTest, ASilenceThatConditionsSpeakOfIsNoError) {
  course.finished = true;
  course.found = Error{Errc::Peer, 0, "no test frame arrived"};
  course.end_event = rx_end({{true, false}});
  EXPECT_EQ(carry_out().exit_status, 5) << "of something else";
  course.covered = true;
  EXPECT_EQ(carry_out().exit_status, 0);
  course.covered = false;
  course.end_event = rx_end({{false, false}});
  EXPECT_EQ(carry_out().exit_status, 3) << "what was asked for by name comes first";
  course.end_event = rx_end({{false, true}});
  EXPECT_EQ(carry_out().exit_status, 5);
}

TEST_F(LoopTest, AFailureThatIsNoSilenceOutweighsConditions) {
  course.finished = true;
  course.covered = true;
  course.found = Error{Errc::System, 0, "eth1 went down"};
  course.end_event = rx_end({{false, false}});
  EXPECT_EQ(carry_out().exit_status, 1);
}

} // namespace
} // namespace xtg::run
