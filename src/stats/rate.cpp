// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rate.h"

#include "stats/rise.h"

namespace xtg::stats {

Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             const FrameSizes& sizes, std::optional<double> target_pps) {
  Sample sample;
  sample.start_s = seconds_since(origin_ns, from.time_ns);
  sample.end_s = seconds_since(origin_ns, to.time_ns);
  sample.tx = rise(from.total, to.total);
  for (std::size_t i = 0; i < to.workers.size(); ++i) {
    const TxCounters before = i < from.workers.size() ? from.workers[i] : TxCounters{};
    sample.workers.push_back(rise(before, to.workers[i]));
  }
  if (sample.tx.accepted != 0)
    sample.bytes = sizes.mix.bytes(to.total.accepted) - sizes.mix.bytes(from.total.accepted);
  sample.target_pps = target_pps;
  const double length_s = seconds_since(from.time_ns, to.time_ns);
  if (length_s <= 0) return sample;
  sample.xmit_pps = static_cast<double>(sample.tx.accepted) / length_s;
  sample.err_pps = static_cast<double>(sample.tx.errors()) / length_s;
  const auto bps = [&](Layer layer) {
    const auto bits = [&](const Snapshot& at) {
      return sizes.mix.bits(at.total.accepted, sizes.l3_offset, layer);
    };
    return sample.tx.accepted == 0 ? 0 : static_cast<double>(bits(to) - bits(from)) / length_s;
  };
  sample.l1_bps = bps(Layer::L1);
  sample.l2_bps = bps(Layer::L2);
  sample.l3_bps = bps(Layer::L3);
  return sample;
}

double shortfall_ratio(const Sample& sample) {
  if (!sample.target_pps || *sample.target_pps <= 0) return 0;
  return (*sample.target_pps - sample.xmit_pps) / *sample.target_pps;
}

} // namespace xtg::stats
