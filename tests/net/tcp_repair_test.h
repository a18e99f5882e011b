// SPDX-License-Identifier: BSD-2-Clause
// One connection between the two ends of a wire, in four kinds: what is taken over, carried on by
// hand, rebuilt and closed in the tests of net/tcp.h.
#pragma once

#include "tcp_test.h"

namespace xtg::net::test {

struct Kind {
  bool v6 = false;
  bool bare = false; ///< without time stamps, SACK, window scaling
};

/// One connection between the two ends.
class TcpRepairTest : public TcpTest, public testing::WithParamInterface<Kind> {
protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(TcpTest::SetUp());
    if (bare()) {
      for (const char* name : {"timestamps", "sack", "window_scaling"})
        ASSERT_TRUE(sysctl(bed_->near_ns_name(), fmt::format("net.ipv4.tcp_{}=0", name)));
    }
    // A scale of its own, to tell the two apart.
    ASSERT_TRUE(sysctl(bed_->far_ns_name(), "net.ipv4.tcp_rmem='4096 131072 500000'"));
    capture_.emplace(*bed_);
    connect();
  }

  void connect() {
    auto listener = listen_far(v6());
    ASSERT_OK(listener);
    ConnectSpec spec;
    spec.to = {far_address(v6()), kPort};
    spec.first_port = 30'000;
    auto opened = open_near(spec);
    ASSERT_OK(opened);
    ASSERT_TRUE(opened->front().socket.valid()) << opened->front().error->message();
    near_ = std::move(opened->front().socket);
    far_.reset(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(far_.valid());
  }

  /// Freezes, reads, and closes silently.
  void take_over() {
    ASSERT_OK(near_.freeze());
    auto state = near_.state();
    ASSERT_OK(state);
    again_ = {.local = *near_.local(),
              .remote = {far_address(v6()), kPort},
              .interface = "xtg0",
              .state = *state};
    near_.close();
  }
  void build_again() {
    auto socket = bed_->near_ns().run([&] { return rebuild(again_); });
    ASSERT_OK(socket);
    near_ = std::move(*socket);
  }

  /// As somebody else would, who carries the connection on: the segment goes out, nobody else hears
  /// of it.
  void inject(Segment segment, std::string_view payload = {}) {
    std::vector<std::uint8_t> frame = make(segment, payload);
    auto sent = bed_->near_ns().run([&]() -> Status {
      UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      sockaddr_ll to{};
      to.sll_family = AF_PACKET;
      to.sll_protocol = htons(v6() ? ETH_P_IPV6 : ETH_P_IP);
      to.sll_ifindex = bed_->near().ifindex;
      if (sendto(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&to),
                 sizeof(to)) < 0)
        return fail_sys(errno, "send a frame");
      return {};
    });
    ASSERT_OK(sent);
  }
  [[nodiscard]] std::vector<std::uint8_t> make(const Segment& s, std::string_view payload) const;

  /// What closes the tests where all is well: both ends read to the end, neither is reset.
  void close_cleanly(std::uint64_t expected = 0) {
    std::uint64_t received = 0;
    ASSERT_OK(send_fin(near_));
    EXPECT_EQ(read_some(far_.get(), 1), "[end]");
    EXPECT_TRUE(eventually([&] { return closing(near_, &received) == Closing::HalfClosed; }));
    EXPECT_TRUE(write_all(far_.get(), "bye"));
    far_.reset();
    EXPECT_TRUE(eventually([&] { return closing(near_, &received) == Closing::Closed; }));
    EXPECT_EQ(received, expected + 3);
    EXPECT_EQ(closing(near_, &received), Closing::Closed) << "and stays so";
    for (const Segment& s : capture_->take())
      EXPECT_FALSE(s.flags & TH_RST) << "from near: " << s.from_near;
  }

  [[nodiscard]] static bool v6() { return GetParam().v6; }
  [[nodiscard]] static bool bare() { return GetParam().bare; }

  std::optional<Capture> capture_;
  TcpSocket near_;
  UniqueFd far_;
  Rebuild again_;
};

inline std::vector<std::uint8_t> TcpRepairTest::make(const Segment& s,
                                                     std::string_view payload) const {
  const std::size_t options = s.tsval ? 12 : 0;
  const std::size_t l4 = v6() ? 54 : 34;
  std::vector<std::uint8_t> frame(l4 + 20 + options + payload.size());
  const auto put = [&frame](std::size_t at, std::size_t size, std::uint64_t value) {
    packet::store_be(std::span(frame).subspan(at, size), value);
  };
  std::copy_n(bed_->far().mac.bytes.begin(), 6, frame.begin());
  std::copy_n(bed_->near().mac.bytes.begin(), 6, frame.begin() + 6);
  put(12, 2, v6() ? ETH_P_IPV6 : ETH_P_IP);
  const packet::Ip from = near_address(v6()), to = far_address(v6());
  if (v6()) {
    put(14, 8,
        std::uint64_t{6} << 60 | std::uint64_t{frame.size() - l4} << 16 | IPPROTO_TCP << 8 | 64);
  } else {
    put(14, 4, 0x4500'0000 | (frame.size() - 14));
    put(20, 4, 0x4000'0000 | 64 << 8 | IPPROTO_TCP);
  }
  std::copy_n(from.bytes.begin(), from.size(), frame.begin() + (v6() ? 22 : 26));
  std::copy_n(to.bytes.begin(), to.size(), frame.begin() + (v6() ? 38 : 30));
  if (!v6()) put(24, 2, packet::internet_checksum(std::span(frame).subspan(14, 20)));
  put(l4, 2, again_.local.port);
  put(l4 + 2, 2, kPort);
  put(l4 + 4, 4, s.seq);
  put(l4 + 8, 4, s.ack);
  put(l4 + 12, 2, (5 + options / 4) << 12 | s.flags);
  put(l4 + 14, 2, s.window);
  if (s.tsval) {
    put(l4 + 20, 4, 0x0101'080a);
    put(l4 + 24, 4, *s.tsval);
  }
  std::copy(payload.begin(), payload.end(), frame.end() - static_cast<int>(payload.size()));
  put(l4 + 16, 2,
      packet::transport_checksum(std::span(from.bytes).first(from.size()),
                                 std::span(to.bytes).first(to.size()), IPPROTO_TCP,
                                 std::span(frame).subspan(l4)));
  return frame;
}

inline auto kinds() {
  return testing::Values(Kind{false, false}, Kind{true, false}, Kind{false, true},
                         Kind{true, true});
}
inline std::string kind_name(const testing::TestParamInfo<Kind>& info) {
  return std::string(info.param.v6 ? "V6" : "V4") + (info.param.bare ? "Bare" : "");
}

} // namespace xtg::net::test
