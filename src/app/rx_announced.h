// SPDX-License-Identifier: BSD-2-Clause
// Announced runs at a receiver: checks for them every 10 ms and reports when one begins and when
// all are over. Internal to app.
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

  /// CLOCK_MONOTONIC; ~0 if announcements are ignored.
  [[nodiscard]] std::uint64_t next_look_ns() const { return next_look_ns_; }

  /// Reads new announcements. True: a sender starts; if its run begins, counts from now on belong
  /// to it.
  Result<bool> learn(xdp::Receiver& receiver);
  /// Looks for data of announced runs and reports the runs that have some. Returns the start of the
  /// first run when that begins: earlier counts are no longer part of the report.
  std::optional<stats::RxAnnouncement> confirm(const xdp::Receiver& receiver, report::Sink& sink);

  /// Begins the run; the filters' counts in `snapshot` are excluded from it.
  void set_baseline(const stats::RxSnapshot& snapshot, std::uint64_t begun_ns) {
    runs_.set_baseline(snapshot, begun_ns);
  }
  /// Reduces the snapshot to what belongs in the report and adds what is known of clocks and
  /// senders.
  void apply(stats::RxSnapshot& snapshot);

  [[nodiscard]] bool may_be_over() const;
  /// Takes a snapshot after apply().
  [[nodiscard]] bool over(const stats::RxSnapshot& snapshot) const;
  /// A note on runs that ended without an end announcement; empty if there are none.
  [[nodiscard]] static std::string overdue(const stats::RxSnapshot& snapshot);

private:
  stats::RxRuns runs_;
  HostClock clock_;
  bool sender_offset_;
  std::uint64_t next_look_ns_;
  std::uint64_t next_data_ns_ = 0; ///< next regular check for data
  std::uint64_t seen_ = 0;         ///< announcements at the last check
};

} // namespace xtg::app
