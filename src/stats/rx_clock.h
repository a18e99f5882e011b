// SPDX-License-Identifier: BSD-2-Clause
// Whether a stream's send times can be compared with this host's clock. Internal to stats but for
// its types, which are in stats/rx.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/rx.h"

namespace xtg::stats {

/// What is known of a stream's clocks.
struct ClockFacts {
  bool tai = false;          ///< its send times are CLOCK_TAI
  bool contradicted = false; ///< the delays are absurd
  HostClock here = {};
  bool announced = false; ///< the two that follow are from the sender
  std::uint64_t host = 0;
  std::uint64_t clock_error_ns = kNotInStep;
};

RxClockVerdict judge_clock(const ClockFacts& facts);

/// What the sender of this stream said of itself; nullptr: nothing.
const RxSender* sender_of(const std::vector<RxSender>& senders, const RxName& name);

} // namespace xtg::stats
