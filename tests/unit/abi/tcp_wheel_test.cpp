// SPDX-License-Identifier: BSD-2-Clause
// The wheel of timers against a plain list of them, in virtual time.
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "support/tcp_env.h"
#include "xtg/abi/tcp_wheel.h"

namespace xtg::test {
namespace {

std::vector<xtg_tcp_link>* links;
xtg_tcp_wheel* wheel;

} // namespace
} // namespace xtg::test

inline xtg_tcp_link* xtg_tcp_link_at(__u32 number) {
  auto& all = *xtg::test::links;
  return number < all.size() ? &all[number] : nullptr;
}
inline xtg_tcp_wheel* xtg_tcp_wheel_of(const xtg_tcp_flow* /*flow*/) {
  return xtg::test::wheel;
}

#include "xtg/abi/tcp_file.h"

namespace xtg::test {
namespace {

constexpr std::uint32_t kSlotUs = 1U << XTG_TCP_TICK;

/// A worker's flows, as the kernel program looks after them.
struct BatchRunner {
  explicit BatchRunner(std::uint32_t count, std::uint32_t start_us)
      : flows(count), links_(count), now(start_us) {
    links = &links_;
    wheel = &wheel_;
    for (std::uint32_t i = 0; i < count; i++) {
      flows[i].number = i;
      flows[i].phase = XTG_TCP_OPEN;
    }
  }

  void set(std::uint32_t number, std::uint32_t in_us) {
    flows[number].timer = XTG_TCP_TIMER_RTO;
    flows[number].timer_us = now + in_us;
    xtg_tcp_filed(&flows[number], now);
  }
  /// As tx_timer(): the flows whose timers go off, at most `most` looked at.
  std::vector<std::uint32_t> take(std::uint32_t most = ~0U) {
    std::vector<std::uint32_t> out;
    for (; most > 0; most--) {
      const std::uint32_t number = xtg_tcp_wheel_take(&wheel_, now);
      if (number == 0) break;
      looked++;
      xtg_tcp_flow& f = flows.at(number - 1);
      f.filed = 0;
      std::uint32_t at = 0;
      if (xtg_tcp_due_at(&f, &at) != 0 && !xtg_before(now, at)) {
        f.timer = XTG_TCP_TIMER_NONE;
        out.push_back(number - 1);
      }
      xtg_tcp_filed(&f, now);
    }
    return out;
  }
  /// How long a thread may sleep; ~0: for ever.
  [[nodiscard]] std::uint32_t wait() const {
    std::uint32_t slot = 0;
    const std::uint32_t wait = xtg_tcp_wheel_wait(&wheel_, &slot);
    if (wait == ~0U) return wait;
    const std::uint32_t at = wheel_.clock_us + wait;
    return xtg_before(at, now) ? 0 : at - now;
  }

  std::vector<xtg_tcp_flow> flows;
  std::uint64_t looked = 0;

private:
  std::vector<xtg_tcp_link> links_;
  xtg_tcp_wheel wheel_{};

public:
  std::uint32_t now;
};

TEST(TcpWheelTest, GoesOffWhenItIsDueAndNotBefore) {
  for (const std::uint32_t start : {0U, 12'345U, 0xfffff000U, 0x7ffffff0U})
    for (const std::uint32_t in : {0U, 1U, 63U, 64U, 4'095U, 4'096U, 4'097U, 200'000U, 262'144U,
                                   5'000'000U, 16'777'216U, 120'000'000U, 2'000'000'000U}) {
      BatchRunner worker(1, start);
      worker.set(0, in);
      const std::uint32_t due = worker.flows[0].timer_us;
      std::size_t wakes = 0;
      while (worker.flows[0].timer != XTG_TCP_TIMER_NONE) {
        ASSERT_NE(worker.wait(), ~0U);
        worker.now += worker.wait();
        ASSERT_LE(++wakes, 30U) << in;
        for ([[maybe_unused]] const std::uint32_t flow : worker.take())
          ASSERT_FALSE(xtg_before(worker.now, due));
      }
      EXPECT_LT(worker.now - due, kSlotUs) << start << ", " << in;
      EXPECT_EQ(worker.wait(), ~0U);
    }
}

/// Timers are set, set anew to earlier and later times, and stopped, at random.
TEST(TcpWheelTest, LikeAListOfTimers) {
  for (std::uint64_t seed = 1; seed <= 30; seed++) {
    Dice dice(seed);
    BatchRunner worker(50, static_cast<std::uint32_t>(dice.next()));
    std::map<std::uint32_t, std::uint32_t> due;
    for (int step = 0; step < 4'000; step++) {
      const auto number = static_cast<std::uint32_t>(dice.below(50));
      if (dice.chance(0.1)) {
        worker.flows[number].timer = XTG_TCP_TIMER_NONE;
        due.erase(number);
      } else {
        worker.set(number, static_cast<std::uint32_t>(dice.below(1ULL << dice.between(1, 27))));
        due[number] = worker.flows[number].timer_us;
      }
      if (dice.chance(0.5)) continue;
      std::uint32_t nearest = ~0U;
      for (const auto& [flow, at] : due)
        nearest = std::min(nearest, xtg_before(at, worker.now) ? 0 : at - worker.now);
      ASSERT_TRUE(due.empty() || worker.wait() < nearest + kSlotUs) << "slept too long";
      worker.now += static_cast<std::uint32_t>(dice.below(1ULL << dice.between(1, 26)));
      const auto gone = worker.take();
      for (const std::uint32_t flow : gone) {
        ASSERT_TRUE(due.contains(flow));
        ASSERT_FALSE(xtg_before(worker.now, due[flow]));
        due.erase(flow);
      }
      for (const auto& [flow, at] : due)
        ASSERT_TRUE(xtg_before(worker.now, at + kSlotUs)) << "forgotten";
    }
  }
}

/// Far more flows than one burst looks at wait for something; one timer is due.
TEST(TcpWheelTest, OneOfSixtyThousandIsServedAtOnce) {
  constexpr std::uint32_t kFlows = 60'000, kDue = 47'111;
  BatchRunner worker(kFlows, 1'000'000);
  for (std::uint32_t i = 0; i < kFlows; i++)
    worker.set(i, 60'000'000 + i);
  worker.set(kDue, 1'500);
  std::size_t naps = 0;
  while (worker.flows[kDue].timer != XTG_TCP_TIMER_NONE) {
    worker.now += worker.wait();
    ASSERT_LE(++naps, XTG_TCP_LEVELS);
    const auto gone = worker.take(1);
    EXPECT_TRUE(gone.empty() || gone == std::vector{kDue});
  }
  EXPECT_LE(worker.now, 1'001'500 + kSlotUs);
  EXPECT_LE(worker.looked, XTG_TCP_LEVELS) << "and the others are let alone";
}

/// What is acknowledged all the time costs one look per time-out, not one per acknowledgment.
TEST(TcpWheelTest, ATimerThatIsPutOffStaysWhereItIs) {
  BatchRunner worker(1, 5'000);
  for (int i = 0; i < 100'000; i++) {
    worker.set(0, 200'000);
    worker.now += 10;
    ASSERT_TRUE(worker.take().empty());
  }
  EXPECT_LE(worker.looked, 30U) << "in a second";
}

/// The thread was stopped for minutes.
TEST(TcpWheelTest, EverythingIsDueAfterAStall) {
  BatchRunner worker(1'000, 777);
  for (std::uint32_t i = 0; i < 1'000; i++)
    worker.set(i, 100'000 * i);
  worker.now += 900'000'000;
  const auto gone = worker.take();
  EXPECT_EQ(std::set(gone.begin(), gone.end()).size(), 1'000U);
  worker.set(3, 500);
  worker.now += worker.wait();
  EXPECT_EQ(worker.take(), std::vector{3U});
}

/// Timers are judged by an earlier time while segments wait to be read (xtg_tcp_timer_time()).
TEST(TcpWheelTest, ATimeThatGoesBack) {
  BatchRunner worker(2, 1'000'000);
  worker.set(0, 1'000);
  EXPECT_TRUE(worker.take().empty());
  worker.now -= 500'000;
  worker.set(1, 600);
  EXPECT_TRUE(worker.take().empty());
  worker.now += 600'000;
  EXPECT_EQ(worker.take().size(), 2U);
}

/// Nothing was filed for more than an hour, of which 32 bits of microseconds lose count.
TEST(TcpWheelTest, AfterALongTimeWithoutATimer) {
  for (const std::uint32_t minutes : {30U, 36U, 50U, 71U, 72U}) {
    BatchRunner worker(1, 5'000);
    worker.set(0, 100);
    worker.now += 200;
    EXPECT_EQ(worker.take().size(), 1U);
    worker.now += minutes * 60'000'000;
    worker.set(0, 1'000);
    EXPECT_LE(worker.wait(), 1'000 + kSlotUs);
    std::size_t gone = 0;
    for (int naps = 0; naps < 4 && gone == 0; naps++) {
      worker.now += worker.wait();
      gone = worker.take().size();
    }
    EXPECT_EQ(gone, 1U) << minutes;
  }
}

/// Another phase: it was parked, reset, given up.
TEST(TcpWheelTest, ForgetsWhatIsNoLongerOpen) {
  BatchRunner worker(3, 0);
  for (std::uint32_t i = 0; i < 3; i++)
    worker.set(i, 1'000);
  worker.flows[1].phase = XTG_TCP_PARKED;
  worker.now += 2'000;
  const auto gone = worker.take();
  EXPECT_EQ(std::set(gone.begin(), gone.end()), (std::set<std::uint32_t>{0, 2}));
  EXPECT_EQ(worker.wait(), ~0U);
}

} // namespace
} // namespace xtg::test
