// SPDX-License-Identifier: BSD-2-Clause
// Measures how long frames are attempted and none is accepted.
#pragma once

#include <cstdint>

#include "stats/snapshot.h"

namespace xtg::stats {

class Silence {
public:
  /// Starts with the counters from before the run.
  void begin(const TxCounters& now, std::uint64_t now_ns) {
    seen_ = now;
    since_ns_ = now_ns;
    tries_ = 0;
  }
  /// Takes the counters; true if frames have been attempted without success for `patience_ns`, and
  /// attempted again. Attempts may be rare, since refused frames are retried after a wait.
  bool lasts(const TxCounters& now, std::uint64_t now_ns, std::uint64_t patience_ns) {
    if (now.accepted != seen_.accepted || (tries_ == 0 && now.attempts == seen_.attempts)) {
      begin(now, now_ns);
      return false;
    }
    if (now.attempts != seen_.attempts) tries_++;
    seen_ = now;
    return tries_ >= 2 && now_ns - since_ns_ >= patience_ns;
  }
  /// At least one frame was accepted.
  [[nodiscard]] bool ever_accepted() const { return seen_.accepted != 0; }

private:
  TxCounters seen_;
  std::uint64_t since_ns_ = 0; ///< when frames were last accepted, or none was attempted
  unsigned tries_ = 0;         ///< calls since then that found new attempts
};

} // namespace xtg::stats
