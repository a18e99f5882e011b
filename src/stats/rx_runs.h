// SPDX-License-Identifier: BSD-2-Clause
// Which runs were announced to a receiver, what of its records belongs to them, and when they are
// over.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "stats/rx.h"
#include "stats/rx_sender.h"

namespace xtg::stats {

/// Announcements can be forged, so a run counts when data of it has arrived: its second frame, or
/// all that was sent. Until then it changes nothing, and runs without data are forgotten
/// for others.
class RxRuns {
public:
  /// `drain_ns`: how long to wait after an end for what has not arrived.
  explicit RxRuns(std::uint64_t drain_ns) : drain_ns_(drain_ns) {}

  /// Takes what was announced since the last call. True: a session starts, and what is counted from
  /// now on may be its run's.
  bool learn(const std::vector<RxAnnouncement>& announcements);
  /// Takes what has arrived so far. The runs that it confirms, and those that have ended without a
  /// start.
  std::vector<RxSender> confirm(std::vector<RxArrived> arrived);

  /// A run with a start is confirmed: from then on only such ones count.
  [[nodiscard]] bool begun() const { return begun_; }
  /// Data of a run that was just announced is waited for: confirm() should be called soon.
  [[nodiscard]] bool hurries(std::uint64_t now_ns) const;
  /// Every run that has begun has ended or is overdue; or without any, one has ended: over() is of
  /// interest.
  [[nodiscard]] bool may_be_over(std::uint64_t now_ns) const;

  /// What filters had counted in `snapshot` is from before the run, which begins at `begun_ns`:
  /// apply() subtracts it.
  void set_baseline(const RxSnapshot& snapshot, std::uint64_t begun_ns);
  /// When the run began: arrival of its start, or of its first packet, which may overtake the
  /// start. `snapshot`: as apply() left it.
  static std::uint64_t begin_of(const RxSnapshot& snapshot, std::uint64_t start_ns);

  /// Leaves in the snapshot the records that count, those of filters among them, tells it of their
  /// senders, and adds the packets of other sessions to its `unannounced`.
  void apply(RxSnapshot& snapshot) const;
  /// All that counts has ended, and has arrived or had the drain's time since its end; or it is
  /// overdue: the duration that its start said is over, and the drain's time. Where no start was
  /// seen nothing else may be under way. `snapshot`: as apply() left it, after confirm().
  [[nodiscard]] bool over(const RxSnapshot& snapshot, std::uint64_t now_ns) const;

private:
  struct Run {
    RxSender sender;
    std::uint64_t seen_ns = 0; ///< when it was last announced
    std::uint64_t packets = 0; ///< that arrived of it
    std::uint64_t last_ns = 0; ///< arrival of the last one
    bool confirmed = false, begun = false, announced = false;
  };

  void prune();
  [[nodiscard]] static bool is_confirmed(const Run& run);
  [[nodiscard]] bool is_overdue(const Run& run, std::uint64_t now_ns) const;
  [[nodiscard]] bool others_go_on(std::uint64_t now_ns) const;
  [[nodiscard]] bool one_begins(std::uint64_t now_ns) const;

  std::map<std::uint32_t, Run> runs_;
  std::vector<RxArrived> arrived_;
  std::vector<RxRecord> baseline_; ///< of filters, before the run
  std::uint64_t baseline_ns_ = 0;  ///< when those were read
  std::uint64_t begun_ns_ = 0;
  std::uint64_t drain_ns_;
  bool begun_ = false;
};

/// Packets of other sessions.
std::uint64_t not_of(const std::vector<RxArrived>& arrived, std::uint32_t run_id);

/// Whether a stream with this name is one of the session's.
bool belongs(const RxName& name, std::uint32_t run_id);

} // namespace xtg::stats
