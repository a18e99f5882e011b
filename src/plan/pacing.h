// SPDX-License-Identifier: BSD-2-Clause
// Converts a rate law to the schedule of one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/result.h"
#include "packet/encode.h"
#include "plan/plan.h"

namespace xtg::plan {

/// Slots per second and thread that can be released one by one, with a margin: a kernel batch of
/// one frame reaches some 1.9 million on one core of 2024. Above that, slots share a batch.
inline constexpr double kSingleReleasePps = 1.2e6;
/// Longer gaps are slept through; for shorter ones, waking up costs more than waiting.
inline constexpr std::uint64_t kSleepGapNs = 500'000;
/// How late a schedule may run before its slots count as missed.
inline constexpr std::uint64_t kCatchUpNs = 10'000'000;

/// Mean size of a packet on each layer.
struct LayerBits {
  double l1 = 0, l2 = 0, l3 = 0;
};
/// Packets per second of such packets at this rate; none for `max`. InvalidArgument if it cannot be
/// scheduled.
Result<std::optional<double>> scheduled_pps(const RateLaw& law, const LayerBits& bits);

/// The schedule of each of `threads` threads; none for the rate `max`. InvalidArgument if the rate
/// cannot be scheduled.
Result<std::optional<Pacing>> make_pacing(const StreamPlan& stream, std::uint32_t threads,
                                          Pace pace);

/// The stream encoded for the kernel program.
packet::EncodedStream encode(const StreamPlan& stream);

/// Frames per flush of unpaced streams. Beside a paced stream it is short, because frames that are
/// due wait for the batch to end, and a slot that fills part of a batch skips the rest.
inline constexpr std::uint32_t kMixedBatch = 32;
std::uint32_t flood_batch(const std::vector<StreamPlan>& streams);

/// Whether a thread with a share of each stream may sleep between slots: all streams are paced,
/// with long enough gaps even where slots of several streams follow each other.
bool may_sleep(const std::vector<StreamPlan>& streams);

/// Packets per second of all streams; none if any stream is unpaced.
std::optional<double> target_of(const std::vector<StreamPlan>& streams);

/// Offset of a worker's first slot from the start: threads take turns.
struct Phase {
  std::uint64_t ns = 0;
  std::uint32_t frac = 0; ///< 2^-32 ns
};
Phase phase_of(const Pacing& pacing, std::uint32_t worker, std::uint32_t threads);

/// The gaps of each thread's schedule if all flows together have one slot per `gap`, shared
/// equally; `open` is the number of flows of each thread that still send. 0: none.
std::vector<std::uint64_t> share_pace(std::uint64_t gap, const std::vector<std::uint32_t>& open);

} // namespace xtg::plan
