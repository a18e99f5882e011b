// SPDX-License-Identifier: BSD-2-Clause
// Results of a reflector: sums of the kernel's records (xtg/abi/reflect.h), and differences between
// two snapshots. Counts are frames, sizes bytes without FCS, unless a name says otherwise.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "stats/rate.h"
#include "stats/rx.h"
#include "xtg/abi/reflect.h"

namespace xtg::stats {

struct ReflectCounters {
  std::uint64_t sent = 0;       ///< handed to the driver to go back
  std::uint64_t bytes = 0;      ///< of those `sent`
  std::uint64_t stamped = 0;    ///< of `sent`: with reflector timestamps
  std::uint64_t unnumbered = 0; ///< of `sent`: of streams without a record
  std::uint64_t dropped = 0;    ///< of `sent`: refused by the driver
  std::uint64_t passed = 0;     ///< not test frames: passed to the stack
  /// Test frames not sent back, by XTG_REFLECT_*. They passed to the stack, except for those above
  /// the rate limit.
  std::array<std::uint64_t, XTG_REFLECT_REASONS> not_reflected{};
  bool operator==(const ReflectCounters&) const = default;
  ReflectCounters& operator+=(const ReflectCounters& other);
  ReflectCounters operator-(const ReflectCounters& before) const;
  /// Frames accepted by the driver.
  [[nodiscard]] std::uint64_t reflected() const { return sent - std::min(sent, dropped); }
  /// Total of not_reflected, without those above the rate limit.
  [[nodiscard]] std::uint64_t refused_sum() const;
};

struct ReflectUnit {
  unsigned number = 0; ///< CPU
  std::uint64_t sent = 0, passed = 0;
  bool operator==(const ReflectUnit&) const = default;
};

struct ReflectStream {
  RxName name;
  std::uint64_t frames = 0;    ///< data frames sent back
  std::uint64_t announced = 0; ///< START and END frames sent back
  bool operator==(const ReflectStream&) const = default;
};

/// The interface's own counters, as increases since the start.
struct ReflectLink {
  std::uint64_t rx_dropped = 0, rx_missed = 0, rx_errors = 0, tx_dropped = 0, tx_errors = 0;
  bool operator==(const ReflectLink&) const = default;
  /// A counter that decreased, as after a driver reset, counts as unchanged.
  ReflectLink operator-(const ReflectLink& before) const;
};

struct ReflectSnapshot {
  std::uint64_t time_ns = 0;     ///< CLOCK_MONOTONIC
  std::vector<ReflectUnit> cpus; ///< only active ones
  ReflectCounters total;
  std::vector<ReflectStream> streams;  ///< by name; only at the end
  std::map<int, std::uint64_t> errnos; ///< of refused frames, where the driver gave one
  ReflectLink link;
};

/// One interval, or the whole run.
struct ReflectSample {
  double start_s = 0, end_s = 0; ///< since the run's start
  ReflectCounters sum;           ///< in the interval
  double pps = 0;                ///< reflected, per second
  double l1_bps = 0, l2_bps = 0; ///< of those: including preamble, gap and FCS; including FCS
};

struct ReflectSummary {
  ReflectSample total;  ///< over the time in which frames were sent back
  double waiting_s = 0; ///< rest of the run, before and after that
  EndReason end = EndReason::Interrupted;
  CountSource source = CountSource::Tracepoint; ///< of sum.dropped
  std::vector<ReflectStream> streams;
  std::vector<ReflectUnit> cpus;
  std::map<int, std::uint64_t> errnos;
  ReflectLink link;
  double cpu_s = 0;
};

ReflectSample reflect_delta(const ReflectSnapshot& from, const ReflectSnapshot& to,
                            std::uint64_t origin_ns);
/// First and last time frames were sent back, from periodic looks at the count.
class ReflectFlow {
public:
  /// Takes the count at a time; times increase.
  void look(std::uint64_t now_ns, std::uint64_t sent);
  [[nodiscard]] bool any() const { return to_ns_ != 0; }
  [[nodiscard]] std::uint64_t from_ns() const { return from_ns_; }
  [[nodiscard]] std::uint64_t to_ns() const { return to_ns_; }

private:
  std::uint64_t from_ns_ = 0, to_ns_ = 0, looked_ns_ = 0, sent_ = 0;
};

/// `flow`: rates are over its time.
ReflectSummary reflect_summary(const ReflectSnapshot& first, const ReflectSnapshot& last,
                               const ReflectFlow& flow, std::uint64_t origin_ns);

} // namespace xtg::stats
