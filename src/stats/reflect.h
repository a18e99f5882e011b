// SPDX-License-Identifier: BSD-2-Clause
// What a reflector did: the kernel's records (xtg/abi/reflect.h) added up, and what happened
// between two looks at them. Counts are frames, sizes bytes without FCS, unless a name says
// otherwise.
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
  std::uint64_t bytes = 0;      ///< of those
  std::uint64_t stamped = 0;    ///< of those: with the reflector's timestamps
  std::uint64_t unnumbered = 0; ///< of those: of streams without a record
  std::uint64_t dropped = 0;    ///< of those: the driver refused them
  std::uint64_t passed = 0;     ///< not ours: went on to the stack
  /// Test frames that were not sent back, by XTG_REFLECT_*. They passed to the stack, except for
  /// those above the rate.
  std::array<std::uint64_t, XTG_REFLECT_REASONS> not_reflected{};
  bool operator==(const ReflectCounters&) const = default;
  ReflectCounters& operator+=(const ReflectCounters& other);
  ReflectCounters operator-(const ReflectCounters& before) const;
  /// Frames that the driver took.
  [[nodiscard]] std::uint64_t reflected() const { return sent - std::min(sent, dropped); }
  /// In all, without those above the rate.
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

/// The interface's own counters, as differences since the start.
struct ReflectLink {
  std::uint64_t rx_dropped = 0, rx_missed = 0, rx_errors = 0, tx_dropped = 0, tx_errors = 0;
  bool operator==(const ReflectLink&) const = default;
  /// A counter that went back, as where the driver was reset, counts as one that stood still.
  ReflectLink operator-(const ReflectLink& before) const;
};

struct ReflectSnapshot {
  std::uint64_t time_ns = 0;     ///< CLOCK_MONOTONIC
  std::vector<ReflectUnit> cpus; ///< those that did anything
  ReflectCounters total;
  std::vector<ReflectStream> streams;  ///< by name; at the end only
  std::map<int, std::uint64_t> errnos; ///< of what the driver refused, where it gave one
  ReflectLink link;
};

/// One interval, or the whole run.
struct ReflectSample {
  double start_s = 0, end_s = 0; ///< since the run's start
  ReflectCounters sum;           ///< within the interval
  double pps = 0;                ///< reflected per second
  double l1_bps = 0, l2_bps = 0; ///< of those: with preamble, gap and FCS; with FCS
};

struct ReflectSummary {
  ReflectSample total;  ///< of the time in which frames were sent back
  double waiting_s = 0; ///< of the run, before and after that
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
/// When frames were sent back, as found by looking at the count from time to time.
class ReflectFlow {
public:
  /// A look at the count; times rise.
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
