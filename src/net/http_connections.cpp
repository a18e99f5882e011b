// SPDX-License-Identifier: BSD-2-Clause
#include "net/http_connections.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "net/socket_address.h"

namespace xtg::net {
namespace {

constexpr int kLookMs = 250;
constexpr std::size_t kSmall = 4'096;   // a request that is taken when all others have much
constexpr std::size_t kAtOnce = 65'536; // read from one connection before the next one has its turn

std::uint64_t in(Nanoseconds time) {
  return monotonic_ns() + static_cast<std::uint64_t>(time.count());
}

std::string_view reason(int status) {
  switch (status) {
  case 411:
    return "Length Required";
  case 413:
    return "Content Too Large";
  case 415:
    return "Unsupported Media Type";
  case 431:
    return "Request Header Fields Too Large";
  case 503:
    return "Service Unavailable";
  default:
    return "Bad Request";
  }
}

/// Descriptors that connections may take: some are left for tests.
std::size_t most_connections(std::size_t wanted) {
  constexpr std::size_t kForTests = 1024;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::min<std::size_t>(wanted, 256);
  if (limit.rlim_cur < wanted + kForTests) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted + kForTests);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  const std::size_t all = limit.rlim_cur;
  return std::clamp<std::size_t>(all > 2 * kForTests ? all - kForTests : all / 2, 16, wanted);
}

} // namespace

bool write_in_time(int fd, const char* from, std::size_t size) {
  constexpr std::uint64_t kLeastMs = 10'000, kMsPerMiB = 1'000, kNsPerMs = 1'000'000;
  // Of the whole: who takes a byte now and then would have a worker for good.
  const std::uint64_t until_ns = monotonic_ns() + (kLeastMs + kMsPerMiB * (size >> 20)) * kNsPerMs;
  while (size > 0) {
    const ssize_t n = send(fd, from, size, MSG_NOSIGNAL);
    if (n > 0) {
      from += n;
      size -= static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return false;
    const std::uint64_t now_ns = monotonic_ns();
    if (now_ns >= until_ns) return false;
    pollfd wait{fd, POLLOUT, 0};
    if (poll(&wait, 1, static_cast<int>((until_ns - now_ns) / kNsPerMs + 1)) < 0 && errno != EINTR)
      return false;
  }
  return true;
}

bool hung_up(const HttpJob& job) {
  pollfd look{job.socket.get(), 0, 0};
  return poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR)) != 0;
}

HttpConnections::HttpConnections(std::vector<Listening> sockets, HttpServerLimits limits,
                                 Answer answer)
    : listeners_(std::move(sockets)), limits_(limits), answer_(std::move(answer)) {}

HttpConnections::~HttpConnections() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  const std::uint64_t one = 1;
  if (wake_.valid()) (void)!write(wake_.get(), &one, sizeof one);
  work_there_.notify_all();
  if (watcher_.joinable()) watcher_.join();
  for (std::jthread& worker : workers_)
    worker.join();
}

void HttpConnections::want(int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = fd;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

Status HttpConnections::start() {
  limits_.connections = most_connections(limits_.connections);
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wake_.valid()) return fail_sys(errno, "epoll");
  for (const Listening& listener : listeners_)
    want(listener.socket.get());
  want(wake_.get());
  try {
    workers_.reserve(limits_.workers);
    workers_.emplace_back([this] { work(); }); // there is always one
    watcher_ = std::jthread([this] { watch(); });
  } catch (const std::system_error& error) {
    return fail_sys(error.code().value(), "start a thread for connections");
  }
  return {};
}

void HttpConnections::watch() {
  pthread_setname_np(pthread_self(), "xtg-http");
  std::array<epoll_event, 64> events{};
  while (!ending_) {
    const int n = epoll_wait(epoll_.get(), events.data(), events.size(), kLookMs);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      try {
        serve_one(fd);
      } catch (const std::exception&) { // no memory for this one: the others go on
        waiting_.erase(fd);
      }
    }
    close_late(monotonic_ns());
  }
}

void HttpConnections::serve_one(int fd) {
  const bool listens =
      std::ranges::any_of(listeners_, [fd](const Listening& l) { return l.socket.get() == fd; });
  if (listens)
    accept_from(fd);
  else if (fd == wake_.get())
    take_back();
  else
    read_from(fd);
}

void HttpConnections::accept_from(int listener) {
  constexpr int kBurst = 64;
  for (int i = 0; i < kBurst; ++i) {
    UniqueFd socket(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      // Without descriptors the kernel would offer the same one at once again.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) poll(nullptr, 0, kLookMs / 5);
      return;
    }
    take(std::move(socket));
  }
}

void HttpConnections::take(UniqueFd socket) {
  const int fd = socket.get(), on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Tells one that is gone from one that only closed its side, where nothing is written for long.
  const int idle_s = 20;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof idle_s);
  const bool full = use_.connections >= limits_.connections;
  Connection connection{HttpShare(use_), std::move(socket), {},
                        peer_of(fd),     local_of(fd),      in(limits_.idle)};
  if (full) return reject(connection, 503);
  waiting_.emplace(fd, std::move(connection));
  want(fd);
}

/// One try: whoever sends nonsense is not waited for.
void HttpConnections::reject(Connection& connection, int status) const {
  const std::string body = fmt::format("{{\"error\":\"{}\"}}\n", reason(status));
  const std::string text = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\n"
                                       "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                                       status, reason(status), body.size(), body);
  (void)send(connection.socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void HttpConnections::read_from(int fd) {
  const auto found = waiting_.find(fd);
  if (found == waiting_.end()) return;
  Connection& connection = found->second;
  std::array<char, 16'384> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  for (std::size_t got = 0; got < kAtOnce;) {
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      waiting_.erase(found);
      return;
    }
    connection.last = n == 0;
    if (connection.last) break;
    if (connection.bytes.empty()) connection.until_ns = in(limits_.slow);
    connection.bytes.append(buffer.data(), static_cast<std::size_t>(n));
    got += static_cast<std::size_t>(n);
  }
  connection.share.hold(connection.bytes.size());
  if (use_.bytes > limits_.bytes && connection.bytes.size() > kSmall) {
    reject(connection, 503);
    waiting_.erase(found);
    return;
  }
  advance(fd);
}

void HttpConnections::advance(int fd) {
  const auto found = waiting_.find(fd);
  Connection& connection = found->second;
  const HttpFrame frame = http_frame(connection.bytes, limits_.request);
  if (frame.state == HttpFrame::State::Partial) {
    if (connection.last) waiting_.erase(found); // the rest does not come
    return;
  }
  if (frame.state == HttpFrame::State::Malformed) {
    reject(connection, frame.status);
    waiting_.erase(found);
    return;
  }
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  HttpJob job{std::move(connection.share),
              std::move(connection.socket),
              connection.bytes.substr(0, frame.size),
              connection.bytes.substr(frame.size),
              std::move(connection.peer),
              std::move(connection.local),
              connection.last};
  waiting_.erase(found);
  hand_out(std::move(job));
}

void HttpConnections::close_late(std::uint64_t now_ns) {
  std::erase_if(waiting_, [now_ns](const auto& each) { return each.second.until_ns <= now_ns; });
}

void HttpConnections::take_back() {
  std::uint64_t count = 0;
  (void)!read(wake_.get(), &count, sizeof count);
  std::deque<HttpJob> back;
  {
    const std::lock_guard lock(mutex_);
    back.swap(back_);
  }
  for (HttpJob& job : back) {
    const int fd = job.socket.get();
    try {
      adopt(std::move(job));
    } catch (const std::exception&) {
      waiting_.erase(fd);
    }
  }
}

/// A connection whose request has been answered; the next one may be here already.
void HttpConnections::adopt(HttpJob job) {
  const int fd = job.socket.get();
  const Nanoseconds patience = job.rest.empty() ? limits_.idle : limits_.slow;
  job.share.hold(job.rest.size());
  waiting_.emplace(fd,
                   Connection{std::move(job.share), std::move(job.socket), std::move(job.rest),
                              std::move(job.peer), std::move(job.local), in(patience), job.last});
  want(fd);
  if (!waiting_.at(fd).bytes.empty()) advance(fd);
}

void HttpConnections::hand_out(HttpJob job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  work_there_.notify_one();
  if (idle_workers_ >= jobs_.size() || workers_.size() >= limits_.workers) return;
  try {
    workers_.emplace_back([this] { work(); });
  } catch (const std::system_error&) { // no more threads: those that there are do it
  }
}

bool HttpConnections::answer(HttpJob& job) noexcept {
  try {
    return answer_(job, ending_);
  } catch (const std::exception&) {
    return false;
  }
}

void HttpConnections::work() {
  pthread_setname_np(pthread_self(), "xtg-http-work");
  std::unique_lock lock(mutex_);
  while (!ending_) {
    ++idle_workers_;
    work_there_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    --idle_workers_;
    if (ending_) return;
    HttpJob job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    const bool stays = answer(job);
    job.request = {};
    lock.lock();
    if (!stays) continue;
    try {
      back_.push_back(std::move(job));
    } catch (const std::bad_alloc&) {
      continue; // it is closed
    }
    const std::uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
  }
}

} // namespace xtg::net
