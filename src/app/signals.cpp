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
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    sigaddset(&set, number);
  }
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

TakenSignals Signals::take() {
  TakenSignals out;
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    out.count++;
    if (info.ssi_code != SI_KERNEL) out.sent++;
  }
  return out;
}

} // namespace xtg::app
