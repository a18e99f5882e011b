// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_clock.h"

#include "stats/rx_runs.h"

namespace xtg::stats {

namespace {

RxClockVerdict differs(RxClockReason reason) {
  return {RxClock::Differs, reason, std::nullopt};
}

RxClockVerdict judge_tai(const ClockFacts& facts) {
  const std::uint64_t here = facts.here.tai_error_ns;
  if (here == kNotInStep) return differs(RxClockReason::HereNotInStep);
  if (facts.announced && facts.clock_error_ns == kNotInStep)
    return differs(RxClockReason::SenderNotInStep);
  if (facts.contradicted) return differs(RxClockReason::Contradicted);
  if (!facts.announced) return {RxClock::Tai, RxClockReason::SenderUnknown, here};
  return {RxClock::Tai, RxClockReason::None, here + facts.clock_error_ns};
}

} // namespace

RxClockVerdict judge_clock(const ClockFacts& facts) {
  if (facts.tai) return judge_tai(facts);
  if (facts.offset) {
    if (facts.contradicted) return differs(RxClockReason::Contradicted);
    return {RxClock::Offset, RxClockReason::None, std::nullopt};
  }
  if (facts.announced && facts.host != 0 && facts.here.boot != 0) {
    if (facts.host != facts.here.boot) return differs(RxClockReason::OtherHost);
    return {RxClock::Shared, RxClockReason::None, std::nullopt};
  }
  if (facts.contradicted) return differs(RxClockReason::Contradicted);
  return {RxClock::Shared, RxClockReason::None, std::nullopt};
}

const RxSender* sender_of(const std::vector<RxSender>& senders, const RxName& name) {
  for (const RxSender& sender : senders)
    if (belongs(name, sender.run_id)) return &sender;
  return nullptr;
}

} // namespace xtg::stats
