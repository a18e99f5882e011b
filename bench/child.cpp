// SPDX-License-Identifier: BSD-2-Clause
#include "child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "interrupt.h"

namespace xtg::bench {

namespace {

constexpr double kGrace = 8; // between an interrupt and the kill: draining may take time

[[noreturn]] void become(const net::NetNs& ns, const std::vector<std::string>& command,
                         const std::vector<int>& cpus, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  restore_signals();
  if (!ns.enter()) _exit(126);
  if (!cpus.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus)
      CPU_SET(static_cast<std::size_t>(cpu), &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  dup2(out, STDOUT_FILENO);
  std::vector<char*> argv;
  for (const auto& word : command)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

/// One read; false at end of file.
bool read_some(int fd, std::string& output) {
  std::array<char, 65536> buffer;
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n > 0) output.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

} // namespace

Result<Child> Child::start(const net::NetNs& ns, const std::vector<std::string>& command,
                           const std::vector<int>& cpus, bool capture) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_sys(errno, "pipe");
  UniqueFd reader(ends[0]), writer(ends[1]);
  if (!capture) writer.reset(open("/dev/null", O_WRONLY | O_CLOEXEC));
  Child out;
  out.start_ns_ = monotonic_ns();
  out.pid_ = fork();
  if (out.pid_ < 0) return fail_sys(errno, "fork");
  if (out.pid_ == 0) become(ns, command, cpus, writer.get());
  setpgid(out.pid_, out.pid_); // whichever of the two comes first
  out.process_.reset(static_cast<int>(syscall(SYS_pidfd_open, out.pid_, 0)));
  if (!out.process_.valid()) return fail_sys(errno, "watch a process");
  out.out_ = std::move(reader);
  return out;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), process_(std::move(other.process_)),
      out_(std::move(other.out_)), start_ns_(other.start_ns_) {}

Child::~Child() {
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
    continue;
}

bool Child::running() const {
  pollfd ended = {process_.get(), POLLIN, 0};
  return poll(&ended, 1, 0) <= 0;
}

void Child::interrupt() const {
  kill(-pid_, SIGINT);
}

/// Reads until the process has ended: others may hold its stdout open for longer.
void Child::read_output(double patience_s, std::string& output) {
  const auto in = [](double s) { return monotonic_ns() + static_cast<std::uint64_t>(s * 1e9); };
  std::uint64_t deadline = in(patience_s);
  bool asked = false, open = true;
  while (running()) {
    if (!asked && (interrupted() || monotonic_ns() > deadline)) {
      asked = true;
      deadline = in(kGrace);
      interrupt();
    } else if (monotonic_ns() > deadline) {
      kill(-pid_, SIGKILL);
    }
    std::array<pollfd, 2> ready = {
        {{process_.get(), POLLIN, 0}, {open ? out_.get() : -1, POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), 100) <= 0) continue;
    if (ready[1].revents != 0) open = read_some(out_.get(), output);
  }
  fcntl(out_.get(), F_SETFL, O_NONBLOCK);
  for (std::size_t before = output.size() + 1; open && output.size() != before;) {
    before = output.size();
    open = read_some(out_.get(), output);
  }
}

ChildEnd Child::wait(double patience_s) {
  ChildEnd end;
  read_output(patience_s, end.output);
  // What it started and left would send beside the next contestant, and be counted as its frames.
  kill(-pid_, SIGKILL);
  int status = 0;
  rusage usage{};
  while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR)
    continue;
  pid_ = -1;
  end.wall_s = static_cast<double>(monotonic_ns() - start_ns_) * 1e-9;
  end.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  end.max_rss_kib = usage.ru_maxrss;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;)
    out.push_back(word);
  return out;
}

} // namespace xtg::bench
