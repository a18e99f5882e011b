// SPDX-License-Identifier: BSD-2-Clause
// A connection's socket from freeze() to its end.
#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "net/tcp_internal.h"

namespace xtg::net {

plan::TcpOptions default_options() {
  const auto setting = [](const char* name) {
    int value = 0;
    std::ifstream(fmt::format("/proc/sys/net/ipv4/{}", name)) >> value;
    return value;
  };
  // tcp_ecn 2: only accepts ECN from others.
  return {.timestamps = setting("tcp_timestamps") != 0,
          .sack = setting("tcp_sack") != 0,
          .ecn = setting("tcp_ecn") == 1};
}

namespace tcp {

namespace {

Status set_ip_fields(int fd, bool v4, const IpFields& ip) {
  const int tos = ip.tos, hop_limit = ip.hop_limit;
  constexpr const char* kWhat = "set the IP header's fields";
  if (v4) {
    if (auto ok = set_option(fd, IPPROTO_IP, IP_TOS, tos, kWhat); !ok) return ok;
    return set_option(fd, IPPROTO_IP, IP_TTL, hop_limit, kWhat);
  }
  constexpr int kAutoFlowLabel = 70; // IPV6_AUTOFLOWLABEL
  if (auto ok = set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, tos, kWhat); !ok) return ok;
  if (auto ok = set_option(fd, IPPROTO_IPV6, kAutoFlowLabel, 0, kWhat); !ok) return ok;
  return set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hop_limit, kWhat);
}

} // namespace

Result<UniqueFd> new_socket(packet::Family family, const std::string& interface,
                            const IpFields& ip) {
  const bool v4 = family == packet::Family::V4;
  UniqueFd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_sys(errno, "open a TCP socket");
  if (!v4) { // otherwise a bound port would need the IPv4 port too
    if (auto ok = set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "limit a socket to IPv6"); !ok)
      return tl::unexpected<Error>(std::move(ok.error()));
  }
  if (auto ok = set_ip_fields(fd.get(), v4, ip); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  if (!interface.empty() && setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                       static_cast<socklen_t>(interface.size())) != 0)
    return fail_sys(errno, fmt::format("bind a socket to interface \"{}\"", interface));
  return fd;
}

tl::unexpected<Error> fail_connection(int sys, std::string what) {
  switch (sys) {
  case ECONNREFUSED:
  case ECONNRESET:
  case ECONNABORTED:
  case EHOSTUNREACH:
  case EHOSTDOWN:
  case ENETUNREACH:
  case EPIPE:
    return tl::unexpected<Error>(Error{Errc::Peer, sys, std::move(what)});
  case ETIMEDOUT:
    return tl::unexpected<Error>(Error{Errc::Timeout, sys, std::move(what)});
  default:
    return fail_sys(sys, std::move(what));
  }
}

int drop_input(int fd, std::uint64_t& dropped) {
  // Enough for any receive buffer; a far end that never stops is read again in the next call.
  constexpr std::size_t kChunk = 1 << 20;
  for (int i = 0; i < 64; ++i) {
    // With MSG_TRUNC the kernel discards the bytes instead of copying them.
    const ssize_t n = recv(fd, nullptr, kChunk, MSG_DONTWAIT | MSG_TRUNC);
    if (n > 0)
      dropped += static_cast<std::uint64_t>(n);
    else if (n == 0 || errno == EAGAIN)
      return 0;
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

} // namespace tcp

Result<Endpoint> TcpSocket::local() const {
  tcp::SockAddr address;
  address.length = sizeof(address.storage);
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0)
    return fail_sys(errno, "read the local address of a connection");
  return tcp::to_endpoint(address.get());
}

Result<Endpoint> TcpSocket::remote() const {
  tcp::SockAddr address;
  address.length = sizeof(address.storage);
  if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0)
    return tcp::fail_connection(errno, "read the far end's address of a connection");
  return tcp::to_endpoint(address.get());
}

Result<std::uint64_t> TcpSocket::drain_input() {
  // A frozen socket allows only peeking at its bytes.
  auto frozen = tcp::is_frozen(fd_.get());
  if (!frozen) return tl::unexpected<Error>(std::move(frozen.error()));
  if (*frozen) {
    if (auto ok = thaw(*this); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  }
  std::uint64_t dropped = 0;
  const int err = tcp::drop_input(fd_.get(), dropped);
  if (*frozen) {
    if (auto ok = freeze(); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  }
  if (err != 0) return tcp::fail_connection(err, "read from a connection");
  return dropped;
}

Status send_fin(const TcpSocket& socket) {
  // A rebuilt socket has no round-trip time and would repeat a lost FIN only after 3 s; with this
  // option, from Linux 6.15 on, every second.
  constexpr int kTcpRtoMaxMs = 44;
  (void)tcp::set_option(socket.fd(), IPPROTO_TCP, kTcpRtoMaxMs, 1000, "repeat a FIN soon");
  if (shutdown(socket.fd(), SHUT_WR) == 0) return {};
  if (errno == ENOTCONN) return fail(Errc::Peer, "send a FIN: the connection is gone");
  return fail_sys(errno, "send a FIN");
}

Status send_rst(TcpSocket& socket) {
  auto frozen = tcp::is_frozen(socket.fd());
  if (!frozen) return forward(std::move(frozen), "reset a connection");
  if (*frozen) { // it would close silently
    if (auto ok = thaw(socket); !ok) return forward(std::move(ok), "reset a connection");
  }
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  auto ok = tcp::set_option(socket.fd(), SOL_SOCKET, SO_LINGER, at_once, "reset a connection");
  socket.close();
  return ok;
}

Result<Closing> closing(const TcpSocket& socket, std::uint64_t* received) {
  constexpr const char* kWhat = "close a connection";
  int err = tcp::drop_input(socket.fd(), *received);
  if (err == 0) {
    // In this order: the kernel sets the error before it ends a connection.
    auto info = tcp::info(socket.fd());
    if (!info) return forward(std::move(info), kWhat);
    auto pending = tcp::option<int>(socket.fd(), SOL_SOCKET, SO_ERROR, kWhat);
    if (!pending) return tl::unexpected<Error>(std::move(pending.error()));
    err = *pending;
    if (err == 0) {
      // The kernel moves TIME_WAIT out of the socket, which is then closed.
      const bool acked = info->tcpi_state == TCP_FIN_WAIT2;
      const bool done = info->tcpi_state == TCP_CLOSE || info->tcpi_state == TCP_TIME_WAIT ||
                        (acked && socket.far_end_closed());
      if (!done) return acked ? Closing::HalfClosed : Closing::Unacknowledged;
      (void)tcp::drop_input(socket.fd(), *received); // data that arrived with its FIN
      return Closing::Closed;
    }
  }
  // EPIPE: reset after the far end's FIN. ENOTCONN: the error was reported before.
  if (err == ECONNRESET || err == EPIPE || err == ENOTCONN) return Closing::Reset;
  return tcp::fail_connection(err, kWhat);
}

Result<ClosingWatch> ClosingWatch::open() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_sys(errno, "wait for connections to close");
  return ClosingWatch(std::move(epoll));
}

Status ClosingWatch::add(const TcpSocket& socket, std::uint32_t number) {
  // EPOLLOUT: a socket that has sent its FIN is always writable, so edge triggering reports every
  // change of its state, including the one to FIN_WAIT2.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u32 = number;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.fd(), &event) != 0)
    return fail_sys(errno, "wait for a connection to close");
  return {};
}

std::vector<std::uint32_t> ClosingWatch::take() const {
  std::array<epoll_event, 256> events{};
  const int n = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  std::vector<std::uint32_t> out;
  for (int i = 0; i < n; i++)
    out.push_back(events[static_cast<std::size_t>(i)].data.u32);
  return out;
}

} // namespace xtg::net
