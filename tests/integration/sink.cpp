// SPDX-License-Identifier: BSD-2-Clause
// A TCP receiver that checks every byte and misbehaves on request. One thread, all connections.
// Prints "ready", then for each line on stdin one JSON line with all connections so far; ends with
// stdin. Arguments are NAME=VALUE:
//   port         to listen at, every address
//   check        zeros, pattern, or the path of a file that is sent repeatedly; default: nothing
//   rate         bytes per second that are read from each connection
//   pause-at, pause   after so many bytes, stop reading for so many seconds (0: for ever)
//   end-at, end  after so many bytes: close, reset, or half (FIN, and continues to read)
//   send         bytes of zeros sent to each connection once it is open
//   echo         1: data read is sent back
//   stay         1: at end-of-file the connection is left open
//   buffer       SO_RCVBUF of the listening socket
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "core/unique_fd.h"
#include "expected.h"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kChunk = xtg::sink::Expected::kMost;

struct Options {
  std::uint16_t port = 0;
  std::uint64_t rate = 0, pause_at = ~0ULL, end_at = ~0ULL, send = 0;
  double pause = 0;
  int buffer = 0;
  std::string check, end = "close";
  bool echo = false, stay = false;
};

Options parse(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto equals = word.find('=');
    if (equals == std::string::npos) throw std::invalid_argument(word);
    given[word.substr(0, equals)] = word.substr(equals + 1);
  }
  const auto take = [&given](const char* name, const std::string& fallback) {
    const auto node = given.extract(name);
    return node.empty() ? fallback : node.mapped();
  };
  const auto number = [&take](const char* name, std::uint64_t fallback) {
    return std::stoull(take(name, std::to_string(fallback)));
  };
  Options out;
  out.port = static_cast<std::uint16_t>(number("port", 10'000));
  out.rate = number("rate", 0);
  out.pause_at = number("pause-at", ~0ULL);
  out.pause = std::stod(take("pause", "0"));
  out.end_at = number("end-at", ~0ULL);
  out.end = take("end", "close");
  out.send = number("send", 0);
  out.echo = number("echo", 0) != 0;
  out.stay = number("stay", 0) != 0;
  out.buffer = static_cast<int>(number("buffer", 0));
  out.check = take("check", "");
  if (!given.empty()) throw std::invalid_argument(given.begin()->first);
  return out;
}

struct Connection {
  xtg::UniqueFd fd;
  std::uint16_t port = 0; ///< of the far end
  std::uint64_t bytes = 0, sent = 0;
  std::optional<std::uint64_t> wrong; ///< offset of the first unexpected byte
  std::string end = "open";           ///< eof, reset, closed (by us), half (by us, still reading)
  std::string unsent;                 ///< of echo
  bool waiting = false;               ///< not to be read for now
};

class Sink {
public:
  explicit Sink(Options options) : options_(std::move(options)), expected_(options_.check) {
    poll_.reset(epoll_create1(EPOLL_CLOEXEC));
    listener_.reset(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1, off = 0;
    setsockopt(listener_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (options_.buffer > 0)
      setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &options_.buffer, sizeof options_.buffer);
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(options_.port);
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_.get(), 16'384) != 0)
      throw std::system_error(errno, std::generic_category(), "listen");
    watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
    watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  }

  void run() {
    std::cout << "ready" << std::endl;
    std::array<epoll_event, 256> events;
    for (;;) {
      const int n = epoll_wait(poll_.get(), events.data(), events.size(), resume_due());
      for (int i = 0; i < n; ++i) {
        const int fd = events[i].data.fd;
        if (fd == STDIN_FILENO) {
          if (!asked()) return;
        } else if (fd == listener_.get()) {
          accept_all();
        } else if (const auto found = by_fd_.find(fd); found != by_fd_.end()) {
          if (events[i].events & EPOLLOUT) send_more(*found->second);
          if (events[i].events & ~EPOLLOUT) receive(*found->second);
        }
      }
    }
  }

private:
  void watch(int fd, std::uint32_t events, int how) {
    epoll_event event = {};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(poll_.get(), how, fd, &event);
  }

  void watch(const Connection& c) {
    const bool out = !c.unsent.empty() || c.sent < options_.send;
    const bool in = !c.waiting && c.unsent.size() < kChunk && c.end != "eof";
    watch(c.fd.get(), (in ? EPOLLIN : 0U) | (out ? EPOLLOUT : 0U), EPOLL_CTL_MOD);
  }

  void accept_all() {
    for (;;) {
      sockaddr_in6 from = {};
      socklen_t size = sizeof from;
      const int fd = accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      auto& c = *all_.emplace_back(std::make_unique<Connection>());
      c.fd.reset(fd);
      c.port = ntohs(from.sin6_port);
      by_fd_[fd] = &c;
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
      watch(c);
    }
  }

  void drop(Connection& c, const char* end) {
    c.end = end;
    by_fd_.erase(c.fd.get());
    c.fd.reset();
  }

  /// Number of bytes to read, so that actions happen at their exact offset.
  [[nodiscard]] std::size_t wanted(const Connection& c) const {
    std::uint64_t most = kChunk;
    if (options_.rate > 0) most = std::clamp<std::uint64_t>(options_.rate / 100, 1, kChunk);
    for (const auto point : {options_.pause_at, options_.end_at})
      if (c.bytes < point) most = std::min<std::uint64_t>(most, point - c.bytes);
    return most;
  }

  void receive(Connection& c) {
    const ssize_t n = read(c.fd.get(), chunk_.data(), wanted(c));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return drop(c, "reset");
    if (n == 0) return end_of_file(c);
    const auto size = static_cast<std::size_t>(n);
    if (const auto at = expected_.first_wrong(c.bytes, chunk_.data(), size); at && !c.wrong)
      c.wrong = c.bytes + *at;
    c.bytes += size;
    if (options_.echo) {
      c.unsent.append(chunk_.data(), size);
      if (!send_more(c)) return;
    }
    if (c.bytes == options_.end_at && !finish(c)) return;
    if (c.bytes == options_.pause_at)
      rest(c, options_.pause > 0 ? options_.pause : 1e9);
    else if (options_.rate > 0)
      rest(c, static_cast<double>(size) / static_cast<double>(options_.rate));
  }

  void end_of_file(Connection& c) {
    c.end = "eof";
    if (!c.unsent.empty() || c.sent < options_.send || options_.stay) return watch(c);
    drop(c, "eof");
  }

  /// Takes the action requested at this offset; returns whether the connection goes on.
  bool finish(Connection& c) {
    if (options_.end == "half") {
      shutdown(c.fd.get(), SHUT_WR);
      c.end = "half";
      return true;
    }
    if (options_.end == "reset") {
      const linger at_once = {1, 0};
      setsockopt(c.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    drop(c, "closed");
    return false;
  }

  /// Sends pending data; returns whether the connection goes on.
  bool send_more(Connection& c) {
    static const std::vector<char> zeros(kChunk);
    while (c.sent < options_.send || !c.unsent.empty()) {
      const bool fixed = c.sent < options_.send;
      const char* data = fixed ? zeros.data() : c.unsent.data();
      const auto size =
          fixed ? std::min<std::uint64_t>(kChunk, options_.send - c.sent) : c.unsent.size();
      const ssize_t n = send(c.fd.get(), data, size, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return drop(c, "reset"), false;
      if (n < 0) break;
      c.sent += static_cast<std::uint64_t>(n);
      if (!fixed) c.unsent.erase(0, static_cast<std::size_t>(n));
    }
    const bool done = c.unsent.empty() && c.sent >= options_.send;
    if (done && c.end == "eof" && !options_.stay) return drop(c, "eof"), false;
    watch(c);
    return true;
  }

  void rest(Connection& c, double seconds) {
    c.waiting = true;
    watch(c);
    resting_.push(
        {Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds)), &c});
  }

  /// Resumes connections whose pause is over; returns milliseconds to the next one, -1 if none.
  int resume_due() {
    for (; !resting_.empty(); resting_.pop()) {
      const auto left = resting_.top().until - Clock::now();
      if (left.count() > 0)
        return static_cast<int>(std::min<long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1, 60'000));
      Connection& c = *resting_.top().connection;
      c.waiting = false;
      if (c.fd.valid()) watch(c);
    }
    return -1;
  }

  bool asked() {
    std::array<char, 64> line;
    const ssize_t n = read(STDIN_FILENO, line.data(), line.size());
    if (n <= 0) return false;
    for (auto left = std::count(line.data(), line.data() + n, '\n'); left > 0; --left)
      tell();
    return true;
  }

  void tell() const {
    std::string out = "[";
    for (const auto& c : all_) {
      out += fmt::format("{}[{},{},{},{},\"{}\"]", out.size() > 1 ? "," : "", c->port, c->bytes,
                         c->sent, c->wrong ? std::to_string(*c->wrong) : "null", c->end);
    }
    std::cout << out << "]" << std::endl;
  }

  struct Resting {
    Clock::time_point until;
    Connection* connection;
    bool operator<(const Resting& other) const { return until > other.until; }
  };

  Options options_;
  xtg::sink::Expected expected_;
  xtg::UniqueFd poll_, listener_;
  std::vector<std::unique_ptr<Connection>> all_;
  std::map<int, Connection*> by_fd_;
  std::priority_queue<Resting> resting_;
  std::vector<char> chunk_ = std::vector<char>(kChunk);
};

/// As many connections as the system allows.
void raise_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max = std::max<rlim_t>(limit.rlim_max, 65'536);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main(int argc, char** argv) {
  try {
    raise_limit();
    Sink(parse(argc, argv)).run();
  } catch (const std::exception& error) {
    std::cerr << "xtg-sink: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
