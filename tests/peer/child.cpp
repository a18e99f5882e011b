// SPDX-License-Identifier: BSD-2-Clause
#include "child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace xtg::peer {

namespace {

std::string all_of(const UniqueFd& file) {
  std::string text;
  char buffer[4096];
  for (ssize_t n;
       (n = pread(file.get(), buffer, sizeof(buffer), static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

[[noreturn]] void become(const Child::Start& what, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (what.before) what.before();
  if (what.function) _exit(what.function());
  std::vector<char*> arguments;
  for (const auto& word : what.words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

/// The socket, not connected yet.
UniqueFd sender_socket(const KernelSender& s, bool v6) {
  UniqueFd fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (!s.congestion.empty() &&
      setsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, s.congestion.data(),
                 static_cast<socklen_t>(s.congestion.size())) != 0)
    return UniqueFd{};
  if (s.src_port != 0) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(s.src_port);
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&here), sizeof(here)) != 0) return UniqueFd{};
  }
  return fd;
}

int connect_to(int fd, const KernelSender& s, bool v6) {
  if (v6) {
    sockaddr_in6 there{};
    there.sin6_family = AF_INET6;
    there.sin6_port = htons(s.port);
    inet_pton(AF_INET6, s.addr.c_str(), &there.sin6_addr);
    return connect(fd, reinterpret_cast<sockaddr*>(&there), sizeof(there));
  }
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(s.port);
  inet_pton(AF_INET, s.addr.c_str(), &there.sin_addr);
  return connect(fd, reinterpret_cast<sockaddr*>(&there), sizeof(there));
}

/// Until the far end has acknowledged all: then the kernel no longer sends for this socket.
void wait_closed(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  while (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state != TCP_CLOSE)
    usleep(2'000);
}

bool the_far_end(int error) {
  return error == ECONNRESET || error == ECONNREFUSED || error == EPIPE || error == ETIMEDOUT;
}

} // namespace

Result<Child> Child::start(const Start& what) {
  UniqueFd out(memfd_create("stdout", MFD_CLOEXEC)), err(memfd_create("stderr", MFD_CLOEXEC));
  if (!out.valid() || !err.valid()) return fail_sys(errno, "keep a child's output");
  const pid_t pid = fork();
  if (pid < 0) return fail_sys(errno, "start a child");
  if (pid == 0) become(what, out.get(), err.get());
  return Child(pid, std::move(out), std::move(err));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Child::~Child() {
  if (pid_ <= 0 || ended()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<int> Child::ended() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_)
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Child::signal(int number) const {
  kill(pid_, number);
}
std::string Child::out() const {
  return all_of(out_);
}
std::string Child::err() const {
  return all_of(err_);
}

int run_kernel_sender(const KernelSender& s) {
  const bool v6 = s.addr.find(':') != std::string::npos;
  const UniqueFd fd = sender_socket(s, v6);
  if (!fd.valid()) return 1;
  if (connect_to(fd.get(), s, v6) != 0) return the_far_end(errno) ? 5 : 1;
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  std::size_t sent = 0;
  bool half_closed = false, peer_closed = false;
  char sink[4096];
  while (!half_closed || !peer_closed) {
    // The FIN when all is acknowledged, as the program does it.
    int queued = 1;
    if (sent == s.payload.size() && !half_closed && ioctl(fd.get(), SIOCOUTQ, &queued) == 0 &&
        queued == 0) {
      shutdown(fd.get(), SHUT_WR);
      half_closed = true;
    }
    pollfd p{fd.get(), 0, 0};
    if (!peer_closed) p.events |= POLLIN;
    if (sent < s.payload.size()) p.events |= POLLOUT;
    poll(&p, 1, 5);
    if (!peer_closed && (p.revents & POLLIN) != 0) {
      const ssize_t n = recv(fd.get(), sink, sizeof(sink), 0);
      if (n == 0) peer_closed = true;
    }
    if (sent < s.payload.size()) {
      const ssize_t n =
          send(fd.get(), s.payload.data() + sent, s.payload.size() - sent, MSG_NOSIGNAL);
      if (n > 0) sent += static_cast<std::size_t>(n);
    }
    if ((p.revents & POLLERR) != 0) return 5;
  }
  wait_closed(fd.get());
  return 0;
}

} // namespace xtg::peer
