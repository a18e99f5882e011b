// SPDX-License-Identifier: BSD-2-Clause
#include "app/announce.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/clock.h"
#include "core/host_clock.h"

namespace xtg::app {

namespace {

constexpr unsigned kCopies = 3; // one may be lost
constexpr unsigned kTries = 10; // per copy: after a flood the driver's ring is full for a moment
constexpr unsigned kTryApartUs = 1'000;

} // namespace

packet::Announcement Announcer::about(const plan::StreamPlan& stream) const {
  const HostClock clock = this_host_clock();
  packet::Announcement out;
  out.frames = stream.num_packets.value_or(~std::uint64_t{0});
  if (plan_.duration) out.duration_ns = static_cast<std::uint64_t>(plan_.duration->count());
  if (stream.pacing)
    out.rate_millipps = static_cast<std::uint64_t>(std::llround(stream.pacing->target_pps * 1000));
  out.host = clock.boot;
  out.clock_error_ns = clock.tai_error_ns;
  out.streams = static_cast<std::uint16_t>(plan_.streams.size());
  out.threads = static_cast<std::uint16_t>(plan_.cpus.size());
  return out;
}

Status Announcer::send(const plan::StreamPlan& stream, const packet::Announcement& what,
                       std::uint64_t copy) {
  const std::uint64_t now = stream.clock == plan::StampClock::Tai ? tai_ns() : monotonic_ns();
  auto frame = packet::render_announcement(stream.frame, what, stream.frame.spec.reflector, copy,
                                           now, plan_.spec.key.value_or(SipKey{}).abi());
  if (!frame) return tl::unexpected<Error>(std::move(frame.error()));
  if (const auto moved = next_hops_.find(stream.id); moved != next_hops_.end())
    std::ranges::copy(moved->second.bytes, frame->begin());
  return devices_.run([&] {
    Status sent;
    for (unsigned i = 0; i < kTries; i++) {
      sent = sender_.send_control_frame(*frame);
      if (sent) break;
      usleep(kTryApartUs);
    }
    return sent;
  });
}

void Announcer::start(int signal_fd) {
  const plan::StreamPlan& stream = plan_.streams.front();
  Status sent;
  bool any = false;
  for (unsigned copy = 0; copy < kCopies; copy++) {
    sent = send(stream, about(stream), copy);
    any = any || sent;
    pollfd signal{signal_fd, POLLIN, 0};
    const timespec gap = duration_timespec(plan_.spec.announce_gap);
    if (ppoll(&signal, 1, &gap, nullptr) > 0) break;
  }
  if (!any)
    warnings_.push_back(
        fmt::format("the start could not be announced: {}", sent.error().message()));
}

void Announcer::end(const stats::Snapshot& last, bool hurry) {
  std::vector<bool> any(plan_.streams.size());
  Status failed;
  for (unsigned copy = 0; copy < (hurry ? 1 : kCopies); copy++) {
    if (copy != 0) std::this_thread::sleep_for(plan_.spec.announce_gap);
    for (std::size_t i = 0; i < plan_.streams.size(); i++) {
      packet::Announcement what = about(plan_.streams[i]);
      what.kind = packet::AnnouncementKind::End;
      // Without tracepoints, outcomes are known only for all streams together.
      const stats::TxCounters& counted = plan_.streams.size() == 1 ? last.total : last.streams[i];
      what.frames = counted.attempts;
      what.driver_drops = counted.errors();
      auto sent = send(plan_.streams[i], what, copy);
      if (sent)
        any[i] = true;
      else
        failed = std::move(sent);
    }
  }
  for (std::size_t i = 0; i < any.size(); i++)
    if (!any[i])
      warnings_.push_back(fmt::format("the end of stream {} could not be announced: {}", i,
                                      failed.error().message()));
}

} // namespace xtg::app
