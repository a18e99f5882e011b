// SPDX-License-Identifier: BSD-2-Clause
// What a receiver does about announced runs: looks for them every 10 ms, and says when one begins
// and when all is over. Internal to app.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/host_clock.h"
#include "core/result.h"
#include "plan/rx_spec.h"
#include "report/event.h"
#include "stats/rx_runs.h"
#include "xdp/receiver.h"

namespace xtg::app {

class RxAnnounced {
public:
  explicit RxAnnounced(const plan::RxSpec& spec);

  /// CLOCK_MONOTONIC; never, where announcements are ignored.
  [[nodiscard]] std::uint64_t next_look_ns() const { return next_look_ns_; }

  /// Reads what was announced. True: a session starts, and if its run begins, what is counted from
  /// now on is its.
  Result<bool> learn(xdp::Receiver& receiver);
  /// Looks for data of what was announced, and reports the runs that have some. The
  /// start of the first one when that begins: what was counted before is not in the report any
  /// more.
  std::optional<stats::RxAnnouncement> confirm(const xdp::Receiver& receiver, report::Sink& sink);

  /// What filters had counted in `snapshot` does not, and the run begins then.
  void set_baseline(const stats::RxSnapshot& snapshot, std::uint64_t begun_ns) {
    runs_.set_baseline(snapshot, begun_ns);
  }
  /// Leaves what belongs to the report, with what is known of clocks and senders.
  void apply(stats::RxSnapshot& snapshot);

  [[nodiscard]] bool may_be_over() const;
  /// `snapshot`: after apply().
  [[nodiscard]] bool over(const stats::RxSnapshot& snapshot) const;
  /// What to say of runs that are over without their sender's word; empty: there are none.
  [[nodiscard]] static std::string overdue(const stats::RxSnapshot& snapshot);

private:
  stats::RxRuns runs_;
  HostClock clock_;
  std::uint64_t next_look_ns_;
  std::uint64_t next_data_ns_ = 0; ///< when data is looked for, unless there is reason for it
  std::uint64_t seen_ = 0;         ///< announcements at the last look
};

} // namespace xtg::app
