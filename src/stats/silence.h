// SPDX-License-Identifier: BSD-2-Clause
// Frames are tried and none is accepted: how long that lasts.
#pragma once

#include <cstdint>

#include "stats/snapshot.h"

namespace xtg::stats {

class Silence {
public:
  /// The run begins, with what was counted before.
  void begin(const TxCounters& now, std::uint64_t now_ns) {
    seen_ = now;
    since_ns_ = now_ns;
    tries_ = 0;
  }
  /// Takes note of the counters; whether `patience_ns` have passed since frames were first tried
  /// and not accepted, and frames have been tried again. That may be rarely: who is refused waits.
  bool lasts(const TxCounters& now, std::uint64_t now_ns, std::uint64_t patience_ns) {
    if (now.accepted != seen_.accepted || (tries_ == 0 && now.attempts == seen_.attempts)) {
      begin(now, now_ns);
      return false;
    }
    if (now.attempts != seen_.attempts) tries_++;
    seen_ = now;
    return tries_ >= 2 && now_ns - since_ns_ >= patience_ns;
  }
  /// Frames have been seen to be accepted.
  [[nodiscard]] bool ever_accepted() const { return seen_.accepted != 0; }

private:
  TxCounters seen_;
  std::uint64_t since_ns_ = 0; ///< when frames were last accepted, or none was tried
  unsigned tries_ = 0;         ///< looks since then that found frames tried
};

} // namespace xtg::stats
