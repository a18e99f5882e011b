// SPDX-License-Identifier: BSD-2-Clause
#include "core/stop_token.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>

namespace xtg {
namespace {

constexpr std::uint64_t kS = 1'000'000'000;

bool readable(const StopToken& stop) {
  pollfd fd{stop.fd(), POLLIN, 0};
  return poll(&fd, 1, 0) > 0;
}

TEST(StopToken, StopsAndThenLeaves) {
  StopToken stop;
  const StopToken copy = stop;
  EXPECT_EQ(stop.asked(), Asked::Nothing);
  EXPECT_FALSE(readable(copy));
  stop.trip(1 * kS);
  EXPECT_EQ(copy.asked(), Asked::Stop);
  EXPECT_TRUE(readable(copy));
  EXPECT_EQ(stop.take().asked, Asked::Stop);
  EXPECT_FALSE(readable(copy)) << "taken; the request stands";
  EXPECT_EQ(copy.asked(), Asked::Stop);
  const auto change = stop.trip(2 * kS);
  EXPECT_EQ(change.before, Asked::Stop);
  EXPECT_EQ(change.after, Asked::Leave);
  EXPECT_EQ(copy.asked(), Asked::Leave);
}

TEST(StopToken, CountsWhatProcessesSent) {
  StopToken stop;
  stop.trip(1 * kS, true);
  stop.trip(2 * kS, false);
  stop.trip(3 * kS, true);
  EXPECT_EQ(stop.take().sent, 2);
  EXPECT_EQ(stop.take().sent, 0);
}

TEST(StopToken, CallsWhatStopsOnce) {
  StopToken stop;
  int calls = 0, others = 0;
  std::optional attended(stop.attend([&] { others++; }));
  attended.reset();
  const auto registration = stop.attend([&] { calls++; });
  stop.trip(1 * kS);
  stop.trip(2 * kS);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(others, 0) << "it was taken back";
  const auto late = stop.attend([&] { others++; });
  EXPECT_EQ(others, 1) << "at once, where it was asked for already";
}

TEST(StopToken, TheFrontEndEndsWhatNobodyAttendsTo) {
  StopToken stop;
  std::string told;
  stop.when_unattended([&](const std::function<void()>& undo) {
    told += "end ";
    undo();
  });
  std::optional undo(stop.before_exit([&] { told += "undo "; }));
  std::optional hold(stop.hold());
  stop.trip(1 * kS);
  EXPECT_EQ(told, "") << "what is being made cannot be undone yet";
  hold.reset();
  EXPECT_EQ(told, "end undo ");
  undo.reset();
  stop.abandon([&](const std::function<void()>& rest) { rest(); });
  EXPECT_EQ(told, "end undo ");
}

TEST(StopToken, AttendingLasts) {
  StopToken stop;
  bool ended = false;
  stop.when_unattended([&](const std::function<void()>&) { ended = true; });
  { const auto attended = stop.attend(); }
  stop.trip(1 * kS);
  EXPECT_FALSE(ended);
  EXPECT_EQ(stop.kept_ns(), 0U);
  stop.keep_ending();
  EXPECT_NE(stop.kept_ns(), 0U);
}

} // namespace
} // namespace xtg
