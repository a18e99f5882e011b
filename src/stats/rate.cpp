// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stats/rise.h"

namespace xtg::stats {

namespace {

std::vector<TxCounters> rise_each(const std::vector<TxCounters>& from,
                                  const std::vector<TxCounters>& to) {
  std::vector<TxCounters> out;
  for (std::size_t i = 0; i < to.size(); ++i)
    out.push_back(rise(i < from.size() ? from[i] : TxCounters{}, to[i]));
  return out;
}

struct Bits {
  double l1 = 0, l2 = 0, l3 = 0;
  Bits& operator+=(const Bits& other) {
    l1 += other.l1, l2 += other.l2, l3 += other.l3;
    return *this;
  }
  [[nodiscard]] Bits times(double factor) const { return {l1 * factor, l2 * factor, l3 * factor}; }
};

/// Bytes of the packets of a stream from number `from` to before `to`.
Bits bits_of(const FrameBits& stream, std::uint64_t from, std::uint64_t to) {
  if (to <= from) return {};
  if (!stream.mix)
    return Bits{stream.l1, stream.l2, stream.l3}.times(static_cast<double>(to - from));
  const auto on = [&](Layer layer) {
    return static_cast<double>(stream.mix->bits(to, stream.l3_offset, layer) -
                               stream.mix->bits(from, stream.l3_offset, layer));
  };
  return {on(Layer::L1), on(Layer::L2), on(Layer::L3)};
}

/// Packets of a stream that count: accepted ones, or attempts if outcomes are unknown.
std::uint64_t packets_of(const std::vector<TxCounters>& streams, std::size_t i, bool known) {
  if (i >= streams.size()) return 0;
  return known ? streams[i].accepted : streams[i].attempts;
}

/// Of all streams together, scaled to the number of accepted packets.
Bits bits_by_stream(const Snapshot& from, const Snapshot& to, std::span<const FrameBits> streams,
                    std::vector<StreamSample>& samples) {
  const double length_s = seconds_since(from.time_ns, to.time_ns);
  const bool known =
      std::ranges::any_of(to.streams, [](const TxCounters& c) { return c.accepted != 0; });
  Bits sum;
  std::uint64_t frames = 0;
  for (std::size_t i = 0; i < std::min(to.streams.size(), streams.size()); i++) {
    const std::uint64_t first = packets_of(from.streams, i, known);
    const std::uint64_t last = packets_of(to.streams, i, known);
    const Bits bits = bits_of(streams[i], first, last);
    StreamSample& sample = samples.emplace_back();
    sample.tx = rise(i < from.streams.size() ? from.streams[i] : TxCounters{}, to.streams[i]);
    sample.packets = last - std::min(first, last);
    sample.bytes = static_cast<std::uint64_t>(std::llround(bits.l2 / 8));
    if (length_s > 0) {
      sample.pps = static_cast<double>(sample.packets) / length_s;
      sample.l1_bps = bits.l1 / length_s;
      sample.l2_bps = bits.l2 / length_s;
    }
    sum += bits;
    frames += sample.packets;
  }
  const std::uint64_t accepted = rise(from.total, to.total).accepted;
  if (frames == accepted || frames == 0) return sum;
  return sum.times(static_cast<double>(accepted) / static_cast<double>(frames));
}

Sample sample_of(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
                 const Bits& bits, std::optional<double> target_pps) {
  Sample sample;
  sample.start_s = seconds_since(origin_ns, from.time_ns);
  sample.end_s = seconds_since(origin_ns, to.time_ns);
  sample.tx = rise(from.total, to.total);
  sample.workers = rise_each(from.workers, to.workers);
  sample.bytes = static_cast<std::uint64_t>(std::llround(bits.l2 / 8));
  sample.target_pps = target_pps;
  const double length_s = seconds_since(from.time_ns, to.time_ns);
  if (length_s <= 0) return sample;
  sample.xmit_pps = static_cast<double>(sample.tx.accepted) / length_s;
  sample.err_pps = static_cast<double>(sample.tx.errors()) / length_s;
  sample.l1_bps = bits.l1 / length_s;
  sample.l2_bps = bits.l2 / length_s;
  sample.l3_bps = bits.l3 / length_s;
  return sample;
}

} // namespace

Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             const FrameBits& bits, std::optional<double> target_pps) {
  return sample_of(from, to, origin_ns, bits_of(bits, from.total.accepted, to.total.accepted),
                   target_pps);
}

Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             std::span<const FrameBits> streams, std::optional<double> target_pps) {
  std::vector<StreamSample> samples;
  const Bits bits = bits_by_stream(from, to, streams, samples);
  Sample sample = sample_of(from, to, origin_ns, bits, target_pps);
  sample.streams = std::move(samples);
  return sample;
}

double shortfall_ratio(const Sample& sample) {
  if (!sample.target_pps || *sample.target_pps <= 0) return 0;
  return (*sample.target_pps - sample.xmit_pps) / *sample.target_pps;
}

} // namespace xtg::stats
