// SPDX-License-Identifier: BSD-2-Clause
#include "net/tcp.h"

#include "tcp_repair_test.h"

namespace xtg::net {
namespace {

using namespace test;

TEST_P(TcpRepairTest, StateIsWhatTheWireShows) {
  ASSERT_TRUE(write_all(near_.fd(), "what is said"));
  EXPECT_EQ(read_some(far_.get(), 12), "what is said");
  ASSERT_TRUE(write_all(far_.get(), "heard"));
  EXPECT_EQ(read_some(near_.fd(), 5), "heard");
  EXPECT_TRUE(eventually([&] { // the answer's ACK may be delayed
    int waiting = 1;
    return ioctl(far_.get(), SIOCOUTQ, &waiting) == 0 && waiting == 0;
  }));
  ASSERT_NO_FATAL_FAILURE(take_over());
  const auto seen = capture_->take();
  ASSERT_GE(seen.size(), 5U);
  const Segment syn = seen[0], syn_ack = seen[1];
  ASSERT_EQ(syn.flags & (TH_SYN | TH_ACK), TH_SYN);
  ASSERT_EQ(syn_ack.flags & (TH_SYN | TH_ACK), TH_SYN | TH_ACK);
  Segment last_near, last_far;
  for (const Segment& s : seen)
    (s.from_near ? last_near : last_far) = s;

  const TcpState& state = again_.state;
  EXPECT_EQ(state.snd_nxt, syn.seq + 1 + 12);
  EXPECT_EQ(state.rcv_nxt, syn_ack.seq + 1 + 5);
  EXPECT_EQ(state.mss, *syn_ack.mss);
  EXPECT_EQ(state.mss, v6() ? 1440U : 1460U);
  EXPECT_EQ(state.mss_payload, state.mss - (bare() ? 0 : 12));
  EXPECT_EQ(state.wscale, !bare());
  EXPECT_EQ(state.sack, !bare());
  EXPECT_EQ(state.timestamps, !bare());
  EXPECT_FALSE(state.usec_timestamps);
  EXPECT_FALSE(state.ecn);
  EXPECT_EQ(state.tcp_state, TCP_ESTABLISHED);
  EXPECT_EQ(state.snd_wscale, syn_ack.wscale.value_or(0));
  EXPECT_EQ(state.rcv_wscale, syn.wscale.value_or(0));
  EXPECT_EQ(state.snd_wnd, std::uint32_t{last_far.window} << state.snd_wscale);
  EXPECT_EQ(state.snd_wl1, last_far.seq);
  EXPECT_GE(state.max_window, state.snd_wnd);
  EXPECT_EQ(state.rcv_wup, last_near.ack);
  EXPECT_EQ(state.rcv_wnd >> state.rcv_wscale, last_near.window);
  EXPECT_LT(state.rtt_us, 1'000'000U);
  EXPECT_GT(state.rtt_us, 0U);
  if (!bare()) {
    EXPECT_NE(state.snd_wscale, state.rcv_wscale) << "the test is blind";
    EXPECT_LE(state.timestamp - *last_near.tsval, 5000U) << "older than what was sent";
    EXPECT_EQ(state.timestamp & 1, 1U) << "the bit that the kernel does not tell";
  }
}

TEST_P(TcpRepairTest, FrozenAndClosedTheFarEndHearsNothing) {
  capture_->take();
  ASSERT_NO_FATAL_FAILURE(take_over());
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(capture_->take().empty());
  EXPECT_EQ(tcp_state(far_.get()), TCP_ESTABLISHED);

  // The counter-example: thawed, it is closed the ordinary way.
  ASSERT_NO_FATAL_FAILURE(build_again());
  EXPECT_TRUE(capture_->take().empty());
  near_.close();
  EXPECT_EQ(read_some(far_.get(), 1), "[end]");
}

TEST_P(TcpRepairTest, RebuiltItGoesOnBothWaysAndClosesCleanly) {
  ASSERT_TRUE(write_all(near_.fd(), "before "));
  EXPECT_EQ(read_some(far_.get(), 7), "before ");
  auto before = tcp::info(near_.fd());
  ASSERT_OK(before);
  ASSERT_NO_FATAL_FAILURE(take_over());
  ASSERT_NO_FATAL_FAILURE(build_again());
  auto info = tcp::info(near_.fd());
  ASSERT_OK(info);
  // A scale of 0 does the same as none, and takes the one away that the new socket has chosen.
  EXPECT_EQ(info->tcpi_options, before->tcpi_options | TCPI_OPT_WSCALE);
  EXPECT_EQ(info->tcpi_snd_wscale, before->tcpi_snd_wscale);
  EXPECT_EQ(info->tcpi_rcv_wscale, before->tcpi_rcv_wscale);
  EXPECT_EQ(info->tcpi_snd_mss, before->tcpi_snd_mss);
  EXPECT_EQ(near_.local().value_or(Endpoint{}), again_.local);

  const std::string much(200'000, 'm');
  ASSERT_TRUE(write_all(near_.fd(), "after "));
  EXPECT_EQ(read_some(far_.get(), 6), "after ");
  ASSERT_TRUE(write_all(far_.get(), "answer"));
  EXPECT_EQ(read_some(near_.fd(), 6), "answer");
  std::thread reader([&] { EXPECT_EQ(read_some(far_.get(), much.size()), much); });
  for (std::size_t done = 0; done < much.size();) {
    pollfd writable{near_.fd(), POLLOUT, 0};
    if (poll(&writable, 1, 2000) != 1) break;
    const ssize_t n = send(near_.fd(), much.data() + done, much.size() - done, MSG_NOSIGNAL);
    if (n < 0) break;
    done += static_cast<std::size_t>(n);
  }
  reader.join();
  close_cleanly();
}

TEST_P(TcpRepairTest, FrozenUntilThawed) {
  ASSERT_NO_FATAL_FAILURE(take_over());
  auto socket = bed_->near_ns().run([&] { return rebuild_frozen(again_); });
  ASSERT_OK(socket);
  near_ = std::move(*socket);
  auto state = near_.state();
  ASSERT_OK(state);
  EXPECT_EQ(state->snd_nxt, again_.state.snd_nxt);
  EXPECT_EQ(state->rcv_nxt, again_.state.rcv_nxt);
  EXPECT_EQ(state->snd_wnd, again_.state.snd_wnd);
  EXPECT_EQ(state->mss, again_.state.mss);
  near_.close();
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(tcp_state(far_.get()), TCP_ESTABLISHED) << "closed silently";
  ASSERT_NO_FATAL_FAILURE(build_again());
  close_cleanly();
}

TEST_P(TcpRepairTest, RebuiltAfterSomebodyElseHasSent) {
  ASSERT_OK(near_.freeze());
  auto state = near_.state();
  ASSERT_OK(state);
  again_ = {.local = *near_.local(),
            .remote = {far_address(v6()), kPort},
            .interface = "xtg0",
            .state = *state};
  TcpState& now = again_.state;
  Segment segment;
  segment.seq = now.snd_nxt;
  segment.ack = now.rcv_nxt;
  segment.flags = TH_ACK | TH_PUSH;
  segment.window = 500;
  if (now.timestamps) segment.tsval = ++now.timestamp;
  ASSERT_NO_FATAL_FAILURE(inject(segment, "from elsewhere "));
  EXPECT_EQ(read_some(far_.get(), 15), "from elsewhere ");
  near_.close(); // only now: without a socket the kernel would answer the ACK with a RST
  now.snd_nxt += 15;
  ASSERT_NO_FATAL_FAILURE(build_again());
  ASSERT_TRUE(write_all(near_.fd(), "from here"));
  EXPECT_EQ(read_some(far_.get(), 9), "from here");
  close_cleanly();
}

TEST_P(TcpRepairTest, RebuiltAfterMuchWasReceived) {
  ASSERT_NO_FATAL_FAILURE(take_over());
  ASSERT_TRUE(misdirect(true, true)); // the near kernel hears nothing, the capture does
  capture_->take();
  TcpState& now = again_.state;
  const std::string much(2'000'000, 'x'); // far more than the window of take-over
  ASSERT_GT(much.size(), 2U * now.rcv_wnd);
  std::thread writer([&] { EXPECT_TRUE(write_all(far_.get(), much)); });
  const std::uint32_t end = now.rcv_nxt + static_cast<std::uint32_t>(much.size());
  const auto window = static_cast<std::uint16_t>(now.rcv_wnd >> now.rcv_wscale);
  EXPECT_TRUE(eventually([&] {
    std::uint32_t next = now.rcv_nxt;
    for (const Segment& s : capture_->take())
      if (!s.from_near && s.seq == next) next += s.payload;
    if (next == now.rcv_nxt) return false;
    now.rcv_nxt = next;
    Segment ack;
    ack.seq = now.snd_nxt;
    ack.ack = next;
    ack.window = window;
    if (now.timestamps) ack.tsval = ++now.timestamp;
    inject(ack);
    return next == end;
  }));
  writer.join();
  ASSERT_EQ(now.rcv_nxt, end);
  ASSERT_TRUE(misdirect(true, false));
  ASSERT_NO_FATAL_FAILURE(build_again());
  auto before = tcp::info(far_.get());
  ASSERT_OK(before);
  ASSERT_TRUE(write_all(far_.get(), std::string(20'000, 'y')));
  EXPECT_EQ(read_some(near_.fd(), 20'000), std::string(20'000, 'y'));
  auto after = tcp::info(far_.get());
  ASSERT_OK(after);
  EXPECT_EQ(after->tcpi_total_retrans, before->tcpi_total_retrans) << "outside the window";
  close_cleanly();
}

TEST_P(TcpRepairTest, OddTimeStampsDoNotChangeTheClock) {
  if (bare()) return;
  ASSERT_NO_FATAL_FAILURE(take_over());
  again_.state.timestamp += 1000;
  again_.state.timestamp |= 1;
  capture_->take();
  ASSERT_NO_FATAL_FAILURE(build_again());
  std::this_thread::sleep_for(100ms);
  ASSERT_OK(send_fin(near_));
  EXPECT_EQ(read_some(far_.get(), 1), "[end]");
  const auto seen = capture_->take();
  ASSERT_FALSE(seen.empty());
  ASSERT_TRUE(seen[0].from_near && seen[0].tsval);
  const std::uint32_t advance = *seen[0].tsval - again_.state.timestamp;
  EXPECT_GE(advance, 90U);
  EXPECT_LE(advance, 10'000U);
}

TEST_P(TcpRepairTest, DrainsFrozenOnesToo) {
  ASSERT_TRUE(write_all(far_.get(), "unasked"));
  ASSERT_TRUE(eventually([&] {
    int waiting = 0;
    return ioctl(near_.fd(), SIOCINQ, &waiting) == 0 && waiting == 7;
  }));
  ASSERT_OK(near_.freeze());
  auto dropped = near_.drain_input();
  ASSERT_OK(dropped);
  EXPECT_EQ(*dropped, 7U);
  dropped = near_.drain_input();
  ASSERT_OK(dropped);
  EXPECT_EQ(*dropped, 0U);
  ASSERT_NO_FATAL_FAILURE(take_over()); // reads it, so it is still frozen
  ASSERT_NO_FATAL_FAILURE(build_again());
  close_cleanly();
}

TEST_P(TcpRepairTest, WhatCannotBeRead) {
  auto state = near_.state();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, Errc::Internal) << "not frozen";

  ASSERT_TRUE(misdirect(false, true));
  ASSERT_TRUE(write_all(near_.fd(), "lost"));
  ASSERT_OK(near_.freeze());
  state = near_.state();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().message(), "read a frozen connection: 4 bytes are not acknowledged yet");
  ASSERT_OK(thaw(near_));
  ASSERT_TRUE(misdirect(false, false));
  EXPECT_EQ(read_some(far_.get(), 4), "lost");

  ASSERT_OK(near_.freeze());
  const linger at_once{1, 0};
  setsockopt(far_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  far_.reset();
  ASSERT_TRUE(eventually([&] { return tcp_state(near_.fd()) == TCP_CLOSE; }));
  state = near_.state();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, Errc::Peer) << state.error().message();
}

TEST_P(TcpRepairTest, NamesWhatCannotBeRebuilt) {
  ASSERT_NO_FATAL_FAILURE(take_over());
  Rebuild other = again_;
  other.local.addr = v6() ? ip("2001:db8::7") : ip("192.0.2.7");
  auto socket = bed_->near_ns().run([&] { return rebuild(other); });
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().message(),
            fmt::format("rebuild the connection from {} port 30000 to {} port 10000: bind: Cannot "
                        "assign requested address",
                        other.local.addr.to_string(), far_address(v6()).to_string()));
  ASSERT_NO_FATAL_FAILURE(build_again());
  socket = bed_->near_ns().run([&] { return rebuild(again_); });
  ASSERT_FALSE(socket) << "it is there already";
  close_cleanly();
}

TEST_P(TcpRepairTest, NeedsTheCapability) {
  EXPECT_EQ(in_child([&]() -> std::string {
              if (!keep_only({})) return "capset";
              auto ok = near_.freeze();
              if (ok) return "frozen";
              return ok.error().code == Errc::NoPermission ? "" : ok.error().message();
            }),
            "");
}

INSTANTIATE_TEST_SUITE_P(Kinds, TcpRepairTest, kinds(), kind_name);

} // namespace
} // namespace xtg::net
