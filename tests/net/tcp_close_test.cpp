// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_repair_test.h"

namespace xtg::net {
namespace {

using namespace test;

class TcpCloseTest : public TcpRepairTest {};

TEST_P(TcpCloseTest, FarEndClosedBefore) {
  ASSERT_TRUE(write_all(far_.get(), "all"));
  shutdown(far_.get(), SHUT_WR);
  ASSERT_TRUE(eventually([&] { return tcp_state(near_.fd()) == TCP_CLOSE_WAIT; }));
  auto dropped = near_.drain_input();
  ASSERT_OK(dropped);
  EXPECT_EQ(*dropped, 3U);
  ASSERT_NO_FATAL_FAILURE(take_over());
  EXPECT_EQ(again_.state.tcp_state, TCP_CLOSE_WAIT);
  ASSERT_NO_FATAL_FAILURE(build_again());
  ASSERT_TRUE(write_all(near_.fd(), "half"));
  EXPECT_EQ(read_some(far_.get(), 4), "half");
  std::uint64_t received = 0;
  EXPECT_EQ(closing(near_, &received), Closing::Unacknowledged) << "no FIN from here yet";
  ASSERT_OK(send_fin(near_));
  EXPECT_EQ(read_some(far_.get(), 1), "[end]");
  EXPECT_TRUE(eventually([&] { return closing(near_, &received) == Closing::Closed; }));
  EXPECT_EQ(received, 0U);
  for (const Segment& s : capture_->take())
    EXPECT_FALSE(s.flags & TH_RST) << "from near: " << s.from_near;
}

TEST_P(TcpCloseTest, WaitsWhileTheFinIsNotAcknowledged) {
  ASSERT_NO_FATAL_FAILURE(take_over());
  ASSERT_NO_FATAL_FAILURE(build_again());
  std::uint64_t received = 0;
  EXPECT_EQ(closing(near_, &received), Closing::Unacknowledged);
  ASSERT_TRUE(misdirect(false, true));
  ASSERT_OK(send_fin(near_));
  shutdown(far_.get(), SHUT_WR); // CLOSING: the far end's FIN is here, ours is not there
  ASSERT_TRUE(eventually([&] { return tcp_state(near_.fd()) == TCP_CLOSING; }));
  EXPECT_EQ(closing(near_, &received), Closing::Unacknowledged);
  ASSERT_TRUE(misdirect(false, false));
  EXPECT_TRUE(eventually([&] { return closing(near_, &received) == Closing::Closed; }));
  EXPECT_EQ(read_some(far_.get(), 1), "[end]");
}

TEST_P(TcpCloseTest, ResetByTheFarEnd) {
  for (bool after_fin : {false, true}) {
    if (after_fin) {
      ASSERT_NO_FATAL_FAILURE(connect());
    }
    ASSERT_NO_FATAL_FAILURE(take_over());
    ASSERT_NO_FATAL_FAILURE(build_again());
    if (after_fin) {
      ASSERT_OK(send_fin(near_));
      EXPECT_EQ(read_some(far_.get(), 1), "[end]");
    }
    ASSERT_TRUE(write_all(far_.get(), "last words"));
    const linger at_once{1, 0};
    setsockopt(far_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    far_.reset();
    std::uint64_t received = 0;
    EXPECT_TRUE(eventually([&] { return closing(near_, &received) == Closing::Reset; }));
    EXPECT_EQ(received, 10U);
    near_.close();
  }
}

TEST_P(TcpCloseTest, ResetsTheFarEnd) {
  for (bool frozen : {false, true}) {
    if (frozen) {
      ASSERT_NO_FATAL_FAILURE(connect());
    }
    ASSERT_NO_FATAL_FAILURE(take_over());
    ASSERT_NO_FATAL_FAILURE(build_again());
    if (frozen) {
      ASSERT_OK(near_.freeze());
    }
    ASSERT_OK(send_rst(near_));
    EXPECT_FALSE(near_.valid());
    EXPECT_EQ(read_some(far_.get(), 1), "[Connection reset by peer]");
  }
}

/// What is watched is told of when there is something new to see, and only then.
TEST_P(TcpCloseTest, IsToldOf) {
  for (const bool far_end_first : {false, true}) {
    if (far_end_first) {
      if (bare()) return; // as below: TIME_WAIT
      ASSERT_NO_FATAL_FAILURE(connect());
      shutdown(far_.get(), SHUT_WR);
      ASSERT_TRUE(eventually([&] { return tcp_state(near_.fd()) == TCP_CLOSE_WAIT; }));
    }
    ASSERT_NO_FATAL_FAILURE(take_over());
    ASSERT_NO_FATAL_FAILURE(build_again());
    auto watch = ClosingWatch::open();
    ASSERT_OK(watch);
    ASSERT_OK(send_fin(near_));
    ASSERT_OK(watch->add(near_, 60'000));
    std::uint64_t received = 0;
    Closing last = Closing::Unacknowledged;
    const auto told = [&](Closing wanted) {
      return eventually([&] {
        for (const std::uint32_t number : watch->take()) {
          EXPECT_EQ(number, 60'000U);
          auto now = closing(near_, &received);
          EXPECT_TRUE(now);
          if (now) last = *now;
        }
        return last == wanted;
      });
    };
    if (!far_end_first) {
      EXPECT_TRUE(told(Closing::HalfClosed));
      EXPECT_TRUE(watch->take().empty());
      shutdown(far_.get(), SHUT_WR);
    }
    EXPECT_TRUE(told(Closing::Closed));
    near_.close();
    EXPECT_TRUE(watch->take().empty());
  }
}

TEST_P(TcpCloseTest, ItsPortCanBeUsedAgainAtOnce) {
  if (bare()) return; // the kernel gives a TIME_WAIT away only where time stamps tell old from new
  for (int i = 0; i < 3; ++i) {
    if (i > 0) {
      ASSERT_NO_FATAL_FAILURE(connect()) << "run " << i;
    }
    ASSERT_NO_FATAL_FAILURE(take_over());
    ASSERT_NO_FATAL_FAILURE(build_again());
    close_cleanly();
    near_.close();
    std::this_thread::sleep_for(1100ms); // TIME_WAIT is looked at in seconds
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, TcpCloseTest, kinds(), kind_name);

} // namespace
} // namespace xtg::net
