// SPDX-License-Identifier: BSD-2-Clause
#include "run/trial_outcome.h"

#include <gtest/gtest.h>

#include "search/controller.h"

namespace xtg::run {
namespace {

const plan::TrialShape kShape{1000.0, Nanoseconds(1'000'000'000), std::nullopt};

search::Outcome outcome(const stats::TxCounters& tx, std::uint64_t arrived) {
  stats::LedgerFacts facts;
  facts.tx = tx;
  facts.end = stats::EndReason::Duration;
  facts.paced = true;
  facts.received.unique = arrived;
  facts.arrived.numbers = arrived;
  return outcome_of({stats::make_ledger(facts)}, {}, 1, kShape);
}

/// A queueing discipline such as tbf at the sender is not the device under test.
TEST(TrialOutcomeTest, DropsOfTheSendersQueueAreUnsent) {
  stats::TxCounters tx;
  tx.attempts = 1000;
  tx.accepted = 600;
  tx.queue_drops = 300;
  tx.queued = 100;
  const search::Outcome found = outcome(tx, 600);
  EXPECT_EQ(found.asked, 1000U);
  EXPECT_EQ(found.unsent, 400U);
  EXPECT_EQ(found.lost, 0U);
  EXPECT_EQ(found.received, 600U);
  const search::Goal goal{.name = "ndr"};
  EXPECT_TRUE(search::high_loss(goal, found));
  EXPECT_FALSE(search::high_loss_of_device(goal, found));
}

TEST(TrialOutcomeTest, TheBoundOfSuchTrialsIsTheGenerators) {
  stats::TxCounters tx;
  tx.attempts = 1000;
  tx.accepted = 600;
  tx.queue_drops = 400;
  search::Controller controller({{.name = "ndr", .duration_sum = 1}},
                                {.min_load = 1000, .max_load = 2000});
  while (const auto trial = controller.next()) {
    search::Outcome found = outcome(tx, 600);
    found.load = trial->load;
    found.duration = trial->duration;
    controller.record(found);
  }
  EXPECT_EQ(controller.results()[0].regular, search::Regular::NoLower);
  EXPECT_EQ(controller.results()[0].limited_by, search::LimitedBy::Generator);
}

TEST(TrialOutcomeTest, LossOnThePathIsTheDevices) {
  stats::TxCounters tx;
  tx.attempts = tx.accepted = 1000;
  const search::Outcome found = outcome(tx, 600);
  EXPECT_EQ(found.unsent, 0U);
  EXPECT_EQ(found.lost, 400U);
  EXPECT_TRUE(search::high_loss_of_device({.name = "ndr"}, found));
}

/// The last slots of a schedule may be missing; more than those were not sent.
TEST(TrialOutcomeTest, SlotsThatWereStillDueAreUnsent) {
  stats::TxCounters tx;
  tx.attempts = tx.accepted = 999;
  EXPECT_EQ(outcome(tx, 999).unsent, 0U);
  tx.attempts = tx.accepted = 900;
  EXPECT_EQ(outcome(tx, 900).unsent, 100U);
}

} // namespace
} // namespace xtg::run
