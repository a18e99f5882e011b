// SPDX-License-Identifier: BSD-2-Clause
// Offset between the clocks of two hosts, estimated from time stamps that they exchanged. Pure.
//
// Each exchange bounds the offset without any assumption about the path: the far end received the
// request after it was sent, and the near end received the answer after that was sent. An
// asymmetric path moves the estimate within these bounds, not beyond them. Over a longer time the
// clocks drift apart at a rate that is taken to be constant, unless the bounds contradict that.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/host_clock.h"

namespace xtg {

/// One exchange. Times are ns by the clock of the host that took them.
struct ClockSample {
  std::int64_t near_sent = 0, far_received = 0, far_sent = 0, near_received = 0;
  /// Round trip without the time at the far end.
  [[nodiscard]] std::int64_t round_trip() const {
    return (near_received - near_sent) - (far_sent - far_received);
  }
};

/// The fastest samples, which have the closest bounds; in their order.
std::vector<ClockSample> fastest(std::span<const ClockSample> samples, std::size_t most);

/// How far the far end's clock is ahead: at any time of a period within offset +- error.
struct ClockOffset {
  std::int64_t offset_ns = 0;
  std::uint64_t error_ns = 0;
  std::optional<double> drift_ppm; ///< of the far clock against the near one, if well known
  bool steady = true;              ///< false: the rate of the clocks changed between the samples
  std::uint64_t round_trip_ns = 0; ///< of the fastest sample
  std::size_t samples = 0;
};

/// Bounds that held at some time in the period: a packet from the near end that arrived `most`
/// later by the two clocks shows that the offset was not larger, one from the far end that it was
/// not smaller than `least`.
struct OffsetLimits {
  std::optional<std::int64_t> least, most;
};

/// The offset over the period from `from_ns` to `to_ns` of the near clock. None without a sound
/// sample (one whose round trip is not negative).
std::optional<ClockOffset> estimate_offset(std::span<const ClockSample> samples,
                                           std::int64_t from_ns, std::int64_t to_ns,
                                           const OffsetLimits& limits = {});

/// What two hosts know about their clocks without an exchange.
enum class ClockRelation : std::uint8_t {
  Same,    ///< CLOCK_MONOTONIC is one clock: the same boot of the same host
  InStep,  ///< both keep CLOCK_TAI synchronized
  Unknown, ///< at least one does not
};
struct ClockAgreement {
  ClockRelation relation = ClockRelation::Unknown;
  std::uint64_t error_ns = kNotInStep; ///< InStep: maximum error of a difference
};
ClockAgreement agreement_of(const HostClock& near, const HostClock& far);

} // namespace xtg
