// SPDX-License-Identifier: BSD-2-Clause
// The clocks of two hosts: what each says about its own, and how far they are apart. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock_offset.h"
#include "core/host_clock.h"
#include "core/result.h"

namespace xtg::serve {

/// GET /v1/clock: times of CLOCK_MONOTONIC at which the request came and the answer left.
struct ClockReading {
  HostClock clock;
  std::int64_t received_ns = 0, sent_ns = 0;
  std::int64_t tai_ahead_ns = 0; ///< CLOCK_TAI less CLOCK_MONOTONIC
};
std::string clock_answer(const ClockReading& reading);
Result<ClockReading> read_clock(int status, std::string_view body);

enum class ClockState : std::uint8_t {
  Unknown,   ///< the server does not tell
  Same,      ///< one clock: both ends are on one host
  InStep,    ///< both hosts keep CLOCK_TAI synchronized, as their kernels say
  Estimated, ///< by exchanges of time stamps
};
std::string_view name(ClockState state); // "estimated"

/// How far the far end's CLOCK_MONOTONIC is ahead of the near one during a run.
struct Clocks {
  ClockState state = ClockState::Unknown;
  ClockOffset offset; ///< Estimated and Same: by exchanges; InStep: by CLOCK_TAI
  std::optional<std::uint64_t> in_step_error_ns; ///< maximum error, if both are synchronized
};

/// The same instant by the near end's clock; 0 where that is not known.
std::uint64_t near_time(const Clocks& clocks, std::uint64_t far_ns);

/// Collects exchanges with the far end.
class ClockComparison {
public:
  void add(const ClockSample& sample, const ClockReading& near, const ClockReading& far);
  [[nodiscard]] Clocks over(std::int64_t from_ns, std::int64_t to_ns,
                            const OffsetLimits& limits = {}) const;

private:
  std::vector<ClockSample> samples_;
  HostClock near_, far_;
  std::int64_t in_step_offset_ns_ = 0;
};

/// --clock-offset for the receivers of a run of this length: how far their senders are ahead of
/// them at most, so that no delay seems negative. None where there is nothing to correct.
struct SenderOffsets {
  std::optional<std::int64_t> near_sender_ns, far_sender_ns;
};
SenderOffsets offsets_for_receivers(const Clocks& clocks, std::int64_t run_ns);

} // namespace xtg::serve
