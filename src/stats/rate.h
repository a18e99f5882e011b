// SPDX-License-Identifier: BSD-2-Clause
// Rates from counters: between two snapshots, and over the whole run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/size_mix.h"
#include "core/units.h"
#include "stats/histogram.h"
#include "stats/snapshot.h"

namespace xtg::stats {

/// Converts packets of a stream to bits: one frame's bits on each layer, or the mean if sizes
/// differ; and the sizes, which give the exact bytes of any number of packets.
struct FrameBits {
  double l1 = 0, l2 = 0, l3 = 0;
  std::optional<SizeMix> mix{};
  std::uint32_t l3_offset = 14; ///< headers below IP
};

/// What one of several streams sent in an interval.
struct StreamSample {
  TxCounters tx;
  std::uint64_t packets = 0; ///< accepted; attempts if outcomes are not known by stream
  std::uint64_t bytes = 0;   ///< of these, with FCS
  double pps = 0, l1_bps = 0, l2_bps = 0;
  bool operator==(const StreamSample&) const = default;
};

/// One interval, or the whole run.
struct Sample {
  double start_s = 0; ///< since the run's start
  double end_s = 0;
  TxCounters tx;                             ///< within the interval
  std::vector<TxCounters> workers;           ///< the same, by thread
  std::uint64_t bytes = 0;                   ///< of accepted frames, with FCS
  std::vector<StreamSample> streams;         ///< by number; empty: not counted by stream
  double xmit_pps = 0;                       ///< accepted per second
  double err_pps = 0;                        ///< driver drops and redirect errors per second
  double l1_bps = 0, l2_bps = 0, l3_bps = 0; ///< of accepted frames
  std::optional<double> target_pps;
};

/// Sample between two snapshots. An empty interval has rates of 0; counters that decreased count as
/// 0. Bytes are those of the packets after the last accepted one in `from` up to the last in `to`;
/// intervals add up to the run's total, which is exact if no packet was skipped.
Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             const FrameBits& bits, std::optional<double> target_pps);
/// The same with the bits of each stream's frames. If outcomes are not known by stream, attempts
/// count.
Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             std::span<const FrameBits> streams, std::optional<double> target_pps);

/// How the run ended.
/// Announced: for a receiver whose sender announced the end.
enum class EndReason : std::uint8_t { Amount, Duration, Interrupted, Failed, Announced };

struct Summary {
  Sample total;
  EndReason end = EndReason::Amount;
  CountSource source = CountSource::Tracepoint;
  std::map<int, std::uint64_t> errnos;
  /// What the stack dropped of frames that were sent into an interface, by the kernel's reason.
  std::map<std::string, std::uint64_t> stack_drops;
  std::optional<Histogram>
      release_delay;        ///< paced runs: how late after its deadline a frame was released, ns
  double first_frame_s = 0; ///< from the command's start to the first frame
  std::uint64_t first_frame_ns = 0; ///< CLOCK_MONOTONIC of the first frame
  /// Why the target was missed by more than 1 %; empty if it was met or there was none.
  std::string shortfall;
  double cpu_s = 0;               ///< processor time of the process, user and system
  std::vector<std::string> notes; ///< about changes during the run
};

/// (target - achieved) / target; 0 without a target.
double shortfall_ratio(const Sample& sample);

} // namespace xtg::stats
