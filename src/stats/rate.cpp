// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rate.h"

#include "stats/rise.h"

namespace xtg::stats {

Sample delta(const Snapshot& from, const Snapshot& to, std::uint64_t origin_ns,
             const FrameBits& bits, std::optional<double> target_pps) {
  Sample sample;
  sample.start_s = seconds_since(origin_ns, from.time_ns);
  sample.end_s = seconds_since(origin_ns, to.time_ns);
  sample.tx = rise(from.total, to.total);
  for (std::size_t i = 0; i < to.workers.size(); ++i) {
    const TxCounters before = i < from.workers.size() ? from.workers[i] : TxCounters{};
    sample.workers.push_back(rise(before, to.workers[i]));
  }
  sample.target_pps = target_pps;
  const double length_s = seconds_since(from.time_ns, to.time_ns);
  if (length_s <= 0) return sample;
  sample.xmit_pps = static_cast<double>(sample.tx.accepted) / length_s;
  sample.err_pps = static_cast<double>(sample.tx.errors()) / length_s;
  sample.l1_bps = sample.xmit_pps * static_cast<double>(bits.l1);
  sample.l2_bps = sample.xmit_pps * static_cast<double>(bits.l2);
  sample.l3_bps = sample.xmit_pps * static_cast<double>(bits.l3);
  return sample;
}

double shortfall_ratio(const Sample& sample) {
  if (!sample.target_pps || *sample.target_pps <= 0) return 0;
  return (*sample.target_pps - sample.xmit_pps) / *sample.target_pps;
}

} // namespace xtg::stats
