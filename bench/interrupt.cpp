// SPDX-License-Identifier: BSD-2-Clause
#include "interrupt.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <ctime>

#include "core/clock.h"

namespace xtg::bench {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t seen = 0;

void set_all(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler; // without SA_RESTART, so that blocking calls return
  for (const int signal : kSignals)
    sigaction(signal, &action, nullptr);
}

} // namespace

void catch_interrupts() {
  set_all([](int) { seen = 1; });
  std::signal(SIGPIPE, SIG_IGN);
}

void restore_signals() {
  set_all(SIG_DFL);
  std::signal(SIGPIPE, SIG_DFL);
}

bool interrupted() {
  return seen != 0;
}

Status pause(double seconds) {
  // A signal between the check of the flag and the sleep would go unnoticed for the whole sleep.
  constexpr double kNap = 0.25;
  const double end = static_cast<double>(monotonic_ns()) * 1e-9 + seconds;
  for (double left = seconds; left > 0 && !interrupted();
       left = end - static_cast<double>(monotonic_ns()) * 1e-9) {
    const double nap = std::min(left, kNap);
    const timespec time = {0, std::lround(nap * 1e9)};
    nanosleep(&time, nullptr);
  }
  if (interrupted()) return fail(Errc::System, "interrupted");
  return {};
}

} // namespace xtg::bench
