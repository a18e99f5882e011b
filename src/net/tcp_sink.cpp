// SPDX-License-Identifier: BSD-2-Clause
#include "net/tcp_sink.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <linux/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/unique_fd.h"
#include "net/socket_address.h"

namespace xtg::net {

namespace {

constexpr std::uint64_t kTurnNs = 1'000'000;
constexpr std::size_t kPiece = std::size_t{256} << 10;
/// Connections that are kept for the report; the sums have all.
constexpr std::size_t kMostKept = 65'536;
constexpr std::uint32_t kListener = ~std::uint32_t{0};

/// As many descriptors as are needed, if the limit may be raised.
void raise_files(std::uint32_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, connections + 256U));
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

Result<UniqueFd> listen_at(const TcpSinkSettings& spec) {
  const std::string where =
      "listen on TCP port " + std::to_string(spec.port) + " of " + spec.interface;
  UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return fail_sys(errno, where);
  const int on = 1, off = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const auto length = static_cast<socklen_t>(spec.interface.size());
  if (length != 0 &&
      setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, spec.interface.data(), length) != 0)
    return fail_sys(errno, where);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(spec.port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0)
    return fail_sys(errno, where);
  return fd;
}

} // namespace

struct TcpSink::Impl {
  struct Open {
    UniqueFd fd;
    std::size_t place = 0; ///< in `known`; beyond it: not kept
    Connection about;
  };

  TcpSinkSettings spec;
  UniqueFd listener, poll;
  std::vector<Open> open; ///< a free place has no descriptor
  std::vector<std::uint32_t> free;
  std::vector<Connection> known;
  Counters sum;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(kPiece);

  Status watch(int fd, std::uint32_t number) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.u32 = number;
    if (epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_sys(errno, "epoll");
    return {};
  }
  void accept_all();
  void enter(UniqueFd fd, const packet::Ip& ip, std::uint16_t port);
  void read_from(std::uint32_t number, std::uint64_t until_ns);
  void compare(Open& one, std::size_t size);
  void end(std::uint32_t number, Connection::End how, int error);
};

namespace {

/// Without this a connection that we do not want would look like one that we closed in peace.
void reset(UniqueFd fd) {
  const linger hard{1, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

void read_info(int fd, TcpSink::Connection& about) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  about.rtt_us = info.tcpi_rcv_rtt;
  if (size >= offsetof(tcp_info, tcpi_data_segs_in) + sizeof info.tcpi_data_segs_in)
    about.segments = info.tcpi_data_segs_in;
  if (size >= offsetof(tcp_info, tcpi_rcv_ooopack) + sizeof info.tcpi_rcv_ooopack)
    about.out_of_order = info.tcpi_rcv_ooopack;
}

} // namespace

void TcpSink::Impl::accept_all() {
  for (;;) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    UniqueFd fd(accept4(listener.get(), reinterpret_cast<sockaddr*>(&from), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    const packet::Ip ip = ip_of(from);
    if (sum.accepted - sum.closed - sum.reset - sum.failed >= spec.connections ||
        !spec.allowed(ip)) {
      sum.refused++;
      reset(std::move(fd));
      continue;
    }
    enter(std::move(fd), ip, port_of(from));
  }
}

void TcpSink::Impl::enter(UniqueFd fd, const packet::Ip& ip, std::uint16_t port) {
  std::uint32_t number = 0;
  if (free.empty()) {
    number = static_cast<std::uint32_t>(open.size());
    open.emplace_back();
  } else {
    number = free.back();
    free.pop_back();
  }
  if (!watch(fd.get(), number)) {
    free.push_back(number);
    sum.refused++;
    return reset(std::move(fd));
  }
  sum.accepted++;
  Open& one = open[number];
  one = {};
  one.fd = std::move(fd);
  one.about.ip = ip;
  one.about.port = port;
  one.place = known.size();
  if (known.size() < kMostKept) known.push_back(one.about);
}

/// Notes where the data first differs from what it should be.
void TcpSink::Impl::compare(Open& one, std::size_t size) {
  const std::vector<std::uint8_t>& expected = spec.expected;
  for (std::size_t at = 0; at < size && one.about.wrong_at < 0;) {
    const std::size_t from = static_cast<std::size_t>((one.about.bytes + at) % expected.size());
    const std::size_t length = std::min(size - at, expected.size() - from);
    if (std::memcmp(buffer.data() + at, expected.data() + from, length) != 0) {
      const auto differs =
          std::mismatch(buffer.data() + at, buffer.data() + at + length, expected.data() + from);
      one.about.wrong_at =
          static_cast<std::int64_t>(one.about.bytes) + (differs.first - buffer.data());
      sum.wrong++;
    }
    at += length;
  }
}

void TcpSink::Impl::read_from(std::uint32_t number, std::uint64_t until_ns) {
  Open& one = open[number];
  if (!one.fd.valid()) return;
  // What is not compared need not be copied (tcp(7)).
  const int flags = MSG_DONTWAIT | (spec.expected.empty() ? MSG_TRUNC : 0);
  do {
    const ssize_t n = recv(one.fd.get(), buffer.data(), buffer.size(), flags);
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return end(number, errno == ECONNRESET ? Connection::End::Reset : Connection::End::Failed,
                 errno);
    }
    if (n == 0) return end(number, Connection::End::Closed, 0);
    const auto size = static_cast<std::size_t>(n);
    if (!spec.expected.empty()) compare(one, size);
    one.about.last_ns = monotonic_ns();
    if (one.about.bytes == 0) one.about.first_ns = one.about.last_ns;
    one.about.bytes += size;
    sum.bytes += size;
    if (size < buffer.size()) return;
  } while (one.about.last_ns < until_ns);
}

void TcpSink::Impl::end(std::uint32_t number, Connection::End how, int error) {
  Open& one = open[number];
  read_info(one.fd.get(), one.about);
  one.about.end = how;
  one.about.error = how == Connection::End::Failed ? error : 0;
  (how == Connection::End::Closed  ? sum.closed
   : how == Connection::End::Reset ? sum.reset
                                   : sum.failed)++;
  if (one.place < known.size()) known[one.place] = one.about;
  one.fd = UniqueFd();
  free.push_back(number);
}

TcpSink::TcpSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpSink::~TcpSink() {
  close();
}

Result<std::unique_ptr<TcpSink>> TcpSink::open(TcpSinkSettings spec) {
  raise_files(spec.connections);
  auto listener = listen_at(spec);
  if (!listener) return tl::unexpected<Error>(std::move(listener.error()));
  auto impl = std::make_unique<Impl>();
  impl->spec = std::move(spec);
  impl->listener = std::move(*listener);
  impl->poll = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (!impl->poll.valid()) return fail_sys(errno, "epoll_create1");
  if (auto ok = impl->watch(impl->listener.get(), kListener); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  return std::unique_ptr<TcpSink>(new TcpSink(std::move(impl)));
}

int TcpSink::fd() const {
  return impl_->poll.get();
}

bool TcpSink::work() {
  std::array<epoll_event, 64> events{};
  const std::uint64_t until = monotonic_ns() + kTurnNs;
  do {
    const int n = epoll_wait(impl_->poll.get(), events.data(), static_cast<int>(events.size()), 0);
    if (n <= 0) return false;
    for (int i = 0; i < n; i++) {
      const std::uint32_t number = events[static_cast<std::size_t>(i)].data.u32;
      if (number == kListener)
        impl_->accept_all();
      else
        impl_->read_from(number, until);
    }
  } while (monotonic_ns() < until);
  return true;
}

const TcpSink::Counters& TcpSink::counters() const {
  return impl_->sum;
}

std::vector<TcpSink::Connection> TcpSink::connections() {
  for (Impl::Open& one : impl_->open) {
    if (!one.fd.valid() || one.place >= impl_->known.size()) continue;
    read_info(one.fd.get(), one.about);
    impl_->known[one.place] = one.about;
  }
  return impl_->known;
}

void TcpSink::close() {
  for (Impl::Open& one : impl_->open)
    if (one.fd.valid()) reset(std::move(one.fd));
  impl_->open.clear();
  impl_->free.clear();
  impl_->listener = UniqueFd();
}

} // namespace xtg::net
