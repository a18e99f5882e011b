// SPDX-License-Identifier: BSD-2-Clause
// Streams that a reflector sent back: figures against what a model of both ways counted.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "stats/rx.h"
#include "support/rx_env.h"
#include "unit/stats/rx_records.h"
#include "xtg/abi/rx_back.h"

namespace xtg::stats {
namespace {

using namespace sample;

constexpr std::uint16_t kForm = XTG_SIG_FULL | XTG_RX_REFLECTED;
constexpr std::uint16_t kBackForm = kForm | XTG_RX_BACK;
constexpr std::uint32_t kWindow = 4'096;

struct Way {
  double loss = 0, twice = 0;
};

/// What the two ways did.
struct Truth {
  std::uint64_t reflected = 0, forward_lost = 0, forward_twice = 0, back_lost = 0, back_twice = 0;
  std::uint64_t unseen_twice = 0; ///< made twice on the way there, and but one came back
};

/// A stream over both ways into records as the kernel program makes them.
class Trip {
public:
  explicit Trip(std::uint64_t seed) : dice_(seed) {}

  /// `calm` frames at the end are neither lost nor doubled.
  void send(std::uint64_t count, const Way& there, const Way& back, std::uint64_t calm = 1) {
    for (std::uint64_t seq = 0; seq < count; ++seq) {
      const bool last = seq + calm >= count;
      const unsigned heard = copies(last ? Way{} : there);
      truth.forward_lost += heard == 0 ? 1 : 0;
      truth.forward_twice += heard == 2 ? 1 : 0;
      unsigned seen = 0;
      for (unsigned i = 0; i < heard; ++i)
        seen += reflector(seq, copies(last ? Way{} : back)) ? 1 : 0;
      truth.unseen_twice += heard == 2 && seen == 1 ? 1 : 0;
      // Neither came: one lost on either way tells as much as two lost on the way back.
      truth.unseen_twice += heard == 2 && seen == 0 ? 1 : 0;
    }
  }

  /// At the end: so many lost on the way there, then so many on the way back. They leave no trace.
  void lose(std::uint64_t there, std::uint64_t back) {
    truth.forward_lost += there;
    truth.back_lost += back;
    truth.reflected += back;
  }

  RxSnapshot snapshot() const {
    return at(kSecond, {record_of(there_, kForm), record_of(back_, kBackForm)});
  }

  Truth truth;

private:
  unsigned copies(const Way& way) {
    const double roll = static_cast<double>(dice_() >> 11) * 0x1p-53;
    if (roll < way.loss) return 0;
    return roll < way.loss + way.twice ? 2 : 1;
  }

  bool reflector(std::uint64_t seq, unsigned arriving) {
    const std::uint64_t number = truth.reflected++;
    truth.back_lost += arriving == 0 ? 1 : 0;
    truth.back_twice += arriving == 2 ? 1 : 0;
    for (unsigned i = 0; i < arriving; ++i) {
      now_ += 1'000;
      there_.packet(seq, 0, 124, 7'000, now_);
      back_.packet(number, 0, 124, 3'000, now_);
    }
    return arriving != 0;
  }

  static RxRecord record_of(const test::RxFlow& flow, std::uint16_t form) {
    RxRecord r;
    r.slot = flow.slot();
    r.slot.key = {0xc0ffee, 1, form, 0};
    r.delay.assign(std::begin(flow.hist().delay), std::end(flow.hist().delay));
    r.arrival.assign(std::begin(flow.hist().arrival), std::end(flow.hist().arrival));
    return r;
  }

  std::mt19937_64 dice_;
  test::RxFlow there_{kWindow}, back_{kWindow};
  std::uint64_t now_ = 1'000'000;
};

RxRoundTripPaths paths_after(const Trip& trip) {
  const auto streams = rx_streams(trip.snapshot(), false);
  EXPECT_EQ(streams.size(), 1U);
  EXPECT_TRUE(streams[0].round_trip && streams[0].round_trip->paths);
  return *streams[0].round_trip->paths;
}

TEST(RxRoundTrip, BothPathsAreDistinguishedExactly) {
  struct Case {
    Way there, back;
  };
  // Copies of the way there are all known only where none of them can be lost on the way back.
  for (const Case& c : {Case{{}, {}}, Case{{0.1, 0}, {}}, Case{{}, {0.1, 0}},
                        Case{{0.1, 0}, {0.2, 0}}, Case{{0.3, 0}, {0.3, 0.2}},
                        Case{{0.1, 0.2}, {0, 0.3}}, Case{{0, 0.3}, {}}, Case{{0.5, 0.5}, {0, 1}}}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Trip trip(seed);
      trip.send(2'000, c.there, c.back);
      const RxRoundTripPaths paths = paths_after(trip);
      ASSERT_EQ(paths.reflected, trip.truth.reflected) << seed;
      ASSERT_EQ(paths.forward_lost, trip.truth.forward_lost) << seed;
      ASSERT_EQ(paths.forward_duplicates, trip.truth.forward_twice) << seed;
      ASSERT_EQ(paths.back.lost, static_cast<std::int64_t>(trip.truth.back_lost)) << seed;
      ASSERT_EQ(paths.back.duplicates, trip.truth.back_twice) << seed;
    }
  }
}

TEST(RxRoundTrip, ACopyThatWasLostAgainIsNotKnownToHaveBeenOne) {
  std::uint64_t unseen = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Trip trip(seed);
    trip.send(2'000, {0.2, 0.1}, {0.1, 0.1});
    const RxRoundTripPaths paths = paths_after(trip);
    ASSERT_EQ(paths.back.lost, static_cast<std::int64_t>(trip.truth.back_lost))
        << "is known for all";
    ASSERT_EQ(paths.forward_lost, trip.truth.forward_lost - trip.truth.unseen_twice) << seed;
    ASSERT_EQ(paths.forward_duplicates, trip.truth.forward_twice - trip.truth.unseen_twice) << seed;
    unseen += trip.truth.unseen_twice;
  }
  EXPECT_GT(unseen, 0U);
}

TEST(RxRoundTrip, NothingIsBelowZero) {
  Trip trip(3);
  trip.send(1'000, {0, 0.9}, {0.5, 0}); // many copies, of which many are lost again
  EXPECT_EQ(paths_after(trip).forward_lost, 0U);
}

/// What the sender and, of the copy that came back, the reflector say at the end.
std::vector<RxSender> end_of(std::uint64_t frames, std::uint64_t reflected) {
  RxAnnouncement end;
  end.run_id = 0xc0ffee;
  end.stream = 1;
  end.end = end.reflected = true;
  end.frames = frames + 5;
  end.driver_drops = 5;
  end.streams = 1;
  end.reflector_seq = reflected;
  end.reflector_tx_ns = 1;
  return {{0xc0ffee, true, false, end, {{1, end}}}};
}

TEST(RxRoundTrip, WhereTheEndWasAnnouncedTheLastFramesThatWereLostAreKnownToo) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Trip trip(seed);
    trip.send(500, {}, {}, 1);
    trip.lose(30, 20);
    auto streams = rx_streams(trip.snapshot(), true);
    EXPECT_EQ(streams[0].round_trip->paths->reflected, 500U);
    add_sent(streams, end_of(550, 520));
    ASSERT_EQ(streams.size(), 1U);
    const RxRoundTripPaths& paths = *streams[0].round_trip->paths;
    EXPECT_EQ(streams[0].counters.lost, 50);
    EXPECT_EQ(paths.reflected, 520U);
    EXPECT_EQ(paths.forward_lost, 30U);
    EXPECT_EQ(paths.back.lost, 20);
  }
}

TEST(RxRoundTrip, AnEndOfWhichTheReflectorSaidNothingTellsOfTheSenderAlone) {
  Trip trip(1);
  trip.send(500, {0.1, 0}, {0.1, 0});
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{XTG_RX_UNNUMBERED}}) {
    auto streams = rx_streams(trip.snapshot(), true);
    const RxRoundTripPaths before = *streams[0].round_trip->paths;
    auto senders = end_of(600, number);
    if (number == 0) senders[0].ends[1].reflector_tx_ns = 0;
    add_sent(streams, senders);
    const RxRoundTripPaths& paths = *streams[0].round_trip->paths;
    EXPECT_EQ(streams[0].sent, 600U);
    EXPECT_EQ(paths.reflected, before.reflected);
    EXPECT_EQ(paths.forward_lost, before.forward_lost);
    EXPECT_EQ(paths.back.lost, before.back.lost);
  }
}

TEST(RxRoundTrip, AStreamOfWhichNothingCameBackIsOneAllTheSame) {
  std::vector<RxStream> streams;
  add_sent(streams, end_of(600, 0));
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].name.path, RxPath::RoundTrip);
  ASSERT_TRUE(streams[0].round_trip);
  EXPECT_FALSE(streams[0].round_trip->paths);
  EXPECT_EQ(streams[0].counters.lost, 600);
}

/// Whose clocks are compared.
TEST(RxRoundTrip, TheSendersClockNeedBeInStepOnlyWhereTheSenderIsAnotherHost) {
  RxSnapshot both = at(kSecond, {record(10, 0, 1, kForm), record(10, 0, 1, kBackForm)});
  both.records[0].slot.flags = XTG_SIG_F_TAI;
  both.here = {.boot = 7, .tai_error_ns = kNotInStep};
  const auto clock = [&] { return rx_streams(both, false)[0].clock.clock; };
  EXPECT_EQ(clock(), RxClock::Shared) << "as far as is known it was this one";
  both.senders = end_of(10, 10);
  both.senders[0].about.host = 7;
  EXPECT_EQ(clock(), RxClock::Shared);
  both.senders[0].about.host = 0;
  EXPECT_EQ(clock(), RxClock::Shared) << "it does not tell";
  both.senders[0].about.host = 8;
  EXPECT_EQ(clock(), RxClock::Differs);
  both.records[0].slot.flags = 0;
  EXPECT_EQ(clock(), RxClock::Differs);
  EXPECT_EQ(rx_streams(both, false)[0].round_trip->paths->back_clock, RxClock::Shared)
      << "the sender's words are not the mirror's";
}

/// The records of a stream of which `lost` numbers did not come back.
RxSnapshot pair_of(std::uint64_t base, std::uint64_t next, std::uint64_t back_base,
                   std::uint64_t back_next, std::uint64_t packets) {
  RxRecord there = record(packets, 0, 1, kForm), back = record(packets, 0, 1, kBackForm);
  there.slot.base = base;
  there.slot.next = next;
  back.slot.base = back_base;
  back.slot.next = back_next;
  return at(kSecond, {there, back});
}

TEST(RxRoundTrip, FirstFramesThatWereLostCount) {
  // 3 lost before the reflector, 2 behind it, then all is well.
  const RxStream s = rx_streams(pair_of(5, 105, 2, 102, 100), false)[0];
  EXPECT_EQ(s.counters.lost, 0) << "as of any stream: unseen before the first that came";
  const RxRoundTripPaths& paths = *s.round_trip->paths;
  EXPECT_EQ(paths.forward_lost, 3U);
  EXPECT_EQ(paths.back.lost, 2);
  EXPECT_EQ(paths.reflected, 102U);
}

TEST(RxRoundTrip, AReceiverThatCameLaterCountsFromThere) {
  const RxRoundTripPaths paths =
      *rx_streams(pair_of(50'000, 50'110, 49'990, 50'093, 100), false)[0].round_trip->paths;
  EXPECT_EQ(paths.back.lost, 3);
  EXPECT_EQ(paths.forward_lost, 7U);
  EXPECT_EQ(paths.reflected, 50'093U);
}

TEST(RxRoundTrip, ANumberThatIsNotBelievedIsNoCopy) {
  RxSnapshot both = pair_of(0, 100, 0, 100, 100);
  both.records[0].slot.packets = 99; // of the hundred that came, as many as the reflector sent
  both.records[0].slot.suspect = 1;
  const RxRoundTripPaths paths = *rx_streams(both, false)[0].round_trip->paths;
  EXPECT_EQ(paths.forward_duplicates, 0U);
  EXPECT_EQ(paths.forward_lost, 1U) << "its right number never came";
  EXPECT_EQ(paths.back.lost, 0);
}

TEST(RxRoundTrip, IsAStreamOfItsOwnAndItsWayBackIsNone) {
  Trip trip(1);
  trip.send(100, {}, {});
  RxSnapshot all = trip.snapshot();
  all.records.push_back(record(10)); // the same stream, straight
  const auto streams = rx_streams(all, false);
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].name, (RxName{0xc0ffee, 1, false, RxPath::OneWay}));
  EXPECT_FALSE(streams[0].round_trip);
  EXPECT_EQ(streams[1].name, (RxName{0xc0ffee, 1, false, RxPath::RoundTrip}));
  EXPECT_EQ(streams[1].counters.packets, 100U);
  EXPECT_EQ(streams[1].delay.max, 7'000U);
  const RxRoundTripPaths& paths = *streams[1].round_trip->paths;
  EXPECT_EQ(paths.back.packets, 100U);
  EXPECT_EQ(paths.back_clock, RxClock::Shared);
  EXPECT_EQ(paths.back_delay.max, 3'000U);
}

TEST(RxRoundTrip, TotalsHaveEveryPacketOnce) {
  Trip trip(1);
  trip.send(100, {}, {});
  const RxSummary s = rx_summary(at(0, {}), trip.snapshot(), 0);
  EXPECT_EQ(s.total.sum.packets, 100U);
  EXPECT_EQ(s.all.counters.packets, 100U);
  EXPECT_EQ(s.all.units, 1U);
  EXPECT_EQ(s.total.path, RxPath::RoundTrip);
  EXPECT_EQ(s.total.delay.count, 100U);
  EXPECT_EQ(s.total.delay.min, 7'000U);
  const RxSample part = rx_delta(at(0, {}), trip.snapshot(), 0);
  EXPECT_EQ(part.sum.packets, 100U);
  EXPECT_EQ(part.path, RxPath::RoundTrip);
  EXPECT_EQ(part.delay.count, 100U);
}

TEST(RxRoundTrip, DelaysOfOneWayAndOfTwoAreNotMixed) {
  Trip trip(1);
  trip.send(100, {}, {});
  RxSnapshot all = trip.snapshot();
  all.records.push_back(record(10));
  const RxSummary s = rx_summary(at(0, {}), all, 0);
  EXPECT_EQ(s.total.sum.packets, 110U);
  EXPECT_EQ(s.total.path, RxPath::OneWay);
  EXPECT_EQ(s.total.delay.count, 10U);
  EXPECT_EQ(s.total.delay.max, 20U);
  const RxSample part = rx_delta(at(0, {}), all, 0);
  EXPECT_EQ(part.path, RxPath::OneWay);
  EXPECT_EQ(part.delay.count, 10U);
  EXPECT_EQ(rx_delta(at(0, {}), at(kSecond, {}), 0).path, RxPath::OneWay) << "of nothing";
}

TEST(RxRoundTrip, TheClockOfAllIsOfThePathThatTheDelayIsOf) {
  Trip trip(1);
  trip.send(100, {}, {});
  RxSnapshot all = trip.snapshot();
  all.records.push_back(record(10));
  all.records.back().slot.negative = 10;
  const RxSummary s = rx_summary(at(0, {}), all, 0);
  EXPECT_EQ(s.total.path, RxPath::OneWay);
  EXPECT_EQ(s.total.delay.count, 0U);
  EXPECT_EQ(s.all.clock, RxClock::Differs) << "although that of the round trip is shared";
}

TEST(RxRoundTrip, AReflectorWithAnotherClockTellsNoDelayOfTheWayBack) {
  RxSnapshot both = pair_of(0, 100, 0, 100, 100);
  both.records[1].slot.negative = 100;
  const RxStream s = rx_streams(both, false)[0];
  EXPECT_EQ(s.clock, RxClock::Shared);
  EXPECT_EQ(s.round_trip->paths->back_clock, RxClock::Differs);
  EXPECT_EQ(s.round_trip->paths->back_delay.count, 0U);
}

TEST(RxRoundTrip, ResidenceOfAllQueues) {
  RxRecord a = record(10, 0, 1, kForm), b = record(30, 1, 1, kForm), c = record(2, 2, 1, kForm);
  a.slot.stamped = 10;
  a.slot.residence_sum = 100;
  a.slot.residence_min = 4;
  a.slot.residence_max = 20;
  b.slot.stamped = 30;
  b.slot.residence_sum = 900;
  b.slot.residence_min = 3;
  b.slot.residence_max = 60;
  const RxStream s = rx_streams(at(0, {a, b, c}), false)[0];
  EXPECT_EQ(s.round_trip->stamped, 40U);
  EXPECT_EQ(s.round_trip->residence_min, 3U)
      << "a record that was told nothing has no smallest one";
  EXPECT_EQ(s.round_trip->residence_max, 60U);
  EXPECT_EQ(s.round_trip->residence_mean, 25);
}

TEST(RxRoundTrip, PathsAreUnknownUnlessAllFramesAreNumbered) {
  RxSnapshot none = at(0, {record(10, 0, 1, XTG_SIG_COMPACT | XTG_RX_REFLECTED)});
  const RxStream compact = rx_streams(none, false)[0];
  EXPECT_TRUE(compact.name.compact);
  EXPECT_EQ(compact.name.path, RxPath::RoundTrip);
  ASSERT_TRUE(compact.round_trip);
  EXPECT_EQ(compact.round_trip->stamped, 0U);
  EXPECT_FALSE(compact.round_trip->paths);
  RxSnapshot some = at(0, {record(10, 0, 1, kForm), record(9, 0, 1, kBackForm)});
  EXPECT_FALSE(rx_streams(some, false)[0].round_trip->paths);
  some = at(0, {record(10, 0, 1, kForm), record(11, 0, 1, kBackForm)});
  EXPECT_TRUE(rx_streams(some, false)[0].round_trip->paths) << "read while they are written";
  some = at(0, {record(9, 0, 1, kBackForm)}); // the first frame's other half is not there yet
  EXPECT_TRUE(rx_streams(some, false).empty());
}

} // namespace
} // namespace xtg::stats
