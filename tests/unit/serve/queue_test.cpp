// SPDX-License-Identifier: BSD-2-Clause
#include "serve/queue.h"

#include <gtest/gtest.h>

namespace xtg::serve {
namespace {

using How = Queue::Entered::How;
using Ids = std::vector<std::string>;

const PortUse kSendA{"a", true}, kReceiveA{"a", false}, kSendB{"b", true};

TEST(Queue, OnePerInterfaceAndDirection) {
  Queue queue;
  EXPECT_EQ(queue.enter("1", {kSendA}, false).how, How::Runs);
  EXPECT_EQ(queue.enter("2", {kReceiveA}, false).how, How::Runs);
  EXPECT_EQ(queue.enter("3", {kSendB}, false).how, How::Runs);
  const auto refused = queue.enter("4", {kSendA}, false);
  EXPECT_EQ(refused.how, How::Busy);
  EXPECT_EQ(refused.by, "1");
  EXPECT_EQ(queue.position("4"), std::nullopt);
  EXPECT_EQ(queue.running(), 3U);
}

TEST(Queue, OthersWaitInOrder) {
  Queue queue;
  queue.enter("1", {kSendA}, false);
  EXPECT_EQ(queue.enter("2", {kSendA}, true).position, 1U);
  EXPECT_EQ(queue.enter("3", {kSendA}, true).position, 2U);
  EXPECT_EQ(queue.position("1"), 0U);
  EXPECT_EQ(queue.leave("1"), Ids{"2"});
  EXPECT_EQ(queue.position("3"), 1U);
  EXPECT_EQ(queue.leave("2"), Ids{"3"});
  EXPECT_EQ(queue.leave("3"), Ids{});
}

TEST(Queue, NobodyOvertakesWhoWaitsForTheSame) {
  Queue queue;
  queue.enter("1", {kSendA}, false);
  queue.enter("2", {kSendA, kSendB}, true);
  EXPECT_EQ(queue.enter("3", {kSendB}, false).how, How::Busy) << "b is free, but 2 waits for it";
  queue.enter("4", {kSendB}, true);
  EXPECT_EQ(queue.leave("2"), Ids{"4"}) << "who gives up waiting is in nobody's way";
}

TEST(Queue, SeveralBeginAtOnce) {
  Queue queue;
  queue.enter("1", {kSendA, kReceiveA}, false);
  queue.enter("2", {kSendA}, true);
  queue.enter("3", {kReceiveA}, true);
  EXPECT_EQ(queue.leave("1"), (Ids{"2", "3"}));
}

TEST(Queue, HasAnEnd) {
  Queue queue;
  queue.enter("1", {kSendA}, false);
  for (std::size_t i = 0; i < Queue::kMaxWaiting; ++i)
    EXPECT_EQ(queue.enter("w" + std::to_string(i), {kSendA}, true).how, How::Waits);
  EXPECT_EQ(queue.enter("last", {kSendA}, true).how, How::Full);
}

} // namespace
} // namespace xtg::serve
