// SPDX-License-Identifier: BSD-2-Clause
#include "app/this_host.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include <poll.h>
#include <sys/resource.h>

#include "app/facts.h"
#include "app/run_common.h"
#include "core/clock.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kLongestWaitNs = 1'000'000'000;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// CPU time of the process so far, user and system.
double process_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace

ThisHost::ThisHost(report::RunInfo asker) : info_(std::move(asker)) {
  info_.started_utc = utc_now();
  info_.hostname = host_name();
  info_.kernel = kernel_release();
  info_.cpu_model = cpu_model();
  info_.cpus = online_cpus();
  if (info_.started_ns != 0) return; // the process exists for this run only
  info_.started_ns = monotonic_ns();
  cpu_before_s_ = process_cpu_s();
}

std::uint64_t ThisHost::now_ns() {
  return monotonic_ns();
}

Status ThisHost::wait(std::span<const int> fds, std::uint64_t until_ns) {
  std::vector<pollfd> polled;
  for (const int fd : fds)
    polled.push_back({fd, POLLIN, 0});
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t wait = until_ns <= now ? 0 : std::min(until_ns - now, kLongestWaitNs);
  const timespec timeout{static_cast<time_t>(wait / 1'000'000'000),
                         static_cast<long>(wait % 1'000'000'000)};
  if (ppoll(polled.data(), polled.size(), &timeout, nullptr) < 0 && errno != EINTR)
    return fail_sys(errno, "poll");
  return {};
}

double ThisHost::cpu_s() {
  return process_cpu_s() - cpu_before_s_;
}

Error ThisHost::explain(Error error) {
  return explained(std::move(error));
}

} // namespace xtg::app
