// SPDX-License-Identifier: BSD-2-Clause
// The ingress programs at length: full queues, several CPUs at once, random segments.
#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "tcp_rx.h"

namespace xtg::test {
namespace {

using packet::store_be;

TEST_P(TcpRxTest, TellsTheThreadOfTheFlow) {
  TcpSetup setup;
  setup.header = ours_;
  setup.send = false;
  setup.flows = setup.worker_streams = 3;
  TcpProgram program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  program.claim(2, kPort);
  EXPECT_EQ(program.receive(make({})), kDrop);
  for (std::uint32_t worker = 0; worker < 3; worker++) {
    EXPECT_EQ(program.queue(worker).head, worker == 2 ? 1U : 0U);
    const auto event = program.take_event(worker);
    ASSERT_EQ(event.has_value(), worker == 2) << worker;
    EXPECT_TRUE(!event || event->flow == 2);
  }
}

TEST_P(TcpRxTest, AFullQueueKeepsTheFirstAndTheLast) {
  std::uint32_t next = 0;
  for (int round = 0; round < 4; round++) { // so that the ring goes round
    std::uint32_t sent = 0;
    for (; sent < TcpProgram::kEvents + 300; sent++)
      ASSERT_EQ(program_->receive(make({.seq = next + sent})), kDrop);
    const std::uint64_t kept = program_->queue().head - program_->worker().event_tail;
    EXPECT_LE(kept, TcpProgram::kEvents);
    EXPECT_GE(kept, TcpProgram::kEvents / 2);
    EXPECT_EQ(program_->queue().head + program_->queue().lost, next + sent);
    EXPECT_GT(program_->queue().lost, 0U);
    // The first ones were kept, whole and in order, and the last one instead of all others.
    for (std::uint32_t i = 0; i < kept; i++) {
      const auto event = program_->take_event();
      ASSERT_TRUE(event);
      ASSERT_EQ(event->seq, i + 1 < kept ? next + i : next + sent - 1);
    }
    EXPECT_FALSE(program_->take_event());
    next += sent;
  }
}

// What one flow says much of leaves room for another's word; and an older acknowledgment that comes
// late replaces none.
TEST_P(TcpRxTest, AFullQueueKeepsTheLatestOfEachFlow) {
  program_->claim(0, kPort + 1);
  const Bytes other = [&] {
    Bytes frame = make({.ack = 77});
    store_be(std::span(frame).subspan(l4() + 2, 2), kPort + 1);
    fix_sum(frame);
    return frame;
  }();
  for (std::uint32_t i = 0; i < 2 * TcpProgram::kEvents; i++)
    ASSERT_EQ(program_->receive(make({.ack = 1000 + i})), kDrop);
  EXPECT_EQ(program_->receive(make({.ack = 999})), kDrop);
  EXPECT_EQ(program_->receive(other), kDrop);
  std::map<std::uint32_t, std::uint32_t> last;
  while (const auto event = program_->take_event())
    last[event->flow] = event->ack;
  EXPECT_EQ(last, (std::map<std::uint32_t, std::uint32_t>{
                      {0, 77}, {1, 1000 + 2 * TcpProgram::kEvents - 1}}));
}

// Every segment is there once, and whole.
TEST_P(TcpRxTest, FromSeveralCpusAtOnce) {
  constexpr std::uint32_t kEach = 300, kThreads = 2, kRounds = 30;
  std::atomic<std::uint32_t> arrived = 0; // they spin, or one would be done when the next begins
  for (std::uint32_t round = 1; round <= kRounds; round++) {
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t t = 0; t < kThreads; t++) {
        threads.emplace_back([&, t] {
          const Bytes segment = make({.seq = t, .ack = ~t, .window = 7});
          arrived++;
          while (arrived < round * kThreads)
            std::this_thread::yield();
          EXPECT_EQ(program_->receive(segment, kEach), kDrop);
        });
      }
    }
    std::uint32_t seen[kThreads] = {};
    while (const auto event = program_->take_event()) {
      ASSERT_LT(event->seq, kThreads);
      ASSERT_EQ(event->ack, ~event->seq);
      ASSERT_EQ(event->window, 7U);
      seen[event->seq]++;
    }
    for (const std::uint32_t count : seen)
      ASSERT_EQ(count, kEach);
  }
  EXPECT_EQ(program_->queue().lost, 0U);
}

TEST_P(TcpRxTest, RandomMutations) {
  std::mt19937_64 random(20250601);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  std::vector<Bytes> seeds;
  for (const Bytes& payload : {Bytes{}, noise(1, 1), noise(601, 2)}) {
    seeds.push_back(make({.options = joined({{1, 1}, timestamp(1, 2)}), .payload = payload}));
    seeds.push_back(make({.options = joined({sack(3), timestamp(1, 2)}), .payload = payload}));
    seeds.push_back(make({.options = joined({{1, 1}, sack(4)}), .payload = payload}));
  }
  std::uint64_t events = 0, unsound = 0, passes = 0;
  for (int round = 0; round < 20'000; round++) {
    Bytes frame = seeds[below(seeds.size())];
    const std::size_t header = std::min<std::size_t>(frame.size(), l4() + 60);
    for (std::uint64_t i = 1 + below(4); i > 0; i--) {
      // Most of it where it is read: the options, and the header before them.
      const std::size_t at = below(3) == 0 ? below(header) : l4() + 12 + below(header - l4() - 12);
      frame[at] = static_cast<std::uint8_t>(below(2) == 0 ? random() : frame[at] ^ 1U << below(8));
    }
    if (below(8) == 0) frame.resize(14 + below(frame.size() - 13));
    if (below(10) != 0) fix_sum(frame, below(4) == 0);
    const Verdict want = judge(ours_, kPort, frame);
    events += want.event ? 1 : 0;
    unsound += want.unsound ? 1 : 0;
    passes += want.ours ? 0 : 1;
    ASSERT_TRUE(as_judged(frame, round % 4 == 3 && frame.size() >= 54)) << "round " << round;
  }
  // Each of the outcomes was well tried.
  EXPECT_GT(events, 5000U);
  EXPECT_GT(unsound, 500U);
  EXPECT_GT(passes, 1000U);
}

} // namespace
} // namespace xtg::test
