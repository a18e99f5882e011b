// SPDX-License-Identifier: BSD-2-Clause
#include "plan/pacing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "xtg/abi/base.h"

namespace xtg::plan {

namespace {

constexpr std::uint32_t kMaxBatch = XTG_MAX_BATCH;
constexpr double kMinPps = 0.01;
constexpr double kMaxPps = 1e9;
constexpr double kTwo32 = 4294967296.0;

double target_pps(const StreamPlan& stream) {
  const Rate& rate = stream.rate.rate;
  if (rate.unit == Rate::Unit::Pps) return rate.value;
  switch (stream.rate.layer) {
  case Layer::L1:
    return rate.value / static_cast<double>(stream.l1_bits);
  case Layer::L2:
    return rate.value / static_cast<double>(stream.l2_bits);
  case Layer::L3:
    return rate.value / static_cast<double>(stream.l3_bits);
  }
  return 0;
}

// Frames a thread must release together to reach `pps`; from the measured cost of batches.
std::uint32_t frames_per_release(double pps) {
  static constexpr std::array<std::pair<double, std::uint32_t>, 4> kSteps = {
      {{kSingleReleasePps, 1}, {2.0e6, 2}, {2.8e6, 4}, {3.6e6, 8}}};
  for (const auto& [limit, frames] : kSteps) {
    if (pps <= limit) return frames;
  }
  return 64;
}

} // namespace

Result<std::optional<Pacing>> make_pacing(const StreamPlan& stream, std::uint32_t threads,
                                          Pace pace) {
  if (stream.rate.rate.unit == Rate::Unit::Max) return std::optional<Pacing>{};
  const std::string text = format_rate(stream.rate.rate);
  const double pps = target_pps(stream);
  if (!(pps >= kMinPps && pps <= kMaxPps))
    return fail(Errc::InvalidArgument,
                fmt::format("--rate {}: makes {:.3g} packets per second; {} to {} can be scheduled",
                            text, pps, kMinPps, kMaxPps));
  if (stream.rate.burst == 0 || stream.rate.burst > kMaxBatch)
    return fail(Errc::InvalidArgument,
                fmt::format("--burst {}: 1 to {} frames", stream.rate.burst, kMaxBatch));

  Pacing out;
  out.target_pps = pps;
  out.frames_per_slot = stream.rate.burst;
  const long double interval = 1e9L * out.frames_per_slot * threads / static_cast<long double>(pps);
  out.interval_ns = static_cast<std::uint64_t>(interval);
  out.interval_frac = static_cast<std::uint32_t>(
      (interval - static_cast<long double>(out.interval_ns)) * static_cast<long double>(kTwo32));
  const std::uint32_t release = frames_per_release(pps / threads);
  out.slots_per_batch = std::max(1U, std::min(release, kMaxBatch) / out.frames_per_slot);
  out.sleep = pace == Pace::Auto && out.interval_ns >= kSleepGapNs;
  return std::optional<Pacing>{out};
}

Phase phase_of(const Pacing& pacing, std::uint32_t lane, std::uint32_t threads) {
  // interval * lane / threads in 32.32 steps; lane and threads are small, so nothing overflows.
  const std::uint64_t whole = pacing.interval_ns * lane;
  const std::uint64_t rest = ((whole % threads) << 32) + std::uint64_t{pacing.interval_frac} * lane;
  const std::uint64_t frac = rest / threads;
  return {whole / threads + (frac >> 32), static_cast<std::uint32_t>(frac)};
}

} // namespace xtg::plan
