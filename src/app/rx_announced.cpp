// SPDX-License-Identifier: BSD-2-Clause
#include "app/rx_announced.h"

#include "core/clock.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kLookNs = 10'000'000;

} // namespace

RxAnnounced::RxAnnounced(const plan::RxSpec& spec)
    : clock_(this_host_clock()), drain_ns_(static_cast<std::uint64_t>(spec.drain.count())),
      next_look_ns_(spec.ignore_announcements ? ~std::uint64_t{0} : 0) {}

Result<RxAnnounced::News> RxAnnounced::look(const xdp::Receiver& receiver,
                                            report::RxReporter& reporter) {
  next_look_ns_ = monotonic_ns() + kLookNs;
  const std::uint64_t seen = receiver.announced();
  if (seen == seen_) return News::None;
  seen_ = seen;
  const auto announcements = receiver.announcements();
  if (!announcements) return tl::unexpected<Error>(announcements.error());
  const bool before = runs_.begun();
  for (const stats::RxSender& sender : runs_.learn(*announcements)) {
    reporter.announced(sender);
    if (sender.start_seen && !before) begun_ns_ = sender.about.arrival_ns;
  }
  return runs_.begun() && !before ? News::Begun : News::None;
}

void RxAnnounced::apply(stats::RxSnapshot& snapshot) {
  // Of a clock that was not in step at any time nobody knows how it went.
  clock_ = worse_of(clock_, this_host_clock());
  snapshot.here = clock_;
  runs_.apply(snapshot);
}

bool RxAnnounced::over(const stats::RxSnapshot& snapshot) const {
  return runs_.over(snapshot, monotonic_ns(), drain_ns_);
}

} // namespace xtg::app
