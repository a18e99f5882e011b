// SPDX-License-Identifier: BSD-2-Clause
#include "stats/ledger.h"

#include <gtest/gtest.h>

#include "stats/port_test.h"
#include "unit/stats/rx_records.h"

namespace xtg::stats {
namespace {

std::uint64_t columns(const Ledger& l) {
  return l.not_sent + l.driver_drops + l.lost + l.dropped + l.received + l.duplicated + l.late;
}

/// 1,000 asked for at a rate, 990 attempted, 10 slots missed, 970 accepted, 940 of them came.
LedgerFacts facts() {
  LedgerFacts f;
  f.tx = {.attempts = 990, .accepted = 970, .driver_drops = 15, .redirect_errors = 5};
  f.tx.skipped_slots = 10;
  f.end = EndReason::Duration;
  f.paced = true;
  f.received = {.packets = 953, .unique = 940, .duplicates = 9, .too_late = 4, .replicated = 4};
  f.arrived = {940, 4, true};
  return f;
}

Ledger checked(const LedgerFacts& facts) {
  const Ledger ledger = make_ledger(facts);
  EXPECT_EQ(columns(ledger), ledger.asked);
  return ledger;
}

TEST(Ledger, EveryPacketStandsInOneColumn) {
  LedgerFacts f = facts();
  f.receiver_drops = 7;
  const Ledger expected = {.asked = 1000,
                           .not_sent = 10,
                           .driver_drops = 20,
                           .lost = 19,
                           .dropped = 7,
                           .received = 936,
                           .duplicated = 4,
                           .late = 4,
                           .copies = 9,
                           .slow = true, // slots were skipped
                           .limit = Limit::Generator};
  EXPECT_EQ(checked(f), expected);
}

TEST(Ledger, NoMoreIsDroppedThanIsMissing) {
  LedgerFacts f = facts();
  f.receiver_drops = 1'000'000;
  EXPECT_EQ(checked(f).dropped, 26U);
  EXPECT_EQ(checked(f).lost, 0U);
}

TEST(Ledger, LateOnesAreNoMoreThanAreMissing) {
  LedgerFacts f = facts();
  f.received.too_late = 500;
  EXPECT_EQ(checked(f).late, 30U);
  EXPECT_EQ(checked(f).lost, 0U);
}

TEST(Ledger, CopiesAtASecondPortHideNoLoss) {
  LedgerFacts f;
  f.tx = {.attempts = 1000, .accepted = 1000};
  f.received = {.packets = 1800, .unique = 1800};
  f.arrived = {900, 900, false};
  const Ledger ledger = checked(f);
  EXPECT_EQ(ledger.lost, 100U);
  EXPECT_EQ(ledger.duplicated, 900U);
  EXPECT_EQ(ledger.copies, 900U);
  EXPECT_EQ(ledger.limit, Limit::Path);
  EXPECT_FALSE(ledger.exact);
}

TEST(Ledger, WhatArrivesBeyondWhatWasSentIsCopies) {
  LedgerFacts f = facts();
  f.arrived = {1940, 0, true};
  f.received = {.packets = 2000, .unique = 1940, .duplicates = 60, .replicated = 0};
  const Ledger ledger = checked(f);
  EXPECT_EQ(ledger.received, 970U);
  EXPECT_EQ(ledger.copies, 60U + 970U);
}

TEST(Ledger, WhatWasAskedForDependsOnHowItEnded) {
  struct Case {
    EndReason end;
    std::optional<std::uint64_t> amount;
    bool paced;
    std::uint64_t asked;
  };
  for (const Case& c : std::initializer_list<Case>{
           {EndReason::Amount, 990, true, 990},       // slots missed were made up for
           {EndReason::Duration, 5000, true, 1000},   // the time was too short for the amount
           {EndReason::Duration, 995, true, 995},     //
           {EndReason::Duration, 5000, false, 5000},  // as fast as it goes: it did not
           {EndReason::Interrupted, 5000, false, 990} // nobody wants the rest any more
           ,
           {EndReason::Interrupted, 5000, true, 1000},
           {EndReason::Failed, std::nullopt, true, 1000}}) {
    LedgerFacts f = facts();
    f.end = c.end;
    f.amount = c.amount;
    f.paced = c.paced;
    if (!c.paced) f.tx.skipped_slots = 0;
    EXPECT_EQ(checked(f).asked, c.asked) << static_cast<int>(c.end) << ' ' << c.paced;
  }
}

/// What was refused and accepted when sent again is one frame.
TEST(Ledger, OnlyWhatWasRefusedForGoodIsRefused) {
  LedgerFacts f;
  f.tx = {
      .attempts = 1300, .accepted = 990, .driver_drops = 305, .redirect_errors = 5, .resent = 300};
  f.arrived.numbers = 980;
  const Ledger ledger = checked(f);
  EXPECT_EQ(ledger.asked, 1000U);
  EXPECT_EQ(ledger.driver_drops, 10U);
  EXPECT_EQ(ledger.lost, 10U);
}

TEST(Ledger, TheLargestShareNamesTheLimit) {
  LedgerFacts f;
  f.tx = {.attempts = 100, .accepted = 100};
  f.paced = true;
  f.arrived.numbers = 100;
  EXPECT_EQ(checked(f).limit, Limit::None);
  f.paced = false;
  EXPECT_EQ(checked(f).limit, Limit::Generator) << "as fast as it goes, and all arrived";
  f.arrived.numbers = 90;
  EXPECT_EQ(checked(f).limit, Limit::Path);
  f.receiver_drops = 6;
  EXPECT_EQ(checked(f).limit, Limit::Receiver);
  f.tx = {.attempts = 120, .accepted = 100, .driver_drops = 20};
  EXPECT_EQ(checked(f).limit, Limit::Generator);
}

TEST(Ledger, ARateThatWasMissedIsTheGenerators) {
  LedgerFacts f;
  f.tx = {.attempts = 100, .accepted = 100};
  f.paced = true;
  f.arrived.numbers = 100;
  f.tx.skipped_slots = 300; // made up for: the amount was sent, later
  EXPECT_EQ(checked(f).limit, Limit::Generator);
  EXPECT_TRUE(checked(f).slow);
  EXPECT_EQ(checked(f).not_sent, 0U);
  f.arrived.numbers = 99;
  EXPECT_EQ(checked(f).limit, Limit::Path) << "what is lost is more than what came later";
  f.arrived.numbers = 100;
  f.tx.skipped_slots = 0;
  EXPECT_EQ(checked(f).limit, Limit::None);
  f.short_of_rate = true;
  EXPECT_EQ(checked(f).limit, Limit::Generator);
}

TEST(Ledger, SharesLeaveNoRest) {
  EXPECT_EQ(share_out(10, {1, 1, 1}), (std::vector<std::uint64_t>{4, 3, 3}));
  EXPECT_EQ(share_out(7, {0, 5, 0}), (std::vector<std::uint64_t>{0, 7, 0}));
  EXPECT_EQ(share_out(7, {0, 0}), (std::vector<std::uint64_t>{0, 0}));
  EXPECT_EQ(share_out(0, {3, 1}), (std::vector<std::uint64_t>{0, 0}));
}

RxSummary arrived(std::uint64_t unique, std::uint64_t dropped = 0) {
  RxSummary rx;
  rx.total.sum.packets = rx.total.sum.unique = unique;
  rx.uncounted.link_dropped = dropped;
  return rx;
}

Summary sent(std::uint64_t attempts, std::uint64_t refused) {
  Summary tx;
  tx.total.tx = {.attempts = attempts, .accepted = attempts - refused, .driver_drops = refused};
  return tx;
}

std::vector<PortFacts> paced(std::optional<std::size_t> peer0 = {},
                             std::optional<std::size_t> peer1 = {}) {
  return {{std::nullopt, true, peer0, {80, 0, true}}, {std::nullopt, true, peer1, {70, 0, true}}};
}

/// Ports 0 and 1 send to each other.
PortTestSummary both_paths() {
  PortTestSummary s;
  s.ports = {{sent(100, 10), {}, arrived(70, 3)}, {sent(80, 0), {}, arrived(80, 15)}};
  s.flows = {{0, 0, arrived(0)}, {0, 1, arrived(80)}, {1, 0, arrived(70)}, {1, 1, arrived(0)}};
  return s;
}

TEST(PortTest, DropsAreOfWhoseFramesArriveThere) {
  PortTestSummary s = both_paths();
  add_ledgers(s, paced());
  EXPECT_EQ(s.ports[0].ledger->dropped, 10U); // of 15, as many as are missing
  EXPECT_EQ(s.ports[0].ledger->lost, 0U);
  EXPECT_EQ(s.ports[1].ledger->dropped, 3U);
  EXPECT_EQ(s.ports[1].ledger->lost, 7U);
}

TEST(PortTest, WhatAPairsDriverRefusedIsNotDroppedAgain) {
  PortTestSummary s = both_paths();
  add_ledgers(s, paced(1, 0));
  EXPECT_EQ(s.ports[0].ledger->driver_drops, 10U);
  EXPECT_EQ(s.ports[0].ledger->dropped, 5U);
  EXPECT_EQ(s.ports[0].ledger->lost, 5U);
  EXPECT_EQ(s.ports[1].ledger->dropped, 3U);
}

TEST(PortTest, WhereNothingArrivesTheOthersFramesWereDropped) {
  PortTestSummary s = both_paths();
  s.flows[1].rx = arrived(0);
  s.ports[1].rx = arrived(0, 90);
  auto facts = paced();
  facts[0].arrived.numbers = 0;
  add_ledgers(s, facts);
  EXPECT_EQ(s.ports[0].ledger->dropped, 90U);
}

TEST(PortTest, AShortfallIsTheLedgers) {
  PortTestSummary s = both_paths();
  s.ports[1].tx->shortfall = "too slow";
  s.flows[2].rx = arrived(80);
  auto facts = paced();
  facts[1].arrived.numbers = 80;
  add_ledgers(s, facts);
  EXPECT_EQ(s.ports[1].ledger->limit, Limit::Generator);
  EXPECT_TRUE(s.ports[1].ledger->slow);
}

/// Port 0 sent so many, of which so many came to ports 1 and 2.
PortTestSample interval(std::uint64_t accepted, std::uint64_t refused, std::uint64_t one,
                        std::uint64_t two) {
  PortTestSample s;
  s.tx.resize(3);
  s.tx[0].emplace();
  s.tx[0]->tx = {.attempts = accepted + refused, .accepted = accepted, .driver_drops = refused};
  s.flows = {{0, 1, {}}, {0, 2, {}}};
  s.flows[0].rx.sum.unique = one;
  s.flows[1].rx.sum.unique = two;
  return s;
}

TEST(PortTest, LossIsTheSendersOverItsFlows) {
  struct Case {
    PortTestSample sample;
    std::int64_t lost;
    bool by_flow;
  };
  LossSoFar loss;
  for (Case& c : std::vector<Case>{{interval(100, 0, 97, 0), 3, true},
                                   {interval(100, 0, 103, 0), -3, true},
                                   {interval(100, 0, 50, 50), 0, false}, // halves: nothing is lost
                                   {interval(100, 0, 90, 0), 10, false},
                                   {interval(0, 0, 0, 0), 0, false}}) {
    loss.enter(c.sample);
    EXPECT_EQ(c.sample.lost[0], c.lost);
    EXPECT_EQ(c.sample.loss_by_flow[0], c.by_flow);
    EXPECT_EQ(c.sample.lost[1], 0);
  }
}

TEST(PortTest, WhatTheDriverRefusedIsNotLost) {
  LossSoFar loss;
  PortTestSample s = interval(100, 900, 100, 0);
  loss.enter(s);
  EXPECT_EQ(s.lost[0], 0);
  EXPECT_FALSE(s.loss_by_flow[0]);
}

TEST(PortTest, WhetherAFlowKnowsItsLoss) {
  PortTestSummary s = both_paths();
  EXPECT_FALSE(loss_by_flow(s, 0)) << "some were refused";
  EXPECT_TRUE(loss_by_flow(s, 1));
  s.flows[3].rx = arrived(1);
  EXPECT_FALSE(loss_by_flow(s, 1)) << "two ports";
}

TEST(PortTest, ASenderOfWhichNothingCameIsSilent) {
  PortTestSummary s = both_paths();
  EXPECT_TRUE(silent_senders(s).empty());
  s.flows[1].rx = arrived(0);
  EXPECT_EQ(silent_senders(s), (std::vector<std::size_t>{0})) << "though the other's came";
  s.ports[0].tx = sent(10, 10);
  EXPECT_TRUE(silent_senders(s).empty()) << "refused all";
}

TEST(PortTest, AStreamThatCameToTwoPortsIsOne) {
  PortTestSummary s = both_paths();
  s.ports[0].rx->streams.resize(1);
  s.ports[1].rx->streams.resize(1);
  EXPECT_EQ(all_ports(s).streams.size(), 1U);
  s.ports[1].rx->streams[0].name.run_id = 1;
  EXPECT_EQ(all_ports(s).streams.size(), 2U);
}

TEST(PortTest, TakesTheRecordsOfOneSession) {
  RxSnapshot all = sample::at(5, {sample::record(10), sample::record(20), sample::record(30)});
  all.records[1].slot.key.run_id = 0xc0ffef;
  all.records[2].slot.key.form = XTG_SIG_COMPACT;
  all.records[2].slot.key.run_id = 0xffee; // its low bits
  const auto packets = [&](std::uint32_t run_id) {
    std::uint64_t sum = 0;
    for (const RxRecord& record : of_run(all, run_id).records)
      sum += record.slot.packets;
    return sum;
  };
  EXPECT_EQ(packets(0xc0ffee), 40U);
  EXPECT_EQ(packets(0xc0ffef), 20U);
  EXPECT_EQ(packets(0xc1ffee), 30U);
  EXPECT_EQ(of_run(all, 1).time_ns, 5U);
}

TEST(PortTest, AllPortsAsOne) {
  PortTestSummary s = both_paths();
  s.ports[0].rx->total.delay = {1, 5, 9, 7, {}};
  s.ports[1].rx->total.delay = {3, 2, 8, 3, {}};
  s.ports[0].rx->total.delay.histogram.add(7);
  s.ports[1].rx->total.delay.histogram.add(3, 3);
  const RxSummary all = all_ports(s);
  EXPECT_EQ(all.total.sum.unique, 150U);
  EXPECT_EQ(all.total.delay.count, 4U);
  EXPECT_EQ(all.total.delay.min, 2U);
  EXPECT_EQ(all.total.delay.max, 9U);
  EXPECT_DOUBLE_EQ(all.total.delay.mean, 4.0);
  EXPECT_EQ(all.total.delay.quantile(0.5), 3U);
  EXPECT_EQ(all.total.path, RxPath::OneWay);
}

TEST(PortTest, DelaysOfOneWayAndOfTwoAreNotMixed) {
  PortTestSummary s = both_paths();
  s.ports[0].rx->total.delay = {1, 5, 9, 7, {}};
  s.ports[1].rx->total.delay = {3, 2, 8, 3, {}};
  s.ports[0].rx->total.path = RxPath::RoundTrip;
  EXPECT_EQ(all_ports(s).total.path, RxPath::OneWay);
  EXPECT_EQ(all_ports(s).total.delay.count, 3U);
  EXPECT_EQ(all_ports(s).total.delay.max, 8U);
  s.ports[1].rx->total.path = RxPath::RoundTrip;
  EXPECT_EQ(all_ports(s).total.path, RxPath::RoundTrip);
  EXPECT_EQ(all_ports(s).total.delay.count, 4U);
}

} // namespace
} // namespace xtg::stats
