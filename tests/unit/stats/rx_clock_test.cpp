// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_clock.h"

#include <gtest/gtest.h>

#include "unit/stats/rx_records.h"
#include "xtg/abi/signature.h"

namespace xtg::stats {
namespace {

using Reason = RxClockReason;

constexpr RxClockVerdict kShared{};
RxClockVerdict differs(Reason reason) {
  return {RxClock::Differs, reason, std::nullopt};
}

struct Case {
  ClockFacts facts;
  RxClockVerdict verdict;
};

TEST(RxClock, OfAHostsOwnClock) {
  const HostClock here{7, kNotInStep};
  const std::vector<Case> cases = {
      {{.here = here}, kShared},
      {{.contradicted = true, .here = here}, differs(Reason::Contradicted)},
      // What the sender says is better than what the delays look like.
      {{.here = here, .announced = true, .host = 7}, kShared},
      {{.contradicted = true, .here = here, .announced = true, .host = 7}, kShared},
      {{.here = here, .announced = true, .host = 8}, differs(Reason::OtherHost)},
      // A host that does not know its own boot, on either end.
      {{.here = here, .announced = true, .host = 0}, kShared},
      {{.here = {}, .announced = true, .host = 8}, kShared},
      {{.contradicted = true, .announced = true, .host = 8}, differs(Reason::Contradicted)},
  };
  for (std::size_t i = 0; i < cases.size(); i++)
    EXPECT_EQ(judge_clock(cases[i].facts), cases[i].verdict) << i;
}

TEST(RxClock, OfAnotherHostWithAKnownOffset) {
  const HostClock here{7, 1'000};
  const std::vector<Case> cases = {
      {{.here = here, .offset = true, .announced = true, .host = 8},
       {RxClock::Offset, Reason::None, std::nullopt}},
      {{.contradicted = true, .here = here, .offset = true, .announced = true, .host = 8},
       differs(Reason::Contradicted)},
      // CLOCK_TAI needs none.
      {{.tai = true,
        .here = here,
        .offset = true,
        .announced = true,
        .host = 8,
        .clock_error_ns = 5},
       {RxClock::Tai, Reason::None, 1'005}},
  };
  for (std::size_t i = 0; i < cases.size(); i++)
    EXPECT_EQ(judge_clock(cases[i].facts), cases[i].verdict) << i;
}

TEST(RxClock, OfTheSharedClock) {
  const HostClock here{7, 1'000}, astray{7, kNotInStep};
  const std::vector<Case> cases = {
      {{.tai = true, .here = here, .announced = true, .host = 8, .clock_error_ns = 500},
       {RxClock::Tai, Reason::None, 1'500}},
      {{.tai = true, .here = here, .announced = true, .host = 8}, differs(Reason::SenderNotInStep)},
      {{.tai = true, .here = astray, .announced = true, .host = 8, .clock_error_ns = 500},
       differs(Reason::HereNotInStep)},
      {{.tai = true,
        .contradicted = true,
        .here = here,
        .announced = true,
        .host = 8,
        .clock_error_ns = 500},
       differs(Reason::Contradicted)},
      {{.tai = true, .here = here}, {RxClock::Tai, Reason::SenderUnknown, 1'000}},
      {{.tai = true, .here = astray}, differs(Reason::HereNotInStep)},
      {{.tai = true, .contradicted = true, .here = here}, differs(Reason::Contradicted)},
  };
  for (std::size_t i = 0; i < cases.size(); i++)
    EXPECT_EQ(judge_clock(cases[i].facts), cases[i].verdict) << i;
}

RxSnapshot with_sender(std::uint64_t host, std::uint64_t error_ns, std::uint32_t flags) {
  RxSnapshot snapshot = sample::at(0, {sample::record(10)});
  snapshot.records[0].slot.flags = flags;
  snapshot.here = {7, 1'000};
  RxSender sender;
  sender.run_id = 0xc0ffee;
  sender.about.host = host;
  sender.about.clock_error_ns = error_ns;
  snapshot.senders = {sender};
  return snapshot;
}

TEST(RxClock, AStreamsIsJudgedByWhatItsSenderSaid) {
  const auto stream = [](const RxSnapshot& snapshot) { return rx_streams(snapshot, false)[0]; };
  RxStream s = stream(with_sender(8, kNotInStep, 0));
  EXPECT_EQ(s.clock, differs(Reason::OtherHost));
  EXPECT_EQ(s.delay.count, 0U);
  s = stream(with_sender(8, 500, XTG_SIG_F_TAI));
  EXPECT_EQ(s.clock, (RxClockVerdict{RxClock::Tai, Reason::None, 1'500}));
  EXPECT_EQ(s.delay.count, 10U);
  RxSnapshot others = with_sender(8, 500, XTG_SIG_F_TAI);
  others.senders[0].run_id++;
  EXPECT_EQ(stream(others).clock, (RxClockVerdict{RxClock::Tai, Reason::SenderUnknown, 1'000}));
}

TEST(RxClock, AnIntervalTellsNoDelayEither) {
  const RxSnapshot before = sample::at(0, {}), after = with_sender(8, kNotInStep, 0);
  EXPECT_EQ(rx_delta(before, after, 0).delay.count, 0U);
  EXPECT_EQ(rx_delta(before, with_sender(7, kNotInStep, 0), 0).delay.count, 10U);
}

TEST(RxClock, OfAllItIsTheOneThatTellsMostAndTheLargestError) {
  RxSnapshot snapshot = with_sender(8, 500, XTG_SIG_F_TAI);
  RxRecord other = sample::record(10);
  other.slot.key.run_id = 0xbeef;
  snapshot.records.push_back(other);
  snapshot.senders.push_back({.run_id = 0xbeef, .about = {.host = 8}, .ends = {}});
  EXPECT_EQ(rx_summary({}, snapshot, 0).all.clock,
            (RxClockVerdict{RxClock::Tai, Reason::None, 1'500}));
  EXPECT_EQ(rx_summary({}, snapshot, 0).all.delay.count, 10U);
  snapshot.records[1].slot.flags = XTG_SIG_F_TAI;
  snapshot.senders[1].about.clock_error_ns = 9'000;
  EXPECT_EQ(rx_summary({}, snapshot, 0).all.clock.error_ns, 10'000U);
  EXPECT_EQ(rx_summary({}, snapshot, 0).all.delay.count, 20U);
}

} // namespace
} // namespace xtg::stats
