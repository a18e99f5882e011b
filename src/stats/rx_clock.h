// SPDX-License-Identifier: BSD-2-Clause
// Whether a stream's send times are comparable with this host's clock. Internal to stats except for
// its types, which are in stats/rx.h.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/rx.h"

namespace xtg::stats {

/// Known facts about a stream's clocks.
struct ClockFacts {
  bool tai = false;          ///< its send times are CLOCK_TAI
  bool contradicted = false; ///< the delays are implausible
  HostClock here = {};
  bool offset = false;    ///< the offset of the sender's CLOCK_MONOTONIC was given
  bool announced = false; ///< the next two are from the sender's announcement
  std::uint64_t host = 0;
  std::uint64_t clock_error_ns = kNotInStep;
};

RxClockVerdict judge_clock(const ClockFacts& facts);

/// The sender's announcement of this stream; nullptr: none.
const RxSender* sender_of(const std::vector<RxSender>& senders, const RxName& name);

} // namespace xtg::stats
