// SPDX-License-Identifier: BSD-2-Clause
// Announced runs: what begins, what counts, what was sent, and when all is over.
#include "stats/rx_runs.h"

#include <gtest/gtest.h>

#include "unit/stats/rx_records.h"
#include "xtg/abi/rx_back.h"

namespace xtg::stats {
namespace {

using sample::kSecond;

constexpr std::uint32_t kOurs = 0xc0ffee, kOther = 0xbeef0001;
constexpr std::uint64_t kDrain = 2 * kSecond;
constexpr std::uint64_t kBegun = kSecond - 1'000'000;

RxAnnouncement start(std::uint32_t session, std::uint16_t streams = 1) {
  return {.session = session, .frames = 100, .frame_size = 64, .streams = streams, .seen = 3};
}

RxAnnouncement end(std::uint32_t session, std::uint16_t stream, std::uint64_t frames,
                   std::uint64_t at_ns = 10 * kSecond, std::uint16_t streams = 1) {
  return {.session = session,
          .stream = stream,
          .end = true,
          .frames = frames,
          .frame_size = 64,
          .streams = streams,
          .arrival_ns = at_ns,
          .seen = 3};
}

/// As it is after apply(): packets of our stream 1 with numbers from 100 on.
RxSnapshot seen(const RxRuns& runs, std::uint64_t packets) {
  RxSnapshot snapshot = sample::at(0, {});
  if (packets != 0) snapshot.records.push_back(sample::record(packets));
  runs.apply(snapshot);
  return snapshot;
}

/// Of the first filter, 1 us apart.
RxRecord matched(std::uint64_t packets) {
  RxRecord record = sample::record(packets, 2, 0, XTG_SIG_NONE);
  record.slot.key.session = 0;
  return record;
}

TEST(RxRuns, WhatFiltersCountStaysButForWhatWasBefore) {
  const auto snapshot = [](std::uint64_t packets) {
    return sample::at(kSecond, {matched(packets), sample::record(3)});
  };
  RxRuns runs;
  runs.learn({start(0)}); // not that session's either
  RxSnapshot before = snapshot(5);
  runs.apply(before);
  ASSERT_EQ(before.records.size(), 1U);
  EXPECT_EQ(before.aside.unannounced, 3U);
  runs.set_aside(before, kBegun);
  RxSnapshot now = snapshot(12);
  now.records[0].arrival[xtg_hist_cell(1'000)]--;
  now.records[0].arrival[xtg_hist_cell(kSecond)]++;
  runs.apply(now);
  ASSERT_EQ(now.records.size(), 1U);
  EXPECT_EQ(now.records[0].slot.packets, 7U);
  EXPECT_EQ(now.records[0].slot.bytes, 420U);
  EXPECT_EQ(now.records[0].slot.first_ns, kBegun);
  EXPECT_EQ(now.records[0].arrival[xtg_hist_cell(1'000)], 6U);
  EXPECT_EQ(now.records[0].arrival[xtg_hist_cell(kSecond)], 0U) << "began before the run";
  RxSnapshot same = snapshot(5);
  runs.apply(same);
  EXPECT_EQ(same.records[0].slot.packets, 0U);
  RxSnapshot other = snapshot(12);
  other.records[0].slot.key.unit = 3;
  runs.apply(other);
  EXPECT_EQ(other.records[0].slot.packets, 12U);
  RxSnapshot later = snapshot(12);
  later.records[0].slot.first_ns += kSecond;
  runs.apply(later);
  EXPECT_EQ(later.records[0].slot.packets, 12U) << "a second record, made after a long silence";
}

TEST(RxRuns, BeginsWithItsStartOrThePacketThatOvertookIt) {
  const auto begin_of = [](const RxRecord& record) {
    return RxRuns::begin_of(sample::at(0, {record}), 6'000);
  };
  EXPECT_EQ(begin_of(sample::record(3)), 5'000U);
  EXPECT_EQ(begin_of(sample::record(3, 0, 0, XTG_SIG_NONE)), 6'000U);
  EXPECT_EQ(begin_of(RxRecord{}), 6'000U);
}

TEST(RxRuns, AFilterHasNoSender) {
  RxRuns runs;
  runs.learn({start(kOurs), end(kOurs, 1, 3)});
  RxRecord matched = sample::record(4, 0, 1, XTG_SIG_NONE);
  RxSnapshot last = sample::at(kSecond, {matched, sample::record(3)});
  runs.apply(last);
  EXPECT_TRUE(runs.over(last, 10 * kSecond, kDrain)) << "all has come";
  const RxSummary summary = rx_summary(sample::at(0, {}), last, 0);
  EXPECT_EQ(summary.all.sent, 3U);
  EXPECT_EQ(summary.total.sum.lost, 0);
  EXPECT_FALSE(summary.streams[1].sent);
}

TEST(RxRuns, WhatAMirrorSentBackIsItsSendersAndCountsOnce) {
  RxRuns runs;
  runs.learn({start(kOurs)});
  RxSnapshot snapshot =
      sample::at(0, {sample::record(5, 0, 1, XTG_SIG_FULL | XTG_RX_REFLECTED),
                     sample::record(5, 0, 1, XTG_SIG_FULL | XTG_RX_REFLECTED | XTG_RX_BACK),
                     sample::record(7, 0, 1, XTG_SIG_COMPACT | XTG_RX_REFLECTED)});
  snapshot.records[2].slot.key.session = kOurs & 0xffff;
  RxSnapshot others = snapshot;
  for (RxRecord& record : others.records)
    record.slot.key.session ^= 1;
  runs.apply(snapshot);
  EXPECT_EQ(snapshot.records.size(), 3U);
  EXPECT_EQ(snapshot.aside.unannounced, 0U);
  runs.apply(others);
  EXPECT_TRUE(others.records.empty());
  EXPECT_EQ(others.aside.unannounced, 12U);
}

TEST(RxRuns, AStartBeginsAndWhatIsNotItsDoesNotCount) {
  RxRuns runs;
  RxSnapshot snapshot = sample::at(0, {sample::record(5)});
  runs.apply(snapshot);
  EXPECT_EQ(snapshot.records.size(), 1U);
  EXPECT_FALSE(runs.begun());

  const auto news = runs.learn({start(kOther)});
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].session, kOther);
  EXPECT_TRUE(news[0].start_seen);
  EXPECT_TRUE(runs.begun());
  EXPECT_TRUE(runs.learn({start(kOther)}).empty()) << "one more copy";
  runs.apply(snapshot);
  EXPECT_TRUE(snapshot.records.empty());
  EXPECT_EQ(snapshot.aside.unannounced, 5U);
  ASSERT_EQ(snapshot.senders.size(), 1U);
  EXPECT_FALSE(runs.may_be_over());
}

TEST(RxRuns, ShortSignaturesBelongByTheLowDigits) {
  RxRuns runs;
  runs.learn({start(kOther)});
  RxRecord shortened = sample::record(5, 0, 1, XTG_SIG_COMPACT);
  shortened.slot.key.session = kOther & 0xffff;
  RxRecord another = shortened;
  another.slot.key.session++;
  RxSnapshot snapshot = sample::at(0, {shortened, another});
  runs.apply(snapshot);
  ASSERT_EQ(snapshot.records.size(), 1U);
  EXPECT_EQ(snapshot.records[0].slot.key.session, 1U);
}

TEST(RxRuns, IsOverWhenAllThatWasSentIsThere) {
  RxRuns runs;
  RxAnnouncement ending = end(kOurs, 1, 100);
  ending.refused = 10;
  runs.learn({start(kOurs), ending});
  EXPECT_TRUE(runs.may_be_over());
  EXPECT_FALSE(runs.over(seen(runs, 89), 10 * kSecond, kDrain));
  EXPECT_TRUE(runs.over(seen(runs, 90), 10 * kSecond, kDrain));
}

TEST(RxRuns, IsOverWhenTheDrainIs) {
  RxRuns runs;
  runs.learn({start(kOurs), end(kOurs, 1, 100)});
  EXPECT_FALSE(runs.over(seen(runs, 5), 12 * kSecond - 1, kDrain));
  EXPECT_TRUE(runs.over(seen(runs, 5), 12 * kSecond, kDrain));
  EXPECT_TRUE(runs.over(seen(runs, 0), 12 * kSecond, kDrain)) << "nothing came";
  EXPECT_TRUE(runs.over(seen(runs, 5), 10 * kSecond, 0));
  EXPECT_FALSE(runs.over(seen(runs, 5), 9 * kSecond, 0)) << "a clock read before";
}

TEST(RxRuns, IsOverWhenEveryStreamOfEveryRunHasEnded) {
  RxRuns runs;
  runs.learn({start(kOurs, 2), end(kOurs, 1, 10, 10 * kSecond, 2)});
  EXPECT_FALSE(runs.may_be_over());
  runs.learn(
      {start(kOurs, 2), end(kOurs, 1, 10, 10 * kSecond, 2), end(kOurs, 0, 0, 10 * kSecond, 2)});
  EXPECT_TRUE(runs.may_be_over());
  EXPECT_TRUE(runs.over(seen(runs, 10), 10 * kSecond, kDrain));

  const auto news = runs.learn({start(kOurs, 2), end(kOurs, 1, 10, 10 * kSecond, 2),
                                end(kOurs, 0, 0, 10 * kSecond, 2), start(kOther)});
  ASSERT_EQ(news.size(), 1U) << "joins";
  EXPECT_EQ(news[0].session, kOther);
  EXPECT_FALSE(runs.may_be_over());
  EXPECT_FALSE(runs.over(seen(runs, 10), 20 * kSecond, kDrain));
  runs.learn({start(kOurs, 2), end(kOurs, 1, 10, 10 * kSecond, 2),
              end(kOurs, 0, 0, 10 * kSecond, 2), start(kOther), end(kOther, 0, 7, 20 * kSecond)});
  EXPECT_FALSE(runs.over(seen(runs, 10), 21 * kSecond, kDrain)) << "by the last end";
  EXPECT_TRUE(runs.over(seen(runs, 10), 22 * kSecond, kDrain));
}

TEST(RxRuns, AnEndWithoutItsStartEndsARunOfWhichSomethingCame) {
  RxRuns runs;
  const auto news = runs.learn({end(kOurs, 1, 100)});
  ASSERT_EQ(news.size(), 1U);
  EXPECT_FALSE(news[0].start_seen);
  EXPECT_FALSE(runs.begun());
  EXPECT_TRUE(runs.may_be_over());
  EXPECT_FALSE(runs.over(seen(runs, 0), 20 * kSecond, kDrain)) << "somebody else's";
  EXPECT_FALSE(runs.over(seen(runs, 60), 11 * kSecond, kDrain));
  EXPECT_TRUE(runs.over(seen(runs, 60), 12 * kSecond, kDrain));
  EXPECT_TRUE(seen(runs, 0).senders.empty());

  // What begins then has nothing to do with it.
  EXPECT_EQ(runs.learn({end(kOurs, 1, 100), start(kOther)}).size(), 1U);
  EXPECT_FALSE(runs.may_be_over());
  const RxSnapshot snapshot = seen(runs, 60);
  ASSERT_EQ(snapshot.senders.size(), 1U);
  EXPECT_EQ(snapshot.senders[0].session, kOther);
  EXPECT_EQ(snapshot.aside.unannounced, 60U);
  EXPECT_TRUE(runs.learn({end(kOurs, 1, 100), start(kOther), end(0x1, 0, 3)}).empty());
}

TEST(RxRuns, WhatCameDirectlyIsPreferredToWhatAMirrorSentBack) {
  RxRuns runs;
  RxAnnouncement back = end(kOurs, 1, 100), direct = end(kOurs, 1, 100, 9 * kSecond);
  back.reflected = true;
  runs.learn({back, start(kOurs)});
  EXPECT_TRUE(seen(runs, 1).senders[0].ends.at(1).reflected);
  runs.learn({back, start(kOurs), direct});
  EXPECT_FALSE(seen(runs, 1).senders[0].ends.at(1).reflected);
  runs.learn({direct, start(kOurs), back});
  EXPECT_FALSE(seen(runs, 1).senders[0].ends.at(1).reflected);
}

/// Ours with 60 packets (numbers 100 to 159) of 100 sent.
RxSummary summary_of(const std::vector<RxAnnouncement>& announcements, std::uint64_t packets = 60) {
  RxRuns runs;
  runs.learn(announcements);
  RxSnapshot last = seen(runs, packets);
  last.time_ns = 20 * kSecond;
  return rx_summary(sample::at(0, {}), last, 0);
}

TEST(RxSent, LossIsByWhatWasSent) {
  RxAnnouncement ending = end(kOurs, 1, 200);
  ending.refused = 20;
  const RxSummary s = summary_of({start(kOurs), ending});
  ASSERT_EQ(s.streams.size(), 1U);
  EXPECT_EQ(s.streams[0].sent, 180U);
  EXPECT_EQ(s.streams[0].counters.lost, 120);
  EXPECT_EQ(s.all.sent, 180U);
  EXPECT_EQ(s.all.counters.lost, 120);
  EXPECT_EQ(s.total.sum.lost, 120);
  ASSERT_EQ(s.senders.size(), 1U);
}

TEST(RxSent, AStreamOfWhichNothingCame) {
  const RxSummary s = summary_of({start(kOurs), end(kOurs, 0, 1'000)}, 0);
  ASSERT_EQ(s.streams.size(), 1U);
  EXPECT_EQ(s.streams[0].name, (RxName{kOurs, 0, false}));
  EXPECT_EQ(s.streams[0].size_max, 60U);
  EXPECT_EQ(s.all.sent, 1'000U);
  EXPECT_EQ(s.total.sum.lost, 1'000);
  EXPECT_EQ(s.total.sum.loss_ratio(), 1);
}

TEST(RxSent, NamesStayInOrderAndAllIsKnownOnlyOfAll) {
  const RxSummary s = summary_of({start(kOurs, 3), end(kOurs, 0, 7, 1, 3), end(kOurs, 2, 9, 1, 3)});
  ASSERT_EQ(s.streams.size(), 3U);
  EXPECT_EQ(s.streams[0].name.stream, 0);
  EXPECT_EQ(s.streams[1].name.stream, 1);
  EXPECT_FALSE(s.streams[1].sent);
  EXPECT_FALSE(s.all.sent);
  EXPECT_EQ(s.total.sum.lost, 7 + 0 + 9);
}

TEST(RxSent, OfAShortSignaturesStream) {
  RxRecord shortened = sample::record(5, 0, 0x01, XTG_SIG_COMPACT);
  shortened.slot.key.session = kOurs & 0xffff;
  std::vector<RxStream> streams = rx_streams(sample::at(0, {shortened}), false);
  RxSender sender{.session = kOurs, .about = {}, .ends = {{0x101, end(kOurs, 0x101, 8)}}};
  add_sent(streams, {sender});
  ASSERT_EQ(streams.size(), 1U);
  EXPECT_EQ(streams[0].sent, 8U);
}

TEST(RxSent, NothingChangesWithoutAnEnd) {
  const RxSummary s = summary_of({start(kOurs)});
  EXPECT_FALSE(s.all.sent);
  EXPECT_EQ(s.total.sum.lost, 0);
  EXPECT_DOUBLE_EQ(s.total.end_s, 65e-6) << "when the last packet came";
}

TEST(RxSent, AnAnnouncedRunLastsFromItsFirstPacketToItsLast) {
  // 60 packets, 1 us apart, from 5 us on.
  const RxSummary s = summary_of({start(kOurs), end(kOurs, 1, 60)});
  EXPECT_DOUBLE_EQ(s.total.start_s, 5e-6);
  EXPECT_DOUBLE_EQ(s.total.end_s, 65e-6);
  EXPECT_NEAR(s.total.pps, 1e6, 1);
  EXPECT_EQ(summary_of({start(kOurs), end(kOurs, 1, 1)}, 1).total.end_s, 20) << "one has no length";
}

TEST(RxSent, WhatFiltersCountedBeforeAndDuringTheDrainDoesNotStretchTheRun) {
  RxRuns runs;
  runs.learn({start(kOurs), end(kOurs, 1, 60)});
  RxRecord filter = matched(1);
  filter.slot.first_ns = filter.slot.last_ns = 1;
  runs.set_aside(sample::at(4'000, {filter}), 4'000);
  filter.slot.packets = 3;
  filter.slot.last_ns = 10 * kSecond;
  RxSnapshot last = sample::at(20 * kSecond, {sample::record(60), filter});
  runs.apply(last);
  const RxSummary s = rx_summary(sample::at(0, {}), last, 0);
  EXPECT_DOUBLE_EQ(s.total.start_s, 5e-6);
  EXPECT_DOUBLE_EQ(s.total.end_s, 65e-6);
  EXPECT_EQ(s.total.sum.matched, 2U);
  EXPECT_NEAR(s.total.pps, 62 / 60e-6, 1);
}

} // namespace
} // namespace xtg::stats
