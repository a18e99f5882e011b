// SPDX-License-Identifier: BSD-2-Clause
// What the tests of net/tcp.h share: the far end as an ordinary server, a capture at the far end,
// segments made by hand, and a near end that can be made deaf.
#pragma once

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/tcp.h"
#include "net/tcp_internal.h"
#include "net/veth_test_bed.h"
#include "net_test.h"
#include "packet/bytes.h"
#include "packet/checksum.h"

namespace xtg::net::test {

using namespace std::chrono_literals;

/// A TCP segment as seen, or to be made.
struct Segment {
  bool from_near = true;
  std::uint16_t src_port = 0, dst_port = 0;
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = TH_ACK;
  std::uint16_t window = 0;
  std::uint32_t payload = 0; ///< bytes
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> wscale;
  bool sack_permitted = false;
  std::optional<std::uint32_t> tsval;
};

inline void read_options(std::span<const std::uint8_t> options, Segment& segment) {
  while (!options.empty() && options[0] != TCPOPT_EOL) {
    if (options[0] == TCPOPT_NOP) {
      options = options.subspan(1);
      continue;
    }
    const std::size_t length = options.size() < 2 ? 0 : options[1];
    if (length < 2 || length > options.size()) return;
    const auto value = options.subspan(2, length - 2);
    if (options[0] == TCPOPT_MAXSEG)
      segment.mss = static_cast<std::uint16_t>(packet::load_be(value));
    if (options[0] == TCPOPT_WINDOW) segment.wscale = value[0];
    if (options[0] == TCPOPT_SACK_PERMITTED) segment.sack_permitted = true;
    if (options[0] == TCPOPT_TIMESTAMP)
      segment.tsval = static_cast<std::uint32_t>(packet::load_be(value.first(4)));
    options = options.subspan(length);
  }
}

inline std::optional<Segment> read_segment(std::span<const std::uint8_t> frame) {
  if (frame.size() < 54) return {};
  const bool v4 = packet::load_be(frame.subspan(12, 2)) == ETH_P_IP;
  const std::size_t l4 = 14 + (v4 ? 20U : 40U);
  const std::uint8_t protocol = v4 ? frame[23] : frame[20];
  if (protocol != IPPROTO_TCP || frame.size() < l4 + 20) return {};
  const std::uint64_t ip_length =
      v4 ? packet::load_be(frame.subspan(16, 2)) : 40 + packet::load_be(frame.subspan(18, 2));
  const auto tcp = frame.subspan(l4);
  const std::size_t header = std::size_t{tcp[12]} / 16 * 4;
  Segment segment;
  segment.src_port = static_cast<std::uint16_t>(packet::load_be(tcp.subspan(0, 2)));
  segment.dst_port = static_cast<std::uint16_t>(packet::load_be(tcp.subspan(2, 2)));
  segment.seq = static_cast<std::uint32_t>(packet::load_be(tcp.subspan(4, 4)));
  segment.ack = static_cast<std::uint32_t>(packet::load_be(tcp.subspan(8, 4)));
  segment.flags = tcp[13];
  segment.window = static_cast<std::uint16_t>(packet::load_be(tcp.subspan(14, 2)));
  segment.payload = static_cast<std::uint32_t>(ip_length - (l4 - 14) - header);
  if (header > 20 && tcp.size() >= header) read_options(tcp.subspan(20, header - 20), segment);
  return segment;
}

/// All TCP segments that pass the far end from now on.
class Capture {
public:
  explicit Capture(const VethTestBed& bed) {
    (void)bed.far_ns().run([&]() -> Status {
      fd_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
      sockaddr_ll at{};
      at.sll_family = AF_PACKET;
      at.sll_protocol = htons(ETH_P_ALL);
      at.sll_ifindex = bed.far().ifindex;
      EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
      return {};
    });
  }
  std::vector<Segment> take() {
    std::vector<Segment> seen;
    std::vector<std::uint8_t> frame(70'000);
    sockaddr_ll from{};
    socklen_t length = sizeof(from);
    for (ssize_t n; (n = recvfrom(fd_.get(), frame.data(), frame.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &length)) >= 0;) {
      auto segment = read_segment(std::span(frame).first(static_cast<std::size_t>(n)));
      if (!segment) continue;
      segment->from_near = from.sll_pkttype != PACKET_OUTGOING;
      seen.push_back(*segment);
    }
    return seen;
  }

private:
  UniqueFd fd_;
};

/// Reads up to `size` bytes, to the end or until five seconds pass in silence; an error is told as
/// text.
inline std::string read_some(int fd, std::size_t size) {
  std::string text;
  std::string buffer(1 << 16, '\0');
  while (text.size() < size) {
    pollfd readable{fd, POLLIN, 0};
    if (poll(&readable, 1, 5000) != 1) return text + "[timeout]";
    const ssize_t n = recv(fd, buffer.data(), std::min(buffer.size(), size - text.size()), 0);
    if (n == 0) return text + "[end]";
    if (n < 0) return text + "[" + std::strerror(errno) + "]";
    text.append(buffer, 0, static_cast<std::size_t>(n));
  }
  return text;
}

inline bool write_all(int fd, std::string_view text) {
  return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

/// Calls `done` until it is true or the time is over.
template <class F>
bool eventually(F&& done, std::chrono::milliseconds patience = 10s) {
  for (const auto end = std::chrono::steady_clock::now() + patience;
       std::chrono::steady_clock::now() < end;) {
    if (done()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

inline unsigned tcp_state(int fd) {
  auto info = tcp::info(fd);
  EXPECT_OK(info);
  return info ? info->tcpi_state : 0;
}

/// A wire whose far end listens on kPort.
class TcpTest : public NetTest {
protected:
  static constexpr std::uint16_t kPort = 10'000;

  void SetUp() override {
    XTG_REQUIRE_CAPS("netns");
    auto bed = VethTestBed::create();
    ASSERT_OK(bed);
    bed_.emplace(std::move(*bed));
    ASSERT_TRUE(bed_->ipv6());
  }

  [[nodiscard]] packet::Ip near_address(bool v6) const {
    return v6 ? bed_->near().v6 : bed_->near().v4;
  }
  [[nodiscard]] packet::Ip far_address(bool v6) const {
    return v6 ? bed_->far().v6 : bed_->far().v4;
  }

  Result<UniqueFd> listen_far(bool v6) {
    return bed_->far_ns().run([&]() -> Result<UniqueFd> {
      UniqueFd fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const auto at = tcp::to_sockaddr({far_address(v6), kPort}, {});
      if (bind(fd.get(), at.get(), at.length) != 0 || listen(fd.get(), 4096) != 0)
        return fail_sys(errno, "listen");
      return fd;
    });
  }
  Result<std::vector<Connected>> open_near(const ConnectSpec& spec,
                                           const std::function<bool()>& stop = {}) {
    return bed_->near_ns().run([&] { return open_connections(spec, stop); });
  }

  static testing::AssertionResult sysctl(const std::string& ns, const std::string& setting) {
    const std::string command = fmt::format("ip netns exec {} sysctl -q -w {}", ns, setting);
    if (std::system(command.c_str()) == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << command;
  }
  /// Sends what one end has for the other to nobody's MAC address, or again to the right one.
  testing::AssertionResult misdirect(bool from_far, bool wrong) {
    const VethTestBedEnd& to = from_far ? bed_->near() : bed_->far();
    const VethTestBedEnd& via = from_far ? bed_->far() : bed_->near();
    const std::string mac = wrong ? "02:00:00:00:77:77" : to.mac.to_string();
    for (const packet::Ip& address : {to.v4, to.v6}) {
      auto ok = run_ip(from_far ? bed_->far_ns_name() : bed_->near_ns_name(),
                       fmt::format("neigh replace {} lladdr {} dev {} nud permanent",
                                   address.to_string(), mac, via.name));
      if (!ok) return ok;
    }
    return testing::AssertionSuccess();
  }

  std::optional<VethTestBed> bed_;
};

} // namespace xtg::net::test
