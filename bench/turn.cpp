// SPDX-License-Identifier: BSD-2-Clause
#include "turn.h"

#include <thread>

#include <fmt/format.h>

#include "child.h"
#include "core/clock.h"
#include "interrupt.h"

namespace xtg::bench {

namespace {
constexpr std::uint64_t kPatienceNs = 10'000'000'000; // for the first frame
} // namespace

double window(const Count& count, double seconds) {
  const std::uint64_t before = count(), give_up_ns = monotonic_ns() + kPatienceNs;
  while (count() == before && monotonic_ns() < give_up_ns && !interrupted())
    (void)pause(0.01);
  (void)pause(kWarmUp); // the caller checks for interrupts
  const std::uint64_t n0 = count(), t0 = monotonic_ns();
  (void)pause(seconds);
  const std::uint64_t n1 = count(), t1 = monotonic_ns();
  return static_cast<double>(n1 - n0) * 1e3 / static_cast<double>(t1 - t0);
}

Result<Figures> measure_command(const net::NetNs& ns, const Count& count,
                                const std::vector<std::string>& command,
                                const std::vector<int>& cpus, double seconds) {
  auto child = Child::start(ns, command, cpus, false);
  if (!child) return tl::unexpected<Error>(child.error());
  const double mpps = window(count, seconds);
  child->interrupt();
  const ChildEnd end = child->wait();
  // A peer may return any status after an interrupt.
  if (end.status != 0 && mpps == 0)
    return fail(Errc::System, fmt::format("{} ended with status {}", command[0], end.status));
  return Figures{mpps};
}

Result<Figures> measure_loop(const Count& count, const std::function<Status(double)>& loop,
                             double seconds) {
  Status done;
  std::thread sender([&] { done = loop(seconds + kWarmUp + 0.3); });
  const double mpps = window(count, seconds);
  sender.join();
  if (!done) return tl::unexpected<Error>(done.error());
  return Figures{mpps};
}

} // namespace xtg::bench
