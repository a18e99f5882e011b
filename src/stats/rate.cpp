// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rate.h"

#include <algorithm>

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

/// Of one frame, by how many each stream sent.
FrameBits mean_bits(const std::vector<TxCounters>& sent, std::span<const FrameBits> streams) {
  FrameBits sum;
  double frames = 0;
  const bool known = std::ranges::any_of(sent, [](const TxCounters& c) { return c.accepted != 0; });
  for (std::size_t i = 0; i < std::min(sent.size(), streams.size()); i++) {
    const auto n = static_cast<double>(known ? sent[i].accepted : sent[i].attempts);
    frames += n;
    sum.l1 += n * streams[i].l1;
    sum.l2 += n * streams[i].l2;
    sum.l3 += n * streams[i].l3;
  }
  if (frames == 0) return streams.empty() ? FrameBits{} : streams.front();
  return {sum.l1 / frames, sum.l2 / frames, sum.l3 / frames};
}

} // namespace

Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             const FrameBits& bits, std::optional<double> target_pps) {
  Sample sample;
  sample.start_s = seconds_since(origin_ns, from.time_ns);
  sample.end_s = seconds_since(origin_ns, to.time_ns);
  sample.tx = rise(from.total, to.total);
  sample.workers = rise_each(from.workers, to.workers);
  sample.streams = rise_each(from.streams, to.streams);
  sample.target_pps = target_pps;
  const double length_s = seconds_since(from.time_ns, to.time_ns);
  if (length_s <= 0) return sample;
  sample.xmit_pps = static_cast<double>(sample.tx.accepted) / length_s;
  sample.err_pps = static_cast<double>(sample.tx.errors()) / length_s;
  sample.l1_bps = sample.xmit_pps * bits.l1;
  sample.l2_bps = sample.xmit_pps * bits.l2;
  sample.l3_bps = sample.xmit_pps * bits.l3;
  return sample;
}

Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             std::span<const FrameBits> streams, std::optional<double> target_pps) {
  return delta(from, to, origin_ns, mean_bits(rise_each(from.streams, to.streams), streams),
               target_pps);
}

double shortfall_ratio(const Sample& sample) {
  if (!sample.target_pps || *sample.target_pps <= 0) return 0;
  return (*sample.target_pps - sample.xmit_pps) / *sample.target_pps;
}

} // namespace xtg::stats
