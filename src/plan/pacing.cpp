// SPDX-License-Identifier: BSD-2-Clause
#include "plan/pacing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "plan/spec.h"
#include "xtg/abi/base.h"

namespace xtg::plan {

namespace {

constexpr std::uint32_t kMaxBatch = XTG_MAX_BATCH;
static_assert(kMaxBurst == kMaxBatch);
constexpr double kMinPps = 0.01;
constexpr double kMaxPps = 1e9;
constexpr double kTwo32 = 4294967296.0;

double packets_per_second(const RateLaw& law, const LayerBits& bits) {
  if (law.rate.unit == Rate::Unit::Pps) return law.rate.value;
  switch (law.layer) {
  case Layer::L1:
    return law.rate.value / bits.l1;
  case Layer::L2:
    return law.rate.value / bits.l2;
  case Layer::L3:
    return law.rate.value / bits.l3;
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

Result<std::optional<double>> scheduled_pps(const RateLaw& law, const LayerBits& bits) {
  if (law.rate.unit == Rate::Unit::Max) return std::optional<double>{};
  const double pps = packets_per_second(law, bits);
  if (!(pps >= kMinPps && pps <= kMaxPps))
    return fail(Errc::InvalidArgument,
                fmt::format("--rate {}: makes {:.3g} packets per second; {} to {} can be scheduled",
                            format_rate(law.rate), pps, kMinPps, kMaxPps));
  return std::optional<double>{pps};
}

Result<std::optional<Pacing>> make_pacing(const StreamPlan& stream, std::uint32_t threads,
                                          Pace pace) {
  const auto target = scheduled_pps(stream.rate, {stream.l1_bits, stream.l2_bits, stream.l3_bits});
  if (!target) return tl::unexpected<Error>(target.error());
  if (!*target) return std::optional<Pacing>{};
  const double pps = **target;
  if (stream.rate.burst == 0 || stream.rate.burst > kMaxBatch)
    return fail(Errc::InvalidArgument,
                fmt::format("--burst {}: 1 to {} frames", stream.rate.burst, kMaxBatch));

  Pacing out;
  out.target_pps = pps;
  out.frames_per_slot = stream.rate.burst;
  const long double interval = 1e9L * out.frames_per_slot * threads / static_cast<long double>(pps);
  out.interval_ns = static_cast<std::uint64_t>(interval);
  const auto frac = static_cast<std::uint64_t>(std::llround(
      (interval - static_cast<long double>(out.interval_ns)) * static_cast<long double>(kTwo32)));
  out.interval_ns += frac >> 32;
  out.interval_frac = static_cast<std::uint32_t>(frac);
  const std::uint32_t release = frames_per_release(pps / threads);
  out.slots_per_batch = std::max(1U, std::min(release, kMaxBatch) / out.frames_per_slot);
  out.sleep = pace == Pace::Auto && out.interval_ns >= kSleepGapNs;
  return std::optional<Pacing>{out};
}

packet::EncodedStream encode(const StreamPlan& stream) {
  packet::EncodedStream encoded = packet::encode(stream.frame);
  encoded.stream.paced = stream.pacing ? 1 : 0;
  encoded.stream.weight = stream.weight;
  return encoded;
}

std::uint32_t flood_batch(const std::vector<StreamPlan>& streams) {
  const auto paced = static_cast<std::size_t>(std::ranges::count_if(
      streams, [](const StreamPlan& stream) { return stream.pacing.has_value(); }));
  if (paced != 0 && paced != streams.size()) return kMixedBatch;
  if (streams.size() != 1 || !streams.front().num_packets) return kFloodBatch;
  // Nothing is gained by a batch that cannot be filled.
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(*streams.front().num_packets, 1, kFloodBatch));
}

bool may_sleep(const std::vector<StreamPlan>& streams) {
  double slots_per_ns = 0;
  for (const StreamPlan& stream : streams) {
    if (!stream.pacing || !stream.pacing->sleep) return false;
    slots_per_ns += 1.0 / static_cast<double>(stream.pacing->interval_ns);
  }
  return slots_per_ns * static_cast<double>(kSleepGapNs) <= 1.0;
}

std::optional<double> target_of(const std::vector<StreamPlan>& streams) {
  double pps = 0;
  for (const StreamPlan& stream : streams) {
    if (!stream.pacing) return std::nullopt;
    pps += stream.pacing->target_pps;
  }
  return pps;
}

Phase phase_of(const Pacing& pacing, std::uint32_t worker, std::uint32_t threads) {
  // interval * worker / threads in 32.32 steps; worker and threads are small, so nothing overflows.
  const std::uint64_t whole = pacing.interval_ns * worker;
  const std::uint64_t rest =
      ((whole % threads) << 32) + std::uint64_t{pacing.interval_frac} * worker;
  const std::uint64_t frac = rest / threads;
  return {whole / threads + (frac >> 32), static_cast<std::uint32_t>(frac)};
}

std::vector<std::uint64_t> share_pace(std::uint64_t gap, const std::vector<std::uint32_t>& open) {
  std::uint64_t all = 0;
  for (const std::uint32_t flows : open)
    all += flows;
  std::vector<std::uint64_t> gaps;
  for (const std::uint32_t flows : open)
    gaps.push_back(flows == 0 ? 0
                              : static_cast<std::uint64_t>(static_cast<long double>(gap) *
                                                           static_cast<long double>(all) / flows));
  return gaps;
}

} // namespace xtg::plan
