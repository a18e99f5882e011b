// SPDX-License-Identifier: BSD-2-Clause
// Counters of a run at one moment: copies of the kernel's records as plain values. Everything
// counts from the run's start and never decreases.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace xtg::stats {

/// Counters of one sending thread, of one stream, or of all. attempts = accepted + errors() +
/// queued once nothing is in flight any more. A frame that was refused and sent again is two
/// attempts.
struct TxCounters {
  std::uint64_t attempts = 0;        ///< frames handed to the redirect
  std::uint64_t accepted = 0;        ///< frames that the driver accepted (xdp_devmap_xmit: sent)
  std::uint64_t driver_drops = 0;    ///< frames that the driver refused (same: drops)
  std::uint64_t redirect_errors = 0; ///< frames that never reached the driver
  std::uint64_t queue_drops = 0;     ///< frames that the queueing discipline dropped; not over XDP
  std::uint64_t queued = 0;          ///< frames that lay in it still when all was over
  std::uint64_t resent = 0;          ///< part of attempts: frames offered again after a refusal
  std::uint64_t skipped_slots = 0;   ///< missed slots, in frames
  std::uint64_t nomem_retries = 0;   ///< kernel calls repeated after ENOMEM
  bool operator==(const TxCounters&) const = default;
  TxCounters& operator+=(const TxCounters& other);
  [[nodiscard]] std::uint64_t errors() const {
    return driver_drops + redirect_errors + queue_drops;
  }
  /// Frames offered, each counted once however often it was refused.
  [[nodiscard]] std::uint64_t offered() const { return attempts - std::min(attempts, resent); }
  /// Frames offered that were not accepted in the end.
  [[nodiscard]] std::uint64_t refused() const {
    return errors() + queued - std::min(errors(), resent);
  }
};

/// Source of `accepted` and the errors.
enum class CountSource : std::uint8_t {
  Tracepoint, ///< exact, and of this run alone
  Link,       ///< the interface's own counters, including all else that it sends
};

struct Snapshot {
  std::uint64_t time_ns = 0; ///< CLOCK_MONOTONIC
  CountSource source = CountSource::Tracepoint;
  std::vector<TxCounters> workers;
  std::vector<TxCounters>
      streams; ///< by number; without nomem_retries, which are counted by worker
  /// Total; equals the sum over the workers with CountSource::Tracepoint. With Link only `total`
  /// has accepted and errors.
  TxCounters total;
  std::map<int, std::uint64_t>
      errnos; ///< positive errno of driver drops and redirect errors -> frames
};

} // namespace xtg::stats
