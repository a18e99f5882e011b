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

RxAnnouncement start(std::uint32_t run_id, std::uint16_t streams = 1) {
  return {.run_id = run_id,
          .frames = 100,
          .duration_ns = ~std::uint64_t{0},
          .frame_size = 64,
          .streams = streams,
          .seen = 3};
}

RxAnnouncement end(std::uint32_t run_id, std::uint16_t stream, std::uint64_t frames,
                   std::uint64_t at_ns = 10 * kSecond, std::uint16_t streams = 1) {
  return {.run_id = run_id,
          .stream = stream,
          .end = true,
          .frames = frames,
          .frame_size = 64,
          .streams = streams,
          .arrival_ns = at_ns,
          .seen = 3};
}

RxArrived arrived(std::uint32_t run_id, std::uint64_t packets,
                  std::uint64_t last_ns = 9 * kSecond) {
  return {.run_id = run_id, .packets = packets, .last_ns = last_ns};
}

/// Announced, and data has come of these.
std::vector<RxSender> learn(RxRuns& runs, const std::vector<RxAnnouncement>& announcements,
                            const std::vector<RxArrived>& data = {arrived(kOurs, 60)}) {
  runs.learn(announcements);
  return runs.confirm(data);
}

/// As it is after apply(): packets of our stream 1 with numbers from 100 on.
RxSnapshot seen(const RxRuns& runs, std::uint64_t packets, std::uint64_t now_ns = 0) {
  RxSnapshot snapshot = sample::at(now_ns, {});
  if (packets != 0) snapshot.records.push_back(sample::record(packets));
  runs.apply(snapshot);
  return snapshot;
}

bool over(const RxRuns& runs, std::uint64_t packets, std::uint64_t now_ns) {
  return runs.over(seen(runs, packets, now_ns), now_ns);
}

/// Of the first filter, 1 us apart.
RxRecord matched(std::uint64_t packets) {
  RxRecord record = sample::record(packets, 2, 0, XTG_SIG_NONE);
  record.slot.key.run_id = 0;
  return record;
}

TEST(RxRuns, WhatFiltersCountStaysButForWhatWasBefore) {
  const auto snapshot = [](std::uint64_t packets) {
    return sample::at(kSecond, {matched(packets), sample::record(3)});
  };
  RxRuns runs(kDrain);
  learn(runs, {start(1)}, {arrived(1, 2)}); // not that session's either
  RxSnapshot before = snapshot(5);
  runs.apply(before);
  ASSERT_EQ(before.records.size(), 1U);
  EXPECT_EQ(before.uncounted.unannounced, 3U);
  runs.set_baseline(before, kBegun);
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
  RxRuns runs(kDrain);
  learn(runs, {start(kOurs), end(kOurs, 1, 3)});
  RxRecord matched = sample::record(4, 0, 1, XTG_SIG_NONE);
  RxSnapshot last = sample::at(kSecond, {matched, sample::record(3)});
  runs.apply(last);
  EXPECT_TRUE(runs.over(last, 10 * kSecond)) << "all has come";
  const RxSummary summary = rx_summary(sample::at(0, {}), last, 0);
  EXPECT_EQ(summary.all.sent, 3U);
  EXPECT_EQ(summary.total.sum.lost, 0);
  EXPECT_FALSE(summary.streams[1].sent);
}

TEST(RxRuns, WhatAReflectorSentBackIsItsSendersAndCountsOnce) {
  RxRuns runs(kDrain);
  learn(runs, {start(kOurs)});
  RxSnapshot snapshot =
      sample::at(0, {sample::record(5, 0, 1, XTG_SIG_FULL | XTG_RX_REFLECTED),
                     sample::record(5, 0, 1, XTG_SIG_FULL | XTG_RX_REFLECTED | XTG_RX_BACK),
                     sample::record(7, 0, 1, XTG_SIG_COMPACT | XTG_RX_REFLECTED)});
  snapshot.records[2].slot.key.run_id = kOurs & 0xffff;
  RxSnapshot others = snapshot;
  for (RxRecord& record : others.records)
    record.slot.key.run_id ^= 1;
  runs.apply(snapshot);
  EXPECT_EQ(snapshot.records.size(), 3U);
  EXPECT_EQ(snapshot.uncounted.unannounced, 0U);
  runs.apply(others);
  EXPECT_TRUE(others.records.empty());
  EXPECT_EQ(others.uncounted.unannounced, 12U);
}

TEST(RxRuns, AStartBeginsAndWhatIsNotItsDoesNotCount) {
  RxRuns runs(kDrain);
  RxSnapshot snapshot = sample::at(0, {sample::record(5)});
  runs.apply(snapshot);
  EXPECT_EQ(snapshot.records.size(), 1U);
  EXPECT_FALSE(runs.begun());

  EXPECT_TRUE(runs.learn({start(kOther)}));
  EXPECT_FALSE(runs.learn({start(kOther)})) << "one more copy";
  const auto news = runs.confirm({arrived(kOther, 2)});
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].run_id, kOther);
  EXPECT_TRUE(news[0].start_seen);
  EXPECT_TRUE(runs.begun());
  EXPECT_TRUE(runs.confirm({arrived(kOther, 3)}).empty()) << "told";
  EXPECT_FALSE(runs.learn({start(kOurs)})) << "joins, nothing begins anew";
  runs.apply(snapshot);
  EXPECT_TRUE(snapshot.records.empty());
  EXPECT_EQ(snapshot.uncounted.unannounced, 5U);
  ASSERT_EQ(snapshot.senders.size(), 1U);
  EXPECT_FALSE(runs.may_be_over(0));
}

TEST(RxRuns, TheStartOfAMadeUpRunChangesNothing) {
  RxRuns runs(kDrain);
  EXPECT_TRUE(learn(runs, {start(kOther)}, {arrived(kOurs, 60)}).empty());
  EXPECT_FALSE(runs.begun());
  EXPECT_TRUE(learn(runs, {}, {arrived(kOurs, 60), arrived(kOther, 1)}).empty())
      << "nor one frame of it";
  RxSnapshot snapshot = seen(runs, 60);
  EXPECT_EQ(snapshot.records.size(), 1U);
  EXPECT_TRUE(snapshot.senders.empty());
  EXPECT_EQ(snapshot.uncounted.unannounced, 0U);
  EXPECT_EQ(snapshot.uncounted.unconfirmed, 1U);

  // Beside a run that has begun it does not keep it from its end, nor is it in its loss.
  learn(runs, {start(kOurs), end(kOurs, 1, 60), start(0x1), end(0x1, 0, 1'000)},
        {arrived(kOurs, 60)});
  EXPECT_TRUE(runs.begun());
  EXPECT_TRUE(runs.may_be_over(11 * kSecond));
  EXPECT_TRUE(over(runs, 60, 11 * kSecond));
  snapshot = seen(runs, 60);
  ASSERT_EQ(snapshot.senders.size(), 1U);
  EXPECT_EQ(snapshot.uncounted.unconfirmed, 2U);
}

TEST(RxRuns, AMadeUpEndEndsNothing) {
  RxRuns runs(kDrain);
  // Nobody announced the run that is under way.
  learn(runs, {end(kOther, 0, 1)}, {arrived(kOurs, 60, 20 * kSecond), arrived(kOther, 1)});
  EXPECT_FALSE(runs.may_be_over(30 * kSecond)) << "one frame is no run";
  learn(runs, {}, {arrived(kOurs, 60, 20 * kSecond), arrived(kOther, 2)});
  EXPECT_TRUE(runs.may_be_over(20 * kSecond));
  EXPECT_FALSE(over(runs, 60, 21 * kSecond)) << "frames of ours come";
  EXPECT_TRUE(over(runs, 60, 22 * kSecond)) << "they do not any more";
  // It is announced.
  learn(runs, {start(kOurs)}, {arrived(kOurs, 60), arrived(kOther, 2)});
  EXPECT_FALSE(runs.may_be_over(30 * kSecond));
}

TEST(RxRuns, AllThatWasSentIsEnoughOfAShortRun) {
  RxRuns runs(kDrain);
  EXPECT_TRUE(learn(runs, {start(kOurs)}, {arrived(kOurs, 1)}).empty());
  EXPECT_EQ(learn(runs, {end(kOurs, 0, 1)}, {arrived(kOurs, 1)}).size(), 1U);
  EXPECT_TRUE(runs.begun());
}

TEST(RxRuns, ThoseThatNothingCameOfAreForgottenForOthers) {
  RxRuns runs(kDrain);
  std::vector<RxAnnouncement> made_up;
  for (std::uint32_t i = 1; i <= 1000; i++) {
    made_up.push_back(start(i));
    made_up.back().arrival_ns = i;
  }
  learn(runs, {start(kOurs)});
  learn(runs, made_up);
  const RxSnapshot snapshot = seen(runs, 60);
  ASSERT_EQ(snapshot.senders.size(), 1U);
  EXPECT_EQ(snapshot.senders[0].run_id, kOurs);
  EXPECT_EQ(snapshot.uncounted.unconfirmed, 255U);
  // The latest are known.
  EXPECT_EQ(
      learn(runs, {}, {arrived(1, 9), arrived(745, 9), arrived(746, 9), arrived(1000, 9)}).size(),
      2U);
}

TEST(RxRuns, TheAnnouncedDurationBoundsTheWait) {
  RxRuns runs(kDrain);
  RxAnnouncement begins = start(kOurs);
  begins.arrival_ns = kSecond;
  begins.duration_ns = 5 * kSecond;
  learn(runs, {begins}, {arrived(kOurs, 60, 6 * kSecond)});
  const std::uint64_t late = (1 + 5 + 2 + 2) * kSecond;
  EXPECT_FALSE(runs.may_be_over(late - 1));
  EXPECT_FALSE(over(runs, 60, late - 1));
  EXPECT_FALSE(seen(runs, 60, late - 1).senders[0].overdue);
  EXPECT_TRUE(runs.may_be_over(late));
  EXPECT_TRUE(over(runs, 60, late));
  EXPECT_TRUE(seen(runs, 60, late).senders[0].overdue);
  learn(runs, {end(kOurs, 1, 60)}, {arrived(kOurs, 60)});
  EXPECT_FALSE(seen(runs, 60, late).senders[0].overdue) << "it was announced after all";
}

TEST(RxRuns, SilenceBoundsAnyDuration) {
  RxRuns runs(kDrain);
  RxAnnouncement begins = start(kOurs);
  begins.duration_ns = std::uint64_t{1} << 63;
  begins.rate_millipps = 1'000'000;
  learn(runs, {begins}, {arrived(kOurs, 60, kSecond)});
  EXPECT_FALSE(runs.may_be_over(300 * kSecond));
  EXPECT_TRUE(runs.may_be_over(304 * kSecond));
  // Its records were taken for others: what is known of it stays.
  runs.confirm({arrived(kOurs, 61, 200 * kSecond)});
  runs.confirm({});
  EXPECT_FALSE(runs.may_be_over(304 * kSecond));
}

TEST(RxRuns, WithoutADurationItIsSilenceThatDoes) {
  RxRuns runs(kDrain);
  RxAnnouncement begins = start(kOurs);
  begins.duration_ns = ~std::uint64_t{0};
  begins.rate_millipps = 1'000;
  learn(runs, {begins}, {arrived(kOurs, 60, kSecond)});
  EXPECT_FALSE(runs.may_be_over(303 * kSecond));
  EXPECT_TRUE(runs.may_be_over(304 * kSecond)) << "of a packet a second";
  runs.confirm({arrived(kOurs, 61, 2 * kSecond)});
  EXPECT_FALSE(runs.may_be_over(304 * kSecond));
}

TEST(RxRuns, ShortSignaturesBelongByTheLowDigits) {
  RxRuns runs(kDrain);
  learn(runs, {start(kOther)},
        {{.run_id = kOther & 0xffff, .compact = true, .packets = 2, .last_ns = 1}});
  RxRecord shortened = sample::record(5, 0, 1, XTG_SIG_COMPACT);
  shortened.slot.key.run_id = kOther & 0xffff;
  RxRecord another = shortened;
  another.slot.key.run_id++;
  RxSnapshot snapshot = sample::at(0, {shortened, another});
  runs.apply(snapshot);
  ASSERT_EQ(snapshot.records.size(), 1U);
  EXPECT_EQ(snapshot.records[0].slot.key.run_id, 1U);
}

TEST(RxRuns, IsOverWhenAllThatWasSentIsThere) {
  RxRuns runs(kDrain);
  RxAnnouncement ending = end(kOurs, 1, 100);
  ending.driver_drops = 10;
  learn(runs, {start(kOurs), ending});
  EXPECT_TRUE(runs.may_be_over(10 * kSecond));
  EXPECT_FALSE(over(runs, 89, 10 * kSecond));
  EXPECT_TRUE(over(runs, 90, 10 * kSecond));
}

TEST(RxRuns, IsOverWhenTheDrainIs) {
  RxRuns runs(kDrain);
  learn(runs, {start(kOurs), end(kOurs, 1, 100)});
  EXPECT_FALSE(over(runs, 5, 12 * kSecond - 1));
  EXPECT_TRUE(over(runs, 5, 12 * kSecond));
  RxRuns at_once(0);
  learn(at_once, {start(kOurs), end(kOurs, 1, 100)});
  EXPECT_TRUE(over(at_once, 5, 10 * kSecond));
  EXPECT_FALSE(over(at_once, 5, 9 * kSecond)) << "a clock read before";
}

TEST(RxRuns, OfOneThatWasAnnouncedAndEndedAllMayBeLost) {
  RxRuns runs(kDrain);
  learn(runs, {start(kOurs), start(kOther)}, {});
  EXPECT_FALSE(runs.may_be_over(12 * kSecond));
  learn(runs, {end(kOurs, 1, 100)}, {});
  EXPECT_TRUE(runs.may_be_over(12 * kSecond));
  EXPECT_FALSE(over(runs, 0, 12 * kSecond - 1));
  EXPECT_TRUE(over(runs, 0, 12 * kSecond)) << "whatever else was announced";
  EXPECT_EQ(seen(runs, 0).senders.size(), 2U);
}

TEST(RxRuns, IsOverWhenEveryStreamOfEveryRunHasEnded) {
  const std::vector<RxArrived> both = {arrived(kOurs, 10), arrived(kOther, 7)};
  RxRuns runs(kDrain);
  learn(runs, {start(kOurs, 2), end(kOurs, 1, 10, 10 * kSecond, 2)});
  EXPECT_FALSE(runs.may_be_over(kSecond));
  learn(runs, {end(kOurs, 0, 0, 10 * kSecond, 2)});
  EXPECT_TRUE(runs.may_be_over(10 * kSecond));
  EXPECT_TRUE(over(runs, 10, 10 * kSecond));

  RxAnnouncement joins = start(kOther);
  joins.arrival_ns = 10 * kSecond;
  joins.duration_ns = 100 * kSecond;
  learn(runs, {joins});
  EXPECT_FALSE(over(runs, 10, 11 * kSecond - 1)) << "its first frames are on their way";
  EXPECT_TRUE(over(runs, 10, 11 * kSecond)) << "nobody's";
  const auto news = runs.confirm(both);
  ASSERT_EQ(news.size(), 1U) << "joins";
  EXPECT_EQ(news[0].run_id, kOther);
  EXPECT_FALSE(runs.may_be_over(20 * kSecond));
  EXPECT_FALSE(over(runs, 10, 20 * kSecond));
  learn(runs, {end(kOther, 0, 7, 20 * kSecond)}, both);
  EXPECT_FALSE(over(runs, 10, 21 * kSecond)) << "by the last end";
  EXPECT_TRUE(over(runs, 10, 22 * kSecond));
}

TEST(RxRuns, AnEndWithoutItsStartEndsARunOfWhichSomethingCame) {
  RxRuns runs(kDrain);
  EXPECT_TRUE(learn(runs, {end(kOurs, 1, 100)}, {}).empty());
  EXPECT_FALSE(runs.may_be_over(20 * kSecond)) << "somebody else's";
  EXPECT_TRUE(seen(runs, 0).senders.empty());
  const auto news = runs.confirm({arrived(kOurs, 60)});
  ASSERT_EQ(news.size(), 1U);
  EXPECT_FALSE(news[0].start_seen);
  EXPECT_TRUE(runs.confirm({arrived(kOurs, 60)}).empty()) << "told";
  EXPECT_FALSE(runs.begun());
  EXPECT_TRUE(runs.may_be_over(10 * kSecond));
  EXPECT_FALSE(over(runs, 60, 11 * kSecond));
  EXPECT_TRUE(over(runs, 60, 12 * kSecond));

  // What begins then has nothing to do with it.
  const std::vector<RxArrived> both = {arrived(kOurs, 60), arrived(kOther, 2)};
  EXPECT_EQ(learn(runs, {start(kOther)}, both).size(), 1U);
  EXPECT_FALSE(runs.may_be_over(20 * kSecond));
  const RxSnapshot snapshot = seen(runs, 60);
  ASSERT_EQ(snapshot.senders.size(), 1U);
  EXPECT_EQ(snapshot.senders[0].run_id, kOther);
  EXPECT_EQ(snapshot.uncounted.unannounced, 60U);
  EXPECT_TRUE(learn(runs, {end(0x1, 0, 3)}, both).empty());
}

TEST(RxRuns, WhatCameDirectlyIsPreferredToWhatAReflectorSentBack) {
  RxRuns runs(kDrain);
  RxAnnouncement back = end(kOurs, 1, 100), direct = end(kOurs, 1, 100, 9 * kSecond);
  back.reflected = true;
  learn(runs, {back, start(kOurs)});
  EXPECT_TRUE(seen(runs, 1).senders[0].ends.at(1).reflected);
  runs.learn({direct});
  EXPECT_FALSE(seen(runs, 1).senders[0].ends.at(1).reflected);
  runs.learn({back});
  EXPECT_FALSE(seen(runs, 1).senders[0].ends.at(1).reflected);
}

/// Ours with 60 packets (numbers 100 to 159) of 100 sent.
RxSummary summary_of(const std::vector<RxAnnouncement>& announcements, std::uint64_t packets = 60) {
  RxRuns runs(kDrain);
  learn(runs, announcements,
        packets == 0 ? std::vector<RxArrived>{} : std::vector{arrived(kOurs, packets)});
  RxSnapshot last = seen(runs, packets);
  last.time_ns = 20 * kSecond;
  return rx_summary(sample::at(0, {}), last, 0);
}

TEST(RxSent, LossIsByWhatWasSent) {
  RxAnnouncement ending = end(kOurs, 1, 200);
  ending.driver_drops = 20;
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
  shortened.slot.key.run_id = kOurs & 0xffff;
  std::vector<RxStream> streams = rx_streams(sample::at(0, {shortened}), false);
  RxSender sender{.run_id = kOurs, .about = {}, .ends = {{0x101, end(kOurs, 0x101, 8)}}};
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
  RxRuns runs(kDrain);
  learn(runs, {start(kOurs), end(kOurs, 1, 60)});
  RxRecord filter = matched(1);
  filter.slot.first_ns = filter.slot.last_ns = 1;
  runs.set_baseline(sample::at(4'000, {filter}), 4'000);
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
