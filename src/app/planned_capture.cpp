// SPDX-License-Identifier: BSD-2-Clause
#include "app/planned_capture.h"

#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include "core/text.h"
#include "packet/pcap.h"

namespace xtg::app {

Status write_planned_frames(const plan::Plan& plan) {
  if (plan.spec.pcap_path.empty()) return {};
  std::vector<packet::TimedFrame> frames;
  for (std::uint64_t k = 0; k < plan.spec.dry_run_frames; k++) {
    for (const plan::StreamPlan& stream : plan.streams) {
      if (stream.num_packets && k >= *stream.num_packets) continue;
      const double pps = stream.pacing ? stream.pacing->target_pps : 1e6;
      const auto at = static_cast<std::uint64_t>(static_cast<double>(k) * 1e9 / pps);
      frames.push_back({at, packet::render(stream.frame, k, 0, at)});
    }
  }
  auto written = packet::write_pcap(plan.spec.pcap_path, frames);
  if (!written && written.error().sys == EISDIR)
    return fail(Errc::InvalidArgument, fmt::format("--write-pcap {}: a directory, not a file",
                                                   xtg::quoted(plan.spec.pcap_path)));
  return written;
}

} // namespace xtg::app
