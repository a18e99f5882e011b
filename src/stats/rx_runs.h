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

class RxRuns {
public:
  /// Takes all announcements so far. What it had not known: the sessions that begin, and those of
  /// which an end came without a start.
  std::vector<RxSender> learn(const std::vector<RxAnnouncement>& announcements);

  /// A start was seen: from then on only announced sessions count.
  [[nodiscard]] bool begun() const { return begun_; }
  /// Every session that has begun has ended, or without any, one has ended: over() is of interest.
  [[nodiscard]] bool may_be_over() const;

  /// What filters had counted in `snapshot` is from before the run, which begins at `begun_ns`:
  /// apply() takes it off.
  void set_aside(const RxSnapshot& snapshot, std::uint64_t begun_ns);
  /// When the run began: its start came then, or the first of its packets, which may overtake that.
  /// `snapshot`: as apply() left it.
  static std::uint64_t begin_of(const RxSnapshot& snapshot, std::uint64_t start_ns);

  /// Leaves in the snapshot the records that count, those of filters among them, tells it of their
  /// senders, and adds the packets of other sessions to its `unannounced`.
  void apply(RxSnapshot& snapshot) const;
  /// All that counts has ended, and has arrived or had `drain_ns` since its end. `snapshot`: as
  /// apply() left it.
  [[nodiscard]] bool over(const RxSnapshot& snapshot, std::uint64_t now_ns,
                          std::uint64_t drain_ns) const;

private:
  std::map<std::uint32_t, RxSender> senders_;
  std::vector<RxRecord> aside_; ///< of filters, before the run
  std::uint64_t aside_ns_ = 0;  ///< when those were read
  std::uint64_t begun_ns_ = 0;
  bool begun_ = false;
};

/// Whether a stream with this name is one of the session's.
bool belongs(const RxName& name, std::uint32_t session);

} // namespace xtg::stats
