// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_receiver.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/unique_fd.h"

namespace xtg::bench {

struct Receiver::Counters {
  alignas(64) std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> accepted{0};
};

namespace {

constexpr std::size_t kRead = 1U << 20;
constexpr int kBacklog = 16384; // the kernel limits it

Result<UniqueFd> listener(std::uint16_t port) {
  const int on = 1, off = 0;
  UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in6 six = {};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  sockaddr_in four = {};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  const auto* address = reinterpret_cast<const sockaddr*>(&six);
  socklen_t length = sizeof six;
  if (fd.valid()) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  } else { // a kernel without IPv6
    fd.reset(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    address = reinterpret_cast<const sockaddr*>(&four);
    length = sizeof four;
  }
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), address, length) != 0 || listen(fd.get(), kBacklog) != 0)
    return fail_sys(errno, "listen at the far end");
  return fd;
}

void watch(int epoll, int fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void accept_all(int epoll, int listener, Receiver::Counters& counters) {
  for (int fd = 0; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
    counters.accepted.fetch_add(1, std::memory_order_relaxed);
    watch(epoll, fd);
  }
}

/// Raises the descriptor limit as far as allowed: one per connection.
void raise_limit() {
  constexpr rlim_t kWanted = 1U << 17;
  rlimit limit = {kWanted, kWanted};
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

[[noreturn]] void serve(int listener, Receiver::Counters& counters, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, SIG_IGN); // ^C reaches every process; this one ends with its owner
  raise_limit();
  std::vector<char> buffer(kRead);
  std::array<epoll_event, 256> ready = {};
  const int epoll = epoll_create1(0);
  watch(epoll, listener);
  for (;;) {
    const int n = epoll_wait(epoll, ready.data(), ready.size(), -1);
    if (n < 0 && errno != EINTR) _exit(1);
    for (int i = 0; i < n; i++) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        accept_all(epoll, listener, counters);
        continue;
      }
      // One read each: a flow with more data waits until the others had their turn.
      const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got > 0)
        counters.bytes.fetch_add(static_cast<std::uint64_t>(got), std::memory_order_relaxed);
      else if (got == 0 || errno != EAGAIN)
        close(fd);
    }
  }
}

} // namespace

void Receiver::Unmap::operator()(Counters* counters) const {
  munmap(counters, sizeof *counters);
}

Result<Receiver> Receiver::start(const net::NetNs& ns, std::uint16_t port) {
  auto socket = ns.run([port] { return listener(port); });
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  void* shared =
      mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return fail_sys(errno, "share memory with the receiver");
  Receiver out;
  out.counters_.reset(new (shared) Counters);
  const pid_t parent = getpid();
  out.pid_ = fork();
  if (out.pid_ < 0) return fail_sys(errno, "fork");
  if (out.pid_ == 0) serve(socket->get(), *out.counters_, parent);
  return out;
}

Receiver::Receiver(Receiver&& other) noexcept
    : counters_(std::move(other.counters_)), pid_(std::exchange(other.pid_, -1)) {}

Receiver::~Receiver() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
    continue;
}

std::uint64_t Receiver::bytes() const {
  return counters_->bytes.load(std::memory_order_relaxed);
}

std::uint64_t Receiver::accepted() const {
  return counters_->accepted.load(std::memory_order_relaxed);
}

} // namespace xtg::bench
