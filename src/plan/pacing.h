// SPDX-License-Identifier: BSD-2-Clause
// From a rate law to the schedule of one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/result.h"
#include "packet/encode.h"
#include "plan/plan.h"

namespace xtg::plan {

/// Slots that can be released one by one, per second and thread, with room to spare: a kernel batch
/// of one frame manages some 1.9 million on one core of 2024. Above that slots share a batch.
inline constexpr double kSingleReleasePps = 1.2e6;
/// Gaps from this length on are slept through; below, waking up costs more than waiting.
inline constexpr std::uint64_t kSleepGapNs = 500'000;
/// How late a schedule may run before its slots are given up.
inline constexpr std::uint64_t kCatchUpNs = 10'000'000;

/// What one packet takes on each layer, in the mean.
struct LayerBits {
  double l1 = 0, l2 = 0, l3 = 0;
};
/// Packets per second that a rate makes of such packets; none for `max`. InvalidArgument where it
/// cannot be scheduled.
Result<std::optional<double>> scheduled_pps(const RateLaw& law, const LayerBits& bits);

/// The schedule of each of `threads` threads; none for the rate `max`. InvalidArgument where the
/// rate cannot be scheduled.
Result<std::optional<Pacing>> make_pacing(const StreamPlan& stream, std::uint32_t threads,
                                          Pace pace);

/// The stream as the kernel program reads it.
packet::EncodedStream encode(const StreamPlan& stream);

/// Frames per flush of streams that are not paced. Next to a paced stream it is short: what is due
/// waits for a batch to end, and a batch of which a slot fills a part passes over the rest.
inline constexpr std::uint32_t kMixedBatch = 32;
std::uint32_t flood_batch(const std::vector<StreamPlan>& streams);

/// Whether a thread with a share of each stream may sleep between slots: all are paced, with gaps
/// that are long enough even where slots of several streams follow each other.
bool may_sleep(const std::vector<StreamPlan>& streams);

/// Packets per second of all streams; none where one has no schedule.
std::optional<double> target_of(const std::vector<StreamPlan>& streams);

/// When a worker's first slot is due, after the start: threads take turns.
struct Phase {
  std::uint64_t ns = 0;
  std::uint32_t frac = 0; ///< 2^-32 ns
};
Phase phase_of(const Pacing& pacing, std::uint32_t worker, std::uint32_t threads);

/// The gaps of each thread's schedule where all flows together have one slot in `gap`, and each an
/// equal share of them: `open` has how many flows each thread has that still send. 0: none.
std::vector<std::uint64_t> share_pace(std::uint64_t gap, const std::vector<std::uint32_t>& open);

} // namespace xtg::plan
