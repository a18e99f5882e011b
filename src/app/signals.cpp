// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.h"

#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>

namespace xtg::app {

namespace {

sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

} // namespace

void block_signals() {
  const sigset_t set = handled();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void unblock_signals() {
  const sigset_t set = handled();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
}

Result<Signals> Signals::open() {
  const sigset_t set = handled();
  UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return fail_sys(errno, "signalfd");
  return Signals(std::move(fd));
}

int Signals::take() {
  int count = 0;
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    count++;
  return count;
}

} // namespace xtg::app
