// SPDX-License-Identifier: BSD-2-Clause
#include "child.h"

#include <cerrno>
#include <csignal>
#include <sstream>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"

namespace xtg::bench {

namespace {

[[noreturn]] void become(const net::Wire& wire, const std::vector<std::string>& command,
                         const std::vector<int>& cpus, int out) {
  if (!wire.near_ns().enter()) _exit(126);
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

} // namespace

Result<Child> Child::start(const net::Wire& wire, const std::vector<std::string>& command,
                           const std::vector<int>& cpus, bool capture) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_sys(errno, "pipe");
  UniqueFd reader(ends[0]), writer(ends[1]);
  if (!capture) writer.reset(open("/dev/null", O_WRONLY | O_CLOEXEC));
  Child out;
  out.start_ns_ = monotonic_ns();
  out.pid_ = fork();
  if (out.pid_ < 0) return fail_sys(errno, "fork");
  if (out.pid_ == 0) become(wire, command, cpus, writer.get());
  out.out_ = reader.release();
  return out;
}

void Child::interrupt() const {
  kill(pid_, SIGINT);
}

ChildEnd Child::wait() {
  ChildEnd end;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(out_, buffer, sizeof buffer)) > 0;)
    end.output.append(buffer, static_cast<std::size_t>(n));
  close(out_);
  int status = 0;
  rusage usage{};
  wait4(pid_, &status, 0, &usage);
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
