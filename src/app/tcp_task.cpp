// SPDX-License-Identifier: BSD-2-Clause
#include "app/tcp_task.h"

#include <algorithm>

#include "tx/step_back.h"

namespace xtg::app {

namespace {

// A kernel call passes over what is left of it when there is nothing more to send, at some 60 ns a
// run: long calls are for workers that are busy. But each has a page pool of its own, which lives
// for a second and more while its pages lie in a receiver's socket, so not too many of them.
constexpr std::uint32_t kFewRuns = 1U << 11;
constexpr std::uint32_t kSomeRuns = 1U << 14;
constexpr std::uint32_t kManyRuns = 1U << 17;
constexpr std::uint64_t kShortNapNs = 30'000;
constexpr std::uint64_t kLongNapNs = 1'000'000;
constexpr std::uint64_t kNoMemoryNs = 5'000'000'000;

} // namespace

/// Sleeps until a far end has spoken or a timer is due; the longer nothing happens, the longer at a
/// time.
void TcpTask::rest(tx::Clock& clock, const std::atomic<bool>& stop) {
  const std::uint64_t since = clock.now_ns();
  for (std::uint64_t now = since; !stop.load(std::memory_order_relaxed); now = clock.now_ns()) {
    if (sender_.has_events(worker_)) return;
    const std::uint64_t nap = std::clamp((now - since) / 8, kShortNapNs, kLongNapNs);
    const std::uint64_t timer =
        sender_.next_timer_us(worker_, static_cast<std::uint32_t>(nap / 1000)) *
        std::uint64_t{1000};
    if (timer == 0 || sender_.wants_look(worker_, now)) return;
    clock.sleep_until_ns(now + timer);
  }
}

Status TcpTask::work(tx::Clock& clock, const std::atomic<bool>& stop) {
  tx::StepBack step_back(may_step_back_);
  std::uint32_t runs = kFewRuns;
  std::uint64_t hungry_since = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint64_t before = sender_.frames(worker_);
    auto end = sender_.run(worker_, frame_, runs / batch_ * batch_ + batch_, batch_);
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    if (*end == xdp::RunEnd::NoMemory) {
      const std::uint64_t now = clock.now_ns();
      if (hungry_since == 0) hungry_since = now;
      if (now - hungry_since > kNoMemoryNs)
        return fail(Errc::System, "the kernel has had no memory for frames for 5 seconds");
      clock.sleep_until_ns(now + kLongNapNs);
      continue;
    }
    hungry_since = 0;
    const std::uint64_t frames = sender_.frames(worker_) - before;
    // Mostly waiting for the far end, which may need this very CPU.
    if (frames < runs / 2)
      step_back.set(true);
    else if (frames > runs / 8 * 7)
      step_back.set(false);
    if (frames == 0) {
      runs = kFewRuns;
      rest(clock, stop);
    } else if (frames > runs / 2 || step_back.is_back()) {
      runs = std::min(runs * 2, kManyRuns);
    } else {
      runs = std::clamp(runs / 2, std::min(runs * 2, kSomeRuns), kManyRuns);
    }
  }
  return {};
}

} // namespace xtg::app
