// SPDX-License-Identifier: BSD-2-Clause
// What a receiver does about announced runs: looks for them every 10 ms, and says when one begins
// and when all is over. Internal to app.
#pragma once

#include <cstdint>

#include "core/host_clock.h"
#include "core/result.h"
#include "plan/rx_spec.h"
#include "report/rx_report.h"
#include "stats/rx_runs.h"
#include "xdp/receiver.h"

namespace xtg::app {

class RxAnnounced {
public:
  explicit RxAnnounced(const plan::RxSpec& spec);

  /// CLOCK_MONOTONIC; never, where announcements are ignored.
  [[nodiscard]] std::uint64_t next_look_ns() const { return next_look_ns_; }

  enum class News : std::uint8_t { None, Begun };
  /// Begun: the first run is announced, and what was counted before is not in the report any more.
  Result<News> look(const xdp::Receiver& receiver, report::RxReporter& reporter);
  /// `snapshot`: the first one after that.
  [[nodiscard]] std::uint64_t begin_of(const stats::RxSnapshot& snapshot) const {
    return stats::RxRuns::begin_of(snapshot, begun_ns_);
  }

  /// What filters had counted in `snapshot` does not.
  void set_aside(const stats::RxSnapshot& snapshot) { runs_.set_aside(snapshot, begun_ns_); }
  /// Leaves what belongs to the report, with what is known of clocks and senders.
  void apply(stats::RxSnapshot& snapshot);

  [[nodiscard]] bool may_be_over() const { return runs_.may_be_over(); }
  /// `snapshot`: after apply().
  [[nodiscard]] bool over(const stats::RxSnapshot& snapshot) const;

private:
  stats::RxRuns runs_;
  HostClock clock_;
  std::uint64_t drain_ns_;
  std::uint64_t next_look_ns_;
  std::uint64_t seen_ = 0; ///< announcements at the last look
  std::uint64_t begun_ns_ = 0;
};

} // namespace xtg::app
