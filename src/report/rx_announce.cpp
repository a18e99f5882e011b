// SPDX-License-Identifier: BSD-2-Clause
#include "report/rx_announce.h"

#include <fmt/format.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/rx_phrases.h"
#include "report/tcp_phrases.h"

namespace xtg::report {
namespace {

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

std::string limit_text(const stats::RxAnnouncement& a) {
  std::string text = a.frames == kNoLimit ? "packets" : counted(a.frames, "packet");
  text += fmt::format(" of {} bytes", with_thousands(a.frame_size));
  if (a.duration_ns != kNoLimit)
    text += fmt::format(" for {}",
                        format_duration(Nanoseconds(static_cast<Nanoseconds::rep>(a.duration_ns))));
  return text;
}

std::string rate_text(const stats::RxAnnouncement& a) {
  if (a.rate_millipps == 0) return "at full speed";
  return fmt::format("at {} pps", thousands(static_cast<double>(a.rate_millipps) / 1e3));
}

std::string in_step_text(const stats::RxClockVerdict& clock) {
  const std::string error = us_number(static_cast<double>(clock.error_ns.value_or(0)));
  if (clock.reason == stats::RxClockReason::SenderUnknown)
    return fmt::format("CLOCK_TAI, which is off by at most {} us here; the sender's is not known",
                       error);
  return fmt::format("CLOCK_TAI, in step within {} us", error);
}

} // namespace

std::string announced_text(const stats::RxSender& sender) {
  const stats::RxAnnouncement& a = sender.about;
  if (!sender.start_seen)
    return fmt::format("run {:08x} ended after {} of {} bytes; its start was not seen: packets "
                       "sent before this receiver started count as lost",
                       sender.run_id, counted(a.frames, "packet"), with_thousands(a.frame_size));
  return fmt::format("run {:08x} announced: {} {}, {}", sender.run_id, limit_text(a), rate_text(a),
                     counted(a.streams, "stream"));
}

Json announced_value(const stats::RxSender& sender) {
  const stats::RxAnnouncement& a = sender.about;
  const auto unless = [](bool missing, Json value) { return missing ? Json(nullptr) : value; };
  std::uint64_t attempts = 0, driver_drops = 0;
  for (const auto& [stream, end] : sender.ends) {
    attempts += end.frames;
    driver_drops += end.driver_drops;
  }
  const bool ended = sender.ended();
  return {{"session", sender.run_id},
          {"start_seen", sender.start_seen},
          {"ended", ended},
          {"overdue", sender.overdue},
          {"streams", a.streams},
          {"threads", a.threads},
          {"frame_size", a.frame_size},
          {"num_packets", unless(!sender.start_seen || a.frames == kNoLimit, a.frames)},
          {"duration_seconds",
           unless(a.duration_ns == kNoLimit, number(static_cast<double>(a.duration_ns) / 1e9))},
          {"rate_pps",
           unless(a.rate_millipps == 0, number(static_cast<double>(a.rate_millipps) / 1e3))},
          {"reflected", a.reflected},
          {"clock", a.tai ? "tai" : "monotonic"},
          {"clock_error_us", unless(a.clock_error_ns == kNotInStep,
                                    number(static_cast<double>(a.clock_error_ns) / 1e3))},
          {"attempts", unless(!ended, attempts)},
          {"refused", unless(!ended, driver_drops)}};
}

std::string clock_text(const stats::RxClockVerdict& clock) {
  if (clock == stats::RxClock::Tai) return in_step_text(clock);
  if (clock == stats::RxClock::Offset) return "the sender's, corrected by --clock-offset";
  if (clock == stats::RxClock::Shared) return {};
  std::string why = "the sender's clock is not this host's";
  switch (clock.reason) {
  case stats::RxClockReason::HereNotInStep:
    why = "CLOCK_TAI of this host is not known to be in step";
    break;
  case stats::RxClockReason::SenderNotInStep:
    why = "CLOCK_TAI of the sender is not known to be in step";
    break;
  case stats::RxClockReason::OtherHost:
    why = "the sender's clock is that of another host";
    break;
  case stats::RxClockReason::None:
  case stats::RxClockReason::Contradicted:
  case stats::RxClockReason::SenderUnknown:
    break;
  }
  return why + "; udp --round-trip and reflect measure without a common clock";
}

std::string_view name(stats::RxClock clock) {
  switch (clock) {
  case stats::RxClock::Shared:
    return "shared";
  case stats::RxClock::Tai:
    return "tai";
  case stats::RxClock::Offset:
    return "offset";
  case stats::RxClock::Differs:
    break;
  }
  return "differs";
}

} // namespace xtg::report
