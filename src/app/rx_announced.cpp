// SPDX-License-Identifier: BSD-2-Clause
#include "app/rx_announced.h"

#include <fmt/format.h>

#include "core/clock.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kLookNs = 10'000'000;
constexpr std::uint64_t kDataNs = 100'000'000;

} // namespace

RxAnnounced::RxAnnounced(const plan::RxSpec& spec)
    : runs_(static_cast<std::uint64_t>(spec.drain.count())), clock_(this_host_clock()),
      sender_offset_(spec.clock_offset.has_value()),
      next_look_ns_(spec.ignore_announcements ? ~std::uint64_t{0} : 0) {}

Result<bool> RxAnnounced::learn(xdp::Receiver& receiver) {
  next_look_ns_ = monotonic_ns() + kLookNs;
  const std::uint64_t seen = receiver.announced();
  if (seen == seen_) return false;
  seen_ = seen;
  next_data_ns_ = 0;
  const auto announcements = receiver.take_announcements();
  if (!announcements) return tl::unexpected<Error>(announcements.error());
  return runs_.learn(*announcements);
}

std::optional<stats::RxAnnouncement> RxAnnounced::confirm(const xdp::Receiver& receiver,
                                                          report::Sink& sink) {
  const std::uint64_t now_ns = monotonic_ns();
  if (seen_ == 0) return std::nullopt;
  if (now_ns < next_data_ns_ && !runs_.hurries(now_ns) && !runs_.may_be_over(now_ns))
    return std::nullopt;
  next_data_ns_ = now_ns + kDataNs;
  const bool before = runs_.begun();
  std::optional<stats::RxAnnouncement> begins;
  for (const stats::RxSender& sender : runs_.confirm(receiver.arrived())) {
    sink.take(report::Announced{sender});
    if (sender.start_seen && !before && !begins) begins = sender.about;
  }
  return begins;
}

void RxAnnounced::apply(stats::RxSnapshot& snapshot) {
  // If the clock was unsynchronized at any time, its error at other times is unknown too.
  clock_ = worse_of(clock_, this_host_clock());
  snapshot.here = clock_;
  snapshot.sender_offset = sender_offset_;
  runs_.apply(snapshot);
}

bool RxAnnounced::may_be_over() const {
  return runs_.may_be_over(monotonic_ns());
}

bool RxAnnounced::over(const stats::RxSnapshot& snapshot) const {
  return runs_.over(snapshot, monotonic_ns());
}

std::string RxAnnounced::overdue(const stats::RxSnapshot& snapshot) {
  std::string run_ids;
  for (const stats::RxSender& sender : snapshot.senders)
    if (sender.overdue)
      run_ids += fmt::format("{}{:08x}", run_ids.empty() ? "" : ", ", sender.run_id);
  if (run_ids.empty()) return {};
  return fmt::format("the sender of run {} never announced its end: what was lost is not known",
                     run_ids);
}

} // namespace xtg::app
