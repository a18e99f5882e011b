// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ostream>
#include <string_view>
#include <system_error>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/exit_status.h"
#include "core/fd_buffer.h"
#include "core/program_name.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kReaderNs =
    5'000'000'000; // how long a stopped run waits for the reader of its report
constexpr std::uint64_t kLeaveNs =
    3'000'000'000; // how long the main thread has after a second signal
constexpr std::uint64_t kNever = ~std::uint64_t{0};

UniqueFd made(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return UniqueFd(fd);
}

UniqueFd make_eventfd() {
  return made(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
}

void raise_event(const UniqueFd& fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(fd.get(), &one, sizeof one);
}

sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction now {};
  if (sigaction(SIGHUP, nullptr, &now) != 0 || now.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

} // namespace

Signals::Signals(std::function<int()> unattended) : unattended_(std::move(unattended)) {
  const sigset_t set = handled();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  sigaction(SIGINT, nullptr, &sigint_before_);
  std::signal(SIGINT, SIG_DFL); // the kernel would discard an ignored one
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = made(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
  hurry_ = make_eventfd();
  quit_ = make_eventfd();
  token_.when_unattended([this](const std::function<void()>& undo) {
    raise_event(hurry_);
    const int status = unattended_();
    undo();
    _exit(status);
  });
  thread_ = std::jthread([this] { watch(); });
}

Signals::~Signals() {
  raise_event(quit_);
}

void Signals::restore() const {
  sigaction(SIGINT, &sigint_before_, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Signals::hear(bool sent, std::uint64_t now) {
  const StopToken::Change asked = token_.trip(now, sent);
  if (asked.before == Asked::Nothing) {
    hurry_ns_ = now + kReaderNs;
  } else if (asked.before == Asked::Stop && asked.after == Asked::Leave) {
    hurry_ns_ = now;
    end_ns_ = now + kLeaveNs;
  }
}

/// Postponed while the requested exit makes progress.
std::uint64_t Signals::end_ns() const {
  return end_ns_ == kNever ? kNever : std::max(end_ns_, token_.kept_ns() + kLeaveNs);
}

void Signals::look_at_time() {
  const std::uint64_t now = monotonic_ns();
  if (now >= hurry_ns_) {
    hurry_ns_ = kNever;
    raise_event(hurry_);
  }
  if (now < end_ns()) return;
  token_.abandon([this](const std::function<void()>& undo) {
    FdBuffer buffer(STDERR_FILENO, hurry_.get());
    std::ostream(&buffer) << program_name()
                          << ": killed: the run did not end after the second interrupt\n"
                          << std::flush;
    undo();
    _exit(static_cast<int>(ExitStatus::Interrupted));
  });
}

int Signals::wait_ms() const {
  const std::uint64_t at = std::min(hurry_ns_, end_ns()), now = monotonic_ns();
  if (at == kNever) return -1;
  return at <= now ? 0 : static_cast<int>((at - now) / 1'000'000 + 1);
}

void Signals::watch() {
  pthread_setname_np(pthread_self(), "xtg-signals");
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{signals_.get(), POLLIN, 0}, pollfd{quit_.get(), POLLIN, 0}};
    poll(fds.data(), fds.size(), wait_ms());
    if (fds[1].revents != 0) return;
    // Signals that were pending together have the same time, even if the thread is held up here.
    const std::uint64_t now = monotonic_ns();
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      hear(info.ssi_code != SI_KERNEL, now);
    look_at_time();
  }
}

} // namespace xtg::app
